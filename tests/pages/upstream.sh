#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: upstream.sh MAN_PAGES DIRECTORY
#
# Writes into DIRECTORY the pages as a series of patches for the checkout MAN_PAGES
# of the man-pages project, for `git am`: a cover letter, then one commit a page, new
# pages first, and looks whether it applies.  MAN_PAGES itself is not touched.
#
# Comments that cite clauses are left out.  What a patch says is in
# upstream-messages/, and who signs it off is who git says you are there.

set -eu
[ $# -eq 2 ] || { echo "usage: $0 MAN_PAGES DIRECTORY" >&2; exit 2; }
[ "$1" ] || { echo "upstream.sh: MAN_PAGES=PATH is missing: a checkout of the man-pages project" >&2; exit 2; }
[ -d "$1" ] || { echo "upstream.sh: there is no directory $1" >&2; exit 2; }
tree=$(cd "$1" && pwd)
mkdir -p "$2"
output=$(cd "$2" && pwd)
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
# shellcheck source=/dev/null
. tests/pages/lib.sh

die() {
	echo "upstream.sh: $*" >&2
	exit 1
}

# The place of a page in that project.
place() {		# page
	echo "man/man$(page_section "$1")/${1##*/}"
}

# A page as that project wants it: what leads back here goes.
for_them() {		# page
	without_citations "$1" | sed -n 'H; ${ x; s/^\n//; s/,\n\.BR uffdio_move_contract (7)//; p }'
}

commit_page() {		# page
	message=tests/pages/upstream-messages/${1##*/}
	there=$(place "$1")
	mkdir -p "$work/tree/${there%/*}"
	for_them "$1" >"$work/tree/$there"
	{
		printf '%s: ' "$there"
		sed 1d "$message"	# its licence
		printf '\nSigned-off-by: %s <%s>\n' "$name" "$email"
	} >"$work/message"
	git -C "$work/tree" add "$there"
	git -C "$work/tree" commit -q -F "$work/message"
}

[ -d "$tree/man/man2" ] || die "$tree has no man/man2: no checkout of man-pages"
base=$(git -C "$tree" rev-parse HEAD) || die "$tree is no git repository"
name=$(git -C "$tree" config user.name || true)
email=$(git -C "$tree" config user.email || true)
if [ -z "$name" ] || [ -z "$email" ]; then
	die "git config user.name, user.email: who are you?"
fi
git clone -q --shared "$tree" "$work/tree"
git -C "$work/tree" checkout -q -b uffdio-move
git -C "$work/tree" config user.name "$name"
git -C "$work/tree" config user.email "$email"
git -C "$work/tree" config commit.gpgSign false
git -C "$work/tree" config branch.uffdio-move.description "$(sed 1d tests/pages/upstream-messages/cover)"

# What has no message is not for them: userfaultfd(2), which they have and we would replace.
theirs() {
	for page in $(our_pages); do
		[ ! -f "tests/pages/upstream-messages/${page##*/}" ] || echo "$page"
	done
}

for page in $(theirs); do
	[ -f "$work/tree/$(place "$page")" ] || echo "$page"
done >"$work/new"
for page in $(theirs); do
	[ ! -f "$work/tree/$(place "$page")" ] ||
		for_them "$page" | cmp -s - "$work/tree/$(place "$page")" || echo "$page"
done >"$work/changed"
# shellcheck disable=SC2013
for page in $(cat "$work/new" "$work/changed"); do
	commit_page "$page"
done
[ "$(git -C "$work/tree" rev-parse HEAD)" != "$base" ] || die "$tree has all of this already"

rm -f "$output"/[0-9][0-9][0-9][0-9]-*.patch
git -C "$work/tree" format-patch -q -o "$output" --cover-letter --cover-from-description=subject \
	--thread=shallow --range-diff="$base" --base="$base" \
	--to='Alejandro Colomar <alx@kernel.org>' --cc=linux-man@vger.kernel.org \
	--cc='Suren Baghdasaryan <surenb@google.com>' \
	--cc='Lokesh Gidra <lokeshgidra@google.com>' \
	--cc='Andrea Arcangeli <aarcange@redhat.com>' \
	--cc=linux-mm@kvack.org --cc=linux-api@vger.kernel.org "$base"..uffdio-move

# It applies where it was made for, and gives what was meant.
git clone -q --shared "$tree" "$work/applied"
git -C "$work/applied" config user.name "$name"
git -C "$work/applied" config user.email "$email"
git -C "$work/applied" config commit.gpgSign false
find "$output" -name '[0-9][0-9][0-9][0-9]-*.patch' ! -name '0000-*' | sort |
	xargs git -C "$work/applied" am -q --whitespace=error-all ||
	die "the series does not apply"
[ "$(git -C "$work/applied" rev-parse "HEAD^{tree}")" = \
	"$(git -C "$work/tree" rev-parse "HEAD^{tree}")" ] ||
	die "the series applies, but gives another tree"
echo "$output: a cover letter and $(git -C "$work/tree" rev-list --count "$base"..HEAD) patches;" \
	"they apply to $(git -C "$tree" log -1 --format='%h ("%s")')"
