#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-refuse.sh BUILD - does uffdio-move-refuse tell each fault of a program that has
# one, and none of a program that is right?  SEEDS= and PLANS= are how many seeds, and how
# long plans, the right one meets (100, 2).  Prints TAP.

# shellcheck disable=SC2154 # tap.sh's

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
: "${SEEDS:=100}" "${PLANS:=2}"
build=$1
refuse=$build/uffdio-move-refuse
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
evidence="$scratch/said $scratch/errors"
programs=tests/refuse/programs

compile() # NAME OPTION...
{
	gcc -O2 -g -Wall -Wextra -pthread "${@:2}" -o "$scratch/$1" "$programs/${1%-*}.c"
}

# The faults that are told are in $found, the report in $scratch/report.
run() # OPTION... PROGRAM
{
	timeout -k 5 120 "$refuse" --json --output "$scratch/report" "$@" \
		>"$scratch/said" 2>"$scratch/errors" </dev/null
	status=$?
	found=$(jq -rs 'if length == 1 then [.[].faults[].fault] | unique | join(" ")
		else "no report" end' "$scratch/report" 2>/dev/null) || found="no report"
}

tells() # WHAT FAULT PROGRAM OPTION...
{
	run "${@:4}" "$scratch/$3"
	[ $status -eq 1 ] && [[ " $found " == *" $2 "* ]]
	result $? "$1: $2"
	[[ " $found " == *" $2 "* ]] || echo "# status $status, told: $found"
}

for name in ignores_short dies repeats forgets_wake copies_beside_writer spins doubles one_of_eight right \
	innocent becomes one_has_ended empties leaves_short; do
	compile $name || { result 1 "$name compiles"; finish; exit 1; }
done
compile dies-static -static

tells "a short move taken for a whole one" loses-a-page ignores_short --plan 'short 3'
tells "the same, by a refusal for want of memory" loses-a-page ignores_short --plan 'ENOMEM at 3'
tells "the same, after a fork" loses-a-page ignores_short --plan 'short 2, forked'
tells "EBUSY taken for a fault" dies-of-allowed-result dies --plan EBUSY
tells "in a static program" dies-of-allowed-result dies-static --plan EBUSY
tells "the same call after a short move" repeats-after-short repeats --tries 100 --plan 'short 2'
tells "the same call for ever" tries-without-end repeats --tries 100 --plan 'short 2'
tells "refused until a store, which does not come" tries-without-end repeats --tries 100 --plan forked
tells "nobody woken after EEXIST" leaves-a-waiter forgets_wake --races --stall 1 --plan EEXIST
tells "a page copied beside a writer" copies-beside-a-writer copies_beside_writer --plan EBUSY
tells "an event that nobody reads" spins-on-pending-event spins --tries 100 --plan 'EAGAIN until cured'
tells "a copy whose page stays, in a child" doubles-a-page doubles --plan EBUSY
tells "one of eight threads" loses-a-page one_of_eight --plan 'short 3*40'
for how in zero dropped late; do
	run --plan 'none, EBUSY' "$scratch/empties" $how
	[ $status -eq 1 ] && [ "$found" = loses-a-page ]
	result $? "a page whose place is $how: loses-a-page"
done
run --plan 'short 3' --stall 1 "$scratch/leaves_short"
[ $status -eq 1 ] && [ "$found" = goes-on-as-if-moved ] && true_of "$scratch/report" .killed
result $? "a short move, and a thread that waits for the rest: goes-on-as-if-moved, and no other fault"
run --plan 'EBUSY*3' "$scratch/doubles"
true_of "$scratch/report" '.faults | length == 1 and .[0].times == 3 and .[0].trace != null'
result $? "one mistake, met three times: told once, with its place"
if command -v go >/dev/null; then
	HOME=$scratch GO111MODULE=off go build -o "$scratch/ignores-go" $programs/ignores.go
	tells "a program in Go" loses-a-page ignores-go --plan 'short 3'
else
	skip "a program in Go" "golang-go is not installed"
fi

run --plan 'short 3' "$scratch/becomes" "$scratch/one_has_ended"
[ $status -eq 1 ] && [ "$found" = loses-a-page ]
result $? "in a program that another has become: loses-a-page"

innocent() # STATUS CASE OPTION...
{
	run "${@:3}" "$scratch/innocent" "$2"
	[ $status -eq "$1" ] && [ -z "$found" ]
	result $? "no fault: $2 (status $status, told: $found)"
}
innocent 0 structure-is-missing --plan none
innocent 3 has-own-status --plan EBUSY
innocent 0 waits-for-any-child --plan 'forked*20'
innocent 0 makes-mistakes --plan 'EBUSY*2'
innocent 0 takes-any --plan forked --tries 100
innocent 0 fills-anew --plan 'short 3, none'
innocent 0 handles-signals --plan 'forked*10000'
innocent 0 forks --plan 'forked*400'
innocent 0 moves-elsewhere --plan EBUSY
innocent 0 copies-at-once --tries 100 --plan 'EBUSY*400'
innocent 0 stores-meanwhile --races --plan ENOENT
innocent 0 is-sandboxed --plan forked
innocent 11 looks-into-move --plan EAGAIN
innocent 10 looks-into-move --plan EAGAIN --unwritten

# Its third call is the first that may meet anything.
run --plan none "$scratch/innocent" makes-mistakes
true_of "$scratch/report" '.results.EBUSY == {allowed: 1, met: 0, first_step: 3, first_page: 0}'
result $? "at which step of a plan a result is allowed first"
run --plan none "$scratch/innocent" fills-anew
true_of "$scratch/report" '.results.short | .first_step == 1 and .first_page == 1'
result $? "and at which page"
run --plan 'EBUSY*3' "$scratch/innocent" makes-mistakes
true_of "$scratch/report" '.not_allowed == 2 and .results.EBUSY.met == 1'
result $? "and it is met by that step, and by none before"

# Of what cannot be looked at it says so.
chmod 755 "$scratch"
cp "$refuse" "$scratch/refuse"
nobody=()
[ "$(id -u)" -ne 0 ] || nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
"${nobody[@]}" "$scratch/refuse" --json --plan EBUSY "$scratch/innocent" is-not-dumpable \
	>"$scratch/said" 2>"$scratch/report" </dev/null &&
	true_of "$scratch/report" '.unseen == 1 and .results.EBUSY.met == 0'
result $? "a call of a process that cannot be looked at: left alone, and counted"

# The least that it takes is evidence, more is none.
held() # STEP
{
	begun=$(date +%s%N)
	run --plan "$1" "$scratch/right" quiet
	[ $status -eq 0 ] && [ $(($(date +%s%N) - begun)) -ge 1500000000 ]
	result $? "held for a while, and unharmed: $1"
}
held 'delay 1500'
held 'delay 1500 after'

wrong=0 quiet=
: >"$scratch/met"
for seed in $(seq "$SEEDS"); do
	run --races --rate 30% --seed "$seed" "$scratch/right" ${quiet:+quiet}
	if [ "$quiet" ]; then quiet=''; else quiet=yes; fi
	jq -r '.results | to_entries[] | select(.value.met > 0) | .key' "$scratch/report" >>"$scratch/met"
	if [ $status -ne 0 ] || [ "$found" ]; then
		wrong=$((wrong + 1))
		echo "# seed $seed: status $status, $found, $(cat "$scratch/errors")"
	fi
done
result $((wrong > 0)) "no fault of a right program in $SEEDS seeds"
[ "$(sort -u "$scratch/met" | wc -l)" -eq 7 ]
result $? "each result was met there: $(sort "$scratch/met" | uniq -c | awk '{ printf "%s %d, ", $2, $1 }')"

words=(EBUSY 'short 2' forked ENOMEM EEXIST ENOENT none)
plans=('')
for ((length = 1; length <= PLANS; length++)); do
	longer=()
	for plan in "${plans[@]}"; do
		for word in "${words[@]}"; do
			longer+=("${plan:+$plan, }$word")
		done
	done
	plans=("${longer[@]}")
done
wrong=0
for plan in "${plans[@]}"; do
	run --races --plan "$plan" "$scratch/right" quiet
	if [ $status -ne 0 ] || [ "$found" ]; then
		wrong=$((wrong + 1))
		echo "# plan $plan: status $status, $found, $(cat "$scratch/errors")"
	fi
done
result $((wrong > 0)) "nor with each plan of $PLANS results: ${#plans[@]}"

run --seed 4 --rate 50% --log "$scratch/log" "$scratch/right" quiet
[ "$(grep -c INJECTED "$scratch/log")" -gt 0 ] &&
	[ "$(grep INJECTED "$scratch/log" | grep -cv forked)" -eq \
		"$(jq '[.results | to_entries[] | select(.key != "forked").value.met] | add' "$scratch/report")" ]
result $? "as many are met as the log has"
run --seed 9 --rate 0% "$scratch/right"
[ $status -eq 0 ] && true_of "$scratch/report" '[.results[].met] | add == 0'
result $? "at a rate of 0% nothing is met"
run --missing "$scratch/right"
[ $status -eq 77 ] && grep -q 'the kernel has no UFFDIO_MOVE' "$scratch/errors"
result $? "the operation missing"
run --forbidden "$scratch/right"
[ $status -ne 0 ] && grep -q 'UFFDIO_MOVE: Operation not permitted' "$scratch/errors"
result $? "the operation forbidden"
run --plan EBUSY sh -c 'exit 7'
[ $status -eq 7 ] && [ -z "$found" ]
result $? "the program's own status is passed on"
run --plan EBUSY sh -c 'kill -9 $$'
[ $status -eq 137 ]
result $? "and its signal"
run --rate 30% --seed 1 "$build/uffdio-move-conformance" --json --test 'vector.*'
[ "$(jq '[.tests[] | select(.verdict == "fails")] | length' "$scratch/said")" -gt 0 ]
result $? "the conformance program notices a kernel that does so"
run --rate 20% --seed 1 "$build/uffdio-move-conformance" --json --tries 40 --test 'vector.*'
[ $status -eq 0 ] && true_of "$scratch/said" '[.tests[] | select(.verdict == "holds")] | length > 30' &&
	true_of "$scratch/report" '[.results[].met] | add > 0'
result $? "unless it is told that a test may be tried again"

refused() # WHAT SENTENCE STATUS ARGUMENT...
{
	timeout -k 5 60 "$refuse" "${@:4}" >"$scratch/said" 2>"$scratch/errors" </dev/null
	[ $? -eq "$3" ] && [ "$(wc -l <"$scratch/errors")" -eq 1 ] && grep -q -- "$2" "$scratch/errors"
	result $? "refused: $1"
}
refused "a log for which there is no room" 'the log cannot be written: No space' 125 \
	--output "$scratch/report" --log /dev/full --plan EBUSY "$scratch/innocent" has-own-status
refused "a plan with what only --races has" 'with --races only' 125 --plan EEXIST true
refused "a plan that is drawn, too" 'do not go with it' 125 --plan EBUSY --seed 3 true
refused "the operation missing and forbidden" 'exclude each other' 125 --missing --forbidden true
refused "a page for a result that has none" "'at' goes with" 125 --plan 'forked at 2' true
refused "no program" 'a program to run' 125
refused "one that is not there" 'there is no program /none' 127 /none
refused "one that cannot be run" 'cannot be run' 126 /etc/passwd
refused "an unknown option" 'is no option' 125 --nonsense true
refused "an option without its value" 'wants a value' 125 --seed
refused "a seed that is no number" '--seed x: that is no number' 125 --seed x true
refused "a rate that is none" 'a percentage is wanted' 125 --rate 101% true
refused "an unknown step" 'column 8: a step is' 125 --plan 'EBUSY, EFOO' true
refused "a step without its number" 'column 6: a number is wanted' 125 --plan 'short' true
refused "a delay that is neither before nor after" 'column 9: a comma' 125 --plan 'delay 5 later' true
refused "a plan that ends in a comma" 'column 7: a step is' 125 --plan 'EBUSY,' true
refused "a plan of too many steps" 'out of range' 125 --plan 'EBUSY*1000000' true
refused "a report that cannot be written" 'cannot be written' 125 --output /none/x true
refused "a report for which there is no room" 'cannot be written' 125 --output /dev/full true
refused "a seed that is too large" 'out of range' 125 --seed 18446744073709551615 true
run --output "$scratch/outer" "$refuse" true
[ $status -eq 125 ] && grep -q 'cannot be traced' "$scratch/errors"
result $? "refused: to trace what is traced already"

timeout -k 5 60 "$refuse" --output "$scratch/report" --plan 'delay 600000' "$scratch/right" </dev/null \
	>/dev/null 2>&1 &
tool=$!
sleep 1
pkill -TERM -P $tool
wait $tool
[ $? -eq 143 ]
result $? "a program that is held ends by SIGTERM"

# shellcheck disable=SC2016 # the inner shell's
bash -c 'sleep 600 & echo $! >"$1"; exec "$2" --output "$3" true' - "$scratch/child" "$refuse" \
	"$scratch/report" </dev/null >/dev/null 2>&1
kill "$(cat "$scratch/child")"
result $? "a child that was there before is not waited for"

"$refuse" --output "$scratch/report" sh -c 'sleep 600 & sleep 600' </dev/null >/dev/null 2>&1 &
tool=$!
sleep 1
children=$(pgrep -P $tool)
kill -INT $tool
sleep 0.3
kill -INT $tool
wait $tool
sleep 0.2
left=0
for child in $children; do
	[ ! -d "/proc/$child" ] || left=1
done
pgrep -f 'sleep 600' >/dev/null && left=1
result $left "two interruptions leave no process behind"
finish
