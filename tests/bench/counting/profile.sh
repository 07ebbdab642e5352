#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# profile.sh NAME - from NAME.json, NAME.symbols and NAME.counts, what one guest has left, to
# instructions per function: a line "row,way,unit,function,instructions" for each, the most
# first, where instructions are for one unit, a page say.  Of a section whose sum is not what
# the program has counted itself, a sentence is said and the exit status is 1.

set -euo pipefail
name=${1:?usage: profile.sh NAME}

# section, row, way, its units, what a unit is, what the program has counted itself
sections()
{
	jq -r '.rows[] | . as $row | .figures[]? | select(.section) |
		[.section, $row.name, .way, $row.units, $row.unit, .section_figure] | @tsv' "$name.json"
}

# Addresses have 16 digits each, and are sorted as text: a function, then what is counted in it.
{
	echo "0000000000000000 S the-program"
	awk 'NF >= 3 { print $1, "S", $3 }' "$name.symbols"
	awk '$1 == "section" { section = $2; next } { print $1, "T", section, $2 }' "$name.counts"
} | LC_ALL=C sort -s -k 1,1 -k 2,2 | awk -v name="${name##*/}" '
	NR == FNR { row[$1] = $2; way[$1] = $3; units[$1] = $4; unit[$1] = $5; told[$1] = $6; next }
	$2 == "S" { at = $3; next }
	{ n[$3 "," at] += $4; sum[$3] += $4 }
	END {
		for (key in n) {
			split(key, of, ",")
			if (of[1] in row)
				printf "%s,%s,%s,%s,%.2f\n", row[of[1]], way[of[1]], unit[of[1]], of[2],
					n[key] / units[of[1]]
		}
		for (s in row) {
			counted = sum[s] / units[s]
			if (counted < told[s] * 0.95 - 5 || counted > told[s] * 1.05 + 5) {
				printf "profile.sh: %s: %s by %s: the profile has %.1f instructions, the program %.1f\n",
					name, row[s], way[s], counted, told[s] >"/dev/stderr"
				failed = 1
			}
		}
		exit failed
	}' FS='\t' <(sections) FS=' ' - | LC_ALL=C sort -t , -k 1,3 -k 5,5nr
