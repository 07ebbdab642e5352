#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: check-litmus.sh HERD SOURCE
#
# Does the series order memory as it has to?  Each test here is run by herd7 with the memory
# model of the kernel: what must not happen never does, and does sometimes with any one of
# the test's barriers taken out.  Each barrier that the series adds has its test, as has each
# kind that the fixes for the newest kernel add, in each file, and each that a test pairs it
# with is in the base's source.  Prints TAP.
#
# HERD is where the packages of herdtools7 are unpacked, SOURCE has the kernel's
# tools/memory-model and the files of mm/ that the tests name.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
[ $# -eq 2 ] || { echo "usage: check-litmus.sh HERD SOURCE" >&2; exit 2; }
herd=$(realpath "$1") source=$(realpath "$2")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# shellcheck disable=SC2034 # tap.sh's
evidence=$scratch/said

# Its libc is newer than the system's.
loader=("$herd"/usr/lib*/ld-linux-*.so.*)
libraries=("$herd"/usr/lib/*-linux-gnu)
herd7()
{
	(cd "$source/tools/memory-model" &&
		"${loader[0]}" --library-path "${libraries[0]}" "$herd/usr/bin/herd7" \
			-set-libdir "$herd/usr/share/herdtools7/herd" -conf linux-kernel.cfg "$@")
}

observed() # FILE WHAT NAME
{
	herd7 "$1" >"$scratch/said" 2>&1
	grep -q "^Observation .* $2 " "$scratch/said"
	result $? "$3"
}

# The numbers of the lines that order: behind the comment.
ordering_lines() # TEST
{
	awk '/\*\)$/ { code = 1 } code && /smp_[a-z_]*mb|_acquire\(|_release\(/ { print NR }' "$1"
}

for test in kernel-patch/litmus/*.litmus; do
	name=$(basename "$test" .litmus)
	observed "$PWD/$test" Never "$name: never"
	lines=$(ordering_lines "$test")
	[ "$lines" ]
	result $? "$name: orders something"
	for line in $lines; do
		sed "$line{/smp_/d;s/_acquire(/_relaxed(/;s/_release(/_relaxed(/}" "$test" \
			>"$scratch/weaker.litmus"
		observed "$scratch/weaker.litmus" Sometimes \
			"$name: sometimes without$(sed -n "${line}s/^[^a-z]*/ /p" "$test")"
	done
done

# "mm/userfaultfd.c smp_mb()", as many of each as there are.
added_barriers() # FOLDER
{
	awk '/^\+\+\+ b\// { file = substr($2, 3) }
		/^\+[^+].*smp_[a-z_]*mb[a-z_]*\(/ && file !~ /^tools\// {
			match($0, /smp_[a-z_]*mb[a-z_]*\(/)
			print file, substr($0, RSTART, RLENGTH) ")"
		}' "kernel-patch/$1"/*.patch | sort
}

sed -n 's/^ \* Barrier: //p' kernel-patch/litmus/*.litmus | sort >"$scratch/tested"
added_barriers series | diff "$scratch/tested" - >"$scratch/said"
result $? "each barrier of the series has its test"
# A later patch may move one, or do for a large folio what is done for a page.
added_barriers fixes | uniq | comm -13 "$scratch/tested" - >"$scratch/said"
[ ! -s "$scratch/said" ]
result $? "each kind of barrier of the fixes has its test"
while read -r file call; do
	grep -qF "${call%)}" "$source/$file" 2>"$scratch/said"
	result $? "there is $call in $file"
done < <(sed -n 's/^ \* Pairs with: //p' kernel-patch/litmus/*.litmus)
finish
