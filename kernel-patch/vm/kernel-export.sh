#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: kernel-export.sh DIR [SERIES]
#
# Writes the commits of DIR (see kernel-tree.sh) since its branch "debian" as
# patches to SERIES (../series if not given), replacing those that are there.  The
# cover letter keeps its words; its number of patches, its list of them and its
# statistics are renewed.  With FURTHER=kernel-patch/allow-copy it is those since the branch
# "uffdio-move", for that folder.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
help_if_asked "$@"
[[ $# -ge 1 && $# -le 2 ]] || die "--help tells the usage"
dir=$1 series=${2:-${further:-$series}}
base=debian prefix=PATCH
[ -z "$further" ] || base=uffdio-move prefix='RFC PATCH'

git -C "$dir" merge-base --is-ancestor $base HEAD 2>/dev/null ||
	die "$dir is not a tree that kernel-tree.sh made: its HEAD does not descend from a branch \"$base\""
[ -z "$(git -C "$dir" status --porcelain --untracked-files=no)" ] ||
	die "$dir has changes that are not committed"

mkdir -p "$series" || die "$series cannot be written"
new=$(mktemp -d "$series/.export.XXXXXX") || die "$series cannot be written"
trap 'rm -rf "$new"' EXIT

git -C "$dir" -c core.abbrev=12 format-patch -q --numbered --cover-letter --zero-commit \
	--no-signature --no-base --subject-prefix="$prefix" --no-thread -o "$(realpath "$new")" $base..HEAD ||
	die "git-format-patch failed"
[ -f "$new/0000-cover-letter.patch" ] || die "$dir has no commit beyond its branch \"$base\""

# git's list of patches: the first author with a count, "Name (3):", and below it,
# two columns in, the subjects.  Prints the number of its first line.
line_of_list() # COVER
{
	awk '/^  [^ ]/ && last ~ /^[^ ].* \([0-9]+\):$/ { print NR - 1; exit }
		{ last = $0 }' "$1"
}

renew_cover() # OLD NEW
{
	local subject list

	subject=$(grep -m 1 '^Subject: ' "$2" | grep -o '\[.*\]')
	list=$(line_of_list "$1")
	head -n "$((${list:-1000000} - 1))" "$1" | sed "0,/^Subject: \[[^]]*\]/s,,Subject: $subject,"
	[ "$list" ] || echo
	tail -n "+$(line_of_list "$2")" "$2"
}

old=$series/0000-cover-letter.patch
if [ -f "$old" ]; then
	renew_cover "$old" "$new/0000-cover-letter.patch" >"$new/cover"
	mv "$new/cover" "$new/0000-cover-letter.patch"
fi
rm -f "$series"/[0-9]*.patch
mv "$new"/*.patch "$series/"
say "$(find "$series" -name '[0-9]*.patch' ! -name '0000-*' | wc -l) patches in $series"
