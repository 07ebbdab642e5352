# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The series' selftest; read by scripts after series.sh, not run.
# shellcheck disable=SC2154 # set by common.sh

# Static, for a guest without libraries.  Headers go to build-selftests/ in the tree.
build_selftest() # TREE DIR
{
	make -C "$1" O="$1/build-selftests" headers &&
		make -C "$1/tools/testing/selftests/vm" OUTPUT="$2" \
			KHDR_INCLUDES="-isystem $1/build-selftests/usr/include" \
			USERCFLAGS=-Werror USERLDFLAGS=-static "$2/uffd-move"
}
