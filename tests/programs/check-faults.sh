#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-faults.sh [--table FILE] CONFORMANCE-WITH-FAULTS [FAULT...] - does the conformance
# program notice each faulty kernel that it can play, under the clause that the kernel
# breaks, and by as many tests as look there?  FILE, faults/faults.tsv unless given, tells
# what is expected; every fault of the program stands there.  One for whose tests this machine lacks something is
# skipped.  Prints TAP.

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
table=$(dirname "$0")/faults/faults.tsv
[ "${1:-}" = --table ] && [ $# -ge 2 ] && table=$2 && shift 2
[ $# -ge 1 ] || { echo "usage: $0 [--table FILE] CONFORMANCE-WITH-FAULTS [FAULT...]" >&2; exit 2; }
program=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck disable=SC2034 # read by tap.sh
evidence="$scratch/why $scratch/err"

# What is wrong with the report of one fault, on $scratch/why.
compare() # STATUS CLAUSE STANDING TESTS
{
	[ "$status" -eq "$1" ] || echo "exit status $status and not $1"
	true_of "$scratch/out" '.tests | length > 0' || { echo "no report"; return; }
	jq -r --arg id "$2" --arg standing "$3" --argjson least "$4" '
		([.clauses[] | select(.id == $id)][0]) as $clause |
		([.tests[] | select(.verdict == ({"FAILS": "fails", "deviates": "deviates",
			"not tested": "broken", "holds": "holds"}[$standing]))] | length) as $n |
		(if $clause == null then "\($id) is not in the report"
		 elif $clause.standing != $standing then "\($id): \($clause.standing) and not \($standing)"
		 else empty end),
		(if $n < $least then "told by \($n) tests and not \($least)" else empty end)' \
		"$scratch/out"
}

while IFS='	' read -r fault expected clause standing least tests; do
	case $fault in "" | "#"*) continue ;; esac
	[ $# -eq 0 ] || case " $* " in *" $fault "*) ;; *) continue ;; esac
	UFFDIO_MOVE_FAULT=$fault timeout -s KILL 600 "$program" --json --test "$tests" \
		>"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
	if true_of "$scratch/out" '[.tests[].verdict == "skipped"] | length > 0 and all'; then
		skip "$fault" "$(jq -r '.tests[0].note' "$scratch/out")"
		continue
	fi
	compare "$expected" "$clause" "$standing" "$least" >"$scratch/why" 2>&1
	[ ! -s "$scratch/why" ]
	result $? "$fault: $clause $standing, by $least tests at least"
done <"$table"
[ "$tap_n" -gt 0 ] || { echo "$0: $table has no fault $*" >&2; exit 2; }

if [ $# -eq 0 ]; then
	UFFDIO_MOVE_FAULT=list "$program" | sort >"$scratch/played"
	grep -v '^#' "$table" | cut -f 1 | sort -u >"$scratch/expected"
	diff "$scratch/played" "$scratch/expected" >"$scratch/why"
	result $? "each fault that can be played stands in the table, and only these"
fi
finish
