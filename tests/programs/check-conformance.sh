#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-conformance.sh DIR - does the conformance program in DIR say the right
# thing on kernels that are not here, where it is forbidden to try, without
# privilege, and when it is interrupted?  Prints TAP.

set -u
umask 077
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
dir=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# names of their own, by which what they leave behind is found
program=$scratch/conformance
faulty=$scratch/faulty
chmod 755 "$scratch"
cp "$dir/uffdio-move-conformance" "$program"
cp "$dir/conformance-with-faults" "$faulty"
chmod 755 "$program" "$faulty"
evidence="$scratch/out $scratch/err"

# Run, keeping output; the status is in $status.
run()
{
	timeout -s KILL 120 "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
}

# A fault has to give this exit status, and this standing of a clause.
fault() # NAME STATUS CLAUSE STANDING [WORD IN THE NOTE]
{
	UFFDIO_MOVE_FAULT=$1
	export UFFDIO_MOVE_FAULT
	run "$faulty" --json --clause "$3"
	unset UFFDIO_MOVE_FAULT
	[ "$status" -eq "$2" ] &&
		jq -e --arg id "$3" --arg standing "$4" --arg word "${5-}" \
			'.clauses[] | select(.id == $id) |
			 .standing == $standing and (.note // "" | contains($word))' \
			"$scratch/out" >"$scratch/jq"
	result $? "fault $1: $3 $4, exit $2"
}

# Read while no run has the lock, here or in another terminal.
settings()
{
	(
		flock -w 60 9
		grep -s . /proc/swaps /sys/kernel/mm/ksm/run /sys/kernel/mm/ksm/sleep_millisecs \
			/sys/kernel/mm/ksm/pages_to_scan /sys/kernel/mm/ksm/smart_scan \
			/sys/kernel/mm/ksm/use_zero_pages /sys/kernel/mm/transparent_hugepage/enabled \
			/sys/kernel/mm/transparent_hugepage/hugepages-*/enabled \
			/proc/sys/vm/nr_hugepages /sys/block/zram*/disksize
		find /sys/fs/cgroup -type d -name 'uffdio-move.*'
	) 9>>/run/uffdio-move.lock
}

left_behind()
{
	pgrep -f "^$scratch/" >/dev/null
}

# Are the settings as before, and is nobody left, within five seconds?
put_back()
{
	tries=50
	while [ $tries -gt 0 ]; do
		settings >"$scratch/after"
		if cmp -s "$scratch/before" "$scratch/after" && ! left_behind; then
			return 0
		fi
		sleep 0.1
		tries=$((tries - 1))
	done
	diff "$scratch/before" "$scratch/after" >"$scratch/err"
	return 1
}

interrupted() # SIGNAL
{
	# a shell's background job ignores SIGINT unless told otherwise
	env --default-signal=INT "$program" >"$scratch/out" 2>"$scratch/err" </dev/null &
	pid=$!
	sleep 1.5
	kill -s "$1" $pid
	wait $pid
	[ $? -gt 128 ] && put_back
	result $? "SIG$1 in the middle: settings put back, no process left"
}

settings >"$scratch/before"

fault held-never-returns 0 page.huge-held deviates held-huge-page-never-returns
put_back; result $? "a call that never returned leaves no process"
fault plain-never-returns 1 page.present FAILS "never returned"
fault plain-crashes 1 page.present FAILS signal
fault zero-busy 0 page.zero deviates zero-page-busy
fault copies 1 call.source-empty FAILS "source[0]"
fault loses-contents 1 call.arrives FAILS "destination[0]"
fault changing-leaves-move 0 address-space.steady deviates changing-leaves-move
fault unmapped-einval 0 areas.src-mapped deviates src-unmapped-einval
fault short-hides-nothing 1 call.short FAILS EAGAIN
fault wrong-count 1 call.success FAILS move
fault no-such-fault 0 page.present holds

fault clean-is-dirtied 0 effects.dirty-kept deviates clean-page-dirtied

# what a test has to notice: the fault, the clause, what the report says of it
while read -r name clause word; do
	fault "$name" 1 "$clause" FAILS "$word"
done <<'END'
wake-too-wide wake.only-moved observed refaulted
wake-page-behind wake.only-moved behind: expected asleep, observed refaulted
wake-whole-after-short wake.only-moved stopped_at: expected asleep
wake-at-source wake.only-moved old_place: expected asleep
wake-after-enoent wake.not-on-failure expected asleep, observed refaulted
wake-after-eexist wake.not-on-failure expected asleep, observed refaulted
wake-after-einval wake.not-on-failure expected asleep, observed refaulted
wake-after-ebusy wake.not-on-failure observed EBUSY refaulted
wake-after-eagain wake.not-on-failure expected asleep, observed refaulted
wake-after-efault wake.not-on-failure expected asleep, observed refaulted
wake-despite-dontwake wake.dontwake first: expected asleep, observed done
no-wake-for-huge wake.moved expected done, observed asleep
no-wake-for-last wake.moved last: expected done, observed asleep
no-wake-for-next-table wake.moved next_table: expected done
no-wake-for-short wake.moved first: expected done, observed asleep
no-wake-for-holes wake.holes-too expected refaulted, observed asleep
no-wake-for-swapped wake.moved expected done, observed asleep
wake-first-only wake.moved expected done, observed asleep
wake-late wake.moved expected done, observed asleep
length-truncated-to-32-bits areas.src-inside expected EINVAL
length-masked-31 areas.src-inside expected EINVAL
length-without-sign argument.dst-range pages_moved: expected 0
long-is-cut call.success move: expected all
unknown-bit-with-known-accepted default.mode-reserved refused: expected 248
reads-40-bytes call.arrives destination[0]
resident-drifts effects.accounting resident: expected same, observed more
huge-resident-drifts effects.accounting resident: expected same, observed more
swap-drifts effects.accounting swap: expected same, observed more
unlocks effects.accounting locked: expected 0
charge-follows-mover effects.charge-stays elsewhere: expected 0
dirty-is-forgotten effects.dirty-kept clean: expected 5
event-for-source source.no-event event: expected none, observed remove
stores-are-lost default.atomic-page lost: expected 0
page-comes-in-pieces default.atomic-page wrong_reads: expected 0
old-place-stays default.old-place-ends after: expected no, observed yes
END

for what in no-userfaultfd no-move no-move-einval; do
	run "$dir/sandbox" $what "$program"
	[ $status -eq 4 ] && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/err")" -eq 1 ]
	result $? "$what: one sentence and exit 4"
