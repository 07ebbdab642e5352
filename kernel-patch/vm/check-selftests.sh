#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: check-selftests.sh [BOOT-OPTION]...
#
# Runs the series' selftests, tools/testing/selftests/uffdio_move, in a guest, in the
# kernel's own way: headers and tests are built and installed by the tree's Makefiles,
# and run_kselftest.sh runs them.  KERNEL=TREE takes and boots a tree of your own.
# Objects go to build-selftests/ in the tree.  BOOT-OPTIONs are passed to boot.sh.
#
# Prints the TAP that the guest sent.  Exit status: 0 every test passes, and none was
# skipped but for want of a processor's feature; 1 it is otherwise; or boot.sh's.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=series.sh
. "$vm/series.sh"
help_if_asked "$@"

# A guest's processor has no protection keys.
may_lack='no protection key'
log=$logs/selftests.log

prepare_tree()
{
	lock_cache
	unpack_source
	update_tree "$tree" "$(commit_of_series all)"
}

# Static, for a guest without libraries.
install_selftests() # TREE DIR
{
	make -C "$1" O="$1/build-selftests" headers &&
		make -C "$1/tools/testing/selftests" O="$1/build-selftests" TARGETS=uffdio_move \
			FORCE_TARGETS=1 USERCFLAGS=-Werror USERLDFLAGS=-static \
			INSTALL_PATH="$2" install
}

# What run_kselftest.sh writes to; swap space, without which some states cannot be made.
in_guest='ln -s /proc/self/fd/1 /dev/stdout && echo 64M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null &&
	swapon /dev/zram0 && mkdir /tmp/kselftest && cd /tmp/kselftest &&
	tar xf /bin/kselftest.tar && exec sh ./run_kselftest.sh'

if [ -d "${KERNEL-}" ]; then
	tree=$(realpath "$KERNEL")
	make_cache
else
	prepare_tree
fi
[ -d "$tree/tools/testing/selftests/uffdio_move" ] ||
	die "$tree has no tools/testing/selftests/uffdio_move"
need_tool rsync rsync

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run_logged "$log" "building the selftests" install_selftests "$tree" "$work/kselftest" ||
	die_of "the selftests could not be built" "$log"
tar -C "$work/kselftest" -cf "$work/kselftest.tar" .
exec 8>&-	# boot.sh wants the cache too

status=0
"$vm/boot.sh" "$@" --file "$work/kselftest.tar" /bin/busybox sh -c "$in_guest" |
	tee "$work/tap" || status=$?
[ $status -eq 0 ] || exit $status
grep -q '^ok 1 selftests: uffdio_move: uffdio_move_test$' "$work/tap" || exit 1
if grep '^# ok .*# SKIP' "$work/tap" | grep -v "# SKIP $may_lack" >"$work/skipped"; then
	say "skipped, although this guest can have it: $(head -n 1 "$work/skipped")"
	exit 1
fi
