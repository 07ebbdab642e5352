#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: mutate.sh [OPTION]... DIRECTORY [MUTANT]...
#
# Does a test notice each slip in the series?  Boots the kernel that has all mutants (see
# README.md) once for each, and runs the contract's tests, the series' selftest, the cases
# written out from the contract, and the stress program, as far as the first that notices it.
# After that the same test must hold without the mutant.  DIRECTORY has the programs: build.
# A MUTANT is a name of the list, or a pattern as a shell has them; all if none is given.
#
#   --stages WORDS  of contract, selftest, cases, stress; "contract,selftest,cases,stress" if
#                   not given.  A further one, debug, is what check-debug.sh runs, on the
#                   kernel of config/debug.config
#   --seconds N     of stress (60)
#   --minutes N     begin no mutant after that time
#   --again         also those that went through unseen, and what is known of them is forgotten
#   --report        run nothing
#   --json          the report as JSON
#
# $JOBS guests at once (2).  What is found is kept in the cache, below mutants/; a run that was
# ended goes on there.  The order is that of a hash, so that a part of a run is a fair sample.
#
# The report goes to standard output.  Exit status: 0 what went through unseen is named in the
# file unnoticed, and nothing there was noticed; 1 it is not so, or not all have been run; 2 usage;
# 125 it could not be run.

# shellcheck source-path=SCRIPTDIR source=../vm/common.sh
. "$(dirname "$0")/../vm/common.sh"
# shellcheck source=../vm/series.sh
. "$vm/series.sh"
# shellcheck source=../vm/selftest.sh
. "$vm/selftest.sh"
# shellcheck source=common.sh
. "$kernel_patch/mutants/common.sh"
# shellcheck source=../../tests/kernels/expected.sh
. "$kernel_patch/../tests/kernels/expected.sh"
unset KERNEL	# of whoever calls: it would be booted in place of ours
help_if_asked "$@"

usage() { say "$*; --help tells the usage"; exit 2; }

all_stages=contract,selftest,cases,stress
debug_stages='contract without-memory failing-allocations stress'
stages=$all_stages seconds=60 minutes='' again='' report_only='' form=table
patience=5	# of the contract's tests: a call that takes 15 s is stuck
limit=300	# seconds for a guest, but for stress
append=	# to the kernel's command line
while [[ ${1-} == --* ]]; do
	case $1 in
	--again) again=1; shift; continue ;;
	--report) report_only=1; shift; continue ;;
	--json) form=json; shift; continue ;;
	esac
	[ $# -ge 2 ] || usage "$1 wants a value, or there is no such option"
	case $1 in
	--stages) stages=$2 ;;
	--seconds) seconds=$2 ;;
	--minutes) minutes=$2 ;;
	*) usage "there is no option $1" ;;
	esac
	shift 2
