#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-conformance.sh DIR - does the conformance program in DIR say the right
# thing on kernels that are not here, where it is forbidden to try, without
# privilege, and when it is interrupted?  Does it leave the machine as it was?
# Wants root.  Prints TAP.
# shellcheck disable=SC2016 # what is quoted is for a shell in other namespaces

set -u
umask 077
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
# shellcheck source=tests/settings.sh
. "$(dirname "$0")/../settings.sh"
dir=$1
if [ "$(id -u)" -ne 0 ]; then
	skip "the conformance program in other surroundings" "it takes root to make them"
	finish
	exit
fi
# Two of these checks at once would see each other's changes.
if [ -e /proc/kpagecount ]; then
	exec 7</proc/kpagecount
	flock -n 7 || echo "# waiting for another check-conformance.sh" >&2
	flock 7
fi
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
fault() # NAME STATUS CLAUSE STANDING [WORD IN THE NOTE [TEST]]
{
	UFFDIO_MOVE_FAULT=$1
	export UFFDIO_MOVE_FAULT
	look=--clause
	[ $# -lt 6 ] || look=--test
	run "$faulty" --json $look "${6-$3}"
	unset UFFDIO_MOVE_FAULT
	[ "$status" -eq "$2" ] &&
		true_of "$scratch/out" --arg id "$3" --arg standing "$4" --arg word "${5-}" \
			'.clauses[] | select(.id == $id) |
			 .standing == $standing and (.note // "" | contains($word))'
	result $? "fault $1: $3 $4, exit $2"
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


# Kernels and filters that are told apart by what else they do.
untestable() # WHAT WORDS COMMAND...
{
	name=$1 words=$2
	shift 2
	run "$@"
	[ $status -eq 4 ] && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/err")" -eq 1 ] &&
		grep -q "$words" "$scratch/err"
	result $? "$name: one sentence and exit 4"
}
for what in no-userfaultfd no-userfaultfd-ENOSYS; do
	untestable $what "userfaultfd() is refused" "$dir/sandbox" $what "$program"
done
untestable no-api "UFFDIO_API is refused" "$dir/sandbox" no-api "$program"
untestable no-register "UFFDIO_REGISTER is refused" "$dir/sandbox" no-register "$program"
for what in no-move no-move-EINVAL no-move-ENOSYS no-move-EACCES no-move-ENOTTY; do
	untestable $what "has UFFDIO_MOVE, but a filter" "$dir/sandbox" $what "$program"
done
for what in never-reached feature-alone listing-alone; do
	untestable "$what, with a filter in force" "has UFFDIO_MOVE, but a filter" \
		env UFFDIO_MOVE_FAULT=$what "$dir/sandbox" filtered "$faulty"
	fault $what 1 page.present FAILS EINVAL
done
for most in 4 8 15; do
	untestable "$most open files" "RLIMIT_NOFILE" prlimit --nofile=$most "$program"
done
echo system_u:system_r:confined_t >"$scratch/context"
untestable "never-permitted, with a security module" "has UFFDIO_MOVE, but a filter" \
	env UFFDIO_MOVE_FAULT=never-permitted unshare -m sh -c '
		mount -n --bind "$1" /proc/$$/attr/current && exec "$0"' "$faulty" "$scratch/context"
fault never-permitted 1 page.present FAILS EACCES
untestable no-operation "no UFFDIO_MOVE" env UFFDIO_MOVE_FAULT=no-operation "$faulty"
untestable "no-operation, with a filter in force" "no UFFDIO_MOVE" \
	env UFFDIO_MOVE_FAULT=no-operation "$dir/sandbox" filtered "$faulty"
fault always-einval 1 page.present FAILS EINVAL
fault never-returns 1 call.returns FAILS "" vector.onto-itself
fault hides-feature 1 interface.feature FAILS
fault hides-listing 1 register.reports-move FAILS
fault hides-both 1 interface.feature FAILS
fault hides-both-einval 1 page.present FAILS EINVAL
for what in filtered no-userfaultfd-call; do
	run "$dir/sandbox" $what "$program" --clause page.present
	result $status "$what: what can be tested is"
done

# The first test that is not as it must be ends the run, but for one that was under way beside it.
UFFDIO_MOVE_FAULT=idle
export UFFDIO_MOVE_FAULT
run "$faulty" --json --stop --test 'cell.private_over_hole*'
unset UFFDIO_MOVE_FAULT
[ $status -eq 1 ] && true_of "$scratch/out" '[.tests[].verdict] | index("fails") != null and
	(map(select(. == "not run")) | length > 0)'
result $? "--stop: what has not begun is not run, exit 1"
run "$program" --json --stop --test 'cell.private_over_hole*'
[ $status -eq 0 ] && true_of "$scratch/out" '[.tests[].verdict] |
	index("not run") == null and index("holds") != null'
result $? "--stop where all is well: every test is run"
UFFDIO_MOVE_FAULT=idle
export UFFDIO_MOVE_FAULT
run "$faulty" --stop --test 'cell.private_over_hole*'
[ $status -eq 1 ] && ! grep -q ': not run$' "$scratch/out" &&
	grep -q '^Ended by cell\.private_over_hole[^ ]*; [1-9][0-9]* tests were not run$' "$scratch/out"
result $? "--stop: the table names the test that ended it"
run "$faulty" --tap --stop --test 'cell.private_over_hole*'
[ $status -eq 1 ] && grep -q '^ok .*# SKIP .*: not run, since cell\.private_over_hole' "$scratch/out"
result $? "--stop: so does TAP"
unset UFFDIO_MOVE_FAULT

run "$dir/sandbox" unprivileged "$program" --json
[ $status -eq 0 ] && true_of "$scratch/out" '(.machine.privileged | not) and
	([.tests[] | select(.verdict == "skipped")] | length > 0) and
	([.tests[] | select(.verdict == "holds")] | length > 1000)'
result $? "unprivileged: runs, and says what it could not check"

# Root, but without what it takes to change the system's settings.
powerless() # WHAT WORD-OF-THE-SENTENCE COMMAND...
{
	name=$1 word=$2
	shift 2
	if ! "$@" true 2>"$scratch/err"; then
		skip "$name" "$(head -n 1 "$scratch/err")"
		return
	fi
	settings >"$scratch/before-this"
	run "$@" "$program" --json --clause page.present
	[ $status -eq 0 ] && settings | cmp -s "$scratch/before-this" - &&
		true_of "$scratch/out" --arg word "$word" '(.machine.privileged | not) and
			([.tests[] | select(.note // "" | contains($word))] | length > 10)' &&
		"$@" "$program" --clause page.huge-whole | head -n 1 | grep -q ', without privilege$'
	result $? "$name: no privilege, the reason is said"
}
powerless "root of a user namespace" "outside of this user namespace" unshare -Ur
powerless "root without CAP_SYS_ADMIN" "takes CAP_SYS_ADMIN" setpriv --bounding-set -sys_admin

interrupted INT
interrupted TERM
interrupted KILL

# One run stands still, holding the lock; what do others do meanwhile?
"$program" >"$scratch/first" 2>&1 </dev/null &
first=$!
inodes_locked() # BY: a process
{
	sed -n "s/^[0-9]*: FLOCK  ADVISORY  WRITE $1 [^ ]*:\\([0-9]*\\) 0 EOF\$/\\1/p" /proc/locks
}
tries=600
while [ $tries -gt 0 ] && [ -z "$(inodes_locked $first)" ]; do
	sleep 0.1
	tries=$((tries - 1))
done
sleep 0.5
kill -s STOP $first
in_use()
{
	cut -d ' ' -f 1 /proc/swaps /sys/kernel/mm/ksm/run
}
in_use >"$scratch/during"
"$program" --json >"$scratch/out" 2>"$scratch/err" </dev/null &
second=$!
(sleep 12.5 && printf '\003' && sleep 3) |
	timeout -s KILL 15 script -qec "$program" "$scratch/terminal" >"$scratch/shown" &
third=$!
wait_here() # COMMAND...: it waits, and holds nothing itself when it is ended
{
	timeout 2 "$@" >"$scratch/there" 2>&1
	[ $? -eq 124 ] && grep -q '^[^ ]*: waiting for another run' "$scratch/there"
}
wait_here unshare -m sh -c 'mount -t proc proc /proc && exec "$0"' "$program"
result $? "a second run waits, also behind another mount of proc"
wait_here unshare -mn sh -c 'mount -t sysfs sysfs /sys && exec "$0"' "$program"
result $? "and behind another network namespace's sysfs"
locked=$(inodes_locked $first)
held=0
[ "$locked" ] || held=1
for link in "/proc/$first/fd"/*; do
	file=$(readlink "$link")
	[ -e "$file" ] || continue
	echo "$locked" | grep -qx "$(stat -c %i "$file")" || continue
	"$dir/sandbox" unprivileged flock -n "$file" true 2>"$scratch/there" && held=1
done
[ $held -eq 0 ]; result $? "others than root cannot hold the lock"
wait $third
[ "$(grep -c "waiting for another run (process $first, " "$scratch/terminal")" -ge 2 ] &&
	grep -q 'COMMAND_EXIT_CODE="130"' "$scratch/terminal" && in_use >"$scratch/after" &&
	! grep -Fxvf "$scratch/after" "$scratch/during"
result $? "on a terminal that is said again and again; Ctrl-C ends it, and changes nothing"
kill -0 $second && kill -s CONT $first
wait $first	# whose tests have lost their time
wait $second &&
	[ "$(grep -c "waiting for another run (process $first, " "$scratch/err")" -eq 1 ] &&
	true_of "$scratch/out" '([.tests[] | select(.verdict == "holds")] | length > 1000) and
		([.tests[] | select(.note // "" | contains("another run"))] == [])'
result $? "when it goes on, the one that waits does, with all settings"

# What a run leaves in a directory is seen where that is empty.
run unshare -m sh -c 'mount -nt tmpfs none /run && mount -nt tmpfs none /tmp &&
	/proc/self/fd/6 --clause page.present && ! find /run /tmp -mindepth 1 | grep .' 6<"$program"
result $status "no lock file is left"
run unshare -m sh -c 'mount -nt tmpfs -o ro none /run && mount -nt tmpfs -o ro none /tmp &&
	exec /proc/self/fd/6 --json --clause page.present' 6<"$program"
[ $status -eq 0 ] &&
	true_of "$scratch/out" '([.tests[] | select(.verdict == "holds")] | length > 0) and
		([.tests[] | select(.note // "" | test("^(swap space|same-page)"))] == [])'
result $? "with /run and /tmp read-only: settings are changed nevertheless"

# Nothing is made that could not be undone where something is missing.
stock()
{
	settings
	ls -d /sys/block/zram*
	find /var/tmp /var/lib /root -maxdepth 1 -name 'uffdio-move*'
}
as_found() # WHAT MOUNTS
{
	stock >"$scratch/before-this"
	run unshare -m sh -c "$2"' && exec "$0" --clause page.present' "$program"
	stock | diff "$scratch/before-this" - >>"$scratch/err" && [ $status -eq 0 ]
	result $? "$1: the run leaves everything as it was"
}
sys_read_only='mount -no remount,bind,ro /sys'
settings_read_only='mount -n --bind /proc/sys /proc/sys && mount -no remount,bind,ro /proc/sys'
# so that there is no swap space but what a run makes
sed 's/^SwapFree:.*/SwapFree: 0 kB/' /proc/meminfo >"$scratch/meminfo"
no_swap="mount -n --bind $scratch/meminfo /proc/meminfo"
for n in 1 2 3; do
	as_found "/sys read-only, run $n" "$no_swap && $sys_read_only"
done
as_found "/proc/sys read-only" "$settings_read_only"
as_found "everything read-only" "$no_swap && $settings_read_only && $sys_read_only &&
	mount -no remount,bind,ro /"
as_found "a /dev without new devices" "$no_swap && mount -nt tmpfs none /dev &&
	mknod -m 666 /dev/null c 1 3"

# Only here can what has been changed not be put back: it is told, and done by hand.
settings >"$scratch/before-this"
unshare -m "$program" >"$scratch/out" 2>"$scratch/err" </dev/null &
pid=$!
sleep 1.5
nsenter -m -t $pid sh -c "$sys_read_only"
wait $pid
grep -q 'by hand: echo ' "$scratch/err" &&
	sed -n 's/^[^ ]*: a change could not be undone (Read-only file system); by hand: //p' \
		"$scratch/err" >"$scratch/by-hand" &&
	sh "$scratch/by-hand" && settings | diff "$scratch/before-this" - >>"$scratch/err"
result $? "what cannot be undone is said, with the commands that do it"

# Somebody else's pages, equal ones that KSM may merge.
ksm=/sys/kernel/mm/ksm
mkfifo "$scratch/ask" "$scratch/told"
"$dir/mergeable" <"$scratch/ask" >"$scratch/told" &
neighbour=$!
exec 8>"$scratch/ask" 9<"$scratch/told"
# how many of them share a frame, and the kernel's count
merged()
{
	echo >&8
	read -r answer <&9
	echo "$answer"
}
# Within a minute, while PROCESS lives.  Where KSM is ours, it is woken as by ksm_keep_scanning().
come_merged() # PROCESS [ours]
{
	tries=6000
	while [ $tries -gt 0 ] && [ "$(merged)" = "0 0" ] && kill -0 "$1"; do
		[ $# -lt 2 ] || [ $((tries % 100)) -gt 0 ] || echo 1 >$ksm/run
		sleep 0.01
		tries=$((tries - 1))
	done
	[ "$(merged)" != "0 0" ]
}
# Merged while the program runs, as which it ends SIGNAL or by itself; then not.
unmerged_after() # SIGNAL-OR-0 RUN-BEFORE
{
	env --default-signal=INT "$program" >"$scratch/out" 2>"$scratch/err" </dev/null &
	pid=$!
	come_merged $pid
	was_merged=$?
	[ "$1" = 0 ] || kill -s "$1" $pid
	wait $pid
	put_back && [ $was_merged -eq 0 ] && [ "$(merged)" = "0 0" ] &&
		[ "$(cat $ksm/run)" = "$2" ]
	result $? "KSM was stopped (run $2), signal $1: what was merged of others is not any more"
}
# Does a test say this of KSM?
said_of_ksm() # WORDS
{
	true_of "$scratch/out" --arg words "$1" '[.tests[] | select(.note // "" | contains($words))] |
		length > 0'
}
ksm_checks()
{
	unmerged_after 0 0
	unmerged_after INT 0
	unmerged_after KILL 0

	echo 2 >$ksm/run && settings >"$scratch/before"
	unmerged_after 0 2

	echo 1 >$ksm/run && come_merged $neighbour ours && settings >"$scratch/before" && kept=$(merged)
	run "$program" --json
	[ $status -eq 0 ] && said_of_ksm "would place them in process $neighbour too" &&
		[ "$(merged)" = "$kept" ] && put_back
	result $? "KSM was running: it is as it was, and so are others' pages"

	echo 0 >$ksm/run && settings >"$scratch/before"
	run "$program" --json
	[ $status -eq 0 ] && said_of_ksm "stopped with pages merged, those of process $neighbour;" &&
		[ "$(merged)" = "$kept" ] && put_back
	result $? "KSM was stopped with others' pages merged: it is not started, and why is said"
	run unshare -fp --mount-proc "$program" --json
	[ $status -eq 0 ] && said_of_ksm "that cannot be seen from here" &&
		[ "$(merged)" = "$kept" ] && put_back
	result $? "nor where those processes cannot be seen"

	echo 2 >$ksm/run && echo 0 >$ksm/run && settings >"$scratch/before"
}
if [ "$(cat $ksm/run $ksm/pages_shared 2>&1)" = "$(printf '0\n0')" ]; then
	ksm_checks
else
	skip "KSM and others' pages" "it runs here, or this kernel has none"
fi
exec 8>&- 9<&-
wait $neighbour

"$program" --tap 2>"$scratch/err" | head -n 1 >"$scratch/out"
put_back; result $? "a pipe that closes early: settings put back"

timeout -s KILL 120 script -qec "$program" "$scratch/out" </dev/null >"$scratch/err"
grep -qE '[0-9]+ of [0-9]+ tests, [0-9]+ failed' "$scratch/out"
result $? "on a terminal: progress is shown"

run "$program" --list
[ $status -eq 0 ] && [ "$(wc -l <"$scratch/out")" -ge 400 ]
result $? "--list: 400 tests at least ($(wc -l <"$scratch/out"))"
sort "$scratch/out" >"$scratch/all"
for share in 1 2 3; do
	"$program" --list --part $share/3
done 2>&1 | sort | cmp -s - "$scratch/all"
result $? "--part: three shares are the whole, with nothing twice"
behind=$("$program" --list | sed -n '300s/ .*//p')
"$program" --list | sed 1,300d | sort >"$scratch/tail"
run "$program" --list --behind "$behind"
[ $status -eq 0 ] && [ -s "$scratch/out" ] && sort "$scratch/out" | comm -23 - "$scratch/tail" >"$scratch/early" &&
	[ ! -s "$scratch/early" ] && [ "$(tail -n 1 "$scratch/out")" = "$("$program" --list | tail -n 1)" ]
result $? "--behind: the tests behind that one"
# What may take the machine down is run before all else.
run "$program" --list --behind cell.huge-zero_over_no-table
[ $status -eq 0 ] && grep -q -F "$behind " "$scratch/out"
result $? "--behind: a test that is run first has all others behind it"
run "$program" --tap --clause page.huge-whole
[ $status -eq 0 ] && head -n 1 "$scratch/out" | grep -q '^TAP version 13$' &&
	[ "$(grep -cE '^(not )?ok [0-9]+ ' "$scratch/out")" -eq \
	  "$(sed -n 's/^1\.\.//p' "$scratch/out")" ]
result $? "--tap --clause: as many lines as planned"
run "$program" --clause no.such-clause
[ $status -eq 2 ] && grep -q no.such-clause "$scratch/err"
result $? "an unknown clause: refused by name, exit 2"
refused() # WHAT WORDS-OF-THE-SENTENCE ARGUMENT...
{
	name=$1 words=$2
	shift 2
	run "$program" "$@"
	[ $status -eq 2 ] && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/err")" -eq 1 ] &&
		grep -q -- "$words" "$scratch/err"
	result $? "$name: one sentence, exit 2"
}
refused "a clause that no test can look at" interface.absent --clause interface.absent
refused "a test that there is not" "nosuch.*--list" --test nosuch
refused "a test behind which to go on that there is not" nosuch --behind nosuch
refused "none behind that one" vector.one-page --test vector.one-page --behind vector.one-page
refused "a pattern that fits none" 'cell.nosuch' --test 'cell.nosuch*'
refused "an option that there is not" --nosuch --nosuch
refused "a time that is none" always --patience always
refused "an option without its value" --test --test
refused "a share that is none" 4 --part 4/3
refused "a share of nothing said" K/N --part 1
refused "more shares than tests" fewer --test vector.one-page --part 2/3
run "$program" --json --tap
[ $status -eq 2 ]; result $? "--json with --tap: exit 2"
run "$program" surplus
[ $status -eq 2 ]; result $? "a surplus argument: exit 2"
run "$program" --help
[ $status -eq 0 ] && grep -q -- --clause "$scratch/out"
result $? "--help"
"$program" --json --clause page.present >/dev/full 2>"$scratch/err"
[ $? -eq 3 ] && [ -s "$scratch/err" ]; result $? "a full disk: said, exit 3"

for what in --list --help "--json --clause page.present"; do
	# shellcheck disable=SC2086 # words
	"$program" $what 2>"$scratch/err" >&-
	[ $? -eq 3 ] && grep -q "could not be written" "$scratch/err"
	result $? "${what%% *} with standard output closed: said, exit 3"
done
# The first files that are opened stay open until the tests have run.
"$program" <&- >&- 2>&- &
pid=$!
sleep 1
[ "$(readlink /proc/$pid/fd/0 /proc/$pid/fd/1 /proc/$pid/fd/2 | sort -u)" = / ]
result $? "with all three closed: no other file takes their numbers"
wait $pid
[ $? -eq 3 ]; result $? "and a report that nobody gets is an error"

# Who has no home is given a cache all the same, and not in the root directory.
homeless() # WHAT COMMAND...: HOME and XDG_CACHE_HOME are as COMMAND has it
{
	name=$1
	shift
	find / -maxdepth 1 | sort >"$scratch/root"
	run env -u MAKEFLAGS -u MAKELEVEL -u XDG_CACHE_HOME "$@" make B="$dir" report \
		ARGS="--clause page.present"
	[ $status -eq 0 ] && run env -u XDG_CACHE_HOME "$@" bash -c '
		. kernel-patch/vm/common.sh && make_cache && : >"$cache/log/written" && echo "$cache"' &&
		[ "$(cat "$scratch/out")" = "$PWD/build/cache" ] &&
		rm build/cache/log/written &&
		find / -maxdepth 1 | sort | diff "$scratch/root" - >>"$scratch/err"
	result $? "$name: make report and the kernel scripts do, and write nothing to /"
	rmdir build/cache/log build/cache/image build/cache 2>"$scratch/rmdir"
}
homeless "HOME unset" env -u HOME
homeless "HOME empty" env HOME=
homeless "HOME=/" env HOME=/
homeless "HOME=/proc" env HOME=/proc
mkdir "$scratch/home"
homeless "HOME read-only" unshare -m sh -c 'export HOME="$0" && mount -n --bind "$HOME" "$HOME" &&
	mount -no remount,bind,ro "$HOME" && exec "$@"' "$scratch/home"

put_back; result $? "at the end all settings are as they were"
finish
