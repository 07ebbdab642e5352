#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: check-builds.sh [NAME]...
#
# Compiles the objects that the series concerns (the files it changes, and those of
# mm/, fs/ and kernel/ that include a header it changes) in the configurations
# NAME..., all of them if none is given, with W=1, and with sparse where that is
# installed, or $SPARSE is the command.  Every warning that the plain kernel does not give is an error.
# The first, "style", is no configuration, but checkpatch.pl --strict on each patch.
# Prints a TAP line for each of them; exit status 1 if one fails.
#
#   style base no-thp no-swap no-migration no-ksm no-userfaultfd i386 arm64-16k

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=config.sh
. "$vm/config.sh"
# shellcheck source=series.sh
. "$vm/series.sh"
help_if_asked "$@"

# What each takes from, or adds to, the configuration that it starts with.
changes_of() # NAME
{
	case $1 in
	base) options y DAMON DAMON_PADDR ;; # which no guest runs
	arm64-16k) ;;
	no-thp) options n TRANSPARENT_HUGEPAGE TRANSPARENT_HUGEPAGE_MADVISE ;;
	no-swap) options n SWAP ;;
	no-migration)
		options n MIGRATION COMPACTION TRANSPARENT_HUGEPAGE TRANSPARENT_HUGEPAGE_MADVISE
		;;
	no-ksm) options n KSM ;;
	no-userfaultfd) options n USERFAULTFD PTE_MARKER_UFFD_WP HAVE_ARCH_USERFAULTFD_WP ;;
	i386)
		options n 64BIT IA32_EMULATION X86_INTEL_MEMORY_PROTECTION_KEYS MEM_SOFT_DIRTY SPARSEMEM_VMEMMAP \
			PTE_MARKER_UFFD_WP HAVE_ARCH_USERFAULTFD_WP
		options y X86_32 X86_PAE
		# newer sources have no such memory
		[ "${FRAGMENT-}" ] || options y HIGHMEM64G HIGHMEM HIGHPTE
		;;
	*) die "no such configuration: $1; --help lists them" ;;
	esac
}

options() # VALUE OPTION...
{
	local value=$1
	shift
	printf "CONFIG_%s=$value\n" "$@"
}

# Is the object of this file part of the kernel that is configured?
is_configured() # TREE OBJECTS FILE.c
{
	local directory=${3%/*} object=${3##*/} option

	object=${object%.c}.o
	option=$(sed -n "s/^obj-\$(CONFIG_\([A-Z0-9_]*\))[ \t]*+= .*\b$object\b.*/\1/p" \
		"$1/$directory/Makefile" | head -n 1)
	[ -z "$option" ] || grep -q "^CONFIG_$option=y" "$2/.config"
}

