#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: source.sh [--patches N]
#
# Makes the work tree below the cache hold Debian's Linux 6.1 with the first N
# patches of the series (all of them if N is not given), and prints its path.
# Files that do not change keep their time, so that make rebuilds what it must.
# $SERIES names another folder of patches.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=series.sh
. "$vm/series.sh"
help_if_asked "$@"

patches=all
while [ $# -gt 0 ]; do
	case $1 in
	--patches) patches=${2:?--patches wants a number}; shift 2 ;;
	*) die "unknown argument $1" ;;
	esac
done

lock_cache
unpack_source
update_tree "$tree" "$(commit_of_series "$patches")"
echo "$tree"
