#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-bad-contracts.sh SPECGEN
#        check-bad-contracts.sh --seeds DIR
#
# Gives specgen contracts that are wrong in one way each and looks at what it
# says: the exact place, the reason, one line, exit status 1, and no output file
# touched.  Prints flat TAP.
#
# A wrong contract is bad-contracts/valid.yaml with one edit; bad-contracts/cases
# lists them.  So it is with proposals, which extend that one: bad-proposals.  What an
# edit cannot say - no file, no permission, too large a file - stands at the end of this
# script.
#
# With --seeds, writes the contracts of the table into DIR and runs nothing.
#
# SPECGEN_UNDER names a command to run specgen under, for example
# "valgrind -q --error-exitcode=99".

set -u
export LC_ALL=C

seeds=
[ "${1:-}" = --seeds ] && [ -d "${2:-}" ] && seeds=$(cd "$2" && pwd) && shift
[ $# -eq 1 ] || { echo "usage: $0 SPECGEN | --seeds DIR" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# a place that any user may look into: one case changes the user
chmod 755 "$work"
[ "$seeds" ] || { cp "$1" "$work/specgen" && chmod 755 "$work/specgen"; } || exit 1
cd "$here/../.." || exit 1
contract=$work/contract.yaml
base=		# what the contract under test extends, if it is a proposal
count=0
failed=0

result() {	# ok|"not ok", name, what was seen
	count=$((count + 1))
	last=$1
	echo "$1 $count - $2"
	[ "$1" = ok ] && return
	failed=$((failed + 1))
	printf '%s\n' "$3" | sed 's/^/# /'
}

# Run specgen on the contract; sets status, leaves its words in $work/errors.
run() {		# specgen's arguments
	# shellcheck disable=SC2086 # words of a command
	timeout -s KILL 60 ${SPECGEN_UNDER:-} "$work/specgen" "$@" >"$work/words" 2>"$work/errors"
	status=$?
}

# All that could change in the directory of output files.
output_state() {
	ls -lR --time-style=full-iso "$work/output"
	find "$work/output" -type f -exec cksum {} +
}

# Hold what the last run did against what is expected of a refusal.
judge_refusal() {	# name, LINE:COLUMN, text, number of errors
	if [ "$status" -ne 1 ]; then
		seen="exit status $status"
	elif [ -s "$work/words" ]; then
		seen="words on standard output"
	elif [ "$(output_state)" != "$untouched" ]; then
		seen="an output file was touched"
	elif grep -qv "^$contract:[0-9]*:[0-9]*: error: ." "$work/errors"; then
		seen="a line of another form"
	elif [ "$(wc -l <"$work/errors")" -ne "$4" ]; then
		seen="not $4 error(s)"
	elif ! grep -F "$contract:$2: error: " "$work/errors" | grep -qF -- "$3"; then
		seen="not the place and reason expected: $2: $3"
	else
		result ok "$1"
		return
	fi
	result "not ok" "$1" "$seen
$(cat "$work/errors")"
}

refuse() {		# name, LINE:COLUMN, text, number of errors
	run -o "$work/output" ${base:+--proposal "$contract"} "${base:-$contract}"
	judge_refusal "$@"
}

# What contract_functions.c includes of the conformance program, and what surrounds the
# kernel's cases, as far as they need it to compile.
write_surroundings() {
	mkdir -p "$work/around/call"
	cat >"$work/around/call/call.h" <<'END'
struct call;
struct variation_step { const char *name; void (*apply)(struct call *call); };
extern const struct variation_step variation_steps[];
END
	cat >"$work/around/run.h" <<'END'
struct test;
extern void (*const scenario_functions[])(struct test *t);
END
	cat >"$work/around/cases.c" <<'END'
#include <errno.h>
#include <stdbool.h>
#include <uffdio_move.h>
#include "modes.h"
enum { UNTOUCHED = -3, NEGATED, UNSEEN, NO_CURE = 0, STORE, REPEAT };
struct state { char letter, looks; bool huge, edge; const char *is, *needs; };
struct ending { int error, move; const char *source, *destination; int cause, cure; };
struct plan {
	int from, to, letters;
	const char *shows, *source, *destination;
	__u64 mode;
	const char *with;
	struct ending endings[64];
};
#define CASE_AT(from, to, letters, name, shows, source, destination, mode, with, ...) \
	const struct plan name = { from, to, letters, shows, source, destination, mode, with, \
				   { __VA_ARGS__ } }
#define CASE_OF(...)	CASE_AT(0, 0, 0, __VA_ARGS__)
#include <uffdio_move_cases.h>
const struct state *const all_states = states;
END
}

# Is what was written C, for a compiler that is strict and knows trigraphs, and man(7)?
is_well_formed() {
	sed -n 's/^#define SMALL_MOVE_MODE_\([A-Z_]*\).*/#define \1 SMALL_MOVE_MODE_\1/p' \
		"$work/fresh/uffdio_move.h" >"$work/fresh/modes.h"
	for file in "$work/fresh/contract_tables.c" "$work/fresh/contract_functions.c" \
			"$work/around/cases.c"; do
		${CC:-cc} -std=gnu11 -trigraphs -Wall -Wextra -Werror -fsyntax-only -I"$work/fresh" \
			-I"$work/around" -Ispec/specgen "$file" >>"$work/errors" 2>&1 || return
	done
	mandoc -Kutf-8 -Tlint -Werror "$work/fresh"/uffdio_move_*.7 >>"$work/errors" 2>&1
}

accept() {		# name
	rm -rf "$work/fresh"
	mkdir "$work/fresh"
	run -o "$work/fresh" ${base:+--proposal "$contract"} "${base:-$contract}"
	if [ "$status" -ne 0 ] || [ -s "$work/errors" ]; then
		result "not ok" "$1" "exit status $status
$(cat "$work/errors")"
	elif [ -z "$(ls "$work/fresh")" ]; then
		result "not ok" "$1" "nothing was written"
	elif ! is_well_formed; then
		result "not ok" "$1" "$(head -n 20 "$work/errors")"
	else
		result ok "$1"
	fi
}

# One block of the table of cases.
run_case() {
	[ -n "$name" ] || return
	sed -f "$work/edit" "$valid" >"$contract"
	if [ "$seeds" ]; then
		count=$((count + 1))
		{ [ -z "$base" ] || { cat "$base"; echo '#proposal'; }; cat "$contract"; } >"$seeds/$count.yaml"
	elif cmp -s "$contract" "$valid"; then
		result "not ok" "$name" "the edit changes nothing"
	elif [ "$kind" = good ]; then
		accept "accepted: $name"
	else
		refuse "refused: $name" "$place" "$text" "$errors"
	fi
}

run_table() {		# directory
	valid=$here/$1/valid.yaml
	name=
	while IFS= read -r line; do
		rest=${line#* }
		case $line in
		"bad "* | "good "*)
			run_case
			kind=${line%% *} name=$rest place='' text='' errors=1
			: >"$work/edit"
			;;
		"edit "*) printf '%s\n' "$rest" >>"$work/edit" ;;
		"at "*) place=$rest ;;
		"says "*) text=$rest ;;
		"errors "*) errors=$rest ;;
		"" | "#"*) ;;
		*) result "not ok" "table of cases" "$line" ;;
		esac
	done <"$here/$1/cases"
	run_case
}

