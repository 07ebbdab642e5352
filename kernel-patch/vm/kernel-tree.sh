#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: kernel-tree.sh DIR
#
# Makes DIR a git work tree of Debian's Linux 6.1 (branch "debian") with the series
# applied by git-am (branch "uffdio-move"), to be edited there.  kernel-export.sh
# writes it back.  Nothing in DIR depends on the cache afterwards.  With
# FURTHER=kernel-patch/allow-copy its patches come on top (branch "further").

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=series.sh
. "$vm/series.sh"
help_if_asked "$@"
[ $# -eq 1 ] || die "--help tells the usage"
dir=$1
[ ! -e "$dir" ] || die "$dir exists already: edit it, or remove it first"

# What a patch says between "---" and its statistics: the clauses that it cites.
# git-am drops it; in a commit's words it finds its way back into the patch.
keep_citations() # DIR PATCH
{
	local citations

	citations=$(awk '/^diff --git / || n == 2 { exit } /^---$/ { n++; next } n == 1 && /^\[/' "$2")
	[ "$citations" ] || return 0
	{
		git -C "$1" log -1 --format=%B
		printf -- '---\n%s\n' "$citations"
	} | git -C "$1" commit -q --amend --cleanup=verbatim -F -
}

make_editable() # DIR PATCH...
{
	local dir=$1 patch
	shift

	git clone -q -b debian "$tree" "$dir" &&
		git -C "$dir" remote remove origin &&
		git -C "$dir" config gc.auto 0 &&
		echo '/build-*/' >>"$dir/.git/info/exclude" &&
		git -C "$dir" checkout -q -b uffdio-move || return
	git -C "$dir" var GIT_COMMITTER_IDENT >/dev/null 2>&1 ||
		git -C "$dir" config user.name "$(id -un)"
	git -C "$dir" config user.email >/dev/null ||
		git -C "$dir" config user.email "$(id -un)@localhost"
	for patch; do
		[ "${patch%/*}" != "$further" ] || git -C "$dir" checkout -q -B further || return
		git -C "$dir" am -q --keep-non-patch "$patch" &&
			keep_citations "$dir" "$patch" || return
	done
}

lock_cache
unpack_source
files=$(series_files all)
mapfile -t patches <<<"$files"
parent=$(dirname "$dir")
mkdir -p "$parent" || die "$parent cannot be written"
log=$logs/kernel-tree.log
run_logged "$log" "preparing $dir" make_editable "$dir.unfinished" "${patches[@]}" ||
	die_of "the series could not be applied by git-am" "$log" "$dir.unfinished"
mv "$dir.unfinished" "$dir"
say "$dir: ${#patches[@]} patches on Linux $(source_version), branch ${further:+further, on }uffdio-move"
