#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-stress.sh STRESS - a short mix on the running kernel, and then each wrong
# thing that the program does itself on request: does the property fail that is
# about it?  Prints TAP.

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
stress=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
evidence="$scratch/out $scratch/err"

run() # OPTION...
{
	timeout -s KILL 600 "$stress" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
}

fault() # NAME PROPERTY
{
	run --seconds 5 --fault "$1"
	[ $status -eq 1 ] && grep -q "^not ok [0-9]* $2\$" "$scratch/out"
	result $? "$1: not so that $2"
}

run --seconds 40
result $status "40 s of moves against everything else"

fault lose "each page is there exactly once"
fault double "each page is there exactly once"
fault stale "no store is lost"
fault swap "each page is where it has been moved to"
fault damage "each page is whole, whoever reads it"
fault child "each forked child finds each page once"
fault answer "each answer is one that the contract knows, and .move fits it"
fault idle "each kind of disturbance came about"
fault stuck "every thread returns from every call"

# A kernel has the mode only if the mix holds with it.
run --allow-copy --seconds 40
if [ $status -ne 0 ]; then
	[ $status -eq 4 ] && [ "$(wc -l <"$scratch/err")" -eq 1 ] && ! [ -s "$scratch/out" ] &&
		grep -q 'refuses UFFDIO_MOVE_MODE_ALLOW_COPY with EINVAL' "$scratch/err"
	result $? "--allow-copy where the kernel lacks the mode: a sentence, exit 4"
else
	skip "--allow-copy where the kernel lacks the mode" "this kernel has it"
fi
run --fault busy
[ $status -eq 2 ] && [ "$(wc -l <"$scratch/err")" -eq 1 ]
result $? "a fault of --allow-copy without that: a sentence, exit 2"
run --seconds 0
[ $status -eq 2 ] && [ "$(wc -l <"$scratch/err")" -eq 1 ]
result $? "no seconds: a sentence, exit 2"
"$stress" --help 2>"$scratch/err" >&-
[ $? -eq 3 ] && [ "$(wc -l <"$scratch/err")" -eq 1 ]
result $? "standard output closed: a sentence, exit 3"
finish
