#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-upstream.sh BUILD
#
# Makes a checkout of man-pages out of Debian's own packages, with the layout of the
# project's git, has upstream.sh write the series for it, and looks at what a
# maintainer would.  Prints flat TAP.

set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
# shellcheck source=/dev/null
. tests/pages/lib.sh

[ $# -eq 1 ] || { echo "usage: $0 BUILD" >&2; exit 2; }
build=$1
tree=$work/man-pages
patches=$work/patches
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

dpkg -L manpages manpages-dev 2>/dev/null | grep '^/usr/share/man/man[0-9]/.*\.gz$' |
	while read -r file; do
		[ -f "$file" ] || continue
		page=$(basename "$file" .gz)
		mkdir -p "$tree/man/man${page##*.}"
		gzip -dc "$file" >"$tree/man/man${page##*.}/$page"
	done
if [ ! -d "$tree/man/man2" ]; then
	echo "1..0 # SKIP Debian's manpages-dev is not installed"
	exit
fi

write_series() {
	tests/pages/upstream.sh "$tree" "$patches" >"$work/said" 2>&1
}

if write_series; then
	tap "not ok" "what is no repository is refused" "$(cat "$work/said")"
else
	tap ok "what is no repository is refused"
fi
git -C "$tree" init -q
git -C "$tree" -c user.name=A -c user.email=a@example.org add man
git -C "$tree" -c user.name=A -c user.email=a@example.org commit -q -m "Debian's pages"
if write_series; then
	tap "not ok" "nobody to sign off is refused" "$(cat "$work/said")"
else
	tap ok "nobody to sign off is refused"
fi
git -C "$tree" config user.name "A Writer"
git -C "$tree" config user.email writer@example.org
before=$(git -C "$tree" status --porcelain; git -C "$tree" rev-parse HEAD; git -C "$tree" branch)
if write_series; then
	tap ok "the series is written and applies"
else
	tap "not ok" "the series is written and applies" "$(cat "$work/said")"
	tap_end
	exit
fi
after=$(git -C "$tree" status --porcelain; git -C "$tree" rev-parse HEAD; git -C "$tree" branch)
tap_silent "the checkout is as it was" "$([ "$before" = "$after" ] || echo "it is not")"

subjects() {
	for patch in "$patches"/*.patch; do
		sed -n '/^Subject: /{:a;N;s/\n //;ta;s/\n.*//;p;q;}' "$patch"
	done
}

subjects >"$work/subjects"
# shellcheck disable=SC2046
set -- $(find tests/pages/upstream-messages -type f ! -name cover)
tap_silent "a cover letter, and a patch a page" \
	"$([ "$(wc -l <"$work/subjects")" -eq $(($# + 1)) ] || cat "$work/subjects")"
tap_silent "subjects name the page and tell what is done" \
	"$(sed 1d "$work/subjects" |
		grep -v '^Subject: \[PATCH [0-9/]*\] man/man2[a-z]*/[A-Za-z_]*\.2[a-z]*: [A-Z][^.]*$')"
tap_silent "the cover letter is complete" "$(grep -n '\*\*\*' "$patches"/0000-*)"
tap_silent "it has a range-diff" "$(grep -q '^Range-diff' "$patches"/0000-* || echo "it has none")"
tap_silent "each patch is signed off" "$(grep -L '^Signed-off-by: A Writer' "$patches"/000[1-9]-* "$patches"/001*)"
tap_silent "each patch names sources" "$(grep -L '^Sources:' "$patches"/000[1-9]-* "$patches"/001*)"
tap_silent "lines of messages are short enough" "$(for patch in "$patches"/*.patch; do
	sed '/^---$/,$d;/^[A-Z][A-Za-z-]*: /d;/^ /d;/^<http/d' "$patch" | grep '.\{73\}'; done)"
tap_silent "no citation of ours is left" "$(grep -nE '^\+\.\\" \[|^\+ \* Clauses' "$patches"/*.patch)"
tap_silent "titles are those of that project's git" \
	"$(grep -h '^+\.TH' "$patches"/*.patch | grep -v ' (date) "Linux man-pages (unreleased)"$')"
# A page that is new comes before one that is changed.
tap_silent "new pages come first" "$(for patch in "$patches"/*.patch; do
	case $patch in */0000-*) continue ;; esac
	if grep -q '^new file mode' "$patch"; then
		[ -z "${changed:-}" ] || echo "${patch##*/} after $changed"
	else
		changed=${patch##*/}
	fi
done)"
tap_silent "the rest of a thread answers the cover letter" "$(
	first=$(sed -n 's/^Message-Id: //Ip' "$patches"/0000-*)
	for patch in "$patches"/000[1-9]-*; do
		[ "$(sed -n 's/^In-Reply-To: //p' "$patch")" = "$first" ] || echo "${patch##*/}"
	done)"

# The program compiles, with the headers of Linux 6.8 or what stands for them here.
git clone -q "$tree" "$work/applied"
git -C "$work/applied" config user.name B
git -C "$work/applied" config user.email b@example.org
find "$patches" -name '*.patch' ! -name '0000-*' | sort | xargs git -C "$work/applied" am -q
sed -n '/^\.\\" SRC BEGIN/,/^\.\\" SRC END/p' "$work/applied/man/man2const/UFFDIO_MOVE.2const" |
	mandoc -Tutf8 -O width=200 2>/dev/null | col -pbx | sed -e '1d' -e '$d' >"$work/program.c"
tap_silent "the program in the applied page compiles" \
	"$(${CC:-gcc} -Wall -Wextra -Werror -fsyntax-only \
		-include "$build/uffdio_move.h" "$work/program.c" 2>&1)"

git -C "$tree" pull -q "$work/applied" HEAD
if write_series; then
	tap "not ok" "a checkout that has it all is left alone" "$(cat "$work/said")"
else
	tap ok "a checkout that has it all is left alone"
fi
tap_end