concerned_files() # prints FILE.c...
{
	local changed headers=() header

	changed=$(git_tree diff --name-only debian "$commit")
	grep -E '^(mm|fs|kernel)/.*\.c$' <<<"$changed" || :
	while read -r header; do
		headers+=(-e "#include <$header>")
	done < <(sed -n 's,^include/\(uapi/\)\?\(linux/.*\.h\)$,\2,p' <<<"$changed")
	[ ${#headers[@]} -eq 0 ] ||
		git_tree grep -l -F "${headers[@]}" "$commit" -- 'mm/*.c' 'fs/*.c' 'kernel/*.c' |
		sed 's/^[^:]*://' | grep -E '^(mm/[^/]*|fs/(userfaultfd|proc/task_mmu|exec)|kernel/(fork|events/uprobes))\.c$' || :
}

# Warnings without their place: lines move when a file is changed.
warnings() # LOG
{
	sed -n -E 's,^(\.\./|'"$tree"'/|'"$plain"'/)?([^: ]+):[0-9]+(:[0-9]+)?: ((warning|error): .*),\2: \4,p' "$1" |
		sort
}

compile() # TREE NAME FRAGMENTS LOG
{
	local source=$1 objects=$1/build-check-$2 log=$4 file targets=() check=()

	config_name=check-$2
	configure "$source" "$objects" "$3"
	for file in "${files[@]}"; do
		if [ -f "$source/$file" ] && is_configured "$source" "$objects" "$file"; then
			targets+=("${file%.c}.o")
		fi
	done
	# All are compiled anew: a warning is said only once.
	(cd "$objects" && rm -f "${targets[@]}")
	command -v "${sparse%% *}" >/dev/null && check=(C=2 CHECK="$sparse")
	# shellcheck disable=SC2016 # evaluated for each line of progress
	run_logged "$log" "compiling ${#targets[@]} files ($2)" \
		kernel_make "$source" "$objects" W=1 "${check[@]}" -k "${targets[@]}"
}

check_configuration() # NAME; 0 if it adds no warning
{
	local name=$1 fragment=$work/$1.config log=$logs/check-$1.log
	local plain_log=$logs/check-$1-plain.log start=base

	case $name in arm64*) start=$name ;; esac
	select_config "$start"
	need_compiler
	[ "$name" != i386 ] || arch=i386
	{ cat "${fragments[@]}"; changes_of "$name"; } >"$fragment"

	compile "$plain" "$name" "$fragment" "$plain_log" ||
		die_of "the plain kernel does not compile ($name)" "$plain_log"
	compile "$tree" "$name" "$fragment" "$log" || {
		grep -E '(error|Error) ?:' "$log" | sed 's/^/# /'
		echo "# it does not compile; log: $log"
		return 1
	}
	warnings "$plain_log" >"$work/plain"
	warnings "$log" >"$work/patched"
	# The same words once more are new words.
	comm -13 "$work/plain" "$work/patched" >"$work/new"
	[ -s "$work/new" ] || return 0
	sed 's/^/# new: /' "$work/new"
	echo "# log: $log"
	return 1
}

check_style() # 0 if checkpatch.pl has nothing to say
{
	local patch files status

	need_tool perl perl
	files=$(series_files all)
	while read -r patch; do
		status=0
		# It asks of each new file whether MAINTAINERS has it; ours goes into a folder that it has.
		# And this tree has no commit that could be fixed.
		(cd "$tree" && scripts/checkpatch.pl --strict --terse --no-summary --showfile \
			--ignore FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID "$patch") \
			>>"$work/style" 2>"$logs/checkpatch.log" || status=$?
		# 1: it has something to say
		[ $status -le 1 ] || die_of "checkpatch.pl could not check ${patch##*/}" "$logs/checkpatch.log"
	done <<<"$files"
	! sed 's/^/# /' "$work/style" | grep .
}

sparse=${SPARSE:-sparse}
[ $# -gt 0 ] || set -- style base no-thp no-swap no-migration no-ksm no-userfaultfd i386 arm64-16k
lock_cache
unpack_source
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
commit=$(commit_of_series all)
update_tree "$tree" "$commit"
plain=$source_dir/unpatched
if [ ! -d "$plain" ]; then
	need_space 2000 "the plain kernel's source"
	rm -rf "$plain.unfinished"
	git_tree worktree prune
	git_tree worktree add -q --detach "$plain.unfinished" debian >"$logs/worktree.log" 2>&1 ||
		die_of "the plain kernel's source could not be laid out" "$logs/worktree.log" "$plain.unfinished"
	git_tree worktree move "$plain.unfinished" "$plain"
fi
mapfile -t files < <(concerned_files | sort -u)
[ ${#files[@]} -gt 0 ] || die "the series changes no file of the kernel"
command -v "${sparse%% *}" >/dev/null || say "sparse is not installed: its check is left out"

number=0 status=0
echo "1..$#"
for name; do
	number=$((number + 1))
	result=ok
	if [ "$name" = style ]; then
		check_style || result='not ok' status=1
		echo "$result $number - style: checkpatch.pl --strict"
		continue
	fi
	check_configuration "$name" || result='not ok' status=1
	echo "$result $number - $name: ${#files[@]} files concerned"
done
exit $status
