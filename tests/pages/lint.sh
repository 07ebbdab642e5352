#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: lint.sh [PAGE...]
#        lint.sh --findings PAGE
#        lint.sh --self-test
#
# Holds man pages against the rules of the man-pages project and prints flat TAP:
# the source (lint.awk), mandoc, groff with all warnings and at two widths,
# references, and spelling.  With --self-test, breaks a page in each of the ways of
# the table bad-pages and looks whether the named rule refuses it.
#
# With --findings, prints what is wrong with a page without the numbers of lines, sorted,
# so that two versions of it can be compared.  That sources stand in comments is a rule
# for the pages here alone: the man-pages project has them in the messages of commits.
#
# groff is the newest of those found: in PATH, /usr/local, /opt/groff, and
# $GROFF_ROOT, a directory into which `make groff` has put a newer one.
# From 1.23 on its checks of style count too.

set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
# shellcheck source=/dev/null
. tests/pages/lib.sh

# Run a program of the chosen groff.
groff_run() {	# program, arguments
	program=$1
	shift
	case $groff_root in
	"")	"$groff_bin/$program" "$@" ;;
	*)	set -- --library-path "$groff_libraries" "$groff_root/usr/bin/$program" "$@"
		"$groff_root/usr/lib64/ld-linux-x86-64.so.2" "$@" ;;
	esac
}

groff_version() {
	groff_run troff --version 2>/dev/null | sed -n '1s/.*version //p'
}

choose_groff() {
	best=
	for candidate in "$(dirname "$(command -v troff)")" /usr/local/bin /opt/groff/bin; do
		groff_root='' groff_bin=$candidate
		[ -x "$candidate/troff" ] || continue
		best="$best$(groff_version) $candidate
"
	done
	groff_root=${GROFF_ROOT:-}
	if [ -n "$groff_root" ]; then
		groff_libraries=$(echo "$groff_root"/usr/lib/*-linux-gnu)
		best="$best$(groff_version) $groff_root
"
	fi
	groff_bin=$(printf %s "$best" | sort -V | sed -n '$s/^[^ ]* //p')
	if [ -z "$groff_bin" ]; then
		echo "Bail out! no groff"
		exit 1
	fi
	if [ "$groff_bin" = "$groff_root" ]; then
		GROFF_FONT_PATH=$(echo "$groff_root"/usr/share/groff/*.*/font)
		GROFF_TMAC_PATH=$(echo "$groff_root"/usr/share/groff/*.*/tmac)
		export GROFF_FONT_PATH GROFF_TMAC_PATH
	else
		groff_root=
	fi
	groff_is=$(groff_version)
}

# A page as readers get it, so that the title's placeholders raise no warning.
ready() {	# page
	sed '/^\.TH/{s/(date)/2026-01-01/;s/(unreleased)/6.20/;}' "$1"
}

check_source() {
	awk -f tests/pages/lint.awk "$1"
}

# mandoc has ENTRIES of lower case in mind only where the name is that of a call.
check_mandoc() {
	ready "$1" >"$work/ready"
	(cd "$work" && mandoc -Tlint ready) |
		grep -v 'STYLE: lower case character in document title' |
		sed "s,^mandoc: ready:\([0-9]*\):[0-9]*:,$1:\1: mandoc:,"
}

check_groff() {		# page, width
	ready "$1" >"$work/ready"
	tbl <"$work/ready" 2>"$work/tbl" >"$work/ready.tbl"
	sed "s,^tbl:[^:]*:\([0-9]*\):,$1:\1: groff: tbl:," "$work/tbl"
	# -mandoc finds its macros only beside the program's own
	(cd "$work" && groff_run troff -mandoc -wbreak -rS12 -rU0 -Tutf8 "-rLL=$2n" \
		-rCHECKSTYLE=3 -ww ready.tbl 2>messages) >"$work/troff"
	# The fifth argument names a manual, which -mandoc does by itself.
	grep -v 'missing fifth argument' "$work/messages" |
		sed "s,^[^ :]*troff:[^:]*:\([0-9]*\):,$1:\1: groff:,"
	groff_run grotty -c <"$work/troff" 2>"$work/grotty" | col -bpx | grep -n '.\{81\}' |
		sed "s,^,$1: width: ,"
}

check_references() {
	references "$1" | while read -r line name section; do
		grep -qxF "$name $section" "$work/known" ||
			echo "$1:$line: reference: there is no $name($section)"
	done
}

