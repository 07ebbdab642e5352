#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: check-mutants.sh [--renew] GENERATOR SOURCE
#
# Does the list of mutants agree with the series, and does the file of those that no test can
# notice name mutants?  SOURCE has the files of Linux 6.1 that the series changes, as they were.
# With --renew the list is written anew.  Prints TAP; no kernel is built.  With FURTHER it is
# about the mutants of those patches.

# shellcheck source-path=SCRIPTDIR source=../vm/common.sh
. "$(dirname "$0")/../vm/common.sh"
# shellcheck source=../vm/series.sh
. "$vm/series.sh"
# shellcheck source=common.sh
. "$kernel_patch/mutants/common.sh"
# shellcheck source=../../tests/tap.sh
. "$kernel_patch/../tests/tap.sh"
help_if_asked "$@"

renew=
[ "${1-}" != --renew ] || { renew=1; shift; }
[ $# -eq 2 ] || { say "--help tells the usage"; exit 2; }
generator=$(realpath "$1") source=$2
enough=250	# mutants
[ -z "$further" ] || enough=100

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

apply_patches() # DIR
{
	local patch

	while read -r patch; do
		git -C "$work" apply --include='mm/*' --include='fs/*' --allow-empty "$patch" 2>"$work/log" ||
			die "${patch##*/} does not apply: $(head -n 1 "$work/log")"
	done < <(patches_in "$1")
}

keep_files()
{
	local file

	for file in "${files[@]}"; do
		cp "$work/$file" "$work/$file.orig"
	done
}

# The files without these patches, and with them.
lay_out_files()
{
	cp -r "$source/mm" "$source/fs" "$work/"
	[ -z "$further" ] || apply_patches "$series"
	keep_files
	apply_patches "$mutated"
}

# Each mutant is one: its name is there once.
names_twice() { cut -f 1 "$mutant_list" | sort | uniq -d; }

names_unknown()
{
	awk -F '\t' 'NR == FNR { known[$1]; next } /^#/ || NF == 0 { next }
		!($1 in known) { print $1 ": there is no such mutant" }
		NF != 3 || $2 !~ /^(equivalent|race)$/ || $3 == "" {
			print $1 ": the line is to have a name, equivalent or race, and a reason" }
		seen[$1]++ { print $1 ": it is named twice" }' "$mutant_list" "$unnoticed"
}

mapfile -t files < <(mutated_files)
lay_out_files
generate_mutants "$generator" "$work" "${files[@]}" >"$work/all" 2>"$work/log" ||
	die "$(head -n 1 "$work/log")"
without_lines <"$work/all" >"$work/list"
if [ "$renew" ]; then
	cp "$work/list" "$mutant_list"
	say "$(wc -l <"$mutant_list") mutants in $mutant_list"
	exit
fi

evidence=$work/diff	# of what tap.sh says
diff "$mutant_list" "$work/list" >"$work/diff" && status=0 || status=1
result "$status" "the list of mutants is that of the series ('make mutants' renews it)"
names_twice >"$work/diff"
[ ! -s "$work/diff" ] && status=0 || status=1
result "$status" "each has a name of its own"
[ "$(wc -l <"$work/list")" -ge $enough ] && status=0 || status=1
result "$status" "there are $(wc -l <"$work/list") of them, $enough at least"
names_unknown >"$work/diff"
[ ! -s "$work/diff" ] && status=0 || status=1
result "$status" "those that no test can notice are named with a reason"
finish
