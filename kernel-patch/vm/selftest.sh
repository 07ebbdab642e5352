# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The selftest that the series adds, or adds to; read by scripts after series.sh, not run.
# shellcheck disable=SC2154 # set by common.sh

selftest_of() # TREE
{
	if [ -f "$1/tools/testing/selftests/vm/uffd-move.c" ]; then
		echo vm/uffd-move
	elif [ -f "$1/tools/testing/selftests/mm/uffd-unit-tests.c" ]; then
		echo mm/uffd-unit-tests
	else
		die "$1 has neither tools/testing/selftests/vm/uffd-move.c nor mm/uffd-unit-tests.c"
	fi
}

# Static, for a guest without libraries.  Headers go to build-selftests/ in the tree.
build_selftest() # TREE DIR; sets selftest
{
	local test

	test=$(selftest_of "$1") || return
	selftest=${test#*/}
	make -C "$1" O="$1/build-selftests" headers &&
		make -C "$1/tools/testing/selftests/${test%/*}" OUTPUT="$2" \
			KHDR_INCLUDES="-isystem $1/build-selftests/usr/include" \
			USERCFLAGS=-Werror USERLDFLAGS=-static "$2/$selftest"
}
