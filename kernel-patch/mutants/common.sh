# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# From the series to its mutants; read by scripts after ../vm/common.sh, not run.
# shellcheck disable=SC2154,SC2034 # set by ../vm/common.sh; not all use all of it

mutants=$kernel_patch/mutants
# With FURTHER they are slips in its patches alone, and their files lie in its folder "mutants".
mutated=${further:-$series}
lists=${further:+$further/mutants}
mutant_list=${lists:-$mutants}/list
unnoticed=${lists:-$mutants}/unnoticed
record=${lists:-$mutants}/record

# What these patches change of the kernel's own code, but for what user space includes.
mutated_files()
{
	sed -n 's,^+++ b/\(\(mm\|fs\)/.*\.[ch]\)$,\1,p' "$mutated"/0*.patch | LC_ALL=C sort -u
}

# WORK has FILE.orig and FILE, without the series and with it; it gets FILE.added, the numbers
# of the lines that are the series', and mutated/FILE.  Prints the mutants.
generate_mutants() # GENERATOR WORK FILE...
{
	local generator=$1 work=$2 file status
	shift 2

	for file; do
		status=0
		diff --old-line-format='' --unchanged-line-format='' --new-line-format='%dn
' "$work/$file.orig" "$work/$file" >"$work/$file.added" || status=$?
		[ $status -le 1 ] || return 1
	done
	"$generator" "$work" -o "$work/mutated" "$@"
}

# The list as it is committed: a line's number changes with whatever is above it.
without_lines() { cut -f 1,2,4,5; }

# What the kernel's build needs besides: the switch, and values for what is never set, where
# the compiler would take for granted that it is.
add_switch() # WORK FILE...
{
	local work=$1 file
	shift

	mkdir -p "$work/mutated/include/linux" "$work/mutated/mm" &&
		cp "$mutants/uffdio_move_mutant.h" "$work/mutated/include/linux/" &&
		cp "$mutants/uffdio_move_mutant.c" "$work/mutated/mm/" || return
	for file; do
		sed -i '1i #include <linux/uffdio_move_mutant.h>' "$work/mutated/$file" || return
		[[ $file == *.c ]] || continue
		[ -f "$work/mutated/${file%/*}/Makefile" ] ||
			git_tree show "$commit:${file%/*}/Makefile" >"$work/mutated/${file%/*}/Makefile" || return
		echo "CFLAGS_$(basename "$file" .c).o += -ftrivial-auto-var-init=zero" \
			>>"$work/mutated/${file%/*}/Makefile"
	done
	echo 'obj-y += uffdio_move_mutant.o' >>"$work/mutated/mm/Makefile"
}

lay_out_mutants() # GENERATOR WORK FILE...
{
	local generator=$1 work=$2 before=debian file
	shift 2

	[ -z "$further" ] || before=$(further='' commit_of_series all)
	for file; do
		mkdir -p "$work/${file%/*}" &&
			git_tree show "$before:$file" >"$work/$file.orig" &&
			git_tree show "$commit:$file" >"$work/$file" || return
	done
	generate_mutants "$generator" "$work" "$@" >"$work/list" && add_switch "$work" "$@"
}

commit_files() # DIR; prints a commit on top of $commit
{
	local -x GIT_INDEX_FILE=$tree/.git/index.mutants
	local file object

	rm -f "$GIT_INDEX_FILE" "$GIT_INDEX_FILE.lock"
	git_tree read-tree "$commit"
	while read -r file; do
		object=$(git_tree hash-object -w "$1/$file")
		git_tree update-index --add --cacheinfo "100644,$object,$file"
	done < <(cd "$1" && find . -type f -printf '%P\n')
	git_tree commit-tree -p "$commit" -m 'All mutants of the series' "$(git_tree write-tree)"
	rm -f "$GIT_INDEX_FILE"
}

# The series, whose commit is $commit, with all its mutants.
commit_of_mutants() # GENERATOR; prints a commit
{
	local log=$logs/mutants.log work files file

	mapfile -t files < <(mutated_files)
	work=$(mktemp -d)
	lay_out_mutants "$1" "$work" "${files[@]}" 2>"$log" ||
		die_of "the mutants could not be made" "$log" "$work"
	without_lines <"$work/list" | cmp -s - "$mutant_list" ||
		die "$mutant_list does not agree with the series: 'make mutants' renews it"
	commit_files "$work/mutated" 2>"$log" ||
		die_of "the mutants could not be committed" "$log" "$work"
	rm -rf "$work"
}
