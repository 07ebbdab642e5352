#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: report-in-vm.sh [OPTION]... PROGRAM [ARGUMENT]...
#
# Runs PROGRAM, the conformance program, in a guest whose kernel KERNEL and ARCH name
# (kernel-patch/vm/boot.sh), up to a report that is complete.  Where the kernel goes down
# or hangs, it is booted once more with the test at which it did: if that is so again, or if
# the test is known to do that to some kernels, the report is made without it, and has that
# test, and the line that the kernel left, as what it is.  An emulated processor, or the
# host, may fail too, and does so elsewhere.
#
#   --downs FILE      append to FILE a line "NAME:LINE" for each such test, and
#                     "complaint:LINE" for what the kernel complained of besides
#   --limit SECONDS   how long a guest may take (1800)
#   --stall SECONDS   how long it may say nothing (400)
#
# Exit status: PROGRAM's, if it came to its end; otherwise boot.sh's.

set -u
cd "$(dirname "$0")/../.." || exit 125
MOST_BOOTS=8	# of all tests
stall=400	# in which the slowest test ends on any machine
# Of what QEMU emulates some are several times as slow as others.
case ${ARCH-} in
s390x | ppc64el | riscv64) patience=20 ;;
*) patience=5 ;;
esac

die() { echo "${0##*/}: $*" >&2; exit 125; }

downs_file=/dev/null limit=1800
while [[ ${1-} == --* ]]; do
	[ $# -ge 2 ] || die "$1 wants a value"
	case $1 in
	--downs) downs_file=$2 ;;
	--limit) limit=$2 ;;
	--stall) stall=$2 ;;
	*) die "unknown option $1" ;;
	esac
	shift 2
done
[ $# -ge 1 ] || die "which program?"
program=$1
shift

work=$(mktemp -d) || exit 125
trap 'rm -rf "$work"' EXIT
guest=
# shellcheck disable=SC2317 # called by the trap
interrupted()
{
	[ -z "$guest" ] || kill "$guest" 2>/dev/null
	wait
	exit 130
}
trap interrupted INT TERM HUP

first_complaint() # FILE
{
	grep -as -m 1 -E -f kernel-patch/vm/complaints "$1" |
		sed -E 's/^(\[ *[0-9.]+\]|<[0-9]+>)* *//' | tr -d '\r' | cut -c1-160
}

# The name of the test that was announced last, and what the console has after that.
last_announced()
{
	announcements | sed 's/.*uffdio-move-conformance: \([^ ]*\) begins.*/\1/'
}

announcements()
{
	grep -as 'uffdio-move-conformance: [^ ]* begins' "$work/console" | tail -n 1
}

# May the test that was announced last take a machine down?
is_hazard()
{
	announcements | grep -q 'may take the machine down'
}

after_last_announced()
{
	tac "$work/console" | sed '/uffdio-move-conformance: .* begins/q' | tac
}

# Returns boot.sh's status; the program's is in $work/status, if it came to its end.
boot() # ARGUMENT...
{
	rm -f "$work/status"
	kernel-patch/vm/boot.sh --limit "$limit" --stall "$stall" --log "$work/console" \
		--status "$work/status" --append "printk.devkmsg=on" "$program" --patience $patience \
		--announce /dev/kmsg "$@" >"$work/output" 2>"$work/errors" &
	guest=$!
	wait $guest
}

# What the kernel said when it went down.
last_words() # STATUS
{
	local line

	after_last_announced >"$work/end"
	line=$(first_complaint "$work/end")
	if [ ! "$line" ] && [ "$1" -eq 124 ]; then
		line="it hung"
	fi
	echo "${line:-it went down without a word}"
}

# Where it goes down by a hazard, the program leaves out the other tests of the same one.
arguments=(--hazards) seen=' ' unstarted=0
for ((boots = 1; boots <= MOST_BOOTS; boots++)); do
	boot "${arguments[@]}" "$@"
	status=$?
	test=$(last_announced)
	if [ -f "$work/status" ] || [ $status -eq 125 ]; then
		break
	fi
	# It did not come as far as a test; an emulated machine may fail to boot now and then.
	if [ ! "$test" ]; then
		[ $((++unstarted)) -lt 3 ] || break
		continue
	fi
	line=$(last_words $status)
	echo "${0##*/}: the kernel went down at $test: $line" >&2
	if [[ $seen != *" $test "* ]] && ! is_hazard; then
		seen+="$test "
		boot --hazards --test "$test"
		[ ! -f "$work/status" ] || continue
	fi
	echo "$test:$line" >>"$downs_file"
	arguments+=(--down "$test:$line")
done

cat "$work/output"
if [ -f "$work/status" ]; then
	# What a guest tells besides its complaints is the program's.
	complaint=$(first_complaint "$work/console")
	if [ "$complaint" ]; then
		echo "${0##*/}: the kernel complained: $complaint" >&2
		echo "complaint:$complaint" >>"$downs_file"
	fi
	# The complaint was told.
	grep -v "^boot.sh: the guest's kernel complained" "$work/errors" >&2
	exit "$(cat "$work/status")"
fi
cat "$work/errors" >&2
exit "$status"
