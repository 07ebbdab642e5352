#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-storeys.sh [DIR] - does each file of the conformance program (tests/conformance,
# or DIR) include files of its own storey and of those below only?  Prints TAP.

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
top=${1-$(dirname "$0")/../conformance}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
evidence=$scratch/upwards

storeys="test machine memory call scenarios"

# Of each storey in turn, what it includes of those that are not below it.
below=
for storey in $storeys ''; do
	below="$below${below:+|}${storey:-[^/]*}"
	grep -n '^#include "' "$top/${storey:-.}"/*.[ch] |
		grep '"[^"]*\.h"' | grep -E '"(test|machine|memory|call|scenarios)/' |
		grep -vE "\"($below)/" >"$scratch/upwards"
	[ ! -s "$scratch/upwards" ]
	result $? "${storey:-what joins them}: includes nothing of a storey above"
done
# A header beside the program's main file is of the storey above all others.
for storey in $storeys; do
	grep -hn '^#include "[^/]*"' "$top/$storey"/*.[ch] | sed 's/.*"\(.*\)".*/\1/' | sort -u |
		while read -r header; do
			[ ! -f "$top/$header" ] || echo "$storey includes $header"
		done >"$scratch/upwards"
	[ ! -s "$scratch/upwards" ]
	result $? "$storey: includes nothing of what joins the storeys"
done
finish
