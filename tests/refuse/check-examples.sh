#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-examples.sh BUILD [EXAMPLE...] - do the examples live with what the contract allows?
# Each is run with every plan of up to PLANS results (1), and with SEEDS seeds (3): none has
# a fault, and each ends.  A plan that is not reached to its end is not made longer.  Nothing
# is met where it is not allowed, and what is allowed at any call is met: the oracle counts
# both.  Where nothing is met, an example ends as it does by itself.  Prints TAP.

# shellcheck disable=SC2154 # tap.sh's

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
: "${PLANS:=1}" "${SEEDS:=3}"
refuse=$1/uffdio-move-refuse
shift
[ $# -gt 0 ] || { set -- examples/*.c; set -- "${@#examples/}"; set -- "${@%.c}"; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
evidence="$scratch/said"
words=(EBUSY 'short 1' ENOMEM forked 'EAGAIN until cured')

# Leaves how many steps were reached in $reached; 1 if there is a fault, or it does not end.
lives_with() # OPTION...
{
	timeout -k 5 120 "$refuse" --json --output "$scratch/report" --tries 300 "$@" \
		"$scratch/example" >"$scratch/said" 2>&1 </dev/null
	status=$?
	runs=$((runs + 1))
	reached=$(jq '.steps_reached - .not_allowed' "$scratch/report")
	jq -c '.results' "$scratch/report" >>"$scratch/results"
	true_of "$scratch/report" 'all(.results[]; .met <= .allowed)' || {
		wrong=$((wrong + 1))
		echo "# $*: a result was met where it is not allowed" >>"$scratch/wrong"
	}
	[ $status -ne 124 ] && [ $status -ne 137 ] && true_of "$scratch/report" '.faults == []' && return
	wrong=$((wrong + 1))
	echo "# $* (status $status): $(jq -c '[.faults[] | .fault]' "$scratch/report")" >>"$scratch/wrong"
	return 1
}

# What is allowed at a call of the example when it meets nothing, and was not met so far.
never_met()
{
	jq -rs --slurpfile alone "$scratch/alone" '[.[] | to_entries[] | select(.value.met > 0).key] as $met |
		$alone[0].results | to_entries[] | select(.value.allowed > 0).key |
		select(IN($met[]) | not)' "$scratch/results"
}

# So many calls that meet nothing, as steps of a plan, of which none is repeated more often than it may.
nothing_for() # CALLS
{
	local left=$1
	for (( ; left > 10000; left -= 10000)); do
		echo 'none*10000,'
	done
	[ "$left" -eq 0 ] || echo "none*$left,"
}

# Where it was first allowed, or, as threads need not make the same calls again, soon after.
look_for() # RESULT
{
	local word first page step
	read -r first page < <(jq -r ".results[\"$1\"] | \"\(.first_step) \(.first_page)\"" "$scratch/alone")
	case $1 in
	short) word="short $page" ;;
	EBUSY | ENOMEM) word="$1 at $page" ;;
	*) word=$1 ;;
	esac
	for ((step = first; step < first + 16; step++)); do
		lives_with --plan "$(nothing_for $((step - 1))) $word"
		true_of "$scratch/report" ".results[\"$1\"].met > 0" && return
	done
}

all=0
for example; do
	runs=0 wrong=0
	: >"$scratch/wrong"
	: >"$scratch/results"
	if ! gcc -O2 -g -pthread -o "$scratch/example" "examples/$example.c" 2>"$scratch/said"; then
		result 1 "$example compiles"
		continue
	fi
	timeout -k 5 120 "$scratch/example" >"$scratch/said" 2>&1 </dev/null
	plain=$?
	lives_with --plan none
	[ $status -eq $plain ] || {
		wrong=$((wrong + 1))
		echo "# it ends with $plain by itself, and with $status where it meets nothing" >>"$scratch/wrong"
	}
	cp "$scratch/report" "$scratch/alone"
	plans=('')
	for ((length = 1; length <= PLANS; length++)); do
		longer=()
		for plan in "${plans[@]}"; do
			for word in "${words[@]}"; do
				lives_with --plan "${plan:+$plan, }$word"
				[ "$reached" -lt $length ] || longer+=("${plan:+$plan, }$word")
			done
		done
		[ ${#longer[@]} -gt 0 ] || break
		plans=("${longer[@]}")
	done
	rate=30%
	[ "$(jq .calls "$scratch/report")" -lt 300 ] || rate=1%
	for seed in $(seq "$SEEDS"); do
		lives_with --rate $rate --seed "$seed"
	done
	for word in $(never_met); do
		look_for "$word"
	done
	for word in $(never_met); do
		wrong=$((wrong + 1))
		echo "# $word is allowed, and was never met" >>"$scratch/wrong"
	done
	result $((wrong > 0)) "$example lives with what may happen ($runs runs)"
	head -n 10 "$scratch/wrong"
	all=$((all + runs))
done
echo "# $all runs"
finish
