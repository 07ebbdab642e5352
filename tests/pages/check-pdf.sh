#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-pdf.sh [--self-test] BUILD
#
# Looks at the pages of BUILD/uffdio-move.pdf as paper has them: nothing stands in the
# margins, no word is hyphenated, no sheet is nearly empty, and the contents have each page
# with the number of its sheet.  Prints flat TAP.

set -u
self_test=
[ "${1:-}" = --self-test ] && self_test=yes && shift
[ $# -eq 1 ] || { echo "usage: $0 [--self-test] BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
# shellcheck source=/dev/null
. tests/pages/lib.sh

if ! command -v pdftotext >/dev/null; then
	tap_skip "the pages on paper" "pdftotext is not installed"
	tap_end
	exit
fi

# Each line of text: sheet, left, right, top, and the words, a tab between.  In points.
lines() {		# PDF
	pdftotext -bbox-layout "$1" - | sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' |
		awk -v OFS='\t' '
		function attribute(name) {
			match($0, name "=\"[^\"]*\"")
			return substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 3) + 0
		}
		/<page /	{ sheet++ }
		/<line / {
			left = attribute("xMin")
			right = attribute("xMax")
			top = attribute("yMin")
			text = ""
		}
		/<word / {
			word = $0
			sub(/^[^>]*>/, "", word)
			sub(/<\/word>.*/, "", word)
			text = text " " word
		}
		/<\/line>/	{ print sheet, left, right, top, substr(text, 2) }'
}

# A4 is 595 points wide; an inch is free on either side, less what a slanted letter hangs over.
check_margins() {
	awk -F '\t' '
		$2 < 71 || $3 > 525 { printf "sheet %d: from %d to %d of 595: %s\n", $1, $2, $3, $5 }' \
		"$work/lines"
}

# What ends a line with a hyphen has it in the source too, where it is broken there.
check_hyphens() {	# pages
	for page; do
		sed 's/\\-/-/g; s/\\[%&:]//g' "$page"
	done >"$work/source"
	awk -F '\t' '
		before != "" { split($5, words, " "); print before words[1]; before = "" }
		$5 ~ /[A-Za-z](-|‐)$/ {
			before = $5
			sub(/.* /, "", before)
			sub(/‐$/, "-", before)
		}' \
		"$work/lines" | sort -u | while read -r word; do
		# as far as the second part goes, without what stands behind it
		stem=$(printf '%s\n' "$word" | grep -oE '[A-Za-z_0-9.]+-[A-Za-z_0-9]+' | head -n 1)
		grep -qF -- "${stem:-$word}" "$work/source" || echo "hyphenated: $word"
	done
}

# Heads and feet are an inch.
check_fill() {
	awk -F '\t' '
		{ sheets = $1 }
		$4 > 72 && $4 < 770 && !(($1, int($4)) in seen) { seen[$1, int($4)]; n[$1]++ }
		END {
			for (sheet = 1; sheet <= sheets; sheet++)
				if (n[sheet] < 14)
					printf "sheet %d: only %d lines\n", sheet, n[sheet]
		}' "$work/lines"
}

check_contents() {	# pages
	for page; do
		name="$(page_name "$page")($(page_section "$page"))"
		number=$(awk -F '\t' -v name="$name" '
			$1 > 1 { exit }
			$5 == name { top = $4 }
			$5 ~ /^[0-9]+$/ && $4 - top < 3 && top - $4 < 3 { print $5; exit }' "$work/lines")
		[ "$number" ] || { echo "no line for $name"; continue; }
		awk -F '\t' -v sheet="$number" -v name="$(page_name "$page") " '
			$1 == sheet && index($5, name) == 1 { found = 1 }
			END { exit !found }' "$work/lines" ||
			echo "$name is not on sheet $number"
	done
}

all_pages() {
	our_pages
	echo "$build/uffdio_move_contract.7"
}

bad() {			# what is wrong, check, edit
	page=$work/UFFDIO_WAKE.2const
	sed "$3" man2const/UFFDIO_WAKE.2const >"$page"
	if cmp -s "$page" man2const/UFFDIO_WAKE.2const; then
		tap "not ok" "$1" "the edit changes nothing"
	elif ! tests/pages/pdf.sh "$build" "$work/bad.pdf" "$page" >"$work/said" 2>&1; then
		tap "not ok" "$1" "$(cat "$work/said")"
	else
		lines "$work/bad.pdf" >"$work/lines"
		said=$("check_$2" "$work/UFFDIO_WAKE.2const")
		if [ -n "$said" ]; then
			tap ok "noticed: $1"
		else
			tap "not ok" "noticed: $1" "nothing was said"
		fi
	fi
}

if [ "$self_test" ]; then
	bad "a line of code that is too long" margins \
		"/^\.SH DESCRIPTION/a .EX\n$(printf '%0100d' 0)\n.EE"
	bad "text that begins in the margin" margins '/^\.SH DESCRIPTION/i .po 0.5i'
	bad "words that are hyphenated" hyphens \
		'/^\.SH DESCRIPTION/a .hy 4\n.ll 2i\nUFFDIO_UNREGISTER UFFDIO_WRITEPROTECT'
	bad "a sheet with hardly a line" fill \
		'/^\.SH RETURN VALUE/i .bp\n.SH ALONE\nNothing else.\n.bp'
	bad "a page whose name is not where the contents say" contents \
		'/^\.SH NAME/,/^\.SH/s/^UFFDIO_WAKE$/UFFDIO_WOKEN/'
	tap_end
	exit
fi

lines "$build/uffdio-move.pdf" >"$work/lines"
[ -s "$work/lines" ] ||
	{ echo "Bail out! no text in $build/uffdio-move.pdf; 'make pdf' makes it"; exit 1; }
tap_silent "nothing stands in the margins" "$(check_margins)"
# shellcheck disable=SC2046
tap_silent "no word is hyphenated" "$(check_hyphens $(all_pages))"
tap_silent "no sheet is nearly empty" "$(check_fill)"
# shellcheck disable=SC2046
tap_silent "the contents have each page, and its sheet" "$(check_contents $(all_pages))"
tap_end
