#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-newest.sh PROGRAM - does the contract hold on the newest release that Debian's
# archive has?  PROGRAM is the conformance program.  Prints TAP.

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
evidence="$scratch/failing $scratch/err"

newest=$(kernel-patch/vm/archive.sh list x86_64 2>"$scratch/err" | awk '$1 !~ /rc/ { print $1; exit }')
status=0
[ -z "$newest" ] || kernel-patch/vm/archive.sh fetch "$newest" x86_64 >"$scratch/out" 2>"$scratch/err" ||
	status=$?
if [ -z "$newest" ] || [ $status -eq 1 ]; then
	skip "the newest kernel of Debian's archive" "$(tail -n 1 "$scratch/err")"
	finish
	exit
elif [ $status -ne 0 ]; then
	result $status "the newest kernel of Debian's archive is unpacked"
	finish
	exit
fi
KERNEL=$newest ARCH=x86_64 tests/kernels/report-in-vm.sh "$1" --json >"$scratch/out" 2>"$scratch/err"
status=$?
jq -r '.tests[] | select(.verdict | IN("fails", "broken")) | "\(.name): \(.verdict): \(.note)"' \
	"$scratch/out" >"$scratch/failing" 2>&1
result $status "Linux $newest: every must-clause holds, or deviates in a way that is known"
true_of "$scratch/out" '[.tests[] | select(.verdict == "holds")] | length > 5000'
result $? "$(jq '[.tests[] | select(.verdict == "holds")] | length' "$scratch/out") tests hold"
finish
