#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: build.sh [--where] [--config NAME] [--patches N | --mutants GENERATOR]
#        KERNEL=TREE build.sh [--config NAME]
#
# Builds Linux 6.1 with the series (or with its first N patches; 0 is the plain
# kernel), or the kernel source at TREE, and prints the path of the image.
#
#   --config NAME  base (the default), debug, arm64-16k, arm64-16k-debug, s390x: the
#                  fragments of ../config that apply
#   --where        build nothing: print the path that the image has, or would have
#   --mutants GENERATOR  with all mutants of the series, see ../mutants; the program
#                  that makes them
#
# A kernel that was built before is taken from the cache: its key is the source's
# version, what the patches change, the fragments and the compiler.  A TREE of
# your own is always given to make; objects go to its build-NAME/.
# $JOBS is the number of compilers at once (the number of CPUs if not set).
# Exit status: 0, or 125 with one sentence that says what went wrong.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=config.sh
. "$vm/config.sh"
help_if_asked "$@"

name=base patches=all generator='' where=
while [ $# -gt 0 ]; do
	case $1 in
	--config) name=${2:?--config wants a name}; shift 2 ;;
	--where) where=1; shift ;;
	--patches) patches=${2:?--patches wants a number}; shift 2 ;;
	--mutants) generator=${2:?--mutants wants a program}; shift 2 ;;
	*) die "unknown argument $1" ;;
	esac
done
[ -z "$generator" ] || [ "$patches" = all ] || die "the mutants are those of all patches: --mutants and --patches exclude each other"
[ -z "$generator" ] || [ -x "$generator" ] || die "there is no program $generator; 'make build/mutants' builds it"
select_config "$name"

if [ "${KERNEL-}" ]; then
	[ -f "$KERNEL/Kbuild" ] || die "$KERNEL is not a kernel's source"
	lock_cache
	build_kernel "$(cd "$KERNEL" && pwd)" ""
	echo "$objects/$image"
	exit
fi

# shellcheck source=series.sh
. "$vm/series.sh"
# shellcheck source=../mutants/common.sh
. "$kernel_patch/mutants/common.sh"

image_key()
{
	local files

	files=$(series_files "$patches")
	{
		source_version
		"$compiler" --version
		cat "${fragments[@]}" "$vm/config.sh"
		# Without the messages, the documents and the selftests: nothing of them is in an image.
		[ -z "$files" ] || xargs -d '\n' awk 'FNR == 1 { on = 0 }
			/^diff --git / { on = !/ b\/(Documentation|tools\/testing)\// } on' <<<"$files"
		[ -z "$generator" ] || cat "$mutant_list" "$mutants"/*.[ch] "$mutants"/generator/*.[ch]
	} | sha256sum | cut -c 1-16
}

make_cache
need_compiler
key=$(image_key)
done=$cache/image/$name${generator:+-mutants}-$key
if [ ! "$where" ] && [ ! -f "$done/image" ]; then
	lock_cache
	unpack_source
	commit=$(commit_of_series "$patches")
	[ -z "$generator" ] || commit=$(commit_of_mutants "$generator")
	update_tree "$tree" "$commit"
	release=-uffdio-move
	[ "$commit" != "$(git_tree rev-parse debian)" ] || release=
	build_kernel "$tree" "$release"
	keep_image "$done"
fi
echo "$done/image"
