#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-examples.sh [MODE...]
#
#   here            each program, copied elsewhere together with example.h only, is
#                   compiled by its own first lines, and prints what they promise
#   gcc clang       each compiles without a warning, and prints that
#   sanitize        so under AddressSanitizer and UBSan
#   cppcheck clang-tidy     these find nothing
#   aarch64         each compiles for arm64
#   text            the heads are whole, each clause that is cited exists, each that
#                   is not has its reason in tests/examples/examples.tsv, and
#                   examples/README.md has the tables that follow from the heads
#   build DIR [MODE]        for another machine: static programs and their promises
#                   into DIR; or those that promise something for a kernel which has
#                   a mode that is proposed
#   run DIR         what was built there, run; needs no compiler, only DIR
#   readme          writes the tables into examples/README.md
#
# Without a mode: text, here.  Environment: SPECGEN (build/specgen), CC and CFLAGS
# (for build), SECONDS_EACH (150) which a program may take, TIMES (1) that it is run.
#
# Prints flat TAP; what a tool or a machine lacks is a skip that says so.  Exit
# status 1 if anything failed.

set -u
export LC_ALL=C
: "${SPECGEN:=build/specgen}" "${SECONDS_EACH:=150}" "${TIMES:=1}"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
count=0
failed=0

tap() {		# ok | "not ok", what, comment
	count=$((count + 1))
	echo "$1 $count - $2"
	[ "$1" = ok ] && return
	failed=$((failed + 1))
	printf '%s\n' "$3" | sed 's/^/# /'
}

skip() {	# what, why
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

silent() {	# what, output that should be empty
	if [ -z "$2" ]; then tap ok "$1" ""; else tap "not ok" "$1" "$2"; fi
}

# --- the heads -----------------------------------------------------------------

# Programs in the order in which they may be read; others come behind.
programs() {
	for p in userfaultfd uffdio_move one_page range short_move holes dontwake exists copy_instead \
		fork_shared pinned allow_copy probe registration events einval argument markers locked \
		zero_page huge_page swapped same_page ordinary reference lazily_freed \
		write_protection fork_child fork_event signals two_movers overlap \
		compact pager relocate; do
		[ -e "examples/$p.c" ] && echo $p
	done >"$work/order"
	cat "$work/order"
	for p in examples/*.c; do
		p=${p##*/}
		grep -qx "${p%.c}" "$work/order" || echo "${p%.c}"
	done
}

head_of() {	# program
	sed -n '/^ \*\/$/q;p' "examples/$1.c"
}

field() {	# program, field: its text, in one line
	head_of "$1" | awk -v field=" * $2: " '
	index($0, field) == 1 { on = 1; printf "%s", substr($0, length(field) + 1); next }
	on && /^ \*     ./ { sub(/^ \* +/, " "); printf "%s", $0; next }
	on { exit }'
}

question() {	# program
	head_of "$1" | sed -n "s|^ \* $1\.c - ||p"
}

promise() {	# program, mode: the lines that it prints, or does where the kernel has that mode
	head_of "$1" | awk -v title=" * Prints${2:+ with $2}" '
	/^ \* [^ ]/ { on = index($0, title ":") == 1 || index($0, title " (") == 1; next }
	on && sub(/^ \*     /, "")'
}

cited_below() {	# section page
	sed -n "/^\.S[HS] \"\{0,1\}$1\"\{0,1\}\$/,/^\.S[HS] /p" "$2" | grep '^\.\\"' | grep -o '[a-z][a-z-]*\.[a-z][a-z-]*'
}

check_head() {	# program
	first=$(sed -n 1p "examples/$1.c")
	[ "$first" = "// SPDX-License-Identifier: MIT" ] || echo "no SPDX line: $first"
	case $(question "$1") in *\?) ;; *) echo "no question" ;; esac
	for f in Shows Clauses Page Compile Run; do
		[ -n "$(field "$1" $f)" ] || echo "no $f:"
	done
	[ -n "$(promise "$1")" ] || echo "no promise"
	[ "$(field "$1" Run)" = "./$1" ] || echo "Run: is not ./$1"
	# uffdio_move.c stands alone, and so has what is in example.h elsewhere.
	case $1 in
	compact | pager | relocate) limit=310 ;;
	uffdio_move) limit=130 ;;
	*) limit=150 ;;
	esac
	[ "$(wc -l <"examples/$1.c")" -lt "$limit" ] || echo "$limit lines or more"
	grep -n '.\{81\}' "examples/$1.c"
	grep -n "$(printf '\t')" "examples/$1.c"
	page=$(field "$1" Page | sed -n 's/^\([A-Za-z_]*\)(\(2[a-z]*\)), ".*"$/man\2\/\1.\2/p')
	section=$(field "$1" Page | sed -n 's/^.*, "\(.*\)"$/\1/p')
	if [ -z "$page" ] || [ ! -e "$page" ]; then
		echo 'Page: is not a page of ours, as UFFDIO_MOVE(2const), "SECTION"'
	elif ! grep -qx "\.S[HS] \"\{0,1\}$section\"\{0,1\}" "$page"; then
		echo "the page has no section \"$section\""
	elif [ "$section" != EXAMPLES ]; then
		cited_below "$section" "$page" | grep -qxF "$(field "$1" Clauses | grep -o '[a-z][a-z-]*\.[a-z][a-z-]*')" ||
			echo "no clause of it is cited below \"$section\""
	fi
}

