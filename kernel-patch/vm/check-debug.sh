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
# With FURTHER=kernel-patch/allow-copy the first two have to be the proposal's, and the others
# are run with --allow-copy.
# With --apart the tests of that pattern, which meet a fault that is known, do so in
# a guest of their own, where the kernel does not look into page tables: it tells of
# one mistake there only, the first.
# After each of them the kernel looks for leaks.  One line on its console that
# ./complaints knows is a failure.  Prints TAP; exit status 0, or 1.
# This takes hours, so that the first two are made in shares, $JOBS guests at once (2).  If it is
# stopped it goes on the next time with what has not passed yet, of the same kernel and programs;
# when all have passed, the next time begins anew.

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

# What a stage that passed was, so that it need not be run again: the kernel, and each file
# and word that it is run with.
stage_key() # WORD...
{
	local word

	for word in "$(cat "$work/image")" "$@"; do
		if [ -f "$word" ]; then
			sha256sum <"$word"
		else
			echo "$word"
		fi
	done | sha256sum | cut -c 1-16
}

count() { grep -c "$1" "$2" || :; }

# In the background; leaves its status, and what is said of it.
run() # NAME LIMIT PASSED [BOOT-OPTION]... PROGRAM ARGUMENT...
{
	local name=$1 limit=$2 passed=$3 log=$logs/debug-$1 status=0 verdict=1 started=$SECONDS
	shift 3

	# Where it is ended by an error, what is local is gone.
	trap 'echo "${verdict:-1}" >"'"$work/$name.status"'"' EXIT
	setpriv --pdeathsig TERM "$vm/boot.sh" --config debug --limit "$limit" --log "$log.console" "$@" \
		>"$log.out" 2> >(tee "$log.err" | sed -u "s/^/$name: /" >&2) || status=$?
	wait	# for the last words
	{ grep -A1 '^not ok' "$log.out" || :; cat "$log.err"; } >"$work/$name"
	echo "$name: $(count '^ok' "$log.out") ok, $(count '# SKIP' "$log.out") of them skipped ($((SECONDS - started)) s; $log.out)" \
		>"$work/$name.said"
	if [ $status -eq 0 ]; then
		mkdir -p "$passed_before"
		cp "$work/$name.said" "$passed"
	fi
	verdict=$status
}

# Those that have ended, in the order in which they were begun.
tell_ended()
{
	local name

	while [ ${#stages[@]} -gt 0 ] && [ -e "$work/${stages[0]}.status" ]; do
		name=${stages[0]}
		stages=("${stages[@]:1}")
		evidence=$work/$name
		result "$(cat "$work/$name.status")" "$(cat "$work/$name.said")"
	done
}

# Until no more than so many are under way.
wait_for() # NUMBER
{
	while [ "$(jobs -rp | wc -l)" -gt "$1" ]; do
		wait -n || :
		tell_ended
	done
	tell_ended
}

stage() # NAME LIMIT [BOOT-OPTION]... PROGRAM ARGUMENT...
{
	local name=$1 limit=$2 passed
	shift 2

	passed=$passed_before/$(stage_key "$@")
	stamps+=("$passed")
	stages+=("$name")
	if [ -e "$passed" ]; then
		echo "$(cat "$passed"), before" >"$work/$name.said"
		echo 0 >"$work/$name.status"
		tell_ended
		return
	fi
	wait_for $((jobs - 1))
	run "$name" "$limit" "$passed" "$@" &
}

shares=8

contract() # NAME WORDS PROGRAM
{
	local name=$1 words=$2 how=("$3" --tap --patience 60) i

	for i in $(seq $shares); do
		stage "$name-$i" 7200 --append "$words" "${how[@]}" --part "$i/$shares" ${apart:+--test "!($apart)"}
	done
	[ -z "$apart" ] ||
		stage "$name-apart" 7200 --append "$words page_table_check=off" "${how[@]}" --test "@($apart)"
}

jobs=${JOBS:-2}
[[ $jobs =~ ^[1-9][0-9]?$ ]] || die "not a number of guests: JOBS=$jobs"
make_cache
exec 9>"$cache/debug-lock"
flock -n 9 || die "another run is at it"
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || :; rm -rf "$work"' EXIT
trap 'say "ended; started again it goes on"; exit $EXIT_SETUP' INT TERM HUP
"$vm/build.sh" --config debug >"$work/image"
passed_before=$cache/debug-passed stamps=() stages=()
mode=(${further:+"--${further##*/}"})

contract conformance '' "$1"
contract without-memory "$fail_caches" "$2"
stage failing-allocations 1800 "$3" "${mode[@]}"
wait_for 0
stage stress 3600 "$4" --seconds 600 --overlap --patience 5 "${mode[@]}"
wait_for 0
for name in "${stages[@]}"; do
	evidence=$work/$name
	result "$(cat "$work/$name.status" 2>/dev/null || echo 1)" \
		"$(cat "$work/$name.said" 2>/dev/null || echo "$name: it has ended without a word")"
done
[ $tap_failed -ne 0 ] || rm -f "${stamps[@]}"
finish