done

run "$dir/sandbox" unprivileged "$program" --json
[ $status -eq 0 ] && jq -e '(.machine.privileged | not) and
	([.tests[] | select(.verdict == "skipped")] | length > 0) and
	([.tests[] | select(.verdict == "holds")] | length > 1000)' "$scratch/out" >"$scratch/jq"
result $? "unprivileged: runs, and says what it could not check"

interrupted INT
interrupted TERM
interrupted KILL

"$program" --tap 2>"$scratch/err" | head -n 1 >"$scratch/out"
put_back; result $? "a pipe that closes early: settings put back"

timeout -s KILL 120 script -qec "$program" "$scratch/out" </dev/null >"$scratch/err"
grep -qE '[0-9]+ of [0-9]+ tests, [0-9]+ failed' "$scratch/out"
result $? "on a terminal: progress is shown"

run "$program" --list
[ $status -eq 0 ] && [ "$(wc -l <"$scratch/out")" -ge 400 ]
result $? "--list: 400 tests at least ($(wc -l <"$scratch/out"))"
run "$program" --tap --clause page.huge-whole
[ $status -eq 0 ] && head -n 1 "$scratch/out" | grep -q '^TAP version 13$' &&
	[ "$(grep -cE '^(not )?ok [0-9]+ ' "$scratch/out")" -eq \
	  "$(sed -n 's/^1\.\.//p' "$scratch/out")" ]
result $? "--tap --clause: as many lines as planned"
run "$program" --clause no.such-clause
[ $status -eq 2 ] && grep -q no.such-clause "$scratch/err"
result $? "an unknown clause: refused by name, exit 2"
run "$program" --json --tap
[ $status -eq 2 ]; result $? "--json with --tap: exit 2"
run "$program" surplus
[ $status -eq 2 ]; result $? "a surplus argument: exit 2"
run "$program" --help
[ $status -eq 0 ] && grep -q -- --clause "$scratch/out"
result $? "--help"
"$program" --json --clause page.present >/dev/full 2>"$scratch/err"
[ $? -eq 1 ] && [ -s "$scratch/err" ]; result $? "a full disk: said, exit 1"

put_back; result $? "at the end all settings are as they were"
finish
