#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# table.sh DIR NAME... - the figures of DIR/NAME.json side by side, each of the first kernel
# over those of the others; and, of some rows, the functions in which MOVE spends its
# instructions, from DIR/NAME.profile.csv.

set -euo pipefail
directory=${1:?usage: table.sh DIR NAME...}
shift
PROFILED="batch.1 batch.256 huge.empty-table"	# rows
FUNCTIONS=16					# of each

# kernel, row, its title, MOVE, mremap; or why there is no figure
figures()
{
	local name

	for name; do
		[ -s "$directory/$name.json" ] || continue
		jq -r --arg kernel "$name" '.rows[] |
			def of($way): (.figures // [] | map(select(.way == $way))[0].median) // "-";
			[$kernel, .name, .title, of("MOVE"), of("mremap"), (.error // .reason // "")] | @tsv' \
			"$directory/$name.json"
	done
}

echo "Instructions.  In parentheses: what $1 takes of what the kernel takes."
echo
figures "$@" | awk -F '\t' -v names="$*" '
	function number(x) { return x == "-" || x == "" ? "-" : sprintf("%.0f", x) }
	function told(x, first) {
		if (x == "-" || x == "" || first == "-" || first == "" || x == 0)
			return number(x)
		return sprintf("%.0f (%.2f)", x, first / x)
	}
	BEGIN { n = split(names, name, " ") }
	!($2 in title) { order[++rows] = $2; title[$2] = $3 }
	{ move[$1, $2] = $4; mremap[$1, $2] = $5 }
	$6 != "" { why[$2] = $6 }
	END {
		printf "%-44s", ""
		for (i = 1; i <= n; i++)
			printf "%20s", substr(name[i], 1, 13) " MOVE"
		for (i = 1; i <= n; i++)
			printf "%20s", substr(name[i], 1, 12) " mremap"
		printf "\n"
		for (r = 1; r <= rows; r++) {
			row = order[r]
			if (row in why) {
				if (!(why[row] in left))
					reasons[++without] = why[row]
				left[why[row]] = left[why[row]] " " row
				continue
			}
			printf "%-44s", title[row]
			for (i = 1; i <= n; i++)
				printf "%20s", i == 1 ? number(move[name[1], row]) : told(move[name[i], row], move[name[1], row])
			for (i = 1; i <= n; i++)
				printf "%20s", number(mremap[name[i], row])
			printf "\n"
		}
		if (without)
			printf "\nWithout figures:\n"
		for (i = 1; i <= without; i++)
			print " " left[reasons[i]] ": " reasons[i]
	}'

for name; do
	[ -s "$directory/$name.profile.csv" ] || continue
	for row in $PROFILED; do
		awk -F , -v row="$row" -v kernel="$name" -v most=$FUNCTIONS '
			$1 != row || $2 != "MOVE" { next }
			!n { printf "\n%s, %s, MOVE, %s:\n", kernel, row, $3 }
			++n <= most { printf "%12.1f %s\n", $5, $4 }
			n > most { rest += $5 }
			END { if (rest) printf "%12.1f in %d others\n", rest, n - most }
		' "$directory/$name.profile.csv"
	done
done
