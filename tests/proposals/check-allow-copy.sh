#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-allow-copy.sh DIR - are the rules of spec/proposals/allow_copy.yaml told and tested,
# does a kernel without the mode refuse it as the contract says, and do the tests hold on one
# that is played, and each notice its contrary?  DIR has what is built.  Prints TAP.

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
[ $# -eq 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
build=$1
proposal=spec/proposals/allow_copy.yaml
program=$build/uffdio-move-conformance-allow-copy
played=$build/allow-copy-played
page=$build/uffdio_move_allow_copy.7
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck disable=SC2034 # read by tap.sh
evidence="$scratch/why $scratch/err"

try() # NAME COMMAND...
{
	name=$1
	shift
	"$@" >"$scratch/why" 2>&1
	result $? "$name"
}

is_told()
{
	"$build/specgen" --trace --proposal "$proposal" spec/uffdio_move.yaml man2*/* \
		kernel-patch/allow-copy/*.patch "$build/uffdio_move_contract.7" "$page" >/dev/null
}

fits_a_terminal()
{
	LC_ALL=C.UTF-8 MANWIDTH=80 man -l "$page" >"$scratch/read" 2>"$scratch/err"
	[ -s "$scratch/read" ] && ! grep . "$scratch/err" && ! LC_ALL=C.UTF-8 grep '.\{81\}' "$scratch/read"
}

# Each clause of the proposal stands there, as one that is proposed, and no other.
has_what_is_proposed()
{
	sed -n '/^[a-z]*:$/h; s/^  - id: \([a-z-]*\.[a-z-]*\)$/\1/p' "$proposal" | sort >"$scratch/stated"
	sed -n 's/^\.\\" \[\(.*\)\]$/\1/p' "$page" | sort >"$scratch/told"
	diff "$scratch/stated" "$scratch/told" || return 1
	[ "$(grep -c '^(proposed, [a-z]*)$' "$page")" -eq "$(wc -l <"$scratch/stated")" ]
}

# The running kernel's answer, unless it has the mode one day.
is_refused()
{
	timeout -s KILL 60 "$program" --test scenario.copy-probe >"$scratch/out" 2>"$scratch/err"
	[ $? -eq 4 ] && grep -q 'refuses UFFDIO_MOVE_MODE_ALLOW_COPY with EINVAL' "$scratch/err" &&
		! [ -s "$scratch/out" ]
}

# What follows from the contract follows from both, but for the bit that is no unknown one.
keeps_tests()
{
	"$build/uffdio-move-conformance" --list | sed 's/ .*//' | grep -v unknown-mode-bit-2 | sort >"$scratch/before"
	"$program" --list | sed 's/ .*//' | sort >"$scratch/after"
	comm -23 "$scratch/before" "$scratch/after" >"$scratch/gone"
	cat "$scratch/gone"
	[ -s "$scratch/before" ] && ! [ -s "$scratch/gone" ]
}

# Each cell of the contract, in each of its modes, behind as many pages.
has_all_cells()
{
	sed -n '/^cell\./s/$/_ALLOW_COPY/p' "$scratch/before" | sort >"$scratch/cells"
	grep '^cell\..*_ALLOW_COPY$' "$scratch/after" | sort | diff "$scratch/cells" - && [ -s "$scratch/cells" ]
}

# How many tests there are tells that they are not all skipped.
holds_when_played()
{
	timeout -s KILL 600 "$played" --tap >"$scratch/tap" 2>"$scratch/err"
	status=$?
	grep -A1 '^not ok' "$scratch/tap" | head -n 20
	tail -n 1 "$scratch/tap"
	[ $status -eq 0 ] && [ "$(grep -c '^ok [0-9]* [^#]*_ALLOW_COPY' "$scratch/tap")" -gt 1000 ]
}

notices_contraries()
{
	timeout -s KILL 600 "$played" --check-oracles --test '*_ALLOW_COPY' --test 'vector.copy-*' \
		--test 'scenario.copy-*' --test 'scenario.every-unknown-bit'
}

try "its rules are told and tested" is_told
try "its page has what is proposed, and no more" has_what_is_proposed
try "its page is clean" mandoc -Tlint -Werror "$page"
try "its page fits 80 columns" fits_a_terminal
try "each test of the contract is one of the proposal" keeps_tests
try "each cell is tested with the mode, alone and behind one, two and three pages" has_all_cells
if "$program" --test scenario.copy-probe >"$scratch/out" 2>"$scratch/err"; then
	skip "a kernel without the mode refuses it as the contract says" "this kernel has it"
else
	try "a kernel without the mode refuses it as the contract says" is_refused
fi
try "on a kernel that is played the tests hold" holds_when_played
try "each expectation of the mode, turned into its contrary, is noticed there" notices_contraries
finish
