#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: check-fixes.sh [--debug] CONFORMANCE WITHOUT-MEMORY FAILING-ALLOCATIONS STRESS
#
# The source that kernel-patch/fixes is for, as it was and with the series, in a VM: the
# contract, that source's own tests of userfaultfd with those that the series adds, and moves
# beside all else that touches the same pages.  With --debug the same programs on a debug
# kernel with the series, as check-debug.sh runs them.  The programs are static, for the
# guest.  A first run builds two kernels.  Prints TAP; the build's progress goes to standard
# error.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
on_newest() { kernel-patch/vm/on-newest.sh "$@"; }

if [ "${1-}" = --debug ]; then
	shift
	# That a swapped page's protection is carried makes the kernel warn of it.
	on_newest check-debug.sh --apart '*[._]swapped-protected*|scenario.*-swapped' "$@"
	exit
fi
[ $# -eq 4 ] || { echo "usage: check-fixes.sh [--debug] CONFORMANCE WITHOUT-MEMORY FAILING-ALLOCATIONS STRESS" >&2; exit 2; }
conformance=$1 stress=$4
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# Others see to these; the last is run by nobody who has not asked for it.
not_ours='["swapped-protection-carried", "swapped-page-counts-unwritten", "mremap-locks-up"]'
record=spec/kernels/x86_64-7.3.4.yaml

contract() # NAME [BOOT-OPTION]...
{
	local name=$1
	shift
	on_newest boot.sh "$@" --limit 1800 "$conformance" --json --patience 10 \
		>"$scratch/$name" 2> >(tee "$scratch/$name.err" >&2)
}

deviations() # NAME: those that were met, but for others'
{
	jq -r --argjson others "$not_ours" '[.tests[] | select(.verdict == "deviates") | .deviation]
		| unique - $others | .[]' "$scratch/$1" | sort
}

# No less than on Debian's newest kernel.
holds_enough() # NAME
{
	true_of "$scratch/$1" '[.tests[] | select(.verdict == "holds")] | length > 5000'
}

# Those of the contract that a run meets or not.
by_chance()
{
	awk '/^  - id: / { id = $3 } /^    by-chance: true$/ { print id }' spec/uffdio_move.yaml
}

failing() # NAME
{
	jq -r '.tests[] | select(.verdict | IN("fails", "broken")) | "\(.name): \(.verdict): \(.note)"' \
		"$scratch/$1" >"$scratch/failing" 2>&1
	evidence="$scratch/failing $scratch/$1.err"
}

# What a test of userfaultfd came to, without its number; some have two results.
outcomes() # FILE
{
	sed -n -E 's/^(ok|not ok) [0-9]+ /\1 /p' "$1" | sort -u
}

# Did it come to its end?
is_whole() # FILE
{
	[ "$(grep -cE '^(ok|not ok) ' "$1")" = "$(sed -n 's/^1\.\.//p' "$1")" ]
}

passed() { grep '^ok' "$1" | grep -vc '# SKIP'; }

added=$(sed -n 's/^+\t\t\.name = "\(.*\)",$/\1/p' kernel-patch/fixes/*-selftests-*.patch)

contract with
status=$?
failing with
[ $status -eq 0 ] && holds_enough with
result $? "with the series: every must-clause holds"
deviations with >"$scratch/left"
evidence=$scratch/left
[ $status -eq 0 ] && [ ! -s "$scratch/left" ]
result $? "with the series: no deviation is met but others'"

on_newest check-selftests.sh --limit 1800 >"$scratch/new" 2> >(tee "$scratch/new.err" >&2)
outcomes "$scratch/new" | grep -wF "$added" | grep -v '^ok' >"$scratch/failed"
evidence="$scratch/failed $scratch/new.err"
is_whole "$scratch/new" && [ ! -s "$scratch/failed" ]
result $? "with the series: its new tests pass"

on_newest boot.sh --limit 1200 "$stress" --seconds 120 --patience 5 >"$scratch/out" 2> >(tee "$scratch/err" >&2)
status=$?
evidence="$scratch/out $scratch/err"
result $status "with the series: no page is lost, whatever else is done to it"

contract without --patches 0
status=$?
failing without
result $status "as it was: every must-clause holds, or deviates in a way that is known"
deviations without >"$scratch/met"
evidence=$scratch/unknown
sed -n '/^met:/,/\]/p' $record | grep -o '[a-z][a-z-]*' | sort | comm -3 - "$scratch/met" | tr -d '\t' |
	grep -vwxF "met
$(jq -r '.[]' <<<"$not_ours")
$(by_chance)" >"$scratch/unknown"
[ -s "$scratch/met" ] && [ ! -s "$scratch/unknown" ]
result $? "as it was: $(wc -l <"$scratch/met") deviations are met, those that are recorded, or that chance has"

on_newest check-selftests.sh --patches 0 --limit 1800 >"$scratch/old" 2> >(tee "$scratch/old.err" >&2)
outcomes "$scratch/old" | grep '^not ok' >"$scratch/old.bad"
outcomes "$scratch/new" | grep '^not ok' | comm -13 "$scratch/old.bad" - >"$scratch/worse"
evidence="$scratch/worse $scratch/old.err"
is_whole "$scratch/old" && [ ! -s "$scratch/worse" ]
result $? "its tests: $(passed "$scratch/new") pass with the series, $(passed "$scratch/old") as it was, and none is worse"
sed 's/^/# as it was: /' "$scratch/old.bad"
finish
