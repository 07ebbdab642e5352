#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: pdf.sh BUILD FILE [PAGE...]
#
# Sets the pages (all of them, if none is named) for paper: a title with a list of
# contents, and references that lead to each other.

set -eu
[ $# -ge 2 ] || { echo "usage: $0 BUILD FILE [PAGE...]" >&2; exit 2; }
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
# shellcheck source=/dev/null
. tests/pages/lib.sh
build=$1
target=$2
shift 2
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(our_pages) "$build/uffdio_move_contract.7"

fail() {		# why
	echo "pdf.sh: $1" >&2
	exit 1
}

for program in awk groff gropdf; do
	command -v $program >/dev/null || fail "there is no $program; 'make setup' installs it"
done
odd=$(odd_pages)
[ -z "$odd" ] || fail "$odd has other characters in its name than letters, digits, _, . and -"
for page; do
	[ -f "$page" ] || fail "there is no page $page"
done
title="The pages of UFFDIO_MOVE and its kin"

# References to our own pages become links.
links() {		# pages
	for page; do
		name=$(page_name "$page")
		section=$(page_section "$page")
		link="-D $name -A \"($section)\\1\" -- \\\\%\\\\fB$name\\\\fP"
		printf '%s\n' "s/^\.BR $name ($section)\(.*\)$/.pdfhref L $link/" \
			"s/^\.RB ( $name ($section)\(.*\)$/.pdfhref L -P \"(\" $link/"
	done
}

# A page of the manual begins with a place to be linked to, and tells where it begins and ends.
# A table that a page of paper has no room left for is begun on the next, which tbl cannot do
# below the header of a manual page.  What is not filled is code, set so that 80 columns fit.
linked() {		# page, spacing of its lines in points and of paragraphs in lines
	titled "$1" | sed -f "$work/links.sed" | awk -v name="$(page_name "$1")" \
		-v full="$(page_name "$1")($(page_section "$1"))" -v spacing="${2% *}" \
		-v between="${2#* }" '
		/^\.TS/ { print ".ne 3i" }
		/^\.(EE|fi)/ { print ".fam\n.nr PS 10z\n.ps 10" }
		/^\.PD$/ { $0 = ".PD " between "v" }
		{ print }
		/^\.(EX|nf)/ { print ".fam C\n.nr PS 9z\n.ps 9" }
		/^\.TH / { print ".nr VS " spacing "p\n.vs \\n[VS]u\n.PD " between "v" }
		/^\.SH NAME/ {
			print ".pdfbookmark -T " name " 1 " full
			print ".tm begins \\n% " name
			next
		}
		/^\.SH / { print ".pdfbookmark 2 " substr($0, 5) }
		END { print ".br\n.tm ends \\n[nl] " name }'
}

# No word is hyphenated, for many are names, and so lines are not stretched either.
set_roff() {		# groff's options; writes what it is told
	groff -t -mandoc -rC1 -rHY=0 -dAD=l -Tpdf -P-pa4 -dpaper=a4 -K utf-8 -Wbreak "$@"
}

# A minus sign would be no use to who copies a name or a number.
prologue='.ad l
.char \- \N'"'45'"

# Does it end on a sheet with hardly a line?
ends_badly() {		# page, spacing
	{ echo "$prologue"; linked "$1" "$2"; } | set_roff -z 2>&1 |
		awk -v least="$((LEAST_LINES * 12 * 1000))" -v top=72000 \
			'$1 == "ends" { bad = $2 - top < least } END { exit !bad }'
}

# As set, or a little closer or wider, so that the last sheet has something on it, or goes.
LEAST_LINES=22
spacing() {		# page
	for try in "12 .4" "11.8 .4" "11.6 .4" "11.4 .4" "11.2 .4" "12.2 .4" "12.4 .4" "12.6 .4" \
		"12.8 .4" "11.4 .3" "11.2 .25" "11 .2" "12.8 .5" "13 .6" "13.2 .7"; do
		ends_badly "$1" "$try" && continue
		echo "$try"
		return
	done
	echo "12 .4"
}

title_roff() {		# file of "begins PAGE NAME" lines, pages
	numbers=$1
	shift
	cat <<-END
	.\\" before the first .TH: troff without macros
	$prologue
	.po 1i
	.lt \\n[.l]u
	.sp 1.2i
	.ps 22
	.vs 26
	.ft B
	.nf
	$title
	.ft R
	.ps 10.5
	.vs 14.5
	.sp 2
	END
	for page; do
		name=$(page_name "$page")
		number=$(sed -n "s/^begins \\([0-9]*\\) $name\$/\\1/p" "$numbers")
		printf '.pdfhref L -D %s -A "(%s)" -- \\fB%s\\fP\n.sp -1\n' \
			"$name" "$(page_section "$page")" "$name"
		printf ".tl '''%s'\n.in 2m\n%s\n.in 0\n.sp .4\n" "${number:-0}" \
			"$(description "$page")"
	done
	echo .fi
}

document() {		# pages
	cat "$work/title.roff"
	for page; do
		linked "$page" "$(cat "$work/spacing.$(page_name "$page")")"
	done
}

set_pdf() {		# pages; writes to $work/pdf, and what is wrong to $work/said
	title_roff "$work/numbers" "$@" >"$work/title.roff"
	document "$@" | set_roff >"$work/pdf" 2>"$work/messages" || true
	grep '^begins ' "$work/messages" >"$work/numbers" || true
	grep -v '^begins \|^ends ' "$work/messages" >"$work/said" || true
}

links "$@" >"$work/links.sed"
for page; do
	spacing "$page" >"$work/spacing.$(page_name "$page")"
done
# The first time finds the page numbers, the second prints them.
: >"$work/numbers"
set_pdf "$@"
set_pdf "$@"
cat "$work/said" >&2
[ -s "$work/pdf" ] && [ ! -s "$work/said" ] || exit 1
mkdir -p "$(dirname "$target")"
mv "$work/pdf" "$target.new"
mv "$target.new" "$target"
echo "The pages are in $target"
