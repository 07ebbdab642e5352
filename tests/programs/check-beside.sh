#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-beside.sh PROGRAM - does the conformance program blame no kernel for what else
# that does meanwhile to pages of anybody's: making huge pages of small ones, migrating,
# reclaiming, running others?  Each is a whole run.  Wants root.  Prints TAP.

# shellcheck disable=SC2086,SC2034 # a list of processes is words

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
LEAST=4000	# tests that hold where nothing but memory is lacking
program=$1
if [ "$(id -u)" -ne 0 ]; then
	skip "whole runs beside a busy kernel" "it takes root to keep it busy"
	finish
	exit
fi
scratch=$(mktemp -d)
evidence=$scratch/said
# shellcheck source=tests/programs/groups.sh
. "$(dirname "$0")/groups.sh"
khugepaged=/sys/kernel/mm/transparent_hugepage/khugepaged
busy=
clean_up()
{
	[ -z "$busy" ] || kill $busy
	for setting in "$scratch"/khugepaged/*; do
		[ ! -e "$setting" ] || cat "$setting" >"$khugepaged/${setting##*/}"
	done
	remove_groups
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

holds() # WHAT COMMAND...
{
	name=$1
	shift
	"$@" --json >"$scratch/out" 2>"$scratch/said" </dev/null
	status=$?
	jq -r '.tests[] | select(.verdict | IN("fails", "broken", "not run"))
		| "\(.name) \(.verdict): \(.note)"' "$scratch/out" >>"$scratch/said"
	count=$(jq '[.tests[] | select(.verdict == "holds")] | length' "$scratch/out")
	[ $status -eq 0 ] && [ "${count:-0}" -ge $LEAST ]
	result $? "$name (${count:-0} tests hold, exit $status)"
}
beside() # COMMAND...
{
	"$@" &
	busy="$busy $!"
}
no_longer()
{
	kill $busy
	wait
	busy=
}

if [ -w $khugepaged/scan_sleep_millisecs ]; then
	mkdir "$scratch/khugepaged"
	for setting in scan_sleep_millisecs alloc_sleep_millisecs pages_to_scan; do
		cat $khugepaged/$setting >"$scratch/khugepaged/$setting"
	done
	echo 0 >$khugepaged/scan_sleep_millisecs
	echo 0 >$khugepaged/alloc_sleep_millisecs
	echo 100000 >$khugepaged/pages_to_scan
	holds "khugepaged without a pause" "$program"
	for setting in "$scratch"/khugepaged/*; do
		cat "$setting" >"$khugepaged/${setting##*/}"
	done
else
	skip "khugepaged without a pause" "it cannot be told to"
fi

if [ -w /proc/sys/vm/compact_memory ]; then
	beside sh -c 'while sleep 0.05; do echo 1 >/proc/sys/vm/compact_memory; done'
	holds "memory compacted without a pause" "$program"
	no_longer
else
	skip "memory compacted without a pause" "it cannot be told to"
fi

beside sh -c 'while sleep 0.05; do echo 3 >/proc/sys/vm/drop_caches; done' 2>/dev/null
for i in 1 2 3 4; do
	beside sh -c 'while :; do :; done'
done
holds "four others that never sleep, and caches dropped" "$program"
no_longer

if make_group memory &&
   { echo 16777216 >"$group/memory.max" || echo 16777216 >"$group/memory.limit_in_bytes"; } 2>/dev/null; then
	holds "a control group of 16 MiB, which reclaims" in_group "$program"
else
	skip "a control group of 16 MiB, which reclaims" "there is none to be had"
fi
finish
