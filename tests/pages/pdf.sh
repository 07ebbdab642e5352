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
title="The pages of UFFDIO_MOVE and its kin"

# References to our own pages become links; a page begins with a place to be linked to.  A
# table that a page of paper has no room left for is begun on the next, which tbl cannot do
# below the header of a manual page.
linked() {		# page
	titled "$1" | sed -f "$work/links.sed" | awk -v name="$(page_name "$1")" \
		-v full="$(page_name "$1")($(page_section "$1"))" '
		/^\.TS/ { print ".ne 3i" }
		{ print }
		/^\.SH NAME/ {
			print ".pdfbookmark -T " name " 1 " full
			print ".tm contents \\n% " name
		}'
}

document() {		# pages
	cat "$work/title.roff"
	for page; do
		linked "$page"
	done
}

title_roff() {		# file of "contents PAGE NAME" lines, pages
	numbers=$1
	shift
	cat <<-END
	.\\" before the first .TH: troff without macros
	.po 1i
	.ll 6.5i
	.sp 1.5i
	.ps 22
	.vs 26
	.ft B
	.nf
	$title
	.ft R
	.ps 11
	.vs 16
	.sp 2
	END
	for page; do
		name=$(page_name "$page")
		number=$(sed -n "s/^contents \\([0-9]*\\) $name\$/\\1/p" "$numbers")
		printf ".pdfhref L -D %s -P \"\\\\Z'%s'\\\\h'2m'\" -A \"(%s)\" -- %s\n.in 2m\n%s\n.in 0\n.sp .3\n" \
			"$name" "${number:-0}" "$(page_section "$page")" "$name" "$(description "$page")"
	done
	printf '.fi\n.bp\n'
}

set_pdf() {		# pages; writes to $work/pdf, says the numbers on standard error
	document "$@" | groff -t -mandoc -rC1 -Tpdf -P-pa4 -dpaper=a4 -K utf-8 -Wbreak \
		>"$work/pdf" 2>"$work/messages" || true
	grep '^contents ' "$work/messages" >"$work/numbers" || true
	grep -v '^contents ' "$work/messages" >&2 || true
}

render_pdf() {		# pages
	for page; do
		name=$(page_name "$page")
		section=$(page_section "$page")
		printf 's/^\\.BR %s (%s)\\(.*\\)$/.pdfhref L -D %s -A "(%s)\\1" -- \\\\%%\\\\fB%s\\\\fP/\n' \
			"$name" "$section" "$name" "$section" "$name"
		printf 's/^\\.RB ( %s (%s)\\(.*\\)$/.pdfhref L -D %s -P "(" -A "(%s)\\1" -- \\\\%%\\\\fB%s\\\\fP/\n' \
			"$name" "$section" "$name" "$section" "$name"
	done >"$work/links.sed"
	: >"$work/numbers"
	# The first time finds the page numbers, the second prints them.
	title_roff "$work/numbers" "$@" >"$work/title.roff"
	set_pdf "$@" 2>"$work/said"
	title_roff "$work/numbers" "$@" >"$work/title.roff"
	set_pdf "$@" 2>"$work/said"
	cat "$work/said" >&2
	[ -s "$work/pdf" ] && [ ! -s "$work/said" ] || return 1
	mkdir -p "$(dirname "$target")"
	mv "$work/pdf" "$target"
}

render_pdf "$@"
