#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: render.sh html DIRECTORY [PAGE...]
#        render.sh pdf FILE [PAGE...]
#
# Sets the pages (all of them, if none is named) for the browser or for paper: a
# title with a list of contents, and references that lead to each other.  KERNELS_PAGE is a
# page of what holds on which kernel, to be put beside them.  What is
# Debian's and not ours is looked up at manpages.debian.org, from the browser alone.

set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
# shellcheck source=/dev/null
. tests/pages/lib.sh

usage() {
	echo "usage: $0 html DIRECTORY [PAGE...] | pdf FILE [PAGE...]" >&2
	exit 2
}

[ $# -ge 2 ] || usage
form=$1
target=$2
shift 2
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(our_pages)
title="The pages of UFFDIO_MOVE and its kin"

# The title's two lists: the interface, and its operations.
of_section() {		# "2" or "2const", pages
	wanted=$1
	shift
	for page; do
		[ "$(page_section "$page")" != "$wanted" ] || echo "$page"
	done
}

index_entries() {	# pages
	for page; do
		file=$(page_name "$page").$(page_section "$page").html
		printf '<dt><a href="%s">%s</a>(%s)</dt>\n<dd>%s</dd>\n' "$file" \
			"$(page_name "$page")" "$(page_section "$page")" "$(description "$page")"
	done
}

index_html() {		# pages
	cat <<-END
	<!DOCTYPE html>
	<html lang="en">
	<head>
	<meta charset="utf-8">
	<meta name="viewport" content="width=device-width, initial-scale=1.0">
	<link rel="stylesheet" href="pages.css">
	<title>$title</title>
	</head>
	<body>
	<header><h1>$title</h1></header>
	END
	for part in "2 The interface" "2const The operations" "7 The contract"; do
		section=${part%% *}
		# shellcheck disable=SC2046
		entries=$(index_entries $(of_section "$section" "$@"))
		[ -z "$entries" ] ||
			printf '<h1>%s</h1>\n<dl class="contents">\n%s\n</dl>\n' "${part#* }" "$entries"
	done
	[ -z "${KERNELS_PAGE-}" ] || printf '<h1>Kernels</h1>\n<dl class="contents">\n%s\n</dl>\n' \
		'<dt><a href="kernels.html">What holds on which kernel</a></dt>'
	printf '</body>\n</html>\n'
}

# mandoc makes no links in pages of this macro set: an edit that does.
html_links() {		# page, directory of our pages
	references "$1" | cut -d ' ' -f 2,3 | sort -u | while read -r name section; do
		place=$name.$section.html
		[ -f "$2/$place" ] || place=https://manpages.debian.org/$name.$section
		link="<a class=\"Xr\" href=\"$place\"><b>$name</b></a>($section)"
		# A term is a link to itself, within which there can be no other.
		echo "s,<a class=\"permalink\" href=\"#[^\"]*\"><b>$name</b>($section)</a>,$link,g"
		echo "s,<b>$name</b>($section),$link,g"
	done
	cat <<-'END'
	s,<dt>&#x2022;</dt>,<dt class="bullet">\&#x2022;</dt>,
	s,<body>,&<nav><a href="index.html">Contents</a></nav>,
	END
}

render_html() {		# pages
	rm -rf "$target.new"
	mkdir -p "$target.new"
	cp tests/pages/pages.css "$target.new"
	for page; do
		: >"$target.new/$(page_name "$page").$(page_section "$page").html"
	done
	for page; do
		file=$(page_name "$page").$(page_section "$page").html
		html_links "$page" "$target.new" >"$work/links.sed"
		titled "$page" | mandoc -Thtml -K utf-8 -O style=pages.css |
			sed -f "$work/links.sed" >"$target.new/$file"
	done
	index_html "$@" >"$target.new/index.html"
	[ -z "${KERNELS_PAGE-}" ] || cp "$KERNELS_PAGE" "$target.new/kernels.html"
	rm -rf "$target"
	mv "$target.new" "$target"
}

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

case $form in
html)	render_html "$@" ;;
pdf)	render_pdf "$@" ;;
*)	usage ;;
esac
