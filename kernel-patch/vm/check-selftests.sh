#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: check-selftests.sh [BOOT-OPTION]...
#
# Runs the series' selftest, tools/testing/selftests/vm/uffd-move, in a guest with swap
# space, or that which a newer source has for all of userfaultfd, mm/uffd-unit-tests:
# headers and test are built by the tree's own Makefiles.  KERNEL=TREE takes and
# boots a tree of your own.  Objects go to build-selftests/ in the tree.  BOOT-OPTIONs are
# passed to boot.sh.
#
# Prints the TAP that the guest sent.  Exit status: 0 every test passes, and none of uffd-move
# was skipped for want of what a guest can have; 1 it is otherwise; or boot.sh's.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=series.sh
. "$vm/series.sh"
# shellcheck source=selftest.sh
. "$vm/selftest.sh"
help_if_asked "$@"

# What a test has nothing to do with.
may_lack="the zero page is anybody's|nothing to pin"
log=$logs/selftests.log

prepare_tree()
{
	lock_cache
	unpack_source
	update_tree "$tree" "$(commit_of_series all)"
}

if [ -d "${KERNEL-}" ]; then
	tree=$(realpath "$KERNEL")
	make_cache
else
	prepare_tree
fi
selftest=$(selftest_of "$tree")
selftest=${selftest#*/}
need_tool rsync rsync

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run_logged "$log" "building the selftest" build_selftest "$tree" "$work" ||
	die_of "the selftest could not be built" "$log"
exec 8>&-	# boot.sh wants the cache too

status=0
"$vm/boot.sh" "$@" --file "$work/$selftest" /bin/busybox sh -c \
	'echo 64M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null &&
	swapon /dev/zram0 && exec '"$selftest" | tee "$work/tap" || status=$?
[ $status -eq 0 ] || exit $status
[ "$selftest" = uffd-move ] || exit 0
if grep '^ok .*# SKIP' "$work/tap" | grep -v -E "# SKIP ($may_lack)" >"$work/skipped"; then
	say "skipped, although this guest can have it: $(head -n 1 "$work/skipped")"
	exit 1
fi
