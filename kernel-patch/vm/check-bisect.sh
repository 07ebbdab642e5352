#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: check-bisect.sh
#
# Builds and boots the kernel with the first patch of the series, with the first
# two, and so on.  Prints TAP; exit status 0 if every one of them comes up and shuts
# down without a complaint.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=series.sh
. "$vm/series.sh"
help_if_asked "$@"

mapfile -t patches < <(series_files all)
[ ${#patches[@]} -gt 0 ] || die "there are no patches in $series"
echo "1..${#patches[@]}"
for n in $(seq ${#patches[@]}); do
	name=${patches[n - 1]##*/}
	"$vm/boot.sh" --patches "$n" --limit 120 --log "$logs/bisect-$n.console.log" /bin/busybox true ||
		{ echo "not ok $n - $name"; die "the kernel does not build or boot with the series up to $name"; }
	echo "ok $n - $name"
done
