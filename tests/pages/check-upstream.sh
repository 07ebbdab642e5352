#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-upstream.sh BUILD
#
# Has upstream.sh write its series for checkouts that are made here, and looks at what
# a maintainer would: of a page of ours, for which a patch is broken in each of the
# ways of the table bad-patches, and of two releases of man-pages, whose packages of
# Debian are laid out as the project's git is.  Prints flat TAP.

set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
# shellcheck source=/dev/null
. tests/pages/lib.sh

[ $# -eq 1 ] || { echo "usage: $0 BUILD" >&2; exit 2; }
build=$1
cache=$(sh kernel-patch/vm/cache.sh)
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_OPTIONAL_LOCKS=0
# shellcheck disable=SC2046
unset $(git rev-parse --local-env-vars) GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL EMAIL
unset GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL

commit_all() {		# tree
	git -C "$1" init -q
	git -C "$1" config user.name "A Writer"
	git -C "$1" config user.email writer@example.org
	git -C "$1" add man
	git -C "$1" commit -q -m "The pages"
}

# What could be touched there.
state_of() {		# tree
	git -C "$1" status --porcelain
	git -C "$1" rev-parse HEAD
	git -C "$1" branch
	find "$1" -printf '%p %T@\n' | sort
}

ask() {			# patch, what; the page to change, its page here
	awk -f tests/pages/upstream.awk -v patch="$1" -v ask="$2" ${4:+-v ours="$4"} ${3:+"$3"}
}

# --- series for releases are written while the rest is checked ---

fetch() {		# suite
	[ -d "$cache/man-pages-$1" ] ||
		tests/fetch-packages.sh "$cache/man-pages-$1" "$1" all manpages-dev
}

# Debian's build fills in the title, and has one directory for what git has in two.
lay_out() {		# suite, tree
	mkdir -p "$2/man/man2" "$2/man/man2const"
	for packed in "$cache/man-pages-$1"/usr/share/man/man2/*userfaultfd.2.gz \
			"$cache/man-pages-$1"/usr/share/man/man2/UFFDIO_*.2const.gz; do
		page=$(basename "$packed" .gz)
		gzip -dc "$packed" |
			sed '/^\.TH /s/ [-0-9]* "Linux man-pages [^"]*"$/ (date) "Linux man-pages (unreleased)"/' \
				>"$2/man/man${page##*.}/$page"
	done
	commit_all "$2"
}

release_of() {		# suite
	gzip -dc "$cache/man-pages-$1/usr/share/man/man2/UFFDIO_COPY.2const.gz" |
		sed -n 's/^\.TH .*"Linux man-pages \(.*\)"$/\1/p'
}

# Debian's suite, the release that it has, and which patches have another place in that.
releases() {
	cat <<END
sid 6.20
stable 6.9.1 46-protect-eagain 60-api-twice 61-api-move-optional 62-rwp-release
END
}

releases >"$work/releases"
while read -r suite release left_out; do
	fetch "$suite" >"$work/$release.fetched" 2>&1 </dev/null || continue
	[ "$(release_of "$suite")" = "$release" ] || continue
	lay_out "$suite" "$work/$release"
	state_of "$work/$release" >"$work/$release.before"
	{
		tests/pages/upstream.sh "$work/$release" "$work/$release.patches" >"$work/$release.said" 2>&1
		echo $? >"$work/$release.status"
	} &
done <"$work/releases"

# --- a page of ours, and patches that are made for it ---

toy=$work/toy
toy_page=man/man2const/UFFDIO_COPY.2const
good=$work/20-good
bad=$work/30-bad
other=$work/40-other

write_for_toy() {	# patches
	rm -rf "$work/patches"
	tests/pages/upstream.sh "$toy" "$work/patches" "$@" >"$work/said" 2>&1
}

refused() {		# what is refused, what is said
	if write_for_toy "$good"; then
		tap "not ok" "$1 is refused" "it is not: $(cat "$work/said")"
	elif grep -q "$2" "$work/said"; then
		tap ok "$1 is refused"
	else
		tap "not ok" "$1 is refused" "$(cat "$work/said")"
	fi
}

sum_of() {		# line
	awk -f tests/pages/upstream.awk -v ask=sums "$toy/$toy_page" |
		line=$1 awk -F '\t' '$2 == ENVIRON["line"] { print substr($1, 1, 8); exit }'
}

write_good() {		# section, line, line in its place
	cat <<END
# SPDX-License-Identifier: Linux-man-pages-copyleft
Page: man2const/UFFDIO_COPY.2const
Subject: Say how long ago it was
Drops: 1
Fixes: 0123456789ab (2026-01-01; "a page")

It was in 2015.

Sources:

A calendar.
---
in $1
replace $(sum_of "$2")
+$3
END
}

with_sums() {		# edit
	printf '%s\n' "$1" | sed "s/@copyright@/$copyright/;s/@entry@/$entry/;s/@heading@/$heading/"
}

check_bad() {		# what is said, edit
	says=30-bad$(echo "$1" | sed 's,^(\([A-Z]*\)), (man/man2const/UFFDIO_\1.2const),')
	sed -e "$(with_sums "$2")" "$good" >"$bad"
	if write_for_toy "$bad"; then
		tap "not ok" "$says" "it is not refused"
	elif ! grep -qF "$says" "$work/said"; then
		tap "not ok" "$says" "$(cat "$work/said")"
	else
		tap_silent "$says" "$(find "$work/patches" -name '*.patch' 2>/dev/null)"
	fi
}

mkdir -p "$toy/man/man2" "$toy/man/man2const"
cp man2/userfaultfd.2 "$toy/man/man2/"
without_citations man2const/UFFDIO_COPY.2const |
	sed 's/^Linux 4\.3\.$/Linux 4.3, long ago./' >"$toy/$toy_page"
copyright=$(sum_of '.\" Copyright, the authors of the Linux man-pages project')
entry=$(sum_of .TP)
heading=$(sum_of '.SH STANDARDS')
write_good HISTORY "Linux 4.3, long ago." "Linux 4.3, which came in 2015." >"$good"
write_good STANDARDS Linux. "Linux alone." >"$other"

refused "what is no repository" "not a git repository"
git -C "$toy" init -q
refused "what has no commit" "has no commit"
git init -q "$work/around"
cp -r "$toy/man" "$work/around/"
mkdir "$work/around/below"
cp -r "$toy/man" "$work/around/below/"
toy=$work/around/below refused "a directory of another repository" "inside another one"
commit_all "$toy"
if write_for_toy "$good" "$other"; then
	tap ok "the patch that is broken below is good"
else
	tap "not ok" "the patch that is broken below is good" "$(cat "$work/said")"
fi
while IFS='	' read -r says edit; do
	case $says in "#"*) continue ;; esac
	check_bad "$says" "$edit"
done <tests/pages/bad-patches
tests/pages/upstream.sh "$toy" "$work/patches" "$good" 2>"$work/told" >"$work/said"
tap_silent "each patch is told of, and where the series is comes last" "$(
	echo "1/1: $toy_page: Say how long ago it was" | diff - "$work/told"
	tail -n 1 "$work/said" | grep -v "^$work/patches: a cover letter, patches: 1;")"
write_good HISTORY Linux. "Linux alone." >"$bad"
write_for_toy "$bad" "$good"
tap_silent "where one is refused the rest goes on" \
	"$(grep -q '^  30-bad' "$work/said" || cat "$work/said"
	grep -q '^1/2: 30-bad left out: HISTORY is not as expected' "$work/said" || cat "$work/said"
	find "$work/patches" -name '*.patch' | grep -q /0001- || echo "there is no patch")"

# --- a fact of several pages ---

cat >"$work/45-several" <<END
# SPDX-License-Identifier: Linux-man-pages-copyleft
Page: man2const/UFFDIO_COPY.2const
Subject: Say when it was
Drops: 2

Sources:

A calendar.
---
in HISTORY
replace $(sum_of "Linux 4.3, long ago.")
+Linux 4.3, in autumn.
page man2/userfaultfd.2
in STANDARDS
replace $(sum_of Linux.)
+Linux, in autumn.
END
write_for_toy "$work/45-several"
tap_silent "a fact of several pages is one patch" "$(
	grep -qx 'Subject: \[PATCH 1/1\] man/man2/, man/man2const/: Say when it was' "$work/patches"/0001-* ||
		grep -h '^Subject: ' "$work/patches"/0001-* || cat "$work/said"
	for page in "$toy_page" man/man2/userfaultfd.2; do
		grep -qx "+++ b/$page" "$work/patches"/0001-* || echo "$page is not in it"
	done)"
sed '/^Drops: /s/2/1/' "$work/45-several" >"$bad"
write_for_toy "$bad"
tap_silent "Drops is for all of them" \
	"$(grep -qF '30-bad (man/man2/userfaultfd.2): it removes more lines than its Drops allows: 2, not 1' \
		"$work/said" || cat "$work/said")"
sed 's/^in STANDARDS/in BUGS/' "$work/45-several" >"$bad"
write_for_toy "$bad"
tap_silent "what one of them refuses is not written for another" \
	"$(grep -qF '30-bad (man/man2/userfaultfd.2): there is no section BUGS' "$work/said" || cat "$work/said"
	find "$work/patches" -name '*.patch' 2>/dev/null)"
sed -i 's/^Linux 4\.3, long ago\.$/Linux 4.3, in autumn./' "$toy/$toy_page"
git -C "$toy" commit -qam "The fact"
write_for_toy "$work/45-several"
tap_silent "what one of them has already is written for the others" "$(
	grep -q '^+Linux, in autumn.$' "$work/patches"/0001-* || cat "$work/said"
	grep -x "+++ b/$toy_page" "$work/patches"/0001-*)"
git -C "$toy" reset -q --hard HEAD~1

# --- what a user has set for git, or git for its hooks ---

same_patches() {	# name
	tap_silent "$1" "$(
		find "$work/patches" -type f -printf '%f\n' | sort | diff "$work/plain.names" -
		grep -v '^From [0-9a-f]\|^Date:\|^In-Reply-To:\|^References:\|^Message-Id:' \
			"$work/patches"/0001-* | diff "$work/plain" - || cat "$work/said")"
}

# Each of these alone would spoil a series.
settings() {
	cat <<END
[core]
	hooksPath = $work/hooks
	autocrlf = true
	attributesFile = $work/attributes
	excludesFile = $work/attributes
[init]
	templateDir = $work/template
[format]
	suffix = .txt
	attach = true
	subjectPrefix = RFC
	signOff = true
	numbered = false
	outputDirectory = $work/nowhere
[diff]
	noprefix = true
	mnemonicPrefix = true
	context = 9
	external = false
[protocol "file"]
	allow = never
[commit]
	template = $work/none
	gpgSign = true
	cleanup = scissors
[am]
	threeWay = true
	keepcr = true
[log]
	showSignature = true
	date = relative
[user]
	name = Another Writer
END
}

write_for_toy "$good"
find "$work/patches" -type f -printf '%f\n' | sort >"$work/plain.names"
grep -v '^From [0-9a-f]\|^Date:\|^In-Reply-To:\|^References:\|^Message-Id:' \
	"$work/patches"/0001-* >"$work/plain"

git init -q "$work/decoy"
state_of "$work/decoy" >"$work/decoy.before" 2>&1
GIT_DIR=$work/decoy/.git GIT_WORK_TREE=$work/decoy GIT_INDEX_FILE=$work/decoy/.git/index \
	GIT_OBJECT_DIRECTORY=$work/decoy/.git/objects GIT_PREFIX=man/ \
	GIT_QUARANTINE_PATH=$work/decoy GIT_DIFF_OPTS=-u9 GIT_EXTERNAL_DIFF=false write_for_toy "$good"
same_patches "variables that lead to another repository change nothing"
tap_silent "and that is not touched" \
	"$(state_of "$work/decoy" 2>&1 | diff "$work/decoy.before" -)"

mkdir -p "$work/hooks" "$work/template/hooks"
printf '#!/bin/sh\nexit 1\n' >"$work/hooks/pre-commit"
chmod +x "$work/hooks/pre-commit"
cp "$work/hooks/pre-commit" "$work/template/hooks/applypatch-msg"
echo "*.2const -diff" >"$work/attributes"
settings >"$work/settings"
GIT_CONFIG_GLOBAL=$work/settings write_for_toy "$good"
same_patches "settings of a user change nothing"
git config --file "$work/safe" safe.directory '*'
GIT_CONFIG_GLOBAL=$work/safe GIT_TEST_ASSUME_DIFFERENT_OWNER=1 write_for_toy "$good"
same_patches "nor does it that MAN_PAGES is another's, which git was told to read"

touch "$toy/$toy_page"
state_of "$toy" >"$work/toy.before"
(unset GIT_OPTIONAL_LOCKS && write_for_toy "$good")
tap_silent "a checkout is not touched, nor git's times of its files" \
	"$(state_of "$toy" | diff "$work/toy.before" -)"

# --- where the series goes ---

# The patch is applied by a git that finds fault with it.
mkdir "$work/bin"
cat >"$work/bin/git" <<END
#!/bin/sh
case " \$* " in *" am "*) exit 1 ;; esac
PATH=$PATH
exec git "\$@"
END
chmod +x "$work/bin/git"
mkdir -p "$work/kept"
echo good >"$work/kept/0001-good.patch"
PATH=$work/bin:$PATH tests/pages/upstream.sh "$toy" "$work/kept" "$good" >"$work/said" 2>&1
tap_silent "a series that does not apply does not replace the one before" "$(
	find "$work/kept" -mindepth 1 -printf '%f\n' | grep -vx 0001-good.patch
	grep -qx good "$work/kept/0001-good.patch" || echo "it is gone"
	grep -q 'does not apply' "$work/said" || cat "$work/said")"

# shellcheck disable=SC2016
strange=$work/'a `touch spoilt` $B "b'"'c"
cp -r "$toy" "$strange"
MAKEFLAGS='' make upstream B="$work/built" MAN_PAGES="$strange" PATCHES="$good" >"$work/said" 2>&1
tap_silent "make takes the path of a checkout as it is" "$(
	[ ! -e spoilt ] || { echo "its name was run"; rm spoilt; }
	[ -f "$work/built/upstream/man-pages/0000-cover-letter.patch" ] || cat "$work/said")"

git -C "$toy" config --unset user.email
refused "nobody to sign off" "does not know who you are"
GIT_AUTHOR_EMAIL=other@example.org write_for_toy "$good"
tap_silent "who is named by the environment writes and signs off" "$(
	for has in 'From: A Writer' 'Signed-off-by: A Writer'; do
		grep -qx "$has <other@example.org>" "$work/patches"/0001-* || echo "it lacks $has"
	done)"
git -C "$toy" config user.email writer@example.org
echo ".P" >>"$toy/$toy_page"
refused "a checkout with changes" "not committed"
git -C "$toy" checkout -q "$toy_page"
git -C "$toy" mv "$toy_page" man/man2/
git -C "$toy" commit -q -m "Before the pages were split"
refused "an older release" "older than man-pages"
git -C "$toy" reset -q --hard HEAD~1
git -C "$toy" mv "$toy_page" "${toy_page%/*}/UFFDIO_ZEROPAGE.2const"
git -C "$toy" commit -q -m "One page less"
refused "what lacks a page" "20-good ($toy_page): there is no such page"
git -C "$toy" reset -q --hard HEAD~1
sed -i 's/$/\r/' "$toy/$toy_page"
git -C "$toy" commit -qam "A page from elsewhere"
refused "a page with other ends of lines" "20-good ($toy_page): its lines end in CRLF"
git -C "$toy" reset -q --hard HEAD~1
GIT_TEST_ASSUME_DIFFERENT_OWNER=1 refused "a checkout of another" "^upstream.sh: .*dubious owner"
echo "[" >"$work/broken"
GIT_CONFIG_GLOBAL=$work/broken refused "a broken configuration" "^upstream.sh: .*broken"
: >"$work/50-empty"
good=$work/50-empty refused "an empty patch" "50-empty:1: error: it is empty"
good=$work/none refused "a patch that is not there" "none:1: error: there is no such file"
good=$work refused "a directory as a patch" "$work:1: error: it is no regular file"
mkdir -p "$work/elsewhere/man"
toy=$work/elsewhere refused "another project" "no checkout of man-pages"
toy=$work/nowhere refused "a checkout that is not there" "there is no directory"
: >"$work/file"
tap_silent "a directory that cannot be made is refused" \
	"$(tests/pages/upstream.sh "$toy" "$work/file/patches" "$good" 2>&1 | grep -v 'cannot be made')"

write_for_toy "$good"
git -C "$toy" am -q "$work/patches"/0001-*
before=$(state_of "$toy")
if write_for_toy "$good" && grep -q 'has all of this already' "$work/said"; then
	tap ok "a fact that is there already is no error"
else
	tap "not ok" "a fact that is there already is no error" "$(cat "$work/said")"
fi
tap_silent "nothing is changed then" "$([ "$before" = "$(state_of "$toy")" ] || echo "it is")"

# --- what a maintainer of a release would look at ---

# What upstream.sh has listed below a word: the names of patches.
listed() {		# word, what it said
	sed -n "/^$1 (/,/^[^ ]/s/^  \([^ ]*\) .*/\1/p" "$2"
}

# The patches that a series consists of.
in_series() {		# what upstream.sh said
	{ listed "left out" "$1"; listed "there already" "$1"; } >"$work/not-in-series"
	for patch in tests/pages/upstream/[0-9]*; do
		grep -qx "${patch##*/}" "$work/not-in-series" || echo "$patch"
	done
}

subjects() {		# directory
	for patch in "$1"/*.patch; do
		sed -n '/^Subject: /{:a;N;s/\n / /;ta;s/\n.*//;s/^Subject: \[[^]]*\] //;p;q;}' "$patch"
	done
}

