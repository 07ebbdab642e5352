#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: check-debug.sh [--apart TESTS] CONFORMANCE CONFORMANCE-WITHOUT-MEMORY FAILING-ALLOCATIONS STRESS
#
# Runs these static programs (see ../../tests) on the patched kernel with the
# options of ../config/debug.config: KASAN, lockdep, kmemleak and more.
#   1. the whole contract
#   2. the whole contract, each allocation of each call failing in turn
#   3. moves to page tables that are all still to be made, the same way
#   4. ten minutes of moves against all else that touches pages
# With FURTHER=../allow-copy the first two have to be the proposal's, and the others
# are run with --allow-copy.
# With --apart the tests of that pattern, which meet a fault that is known, do so in
# a guest of their own, where the kernel does not look into page tables: it tells of
# one mistake there only, the first.
# After each of them the kernel looks for leaks.  One line on its console that
# ./complaints knows is a failure.  Prints TAP; exit status 0, or 1.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
help_if_asked "$@"
apart=
if [ "${1-}" = --apart ] && [ $# -ge 2 ]; then
	apart=$2
	shift 2
fi
[ $# -eq 4 ] || die "--help tells the usage"
# shellcheck source=../../tests/tap.sh
. "$kernel_patch/../tests/tap.sh"

run() # NAME LIMIT [BOOT-OPTION]... PROGRAM ARGUMENT...
{
	local name=$1 limit=$2 log=$logs/debug-$1 status=0 started=$SECONDS
	shift 2

	"$vm/boot.sh" --config debug --limit "$limit" --log "$log.console" "$@" \
		>"$log.out" 2> >(tee "$log.err" >&2) || status=$?
	{ grep -A1 '^not ok' "$log.out" || :; cat "$log.err"; } >"$work/$name"
	evidence=$work/$name
	result $status "$name: $(grep -c '^ok' "$log.out") ok, $(grep -c '# SKIP' "$log.out") of them skipped ($((SECONDS - started)) s; $log.out)"
}

make_cache
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$vm/build.sh" --config debug >"$work/image"

mode=(${further:+"--${further##*/}"})

contract() # NAME LIMIT WORDS PROGRAM ARGUMENT...
{
	local name=$1 limit=$2 words=$3
	shift 3

	run "$name" "$limit" --append "$words" "$@" ${apart:+--test "!($apart)"}
	[ -z "$apart" ] ||
		run "$name-apart" "$limit" --append "$words page_table_check=off" "$@" --test "@($apart)"
}

contract conformance 7200 '' "$1" --tap --patience 60
contract without-memory 7200 "$fail_caches" "$2" --tap --patience 60
run failing-allocations 1800 "$3" "${mode[@]}"
run stress 3600 "$4" --seconds 600 --overlap --patience 5 "${mode[@]}"
finish