# --- examples/README.md --------------------------------------------------------

tables() {
	echo "| question | program | clauses | page |"
	echo "| --- | --- | --- | --- |"
	programs | while read -r p; do
		printf '| %s | [%s.c](%s.c) | %s | %s |\n' "$(question "$p")" "$p" "$p" \
			"$(field "$p" Clauses | tr '[]' '``')" \
			"$(field "$p" Page | sed 's/^UFFDIO_MOVE(2const), //;s/"//g')"
	done
	echo
	echo "No program shows these clauses:"
	echo
	echo "| clause | why |"
	echo "| --- | --- |"
	awk -F '\t' '!/^#/ { printf "| `%s` | %s |\n", $1, $2 }' tests/examples/examples.tsv
}

begin='<!-- From here on: tests/examples/check-examples.sh readme -->'

readme() {
	awk -v begin="$begin" '{ print } $0 == begin { exit }' examples/README.md
	echo
	tables
}

# --- what a program prints -----------------------------------------------------

# Prints what differs.  <number> in a promise stands for digits.
compare() {	# promise, output
	awk -v promise="$1" '
	function fits(text, pattern,    at, part) {
		while ((at = index(pattern, "<number>")) > 0) {
			part = substr(pattern, 1, at - 1)
			if (substr(text, 1, at - 1) != part) return 0
			text = substr(text, at)
			pattern = substr(pattern, at + 8)
			if (!match(text, /^[0-9]+/)) return 0
			text = substr(text, RLENGTH + 1)
		}
		return text == pattern
	}
	{
		if ((getline wanted < promise) <= 0) print "not promised: " $0
		else if (!fits($0, wanted)) print "promised: " wanted "\nprinted:  " $0
	}
	END { while ((getline wanted < promise) > 0) print "not printed: " wanted }
	' "$2"
}

run_program() {	# what, program, promise
	times=$TIMES
	while [ "$times" -gt 0 ]; do
		times=$((times - 1))
		timeout -s KILL "$SECONDS_EACH" "$2" >"$work/output" 2>"$work/errors"
		status=$?
		case $status in
		0)	wrong=$(compare "$3" "$work/output"; cat "$work/errors") ;;
		77)	skip "$1" "$(sed 's/.*: this machine cannot show it: //' "$work/errors")"
			return ;;
		*)	wrong="exit status $status
$(cat "$work/output" "$work/errors")" ;;
		esac
		if [ -n "$wrong" ]; then
			tap "not ok" "$1" "$wrong"
			return
		fi
	done
	tap ok "$1" ""
}

compile_and_run() {	# how, compiler and flags...
	how=$1
	shift
	for p in $(programs); do
		if "$@" -pthread -o "$work/program" "examples/$p.c" >"$work/log" 2>&1; then
			promise "$p" >"$work/promise"
			run_program "$p prints what it promises, $how" "$work/program" \
				"$work/promise"
		else
			tap "not ok" "$p compiles, $how" "$(cat "$work/log")"
		fi
	done
}

warnings="-std=gnu11 -O2 -Wall -Wextra -Wpedantic -Werror"

have() {	# tool, what is skipped
	command -v "$1" >/dev/null && return
	skip "$2" "no $1"
	return 1
}

# --- the modes -----------------------------------------------------------------

