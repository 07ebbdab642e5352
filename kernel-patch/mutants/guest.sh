#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: guest.sh try PATIENCE SECONDS STAGE...
#        guest.sh control PATIENCE SECONDS STAGE TEST
#        guest.sh sweep PATIENCE SECONDS NUMBER...
#        guest.sh scan PATIENCE SECONDS TEST NUMBER...
#        guest.sh sift PATIENCE SECONDS NUMBER,... STAGE...
#
# Runs in the guest, for mutate.sh, the kernel being one with a mutant or without.  Ends when the
# kernel has complained of what is being tried, but for try.
#   try      the stages one after the other, as far as the first that notices something; then
#            what has noticed it once more, without the mutant
#   control  the latter alone
#   sweep    a few tests of the contract, as above, with one mutant after the other
#   scan     that test of the contract, or pattern of tests, with each of these mutants, and what
#            notices one also without it
#   sift     the stages with all of these mutants; of the contract to its end: where a test fails it
#            is looked which of them it notices, and goes on there without these
#
# A STAGE is contract, selftest, cases, stress (for SECONDS); without-memory and
# failing-allocations on a debug kernel.  Prints, one a line:
#   unnoticed STAGE
#   report BASE64             of the contract, where nothing of it fails, or of a sift: JSON, by gzip
#   noticed STAGE TEST WHAT
#   hang STAGE WHAT           a program that was killed does not end
#   late STAGE                a program takes longer than it may, which is no evidence
#   control holds             or fails
#   begin NUMBER              of a mutant of a sweep, or that a test is tried with; 0: with none
#   spoiled NUMBER TEST WHAT  of one after which the test fails without it, too
#   scanned NUMBER TEST WHAT  of those that are noticed
#   together TEST WHAT        it fails with all of a sift, and with none of them alone
#   sifted                    the contract has been gone through
# A sift writes the names of the contract's tests to the console before they are begun.

patience=$2 seconds=$3
parameter=/sys/module/uffdio_move/parameters/mutant
for conformance in /bin/uffdio-move-conformance*; do :; done
# Such as notice much in little time.
sweeping='cell.*_over_hole_behind_1 cell.hole_over_*_behind_1 check.* vector.*
scenario.far-move scenario.sparse-move scenario.long-move scenario.short-of-* scenario.register-reports
scenario.wake-[rtsz]* scenario.dontwake* scenario.written* scenario.dirty-kept* scenario.clean-kept*
scenario.accounting* scenario.huge-in-part'
# Tests of what was observed on other kernels, where the series is better: it must not be seen.
better=$(tr '\n' ' ' </bin/better)
mode=	# of other programs' moves
case $conformance in
*-allow-copy)	# that of a proposal
	sweeping='cell.*_over_hole_behind_1_ALLOW_COPY vector.copy-* scenario.copy-*'
	mode=--allow-copy
	;;
esac
complaints=/bin/complaints
looks=5		# at intervals of 2 s: as long may a killed program take to end

# Processes that were killed, and have not ended.
killed()
{
	awk '/^Pid:/ { pid = $2 } /^State:/ { ended = $2 == "Z" || $2 == "X" }
		/^S(ig|hd)Pnd:/ && !ended && substr($2, length($2) - 2, 1) ~ /[13579bdf]/ { print pid }' \
		/proc/[0-9]*/status 2>/dev/null | sort -u
}

# In the background, for it may never end.
run() # COMMAND...: its output in /tmp/out, its status in $status; false: it hangs
{
	rm -f /tmp/ended
	{
		"$@" >/tmp/out 2>/tmp/err
		echo $? >/tmp/ended
	} &
	look=0 hung=$(killed) until=$(($(date +%s) + most))
	while [ ! -s /tmp/ended ]; do
		sleep 0.2
		look=$((look + 1))
		[ $((look % 10)) -eq 0 ] || continue
		now=$(killed)
		[ "$now" ] && [ "$now" = "$hung" ] || look=0
		hung=$now
		[ $look -lt $((looks * 10)) ] || return 1
		[ "$(date +%s)" -lt $until ] || { hung=; return 1; }
	done
	read -r status </tmp/ended
}

# Has the kernel said that something is wrong with it?
complained()
{
	dmesg | grep -v "ommand line: " | grep -q -E -f "$complaints"
}

show_hang() # STAGE
{
	[ "$hung" ] || { echo "late $1"; return; }
	stage=$1
	# shellcheck disable=SC2086 # numbers
	set -- $hung
	echo "hang $stage $(cat "/proc/$1/comm"): $(sed -n '1,4s/.*\] \([^+]*\).*/\1/p' "/proc/$1/stack" | tr '\n' ' ')"
}

with_swap()
{
	[ ! -e /tmp/swap ] || return 0
	echo 1 >/sys/block/zram0/reset
	echo 64M >/sys/block/zram0/disksize && mkswap /dev/zram0 && swapon /dev/zram0
	: >/tmp/swap
}

start() # STAGE [TEST]
{
	most=900
	case $1 in
	contract)
		[ $# -eq 1 ] || most=300
		run "$conformance" --json --stop --hazards --patience "$patience" ${2:+--test "$2"}
		;;
	without-memory)
		most=3600
		run conformance-without-memory --json --stop --patience $((2 * patience)) ${2:+--test "$2"}
		;;
	failing-allocations)
		most=1800
		# shellcheck disable=SC2086 # none, or a word
		run failing-allocations $mode
		;;
	selftest)
		with_swap >/dev/null 2>&1
		run uffd-move
		;;
	cases)
		with_swap >/dev/null 2>&1
		run contract-cases
		;;
	stress)
		most=$((2 * seconds + 120))
		# shellcheck disable=SC2086 # none, or a word
		run stress --seconds "$seconds" --overlap --patience "$patience" $mode
		;;
	esac
}

