#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-program.sh [PAGE PROGRAM]
#        check-program.sh --self-test
#
# Takes the program out of the EXAMPLES of a page, as the man-pages project does,
# and holds it against the file it comes from: identical but for the file's head, clean
# under gcc and clang with all warnings, and running.  Prints flat TAP.  Without a page, does
# so with each that has one.  With --self-test, gives itself programs that are wrong in one
# way each.

set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
# shellcheck source=/dev/null
. tests/pages/lib.sh

# An edit of both page and program, or of the page alone.
bad() {			# what is wrong, both|page, edit
	sed "$3" man2const/UFFDIO_MOVE.2const >"$work/bad.2const"
	cp examples/uffdio_move.c "$work/bad.c"
	[ "$2" = page ] || sed -i "$3" "$work/bad.c"
	if cmp -s man2const/UFFDIO_MOVE.2const "$work/bad.2const"; then
		tap "not ok" "$1" "the edit changes nothing"
	elif said=$(tests/pages/check-program.sh "$work/bad.2const" "$work/bad.c"); then
		tap "not ok" "noticed: $1" "$said"
	else
		tap ok "noticed: $1"
	fi
}

if [ "${1:-}" = --self-test ]; then
	if said=$(tests/pages/check-program.sh); then
		tap ok "what is edited below is good"
	else
		tap "not ok" "what is edited below is good" "$said"
	fi
	bad "a page that says something else" page 's/^static int     fd;/static int     ufd;/'
	bad "a page without a program" page '/SRC BEGIN/d'
	bad "a program that does not compile" both 's/^static int     fd;/static int     ufd;/'
	bad "a program with a warning" both 's/^static int     fd;/static int     unused, fd;/'
	bad "a program that fails" both 's/ == 0 ? EXIT_SUCCESS/ != 0 ? EXIT_SUCCESS/'
	bad "a program that prints something else" both 's/"moved"/"has moved"/'
	bad "a program that does not end" both 's/    move_range(to, from, 4/    pause(); move_range(to, from, 4/'
	tap_end
	exit
fi

check_program() {	# page, program
	page=$1
	program=$2
	taken=$work/taken.c

	# Without a title mandoc indents nothing, and frames the text in two lines.
	sed -n '/^\.\\" SRC BEGIN/,/^\.\\" SRC END/p' "$page" |
		mandoc -Tutf8 -O width=200 2>/dev/null | col -pbx | sed -e '1d' -e '$d' |
		sed -e '1{/^$/d}' | sed -e '${/^$/d}' >"$taken"

	if [ ! -s "$taken" ]; then
		tap "not ok" "$page has a program" "no .\\\" SRC BEGIN .. .\\\" SRC END in it"
		return
	fi
	sed '1,/^\/\* From here on in the page/d' "$program" | diff -u - "$taken" >"$work/differs"
	tap_silent "the program in $page is $program" "$(cat "$work/differs")"
	tap_silent "it has no line over 80 columns" "$(grep -n '.\{81\}' "$taken")"

	for compiler in gcc clang; do
		if ! command -v $compiler >/dev/null; then
			tap_skip "$compiler compiles it" "no $compiler"
			continue
		fi
		if $compiler -Wall -Wextra -Werror -O2 -o "$work/$compiler" "$program" 2>"$work/errors"; then
			tap ok "$compiler compiles it"
		else
			tap "not ok" "$compiler compiles it" "$(cat "$work/errors")"
			continue
		fi
		timeout -s KILL 60 "$work/$compiler" >"$work/output" 2>&1
		case $? in
		0)	tap ok "it runs, compiled by $compiler" ;;
		77)	tap_skip "it runs, compiled by $compiler" "$(tail -n 1 "$work/output")" ;;
		*)	tap "not ok" "it runs, compiled by $compiler" "$(cat "$work/output")" ;;
		esac
		# What the program's own head says that it prints.
		sed -n '/^ \* Prints:$/,/^ \*\//s/^ \*     //p' "$program" >"$work/promised"
		if [ -s "$work/promised" ] && [ -s "$work/output" ]; then
			tap_silent "it prints what it says, compiled by $compiler" \
				"$(diff -u "$work/promised" "$work/output")"
		fi
	done
}

if [ $# -eq 2 ]; then
	check_program "$1" "$2"
else
	# shellcheck disable=SC2046
	for page in $(grep -l 'SRC BEGIN' $(our_pages)); do
		check_program "$page" \
			"examples/$(sed -n 's/^\.\\" SRC BEGIN (\(.*\))$/\1/p' "$page")"
	done
fi
tap_end
