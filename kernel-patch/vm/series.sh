# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The source and the patches on it; read by scripts after common.sh, not run.
# What touches a tree wants lock_cache() before.
# shellcheck disable=SC2154 # set by common.sh

source_name=${SOURCE_ARCHIVE##*/}
source_name=${source_name%.tar.xz}

source_version()
{
	[ -z "${SOURCE_VERSION-}" ] || { echo "$SOURCE_VERSION"; return; }
	dpkg-query -W -f '${Version}' linux-source-6.1 2>/dev/null ||
		die "Debian's package linux-source-6.1 is not installed; 'make setup' installs it"
}

source_dir=$(source_version)
source_dir=$cache/linux-${source_dir%%[~+]*}	# make and sed take some letters for more than a name
tree=$source_dir/tree

# The cover letter is none.
patches_in() # DIR
{
	local files

	shopt -s nullglob
	files=("$1"/0*.patch)
	[ $((${#files[@]})) -gt 0 ] && [[ ${files[0]} == */0000-* ]] && files=("${files[@]:1}")
	[ ${#files[@]} -eq 0 ] || printf '%s\n' "${files[@]}"
}

# The patches that are applied, in order: the series, and on top of it what $FURTHER has.
series_files() # N|all
{
	local n=$1 files

	[ -z "$further" ] || [ "$(patches_in "$further")" ] || die "there are no patches in $further"
	mapfile -t files < <(patches_in "$series"; [ -z "$further" ] || patches_in "$further")
	if [ "$n" = all ]; then
		n=${#files[@]}
		[ "$n" -gt 0 ] || die "there are no patches in $series"
	fi
	[[ $n =~ ^[0-9]+$ ]] || die "not a number of patches: $n"
	[ "$n" -le ${#files[@]} ] || die "the series has only ${#files[@]} patches, not $n"
	[ "$n" -eq 0 ] || printf '%s\n' "${files[@]:0:n}"
}

git_tree() { git -C "$tree" -c user.name=uffdio-move -c user.email=uffdio-move "$@"; }

unpack_into() # DIR
{
	tar -xf "$SOURCE_ARCHIVE" --strip-components=1 -C "$1" &&
		git -C "$1" init -q -b debian &&
		git -C "$1" config gc.auto 0 &&
		echo '/build-*/' >>"$1/.git/info/exclude" &&
		git -C "$1" -c core.compression=1 -c core.fsync=none add -f -A &&
		git -C "$1" -c user.name=Debian -c user.email=debian@localhost \
			commit -qm "$source_name $(source_version)" &&
		git -C "$1" checkout -q --detach
}

unpack_source()
{
	local log=$logs/unpack.log unfinished=$source_dir.unfinished

	[ -d "$tree/.git" ] && return
	need_tool git git
	need_tool xz xz-utils
	[ -r "$SOURCE_ARCHIVE" ] || die "$SOURCE_ARCHIVE cannot be read; 'make setup' installs it"
	need_space 2500 "the kernel's source"
	rm -rf "$unfinished"
	mkdir -p "$unfinished/tree"
	run_logged "$log" "unpacking ${SOURCE_ARCHIVE##*/}" unpack_into "$unfinished/tree" ||
		die_of "${SOURCE_ARCHIVE##*/} could not be unpacked" "$log" "$unfinished"
	rm -rf "$source_dir"
	mv "$unfinished" "$source_dir"
}

# Apply patches to an index alone: no file is touched until all of them fit.
# git-am would do the same, but file by file in the work tree.
commit_of_series() # N|all; prints a commit
{
	local log=$logs/apply.log commit files patch
	local -x GIT_INDEX_FILE=$tree/.git/index.series

	files=$(series_files "$1")
	rm -f "$GIT_INDEX_FILE" "$GIT_INDEX_FILE.lock"
	commit=$(git_tree rev-parse debian)
	git_tree read-tree debian >"$log" 2>&1 || die_of "$tree could not be read" "$log"
	while read -r patch; do
		[ -n "$patch" ] || continue
		git_tree apply --cached "$patch" >>"$log" 2>&1 ||
			die_of "${patch##*/} does not apply to $source_name $(source_version)" "$log"
		commit=$(git_tree commit-tree -p "$commit" -m "${patch##*/}" \
			"$(git_tree write-tree 2>>"$log")" 2>>"$log") ||
			die_of "the series could not be applied" "$log"
	done <<<"$files"
	rm -f "$GIT_INDEX_FILE"
	echo "$commit"
}

# Files that differ are written, all others keep their time.
update_tree() # TREE COMMIT
{
	local log=$logs/update.log index

	# Left by one that was killed; the lock says that nobody else is at it.
	index=$(git -C "$1" rev-parse --path-format=absolute --git-path index.lock)
	rm -f "$index"
	git -C "$1" reset -q --hard "$2" >"$log" 2>&1 ||
		die_of "$1 could not be brought to the state of the series" "$log"
}