# A user other than root has no permission where the mode says so.
run_unprivileged() {
	if [ "$(id -u)" -eq 0 ]; then
		SPECGEN_UNDER="setpriv --reuid 65534 --regid 65534 --clear-groups ${SPECGEN_UNDER:-}" \
			run "$@"
	else
		run "$@"
	fi
}

run_files() {
	rm -f "$contract"
	base=$here/bad-contracts/valid.yaml
	refuse "refused: no such proposal" 1:1 "No such file or directory" 1
	base=
	refuse "refused: no such file" 1:1 "No such file or directory" 1

	mkdir "$contract"
	refuse "refused: a directory" 1:1 "Is a directory" 1
	rmdir "$contract"

	mkfifo "$contract"
	refuse "refused: a FIFO that nobody writes to" 1:1 "not a regular file" 1
	rm -f "$contract"

	: >"$contract"
	refuse "refused: an empty file" 1:1 "empty" 1

	cp "$valid" "$contract"
	chmod 000 "$contract"
	run_unprivileged -o "$work/output" "$contract"
	judge_refusal "refused: a file without permission" 1:1 "Permission denied" 1
	chmod 644 "$contract"

	# right from end to end, but for its size
	yes '# padding' | head -c 100000000 | cat "$valid" - >"$contract"
	started=$(date +%s)
	refuse "refused: a file of 100 MB" 1:1 "larger than 4 MiB" 1
	seconds=$(($(date +%s) - started))
	if [ "$last" = ok ] && [ "$seconds" -le 2 ]; then
		result ok "a file of 100 MB is refused at once"
	else
		result "not ok" "a file of 100 MB is refused at once" "after $seconds seconds"
	fi
	yes '# padding' | head -c 4194304 | cat "$valid" - | head -c 4194304 >"$contract"
	accept "accepted: a file of 4 MiB"
	printf '\n' >>"$contract"
	refuse "refused: a file of 4 MiB and a byte" 1:1 "larger than 4 MiB" 1

	head -c 1000000 /dev/zero | tr '\0' '[' >"$contract"
	refuse "refused: lists a million deep" 1:64 "depth" 1

	# as many errors as are printed, and the number of the others
	{ cat "$valid"; seq -f 'unknown-%.0f: 1' 22; } >"$contract"
	refuse "refused: 22 errors, of which 20 are shown" $(($(wc -l <"$valid") + 20)):1 "2 further errors are not shown" 21
}

# What is too much by what a proposal adds is its fault.
run_large_proposals() {
	local small=$here/bad-proposals/valid.yaml

	seq -f '  - {id: rule.n%.0f, level: unspecified, rule: It is., why: It is., untested: it is}' 240 |
		sed '/^rules:/r /dev/stdin' "$small" >"$contract"
	refuse "refused: a proposal by which there are too many clauses" 8:6 "more than 256 clauses" 1
}

run_tables() {
	base=$here/bad-contracts/valid.yaml
	run_table bad-proposals
	base=
	run_table bad-contracts
}

[ "$seeds" ] && run_tables && exit

write_surroundings
cp "$here/bad-contracts/valid.yaml" "$contract"
accept "accepted: the contract without an edit"
cp "$here/bad-proposals/valid.yaml" "$contract"
base=$here/bad-contracts/valid.yaml
accept "accepted: the proposal without an edit"
base=
# what is there before the refusals has to be there afterwards
mkdir "$work/output"
echo kept >"$work/output/kept"
run -o "$work/output" "$here/bad-contracts/valid.yaml"
find "$work/output" -exec touch -d 2001-01-01 {} +
untouched=$(output_state)

run_tables
base=$here/bad-contracts/valid.yaml
run_large_proposals
base=
run_files
echo "1..$count"
[ "$failed" -eq 0 ]