mode_text() {
	for p in $(programs); do
		silent "the head of $p.c is whole" "$(check_head "$p")"
	done
	if [ -x "$SPECGEN" ]; then
		"$SPECGEN" --trace spec/uffdio_move.yaml examples/*.[ch] >"$work/trace" \
			2>"$work/errors"
		silent "each clause that an example cites exists" \
			"$(grep '^examples/' "$work/errors")"
		awk 'NR > 1 && $NF != "-" { print $1 }' "$work/trace" | sort >"$work/cited"
		awk 'NR > 1 && $NF == "-" { print $1 }' "$work/trace" | sort >"$work/uncited"
		grep -v "^#" tests/examples/examples.tsv | cut -f 1 | sort >"$work/excused"
		silent "each clause is shown, or has its reason" \
			"$(comm -23 "$work/uncited" "$work/excused")"
		silent "no reason is given for what is shown, or is no clause" \
			"$(comm -13 "$work/uncited" "$work/excused")"
	else
		skip "each clause that is cited exists" "no $SPECGEN"
	fi
	# The header asserts the interface, whoever has defined it.
	for p in example.h uffdio_move.c; do
		silent "$p has the interface as it is" "$(printf '#include "%s"\n' "examples/$p" \
			"${SPECGEN%/*}/uffdio_move.h" | cc -I. -fsyntax-only -x c - 2>&1)"
	done
	silent "examples/README.md has the tables (check-examples.sh readme)" \
		"$(readme | diff - examples/README.md)"
}

mode_here() {
	for p in $(programs); do
		rm -rf "$work/elsewhere" && mkdir "$work/elsewhere"
		cp "examples/$p.c" examples/example.h "$work/elsewhere"
		promise "$p" >"$work/promise"
		command=$(field "$p" Compile)
		if (cd "$work/elsewhere" && sh -c "$command") >"$work/log" 2>&1 &&
			[ ! -s "$work/log" ]; then
			run_program "$p prints what it promises" "$work/elsewhere/$p" \
				"$work/promise"
		else
			tap "not ok" "$p compiles by its own first lines" "$(cat "$work/log")"
		fi
	done
}

mode_compiler() {
	# shellcheck disable=SC2086
	have "$1" "the programs, compiled by $1" && compile_and_run "compiled by $1" "$1" $warnings
}

mode_sanitize() {
	# Programs end with memory that they need no more.
	export ASAN_OPTIONS=detect_leaks=0
	have gcc "the programs under sanitizers" &&
		compile_and_run "under sanitizers" gcc -g -O1 -fsanitize=address,undefined \
			-fno-sanitize-recover=all
}

mode_cppcheck() {
	have cppcheck "cppcheck finds nothing" || return
	for p in $(programs); do
		silent "cppcheck finds nothing in $p.c" "$(cppcheck --quiet --std=c11 \
			--enable=warning,performance,portability --inline-suppr \
			--template='{file}:{line}: {id}: {message}' "examples/$p.c" 2>&1)"
	done
}

mode_clang_tidy() {
	have clang-tidy "clang-tidy finds nothing" || return
	# Not: that to and from could be swapped; _GNU_SOURCE; Annex K, which glibc lacks;
	# addresses that are integers, which is the interface; small numbers of pages.
	checks='-*,clang-analyzer-*,bugprone-*,performance-*,portability-*'
	checks=$checks,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier
	checks="$checks,-clang-analyzer-security.insecureAPI.*,-performance-no-int-to-ptr"
	checks=$checks,-bugprone-implicit-widening-of-multiplication-result
	checks=$checks,-bugprone-narrowing-conversions
	for p in $(programs); do
		silent "clang-tidy finds nothing in $p.c" "$(clang-tidy --quiet \
			--checks="$checks" --header-filter='example\.h' "examples/$p.c" -- \
			-std=gnu11 2>/dev/null)"
	done
}

mode_aarch64() {
	have aarch64-linux-gnu-gcc "the programs compile for arm64" || return
	for p in $(programs); do
		# shellcheck disable=SC2086
		silent "$p compiles for arm64" "$(aarch64-linux-gnu-gcc $warnings -pthread \
			-o "$work/program" "examples/$p.c" 2>&1)"
	done
}

build() {	# directory, mode
	mkdir -p "$1" || exit 1
	for p in $(programs); do
		promise "$p" "${2-}" >"$1/$p.promise" || exit 1
		[ -s "$1/$p.promise" ] || { rm "$1/$p.promise"; continue; }
		# shellcheck disable=SC2086
		${CC:-cc} ${CFLAGS:--O2} -static -pthread -o "$1/$p" "examples/$p.c" || exit 1
	done
}

run() {		# directory
	for promise in "$1"/*.promise; do
		p=${promise%.promise}
		run_program "${p##*/} prints what it promises" "$p" "$promise"
	done
}

if [ "${1-}" = run ]; then
	[ $# -eq 2 ] || { echo "usage: $0 run DIR" >&2; exit 2; }
	run "$2"
	echo "1..$count"
	[ $failed -eq 0 ]
	exit
fi

cd "$(dirname "$0")/../.." || exit 1
case ${1-} in
build)
	[ $# -eq 2 ] || [ $# -eq 3 ] || { echo "usage: $0 build DIR [MODE]" >&2; exit 2; }
	build "$2" "${3-}"
	exit ;;
readme)
	grep -qxF -e "$begin" examples/README.md || {
		echo "$0: examples/README.md has no line '$begin'" >&2
		exit 1
	}
	readme >"$work/README.md" && cp "$work/README.md" examples/README.md
	exit ;;
esac

[ $# -gt 0 ] || set -- text here
for mode in "$@"; do
	case $mode in
	text | here | sanitize | cppcheck | aarch64)
		"mode_$mode" ;;
	gcc | clang)
		mode_compiler "$mode" ;;
	clang-tidy)
		mode_clang_tidy ;;
	*)
		echo "$0: no mode is called '$mode'" >&2
		exit 2 ;;
	esac
done
echo "1..$count"
[ $failed -eq 0 ]