done
[ $# -ge 1 ] || usage "where are the programs?"
build=$1
shift
for number in "$seconds" "${minutes:-1}" "${JOBS:-2}"; do
	[[ $number =~ ^[1-9][0-9]{0,5}$ ]] || usage "not a number above 0: $number"
done
for stage in ${stages//,/ }; do
	[[ ",$all_stages,debug," == *",$stage,"* ]] || usage "there is no stage $stage"
done
[ -n "$stages" ] || usage "no stage is given"
programs=(uffdio-move-conformance contract-cases stress)
[[ ",$stages," != *,debug,* ]] || programs+=(conformance-without-memory failing-allocations)
for program in mutants "${programs[@]}"; do
	[ -x "$build/$program" ] || die "there is no program $build/$program; 'make mutate' builds it"
done
build=$(realpath "$build")
need_tool jq jq

# NUMBER NAME of those that are asked for, as a hash orders them; those last of which nothing is expected.
wanted_mutants() # PATTERN...
{
	local number=0 name pattern hit
	local -A explained=()

	while IFS=$'\t' read -r name _; do
		[[ $name == \#* ]] || explained[$name]=1
	done <"$mutants/unnoticed"

	while IFS=$'\t' read -r name _; do
		number=$((number + 1))
		hit=$((!$#))
		for pattern; do
			# shellcheck disable=SC2053 # it is one
			[[ $name != $pattern ]] || hit=1
		done
		[ $hit -eq 0 ] || echo "${explained[$name]-0} $(md5sum <<<"$name" | cut -c 1-8) $number $name"
	done <"$mutant_list" | sort | cut -d " " -f 3-
}

for pattern; do
	[ -n "$(wanted_mutants "$pattern")" ] || usage "no mutant is called $pattern"
done

make_cache
image=$("$vm/build.sh" --mutants "$build/mutants")
key=$(basename "$(dirname "$image")")
state=$cache/mutants/${key#base-mutants-}
results=$state/results	# NAME STAGE VERDICT SECONDS WHAT, separated by tabs
mkdir -p "$state" || die "$state cannot be written"
touch "$results"

prepare_selftest()
{
	[ ! -x "$state/uffd-move" ] || return 0
	lock_cache
	unpack_source
	update_tree "$tree" "$(commit_of_series all)"
	mkdir -p "$state/selftest"
	run_logged "$logs/selftests.log" "building the selftest" build_selftest "$tree" "$state/selftest" ||
		die_of "the selftest could not be built" "$logs/selftests.log"
	mv "$state/selftest/uffd-move" "$state/uffd-move"
	exec 8>&-	# boot.sh wants the cache too
}

guest() # WORK IMAGE NUMBER WORD...: its output in WORK/out
{
	local work=$1 kernel=$2 number=$3 status=0 program files=()
	shift 3

	for program in "${programs[@]}"; do
		files+=(--file "$build/$program")
	done
	setpriv --pdeathsig TERM "$vm/boot.sh" --kernel "$kernel" --limit $((limit + seconds)) --log "$work/console" \
		--append "uffdio_move_mutant=$number $append" "${files[@]}" --file "$state/uffd-move" \
		"$mutants/guest.sh" "$@" >"$work/out" 2>"$work/err" 9>&- || status=$?
	[ $status -ne $EXIT_SETUP ] || {
		say "a guest could not be started: $(tail -n 1 "$work/err")"
		return 1
	}
	echo $status >"$work/status"
}

note() # NAME STAGE VERDICT SECONDS WHAT
{
	local IFS=$'\t'

	echo "$*" >>"$results"
}

# What check-kernel.sh would object to in a report in which nothing fails.
contract_amiss() # WORK; prints it, if there is something
{
	sed -n 's/^report //p' "$1/out" | base64 -d | gunzip >"$1/report" 2>/dev/null || {
		echo "no report"
		return
	}
	jq -r "$(clauses_amiss) + $(skips_amiss) + (if ($(tests_held)) > $enough then [] else
		[\"fewer than $enough tests hold\"] end) | first // empty" "$1/report"
}

# Does the same test hold without the mutant, though not in the guest that had it?
holds_without() # WORK IMAGE STAGE TEST
{
	grep -q '^control holds' "$1/out" && return
	cp "$1/out" "$1/out.first"
	guest "$1" "$2" 0 control $patience "$seconds" "$3" "$4" && grep -q '^control holds' "$1/out"
}

# Reads what a guest has said of a mutant.
judge() # WORK IMAGE NAME SECONDS PREFIX
{
	local work=$1 kernel=$2 name=$3 took=$4 prefix=$5 word stage what amiss said line

	mapfile -t said <"$work/out"
	for line in "${said[@]}"; do
		read -r word stage what <<<"$line"
		case $word in
		unnoticed)
			amiss=
			[ "$stage" != contract ] || amiss=$(contract_amiss "$work")
			if [ "$amiss" ]; then
				note "$name" "$prefix$stage" noticed "$took" "$amiss"
				return
			fi
			note "$name" "$prefix$stage" unnoticed "$took" ''
			;;
		noticed)
			if holds_without "$work" "$kernel" "$stage" "${what%% *}"; then
				note "$name" "$prefix$stage" noticed "$took" "$what"
			else
				note "$name" "$prefix$stage" flake "$took" "$what"
			fi
			return
			;;
		hang)
			note "$name" "$prefix$stage" hang "$took" "$what"
			return
			;;
		esac
	done
	case $(cat "$work/status") in
	"$EXIT_HANG") note "$name" "${prefix}guest" hang "$took" "the guest did not end" ;;
	"$EXIT_COMPLAINT")
		what=$(grep -a -m 1 -E -f "$vm/complaints" "$work/console" || echo "it went down")
		note "$name" "${prefix}kernel" complaint "$took" "${what#*] }"
		;;
	esac
}

# The stages that a mutant has still to go through.
stages_left() # NAME
{
	local stage left=() known

	known=$(awk -F '\t' -v name="$1" '$1 == name { print $2, $3 }' "$results")
	! grep -q -E ' (noticed|hang|complaint)$' <<<"$known" || return 0
	for stage in ${stages//,/ }; do
		if [ "$stage" = debug ]; then
			grep -q '^debug:stress ' <<<"$known" || left+=(debug)
		else
			grep -q "^$stage unnoticed" <<<"$known" || left+=("$stage")
		fi
	done
	echo "${left[*]}"
}

try() # NUMBER NAME
{
	local number=$1 name=$2 work left started=$SECONDS

	left=$(stages_left "$name")
	[ "$left" ] || return 0
	work=$(mktemp -d "$state/guest.XXXXXX")
	if [ "${left%debug}" ]; then
		# shellcheck disable=SC2086 # words
		guest "$work" "$image" "$number" try $patience "$seconds" ${left%debug} || return 1
		judge "$work" "$image" "$name" $((SECONDS - started)) ''
	fi
	if [[ $left == *debug ]] && [[ $(stages_left "$name") == *debug ]]; then
		started=$SECONDS
		# shellcheck disable=SC2086 # words
		limit=7200 append=$fail_caches guest "$work" "$debug_image" "$number" try \
			$((4 * patience)) "$seconds" $debug_stages || return 1
		judge "$work" "$debug_image" "$name" $((SECONDS - started)) debug:
	fi
	rm -rf "$work"
}

# Without a mutant nothing may be noticed.
try_none()
{
	local amiss

	try 0 none
	amiss=$(awk -F '\t' '$1 == "none" && $3 != "unnoticed" { said = $3 ": " $5 } END { print said }' "$results")
	[ -n "$amiss" ] || return 0
	# shellcheck disable=SC2016 # awk's
	drop '$1 == "none"'
	die "without a mutant it is not all well: $amiss"
}

# Lines of what is known.
drop() # CONDITION
{
	awk -F '\t' "$1 { next } { print }" "$results" >"$results.new"
	mv "$results.new" "$results"
}

# What the wanted ones have not been noticed by.
forget_unnoticed()
{
	local line

	for line in "${wanted[@]}"; do
		printf '%s\n' "${line#* }"
	done >"$state/wanted"
	awk -F '\t' 'NR == FNR { wanted[$1]; next }
		$1 in wanted && $3 !~ /^(noticed|hang|complaint)$/ { next } { print }' \
		"$state/wanted" "$results" >"$results.new"
	mv "$results.new" "$results"
}

# Of those that were asked for: how many are done, and what became of them.
show_progress() # ALL
{
	local noticed unnoticed

	noticed=$(awk -F '\t' '$3 ~ /^(noticed|hang|complaint)$/ && !($1 in seen) { seen[$1]; n++ } END { print n + 0 }' "$results")
	unnoticed=$(awk -F '\t' '$3 ~ /^(noticed|hang|complaint)$/ { seen[$1] } { all[$1] }
		END { for (m in all) n += !(m in seen) && m != "none"; print n + 0 }' "$results")
	progress "$begun of $1 begun: $noticed noticed, $unnoticed not yet, $SECONDS s"
}

run_all()
{
	local number name all=${#wanted[@]} line

	begun=0
	for line in "${wanted[@]}"; do
		read -r number name <<<"$line"
		if [ "$minutes" ] && [ $SECONDS -ge $((minutes * 60)) ]; then
			say "the time is up: $begun of $all were begun"
			break
		fi
		begun=$((begun + 1))
		[ "$(stages_left "$name")" ] || continue
		while [ "$(jobs -r | wc -l)" -ge "${JOBS:-2}" ]; do
			wait -n || die "a mutant could not be run"
			show_progress "$all"
		done
		try "$number" "$name" &
	done
	wait
	progress_end
}

mapfile -t wanted < <(wanted_mutants "$@")
if [ ! "$report_only" ]; then
	exec 9>"$state/lock"
	flock -n 9 || die "another run is at these mutants"
	rm -rf "$state"/guest.*
	[ -z "$again" ] || forget_unnoticed
	prepare_selftest
	[[ ",$stages," != *,debug,* ]] ||
		debug_image=$("$vm/build.sh" --config debug --mutants "$build/mutants")
	trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$state"/guest.*' EXIT
	trap 'say "ended; started again it goes on"; exit $EXIT_SETUP' INT TERM HUP
	[ -z "$(stages_left none)" ] || try_none
	run_all
fi
"$mutants/report.sh" "$form" "$results" "$stages" < <(printf '%s\n' "${wanted[@]}")
