#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# plots.sh DIR - plots of DIR/bench.csv, each as SVG and PNG: cost over the batch, over
# threads, over further mappings, and pauses.  One whose rows were not measured is left
# out.  The names of those that were made are printed.

set -euo pipefail
directory=${1:?usage: plots.sh DIR}
[ -f "$directory/bench.csv" ] || exit 0
command -v gnuplot >/dev/null ||
	{ echo "${0##*/}: gnuplot is not installed (Debian package gnuplot-nox); 'make setup' installs it" >&2; exit 1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# x, median, quartiles.  What is quoted may have commas, and is left out.
curve() # GROUP X-FIELD WAY FAULTING
{
	awk -F, -v group="$1" -v x="$2" -v way="$3" -v faulting="$4" '
		{ gsub(/"[^"]*"/, "") }
		$2 == group && $9 == way && $8 == faulting { print $x, $11, $12, $13 }
	' "$directory/bench.csv" >"$work/$1.$3.$4"
	[ -s "$work/$1.$3.$4" ]
}

plot() # NAME TITLE SETTINGS WHAT-TO-PLOT
{
	local form terminal

	for form in svg png; do
		terminal="svg size 800,500 background 'white'"
		[ $form = svg ] || terminal="pngcairo size 1200,750"
		# Without cairo there is another one, without smooth lines.
		gnuplot -e "set terminal $terminal" 2>/dev/null || terminal="png size 1200,750"
		gnuplot <<-END
			set terminal $terminal
			set output '$directory/$1.$form'
			set title '$2'
			set key outside right
			set grid
			$3
			plot $4
		END
		echo "$directory/$1.$form"
	done
}

# Curves of one group, a line each: with its quartiles.
plot_group() # GROUP TITLE X-FIELD SETTINGS
{
	local way faulting colour what=

	for faulting in 0 2; do
		colour=0
		for way in MOVE COPY COPY+DONTNEED mremap DONTUNMAP memcpy; do
			colour=$((colour + 1))
			curve "$1" "$3" "$way" $faulting || continue
			what+="${what:+, }'$work/$1.$way.$faulting' with yerrorlines linecolor $colour dashtype $((faulting + 1))"
			what+=" title '$way$([ $faulting = 0 ] || echo ", beside faults")'"
		done
	done
	[ -z "$what" ] || plot "$1" "$2" "$4" "$what"
}

plot_pauses()
{
	awk -F, '
		{ gsub(/"[^"]*"/, "") }
		$1 ~ /^compaction\.pause-/ { if (!($1 in seen)) name[++n] = $1; seen[$1]; at[$1, $9] = $11 }
		END {
			for (i = 1; i <= n; i++)
				if ((name[i], "MOVE") in at)
					print substr(name[i], 18) (name[i] ~ /99$/ ? "%" : ""), at[name[i], "MOVE"], at[name[i], "COPY+DONTNEED"]
		}' "$directory/bench.csv" >"$work/pauses"
	[ -s "$work/pauses" ] || return 0
	plot pauses "Pauses of the application while its heap is compacted" \
		"set style data histograms; set style fill solid 0.6; set logscale y; set ylabel 'microseconds'" \
		"'$work/pauses' using 2:xtic(1) title 'MOVE', '' using 3 title 'COPY+DONTNEED'"
}

cost="set logscale y; set ylabel 'ns per page'"
grep -q ',instructions/page,' "$directory/bench.csv" && cost="set logscale y; set ylabel 'instructions per page'"
plot_group batch "Cost of a page by the pages of a call" 5 "$cost; set logscale x 2; set xlabel 'pages in a call'"
plot_group threads "Cost of a page, of all threads together" 7 "$cost; set xlabel 'threads, each with its own pages'"
plot_group mappings "Cost of a page, one in a call, by the mappings of the process" 6 \
	"$cost; set xlabel 'further mappings'"
plot_pauses