# The first test that is not as it must be, and what is said of it, in its line or below.  One
# that is broken says nothing of the kernel.
failing() # STAGE
{
	case $1 in
	contract | without-memory)
		awk -F '"' -v better=" $better " '
			$2 == "name" { name = $4 }
			$2 == "verdict" { verdict = $4 }
			$2 == "note" && verdict == "holds" && NF < 5 && index(better, " " name " ") &&
			!("fails" in said) { said["fails"] = name " fails: as on other kernels" }
			$2 == "note" && verdict ~ /^(fails|deviates|broken)$/ && !(verdict in said) {
				said[verdict] = name " " verdict ": " substr($4, 1, 160)
			}
			END {
				if ("fails" in said) print said["fails"]
				else if ("deviates" in said) print said["deviates"]
			}' /tmp/out
		;;
	*)
		sed -n '/^not ok/ { s/^not ok [0-9]* *-* *//; $!N; s/\n# */: /; s/\n.*//; p; q }' /tmp/out
		;;
	esac
}

control() # STAGE TEST
{
	echo 0 >$parameter
	case $2 in -*) set -- "$1" ;; esac
	if start "$@" && [ "$status" -eq 0 ] && [ -z "$(failing "$1")" ]; then
		echo "control holds"
	else
		echo "control fails $(failing "$1")"
		return 1
	fi
}

try() # STAGE
{
	if ! start "$1"; then
		show_hang "$1"
		return 1
	fi
	what=$(failing "$1")
	if [ -z "$what" ] && { [ "$status" -eq 0 ] || [ "$status" -eq 3 ]; }; then
		! complained || return 1
		echo "unnoticed $1"
		[ "$1" != contract ] || echo "report $(gzip -9 -c /tmp/out | base64 | tr -d '\n')"
		return 0
	fi
	echo "noticed $1 ${what:-- status $status: $(head -n 1 /tmp/err)}"
	control "$1" "${what%% *}"
	return 1
}

[ -w $parameter ] || { echo "this kernel has no mutants" >&2; exit 9; }
# One that spins with a lock held keeps this script from ending it.
echo 1 >/proc/sys/kernel/panic_on_rcu_stall
# Of one mutant; false: the guest is spoiled.
sweep() # NUMBER
{
	echo "begin $1"
	echo "$1" >$parameter
	set -f
	# shellcheck disable=SC2046,SC2086 # words
	set -- "$1" $(printf -- '--test %s ' $sweeping)
	set +f
	number=$1
	shift
	most=300
	if ! run "$conformance" --json --stop --patience "$patience" "$@"; then
		[ "$hung" ] && show_hang contract || echo "spoiled $number it takes longer than $most s"
		return 1
	fi
	! complained || return 1
	[ "$status" -ne 0 ] || return 0
	what=$(failing contract)
	echo 0 >$parameter
	case $what in
	*fails:* | *deviates:*)
		start contract "${what%% *}" && [ "$status" -eq 0 ] && what="scanned $number $what"
		;;
	esac
	case $what in scanned*) echo "$what" ;; *) echo "spoiled $number $what"; return 1 ;; esac
}

# Does that test notice what is switched on?  Sets what.
notices() # TEST
{
	start contract "$1" || {
		show_hang contract
		exit 0
	}
	! complained || exit 0
	what=$(failing contract)
	[ "$what" ]
}

scan() # TEST NUMBER
{
	echo "begin $2"
	echo "$2" >$parameter
	notices "$1" || return 0
	noticed=$what
	echo 0 >$parameter
	if notices "${noticed%% *}"; then
		echo "spoiled $2 $noticed"
		return 1
	fi
	echo "scanned $2 $noticed"
	scanned=1
}

# Which of what is left does it notice, each by itself?
sift_by() # TEST
{
	rest=
	for number in $(echo "$left" | tr , ' '); do
		scanned=
		scan "$1" "$number" || return 1
		[ "$scanned" ] || rest=$rest,$number
	done
	echo "begin 0"
	rest=${rest#,}
}

# The contract's tests, from where the last one was noticed that is in $test.
sift_on()
{
	most=1800
	run "$conformance" --json --stop --hazards --announce /dev/console --patience "$patience" \
		${test:+--behind "$test"} || {
		show_hang contract
		return 1
	}
	! complained || return 1
	found=
	case $status in
	[013])
		echo "report $(gzip -9 -c /tmp/out | base64 | tr -d '\n')"
		found=$(failing contract)
		;;
	*)
		grep -q 'no test .* is behind' /tmp/err || { head -n 1 /tmp/err >&2; return 1; }
		;;
	esac
	[ "$found" ] || return 0
	test=${found%% *}
	sift_by "$test" || return 1
	if [ "$rest" = "$left" ]; then
		echo "$left" >$parameter
		! notices "$test" || echo "together $found"
	fi
	left=$rest
	echo "$left" >$parameter
}

sift()
{
	echo "$left" >$parameter
	test='' found=-
	while [ "$found" ] && [ "$left" ]; do
		sift_on || return 1
	done
	echo "sifted"
	[ "$left" ]
}

case $1 in
try)
	shift 3
	for stage; do
		try "$stage" || exit 0
	done
	;;
control)
	control "$4" "$5"
	;;
sweep)
	shift 3
	for number; do
		sweep "$number" || exit 0
	done
	echo "begin 0"
	;;
scan)
	test=$4
	shift 4
	for number; do
		scan "$test" "$number" || exit 0
	done
	echo "begin 0"
	;;
sift)
	left=$4
	shift 4
	for stage; do
		case $stage in
		contract)
			sift || exit 0
			;;
		*)
			echo "$left" >$parameter
			try "$stage" || exit 0
			;;
		esac
	done
	;;
esac