# Prose alone: no code, no comments, no names of things.
prose() {
	sed -e '/^\.EX/,/^\.EE/d' -e '/^\.nf/,/^\.fi/d' -e '/^\.\\"/d' -e '/^\.TH/d' "$1" |
		sed -e '/^\.\(B\|I\|BR\|RB\|BI\|IB\|RI\|IR\) /{
			s/^\.[A-Z]* *//
			/^[A-Za-z_.:]*[_:.][A-Za-z_.:]*\( .*\)*$/d
			/([0-9][a-z]*)/d
		}' -e 's/^\.[A-Za-z][A-Za-z]*//' -e 's/\\[:&]//g' -e 's/\\~/ /g' \
			-e 's/\\f.//g' -e 's/\\(../ /g' -e 's/\\\[[a-z]*\]/ /g'
}

check_spelling() {
	prose "$1" >"$work/prose"
	tr -s '[:blank:]"' '\n' <"$work/prose" | grep -v '[_/0-9]' | grep -v '^[^a-z]*$' |
		sed "s/'s\([^a-z]*\)\$/\1/" | aspell list --lang=en_US --ignore=1 | sort -u |
		grep -vxF -f tests/pages/words | sed "s,^,$1: spelling: ,"
	if command -v codespell >/dev/null; then
		codespell - <"$work/prose" | sed -n "s,^	*\(.* ==> .*\),$1: codespell: \1,p"
	fi
}

for program in mandoc troff aspell col awk; do
	command -v $program >/dev/null || { echo "Bail out! no $program"; exit 1; }
done
choose_groff
debian_pages >"$work/known"
[ -s "$work/known" ] || { echo "Bail out! Debian's manpages packages are not installed"; exit 1; }
for page in $(our_pages); do
	echo "$(page_name "$page") $(page_section "$page")"
done >>"$work/known"
echo "uffdio_move_contract 7" >>"$work/known"	# the contract's, which is generated

# Everything that is wrong with a page.
check_all() {
	check_source "$1"
	check_mandoc "$1"
	check_groff "$1" 65
	check_groff "$1" 78
	check_references "$1"
	check_spelling "$1"
}

# The check that a rule belongs to.
check_rule() {		# rule, page
	case $1 in
	mandoc)			check_mandoc "$2" ;;
	groff | width)		check_groff "$2" 65 ;;
	reference)		check_references "$2" ;;
	spelling | codespell)	check_spelling "$2" ;;
	*)			check_source "$2" ;;
	esac
}

self_test() {
	good=man2const/UFFDIO_ZEROPAGE.2const
	said=$(check_all "$good")
	tap_silent "the page that is broken below is good" "$said"
	mkdir "$work/bad"
	bad=$work/bad/${good##*/}
	while IFS='	' read -r rule edit; do
		case $rule in "" | \#*) continue ;; esac
		sed -e "$edit" "$good" >"$bad"
		if cmp -s "$good" "$bad"; then
			tap "not ok" "$rule: $edit" "the edit changes nothing"
			continue
		fi
		said=$(check_rule "$rule" "$bad" | sed "s,^$work/bad/,,")
		if printf '%s\n' "$said" | grep -q "^[^ ]* $rule:"; then
			tap ok "$rule: $edit"
		else
			tap "not ok" "$rule: $edit" "${said:-nothing was refused}"
		fi
	done <tests/pages/bad-pages
	# Only newer ones check style: what they alone refuse must be heard.
	if printf '1.23\n%s\n' "$groff_is" | sort -VC; then
		sed 's/^\.TH .*/.TH UFFDIO_ZEROPAGE/' "$good" >"$bad"
		said=$(check_groff "$bad" 78)
		if [ -n "$said" ]; then
			tap ok "groff's checks of style"
		else
			tap "not ok" "groff's checks of style" "nothing was refused"
		fi
	else
		tap_skip "groff's checks of style" "groff $groff_is is older than 1.23"
	fi
}

if [ "${1:-}" = --findings ]; then
	check_all "$2" | grep -v ':[0-9]*: source: ' |
		sed -e "s,^$2,,;s,^${2##*/},," -e "s/[0-9][0-9]*://g" | sort
	exit
fi
if [ "${1:-}" = --self-test ]; then
	self_test
	tap_end
	exit
fi

# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(our_pages)
echo "# groff $groff_is, $(mandoc -V 2>/dev/null || dpkg-query -W mandoc | tr '\t' ' ')"
for page; do
	[ -f "$page" ] || { tap "not ok" "$page" "there is no such page"; continue; }
	tap_silent "$page: source" "$(check_source "$page")"
	tap_silent "$page: mandoc" "$(check_mandoc "$page")"
	tap_silent "$page: groff at 65 columns" "$(check_groff "$page" 65)"
	tap_silent "$page: groff at 80 columns" "$(check_groff "$page" 78)"
	tap_silent "$page: references" "$(check_references "$page")"
	tap_silent "$page: spelling" "$(check_spelling "$page")"
done
tap_end