shuffle() {
	while read -r patch; do
		echo "$(echo "$patch" | cksum | cut -d ' ' -f 1) $patch"
	done | sort -n | cut -d ' ' -f 2
}

# Applies the patches that it reads to the pages below a directory, and names those that fail.
apply_to() {		# directory
	while read -r patch; do
		if ask "$patch" whole; then
			continue
		fi
		for page in $(ask "$patch" page); do
			there=$1/man${page##*.}/${page##*/}
			[ -f "$there" ] || continue	# it is new, and says all that we know
			ask "$patch" change "$there" "$page" >"$1/changed" || echo "${patch##*/}"
			mv "$1/changed" "$there"
		done
	done
}

alone() {		# tree
	while read -r patch; do
		if ask "$patch" whole; then
			continue
		fi
		for page in $(ask "$patch" page); do
			there=$1/man/man${page##*.}/${page##*/}
			[ -f "$there" ] || continue
			ask "$patch" change "$there" "$page" >"$work/alone" || echo "${patch##*/}"
		done
	done
}

# Which pages have other lines than those of the series, wherever these stand.
other_lines() {		# directory, pages of the series
	for page in "$1"/*/*; do
		sort "$page" >"$work/lines"
		sort "$2/${page#"$1"/}" | cmp -s - "$work/lines" || echo "${page#"$1"/}"
	done
}

# What lint says of pages that it did not say of them before, where it has not seen them so.
new_findings() {	# directory, pages before, pages of the series
	for page in "$1"/*/*; do
		name=${page#"$1"/}
		cmp -s "$page" "$3/$name" && continue
		tests/pages/lint.sh --findings "$2/$name" >"$work/findings"
		tests/pages/lint.sh --findings "$page" | comm -13 "$work/findings" - | sed "s,^,$name,"
	done
}

# Runs of six words; macros and punctuation are no words.
runs_of_words() {	# files
	sed -e '/^in /d' -e '/^+*\.S[HS]/d' -e '/^[#.]\\"/d' -e 's/^+//' -e 's/^\.[A-Z]* *//' \
		-e 's/\\f.//g' "$@" |
		tr -cs 'A-Za-z0-9_' '\n' | awk 'NF {
			run = ""
			for (i = 1; i < 6; i++)
				run = run (word[i] = word[i + 1]) " "
			word[6] = $1
			print run $1
		}' | sort -u
}

# What patches say in the same words as the pages of that project.
same_words() {		# tree, patches
	repeated=$1
	shift
	runs_of_words "$repeated"/man/*/* >"$work/theirs"
	runs_of_words "$@" | comm -12 "$work/theirs" -
}

check_messages() {	# release, directory
	tap_silent "$1: subjects name a page and say a sentence, in less than 75 characters" "$(
		subjects "$2" | sed 1d | grep -v '^man/man2[a-z]*/\([A-Za-z_]*\.2[a-z]*\)\{0,1\}\(, man/man2[a-z]*/\)*: [A-Z_].*[^.]$'
		subjects "$2" | grep '.\{75\}')"
	tap_silent "$1: the cover letter is complete, and has a range-diff and a base" "$(
		grep -n '\*\*\*' "$2"/0000-*
		for has in '^Range-diff' '^base-commit: '; do
			grep -q "$has" "$2"/0000-* || echo "it lacks $has"
		done)"
	first=$(sed -n 's/^Message-Id: //Ip' "$2"/0000-*)
	tap_silent "$1: patches are signed off, name sources and recipients, answer the cover letter" "$(
		for has in '^Signed-off-by: A Writer' '^Sources:' '^To: Alejandro Colomar' \
				'^Cc: linux-man@' "^In-Reply-To: $first"; do
			grep -L "$has" "$2"/*.patch | grep -v /0000- | sed "s/$/ lacks $has/"
		done)"
	tap_silent "$1: lines of messages are short enough" "$(for patch in "$2"/*.patch; do
		sed '/^---$/,$d;/^[A-Z][A-Za-z-]*: /d;/^ /d;/^<http/d' "$patch" | grep '.\{73\}'; done)"
	tap_silent "$1: no line of copyright goes, and no citation of ours comes" \
		"$(grep -nE '^-.*(Copyright|SPDX)|^\+\.\\" \[' "$2"/*.patch)"
}

check_release() {	# release, what is left out
	tree=$work/$1 patches=$work/$1.patches said=$work/$1.said applied=$work/$1.applied
	tap_silent "$1: what has another place there is left out, and nothing else" "$(
		echo "$2" | tr ' ' '\n' | sed '/^$/d' >"$work/expected"
		listed "left out" "$said" | diff "$work/expected" - || cat "$said")"
	tap_silent "$1: the exit status tells of that" \
		"$(echo $((${#2} > 0)) | diff - "$work/$1.status")"
	tap_silent "$1: the checkout is as it was" "$(state_of "$tree" | diff "$work/$1.before" -)"
	tap_silent "$1: there is a series" "$(ls "$patches/0000-cover-letter.patch" 2>&1 >/dev/null)"
	[ -f "$patches/0000-cover-letter.patch" ] || return
	check_messages "$1" "$patches"

	git clone -q "$tree" "$applied"
	git -C "$applied" config user.name B
	git -C "$applied" config user.email b@example.org
	find "$patches" -name '*.patch' ! -name '0000-*' | sort | xargs git -C "$applied" am -q
	sed -n '/^\.\\" SRC BEGIN/,/^\.\\" SRC END/p' "$applied/man/man2const/UFFDIO_MOVE.2const" |
		mandoc -Tutf8 -O width=200 2>/dev/null | col -pbx | sed -e '1d' -e '$d' >"$work/program.c"
	tap_silent "$1: the program in the applied page compiles" \
		"$(${CC:-gcc} -Wall -Wextra -Werror -fsyntax-only \
			-include "$build/uffdio_move.h" "$work/program.c" 2>&1)"

	tap_silent "$1: every page goes on referring to the kernel's own document, the new ones too" \
		"$(cd "$applied" && grep -L 'userfaultfd\.rst$\|userfaultfd\.rst in' man/man2*/UFFDIO_*)"

	in_series "$said" >"$work/series"
	tap_silent "$1: each patch finds its place alone" "$(alone "$tree" <"$work/series")"
	for order in "sort -r" shuffle; do
		rm -rf "$work/ordered"
		cp -r "$tree/man" "$work/ordered"
		tap_silent "$1: all of them find it after '$order'" \
			"$($order <"$work/series" | apply_to "$work/ordered")"
		tap_silent "$1: and give pages with the same lines" \
			"$(other_lines "$work/ordered" "$applied/man")"
	done
	tap_silent "$1: of which lint has no more to say than before" \
		"$(new_findings "$work/ordered" "$tree/man" "$applied/man")"
	tap_silent "$1: no sentence of that project is kept here" \
		"$(same_words "$tree" tests/pages/upstream/*)"
	sed -n "/^[A-Z][a-z ,]*\$/s/^/+/p" "$tree/man/man2/userfaultfd.2" >"$work/copied"
	tap_silent "$1: one that is copied is noticed" \
		"$([ "$(same_words "$tree" "$work/copied")" ] || echo "it is not")"

	git -C "$tree" pull -q "$applied" HEAD
	tests/pages/upstream.sh "$tree" "$work/again" >"$work/said" 2>&1
	tap_silent "$1: what is there already is not written again" \
		"$(find "$work/again" -name '*.patch'; listed "left out" "$work/said" | diff "$work/expected" -)"
}

wait
while read -r suite release left_out; do
	if [ -f "$work/$release.status" ]; then
		check_release "$release" "$left_out"
	else
		tap_skip "$release" "Debian's $suite cannot be had, or has another release"
	fi
done <"$work/releases"
tap_end
