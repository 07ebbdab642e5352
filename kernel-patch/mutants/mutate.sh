#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: mutate.sh DIRECTORY [OPTION]... [MUTANT]...
#
# Does a test notice each slip in the series?  Boots the kernel that has all mutants and runs the
# contract's tests, the series' selftest, the cases written out from the contract, and the stress
# program, as far as the first that notices one: many mutants after each other in a guest, or at
# once where few are noticed (../README.md has the steps).  What has noticed one must hold without
# it.  DIRECTORY has the programs: build.  A MUTANT is a name of the list, or a pattern as a
# shell has them; all if none is given.
#
#   --stages WORDS  of contract, selftest, cases, stress; "contract,selftest,cases,stress" if
#                   not given.  A further one, debug, is what check-debug.sh runs, on the
#                   kernel of config/debug.config
#   --seconds N     of stress (60)
#   --minutes N     begin no mutant after that time
#   --test PATTERN  run no more than these tests of the contract, with one mutant after the other in
#                   a guest: where it is known what may notice them, it is seen in a minute
#   --alone         each in a guest of its own from the start, also those that went through unseen
#                   together with others
#   --together      none is expected to be noticed: all of them at once from the start
#   --again         also those that went through unseen, and what is known of them is forgotten
#   --report        run nothing
#   --record        write what is known to the file record, beside the list
#   --json          the report as JSON
#
# With FURTHER=kernel-patch/allow-copy it is about slips in those patches, and the tests are those of
# contract and proposal together, without the stage cases.
#
# $JOBS guests at once (2).  What is found is kept in the cache, below mutants/; a run that was
# ended goes on there, and one on another machine where the record ends, if that is of this list
# and series.  The order is that of a hash, so that a part of a run is a fair sample.
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
help_if_asked "${@:2}"

usage() { say "$*; --help tells the usage"; exit 2; }

all_stages=contract,selftest,cases,stress
# The cases are the contract's, which refuses a mode that the proposal has.
[ -z "$further" ] || all_stages=contract,selftest,stress
debug_stages='contract without-memory failing-allocations stress'
stages=$all_stages seconds=60 minutes='' again='' together='' alone='' report_only='' recorded='' form=table
test=
patience=5	# of the contract's tests: a call that takes 15 s is stuck
limit=1200	# seconds for a guest, but for stress
sweep_most=8	# mutants in a guest
sweep_patience=2
together_most=16
jobs=${JOBS:-2}
append=	# to the kernel's command line
# Of many a mutant it is the notice: it may not take as long as on a busy machine.
lockups="watchdog_thresh=10 rcupdate.rcu_cpu_stall_timeout=21"
[[ $# -ge 1 && $1 != -* ]] || usage "where are the programs?"
build=$1
shift
while [[ ${1-} == --* ]]; do
	case $1 in
	--again) again=1; shift; continue ;;
	--together) together=1; shift; continue ;;
	--alone) alone=1; shift; continue ;;
	--report) report_only=1; shift; continue ;;
	--record) recorded=1; shift; continue ;;
	--json) form=json; shift; continue ;;
	esac
	[ $# -ge 2 ] || usage "$1 wants a value, or there is no such option"
	case $1 in
	--stages) stages=$2 ;;
	--seconds) seconds=$2 ;;
	--minutes) minutes=$2 ;;
	--test) test=$2 ;;
	*) usage "there is no option $1" ;;
	esac
	shift 2
done
for number in "$seconds" "${minutes:-1}" "${JOBS:-2}"; do
	[[ $number =~ ^[1-9][0-9]{0,5}$ ]] || usage "not a number above 0: $number"
done
for stage in ${stages//,/ }; do
	[[ ",$all_stages,debug," == *",$stage,"* ]] || usage "there is no stage $stage"
done
[ -n "$stages" ] || usage "no stage is given"
plain_stages=$(tr , '\n' <<<"$stages" | grep -v '^debug$' | tr '\n' ' ')
plain_stages=${plain_stages% }
programs=(uffdio-move-conformance contract-cases stress)
[ -z "$further" ] || programs[0]+=-${further##*/}	# that of the proposal
[[ ",$stages," != *,debug,* ]] || programs+=(conformance-without-memory failing-allocations)
for program in mutants "${programs[@]}"; do
	[ -x "$build/$program" ] || die "there is no program $build/$program; 'make mutate' builds it"
done
build=$(realpath "$build")
need_tool jq jq
[ -z "$test" ] || "$build/${programs[0]}" --list --test "$test" >/dev/null || exit 2

# GROUP NUMBER NAME of those that are asked for, as a hash orders them.  GROUP is 1 where nothing
# is expected to notice them.
wanted_mutants() # PATTERN...
{
	local number=0 name kind pattern hit
	local -A explained=()

	while IFS=$'\t' read -r name kind _; do
		[ "$kind" != equivalent ] || explained[$name]=1
	done <"$unnoticed"
	while IFS=$'\t' read -r name _; do
		number=$((number + 1))
		hit=$((!$#))
		for pattern; do
			# shellcheck disable=SC2053 # it is one
			[[ $name != $pattern ]] || hit=1
		done
		[ $hit -eq 0 ] || echo "$(md5sum <<<"$name" | cut -c 1-8) ${explained[$name]-${together:-0}} $number $name"
	done <"$mutant_list" | sort | cut -d ' ' -f 2-
}

for pattern; do
	[ -n "$(wanted_mutants "$pattern")" ] || usage "no mutant is called $pattern"
done

# The record has the lines of results, behind one with the key of list and series.  Where nothing
# is known here of a mutant and a stage, what is recorded counts.
take_record()
{
	[ -f "$record" ] || return 0
	awk -v key="${state##*/}" '
		BEGIN { FS = "\t" }
		FILENAME == ARGV[1] { known[$1, $2]; print; next }
		/^#/ { next }
		!first { first = $1; next }
		first == key && !(($1, $2) in known)' "$results" "$record" >"$results.new"
	mv "$results.new" "$results"
}

# Of one that was noticed no more than that.
write_record()
{
	local of

	[ ! -f "$record" ] || of=$(awk '!/^#/ { print; exit }' "$record")
	[ "${of:-${state##*/}}" = "${state##*/}" ] ||
		die "$record is of another list, series or compiler ($of): remove it, and --record writes one anew"
	{
		echo "# SPDX-License-Identifier: GPL-2.0-only"
		echo "# What mutate.sh has found of the list's mutants; it writes this, and goes on from here."
		echo "${state##*/}"
		awk '
			BEGIN { FS = OFS = "\t" }
			$3 ~ /^(noticed|hang|complaint)$/ { noticed[$1] = $0; next }
			$3 != "begun" { lines[$1] = lines[$1] $0 "\n" }
			END {
				for (name in noticed)
					lines[name] = noticed[name] "\n"
				for (name in lines)
					if (name != "none")
						printf "%s", lines[name]
			}' "$results" | LC_ALL=C sort -s -k 1,1
	} >"$record.new" || die "$record cannot be written"
	mv "$record.new" "$record"
}

make_cache
image=$("$vm/build.sh" ${report_only:+--where} --mutants "$build/mutants")
key=$(basename "$(dirname "$image")")
state=$cache/mutants/${key#base-mutants-}
results=$state/results	# NAME STAGE VERDICT SECONDS WHAT, separated by tabs
queue=$state/queue	# NUMBER:NAME of those that wait
mkdir -p "$state" || die "$state cannot be written"
for clause in $(tr -d '",' <<<"$better"); do
	"$build/${programs[0]}" --list --clause "$clause"
done | cut -d ' ' -f 1 >"$state/better"
[ -s "$state/better" ] || die "no test shows what the series does better: $better"
touch "$results"
take_record

# The key of the mutants leaves out what is no code of the kernel's, as this.
prepare_selftest()
{
	local patches files

	files=$(series_files all)
	patches=$(xargs -d '\n' cat <<<"$files" | sha256sum)
	[ ! -x "$state/uffd-move" ] || [ "$(cat "$state/uffd-move.of" 2>/dev/null)" != "$patches" ] || return 0
	lock_cache
	unpack_source
	update_tree "$tree" "$(commit_of_series all)"
	mkdir -p "$state/selftest"
	run_logged "$logs/selftests.log" "building the selftest" build_selftest "$tree" "$state/selftest" ||
		die_of "the selftest could not be built" "$logs/selftests.log"
	mv "$state/selftest/uffd-move" "$state/uffd-move"
	echo "$patches" >"$state/uffd-move.of"
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
		--append "uffdio_move.mutant=$number $lockups $append" "${files[@]}" --file "$state/uffd-move" \
		--file "$vm/complaints" --file "$state/better" "$mutants/guest.sh" "$@" >"$work/out" 2>"$work/err" 9>&- || status=$?
	[ $status -ne $EXIT_SETUP ] || {
		say "a guest could not be started: $(tail -n 1 "$work/err")"
		return 1
	}
	[ $status -ne 9 ] || die "$(tail -n 1 "$work/err")"
	echo $status >"$work/status"
}

note() # NAME STAGE VERDICT SECONDS WHAT
{
	local IFS=$'\t'

	echo "$*" >>"$results"
}

# A filter that passes on so many reports, each of which has tests, or else fails.
whole_reports() # COUNT
{
	echo "if length == $1 and length > 0 and all(.tests | length > 0) then . else error(\"no report\") end"
}

# What check-kernel.sh would object to in a report in which nothing fails.
contract_amiss() # WORK; prints it, if there is something
{
	sed -n 's/^report //p' "$1/out" | base64 -d | gunzip >"$1/report" 2>/dev/null &&
		jq -s -r "$(whole_reports 1) | first | $(clauses_amiss) + $(skips_amiss) +
			(if ($(tests_held)) > $enough then [] else
			[\"fewer than $enough tests hold\"] end) | first // empty" "$1/report" 2>/dev/null ||
		echo "no report"
}

# Does the same test hold without the mutant, though not in the guest that had it?
holds_without() # WORK IMAGE STAGE TEST
{
	grep -q '^control holds' "$1/out" && return
	cp "$1/out" "$1/out.first"
	guest "$1" "$2" 0 control $patience "$seconds" "$3" "$4" && grep -q '^control holds' "$1/out"
}

# Lines of the console with their numbers; not those of the kernel's command line.
complaints_of() # WORK
{
	grep -a -n -E -f "$vm/complaints" "$1/console" | grep -a -v "ommand line: "
}

note_complaint() # WORK NAME SECONDS PREFIX
{
	local what

	what=$(complaints_of "$1" | sed -n 1p)
	what=${what#*:}
	what=${what:-it went down}
	note "$2" "${4}kernel" complaint "$3" "${what#*] }"
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
		late)
			note "$name" "$prefix$stage" flake "$took" "it takes longer than it may"
			return
			;;
		esac
	done
	case $(cat "$work/status") in
	"$EXIT_HANG") note "$name" "${prefix}guest" hang "$took" "the guest did not end" ;;
	"$EXIT_COMPLAINT") note_complaint "$work" "$name" "$took" "$prefix" ;;
	esac
}

# The stages that a mutant has still to go through.
stages_left() # NAME
{
	local stage left=() known

	known=$(awk -F '\t' -v name="$1" -v alone="$alone" \
		'$1 == name && !(alone && $5 ~ /^with /) { print $2, $3 }' "$results")
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
		printf '%s\n' "${line##* }"
	done >"$state/wanted"
	awk -F '\t' 'NR == FNR { wanted[$1]; next }
		$1 in wanted && $3 !~ /^(noticed|hang|complaint)$/ { next } { print }' \
		"$state/wanted" "$results" >"$results.new"
	mv "$results.new" "$results"
}

# Of those that were asked for: what has become of them.
show_progress()
{
	progress "$(printf '%s\n' "${wanted[@]}" | awk -v results="$results" '
		BEGIN {
			FS = "\t"
			while ((getline <results) > 0)
				if ($3 ~ /^(noticed|hang|complaint)$/)
					noticed[$1]
				else if ($2 == "contract")
					passed[$1]
			FS = " "
		}
		$3 in noticed { n++; next }
		$3 in passed { p++ }
		END { printf "%d mutants: %d noticed, %d not by the contract", NR, n, p }'), $SECONDS s"
}

time_is_up() { [ "$minutes" ] && [ $SECONDS -ge $((minutes * 60)) ]; }

# The stages that any of them has still to go through.
stages_of() # NUMBER:NAME...
{
	local mutant stage known=''

	for mutant; do
		known+=" $(stages_left "${mutant#*:}") "
	done
	for stage in $plain_stages; do
		[[ $known != *" $stage "* ]] || echo "$stage"
	done
}

# Sets noticed[NUMBER] of those that a guest tells of, and suspect to one at which the kernel
# complained: it may be that one before it has done the harm.
read_scan() # WORK STARTED NUMBER:NAME...
{
	local work=$1 started=$2 said line word number what mutant last=0 begun=0
	local -A names=()
	shift 2

	for mutant; do
		names[${mutant%:*}]=${mutant#*:}
	done
	suspect=
	mapfile -t said <"$work/out"
	for line in "${said[@]}"; do
		read -r word number what <<<"$line"
		case $word in
		begin)
			last=$number
			begun=$((begun + 1))
			;;
		scanned)
			note "${names[$number]}" "$stage" noticed $((SECONDS - started)) "$what"
			noticed[$number]=1
			last=0
			;;
		hang)
			[ "$last" -ne 0 ] || continue
			note "${names[$last]}" "$stage" hang $((SECONDS - started)) "$what"
			noticed[$last]=1
			last=0
			;;
		spoiled)
			say "${names[$number]}: it fails without it afterwards, too: $what"
			last=0
			;;
		esac
	done
	[ "$last" -ne 0 ] && [ "$(cat "$work/status")" -eq $EXIT_COMPLAINT ] || return 0
	if [ $begun -gt 1 ]; then
		suspect=$last:${names[$last]}
	else
		note_complaint "$work" "${names[$last]}" $((SECONDS - started)) ''
		noticed[$last]=1
	fi
}

# Those of them that have not been noticed.
without_noticed() # NUMBER:NAME...
{
	local mutant

	for mutant; do
		[ "${noticed[${mutant%:*}]-}" ] || echo "$mutant"
	done
}

# The test that was begun last when the kernel complained.
complained_at() # WORK
{
	complaints_of "$1" | cut -d : -f 1 | {
		read -r line || exit 0
		head -n "$line" "$1/console" | tr -d '\r' |
			sed -n 's/^uffdio-move-conformance: \([^ ]*\) begins.*/\1/p' | tail -n 1
	}
}

# What is amiss in the reports of a sift, whose failing tests have been looked into.
sift_amiss() # WORK
{
	local report

	sed -n 's/^report //p' "$1/out" | while read -r report; do
		base64 -d <<<"$report" | gunzip
	done | jq -s -r "$(whole_reports "$(grep -c '^report ' "$1/out")") |
		([.[] | $(clauses_amiss) | map(select(endswith(\" differs\")))] | add) +
		([.[] | $(skips_amiss)] | add) + (([.[].tests[].name] | unique) -
		([.[].tests[] | select(.verdict != \"not run\").name] | unique) |
		map(. + \" was not run\")) | first // empty" 2>/dev/null ||
		echo "no report"
}

# The stages with all of these at once.  Sets left to those that have not been noticed, and
# noticer to a test that notices one of them.  Returns 0 if there is no more to do with them, 1 if
# there is, 2 if it could not be run.
all_pass() # NUMBER:NAME...
{
	local work started=$SECONDS mutant todo stage='' suspect amiss passed=()
	local -A noticed=()

	todo=$(stages_of "$@")
	[ "$todo" ] || { left=(); return 0; }
	work=$(mktemp -d "$state/guest.XXXXXX")
	# shellcheck disable=SC2086 # words
	guest "$work" "$image" 0 sift $patience "$seconds" "$(printf '%s\n' "${@%%:*}" | paste -sd ,)" $todo ||
		return 2
	stage=contract
	read_scan "$work" "$started" "$@"
	mapfile -t left < <(without_noticed "$@")
	if grep -q '^sifted$' "$work/out"; then
		amiss=$(sift_amiss "$work")
		if [ -z "$amiss" ] && ! grep -q '^together ' "$work/out"; then
			passed+=(contract)
		else
			say "among ${#left[@]} of them one is noticed: ${amiss:-$(grep '^together ' "$work/out" | sed -n 1p)}"
		fi
	fi
	mapfile -t -O ${#passed[@]} passed < <(sed -n 's/^unnoticed //p' "$work/out")
	for stage in "${passed[@]}"; do
		for mutant in "${left[@]}"; do
			note "${mutant#*:}" "$stage" unnoticed $((SECONDS - started)) "with $((${#left[@]} - 1)) others"
		done
	done
	noticer=$(sed -n 's/^noticed \([^ ]* [^ ]*\).*/\1/p' "$work/out" | sed -n 1p)
	if [ -z "$noticer" ] && [ "$(cat "$work/status")" -eq $EXIT_COMPLAINT ] && ! grep -q '^sifted$' "$work/out"; then
		noticer=$(complained_at "$work")
		noticer=${noticer:+contract $noticer}
	fi
	[ -z "$noticer" ] || say "among ${#left[@]} of them one is noticed: $noticer"
	rm -rf "$work"
	[ ${#left[@]} -gt 0 ] && [ -n "$(stages_of "${left[@]}")" ] && return 1
	return 0
}

# Which of them does that test of the contract notice, each by itself?  Sets left, the others.
scan_for() # TEST NUMBER:NAME...
{
	local test=$1 stage=contract work suspect started=$SECONDS rest=("${@:2}") before
	local -A noticed=()
	shift

	while [ ${#rest[@]} -gt 0 ]; do
		before=${#rest[@]}
		work=$(mktemp -d "$state/guest.XXXXXX")
		guest "$work" "$image" 0 scan $patience "$seconds" "$test" "${rest[@]%%:*}" || return 1
		read_scan "$work" "$started" "${rest[@]}"
		if [ "$suspect" ]; then
			scan_for "$test" "$suspect" || return 1
			[ ${#left[@]} -eq 1 ] || noticed[${suspect%:*}]=1
		fi
		# One that took the guest down left the others to another one.
		mapfile -t rest < <(printf '%s\n' "${rest[@]}" | awk -F : -v out="$work/out" '
			BEGIN { while ((getline line <out) > 0) if (split(line, w, " ") > 1 && w[1] == "begin") begun[w[2]] }
			!($1 in begun)')
		rm -rf "$work"
		[ ${#rest[@]} -lt "$before" ] || break
	done
	mapfile -t left < <(without_noticed "$@")
}

# What a test notices, it tells which of them; where it does not, halves of them are tried.
try_together() # NUMBER:NAME...
{
	local half status=0 noticer='' left=()

	! time_is_up || return 0
	[ $# -gt 0 ] || return 0
	if [ $# -eq 1 ]; then
		try "${1%:*}" "${1#*:}"
		return
	fi
	all_pass "$@" || status=$?
	show_progress
	[ $status -lt 2 ] || return 1
	[ $status -eq 1 ] || return 0
	# The other programs have no way to run one of their tests alone.
	if [[ $noticer == "contract "[^-]* ]]; then
		set -- "${left[@]}"
		scan_for "${noticer#contract }" "$@" || return 1
		show_progress
	fi
	if [ ${#left[@]} -lt $# ]; then
		try_together "${left[@]}"
		return
	fi
	half=$(($# / 2))
	try_together "${@:1:half}" && try_together "${@:half + 1}"
}

# Sets taken to the next that wait, up to so many: rows at once have one queue.
take_next() # NUMBER; false: there are none
{
	{
		flock 7 && mapfile -t taken < <(head -n "$1" "$queue") && sed -i "1,$1d" "$queue" || {
			say "$queue cannot be cut"
			return 1
		}
	} 7>"$queue.lock"
	[ ${#taken[@]} -gt 0 ]
}

wait_again() # NUMBER:NAME...
{
	{
		flock 7
		printf '%s\n' "$@" >>"$queue"
	} 7>"$queue.lock"
}

# So many at once that few guests do, and that one does not hide much.
together_row()
{
	local taken

	while take_next $together_most; do
		try_together "${taken[@]}" || return 1
	done
}

is_noticed() # NAME
{
	awk -F '\t' -v name="$1" '$1 == name && $3 ~ /^(noticed|hang|complaint)$/ { found = 1 } END { exit !found }' "$results"
}

is_swept() # NAME
{
	awk -F '\t' -v name="$1" '$1 == name && $2 ~ /^(sweep|contract)$/ { found = 1 } END { exit !found }' "$results"
}

# A few tests with one mutant after the other in one guest, where booting one for each would take
# longer than they do.  What takes the guest down is noticed; what
# leaves it in no good state is left to what comes after.
sweep() # NUMBER:NAME...
{
	local work mutant said line word number what last begun=0 started=$SECONDS
	local -A names=()

	for mutant; do
		names[${mutant%:*}]=${mutant#*:}
	done
	work=$(mktemp -d "$state/guest.XXXXXX")
	guest "$work" "$image" 0 sweep $sweep_patience "$seconds" "${!names[@]}" || return 1
	mapfile -t said <"$work/out"
	last=0
	for line in "${said[@]}"; do
		read -r word number what <<<"$line"
		case $word in
		begin)
			[ "$last" -eq 0 ] || note "${names[$last]}" sweep unnoticed $((SECONDS - started)) ''
			last=$number
			begun=$((begun + 1))
			;;
		scanned)
			note "${names[$number]}" contract noticed $((SECONDS - started)) "$what"
			last=0
			;;
		hang)
			note "${names[$last]}" contract hang $((SECONDS - started)) "$what"
			last=0
			;;
		spoiled)
			note "${names[$number]}" sweep spoiled $((SECONDS - started)) "$what"
			last=0
			;;
		esac
	done
	[ "$last" -ne 0 ] || { rm -rf "$work"; return 0; }
	# It may be that one before it has done the harm.
	if [ $begun -gt 1 ]; then
		sweep "$last:${names[$last]}" || return 1
	elif [ "$(cat "$work/status")" -eq $EXIT_COMPLAINT ]; then
		note_complaint "$work" "${names[$last]}" $((SECONDS - started)) ''
	else
		try "$last" "${names[$last]}"
	fi
	rm -rf "$work"
}

# As many at once as a guest may have time for.
sweep_row()
{
	local taken left mutant

	while ! time_is_up && take_next $sweep_most; do
		sweep "${taken[@]}" || return 1
		show_progress
		left=()
		for mutant in "${taken[@]}"; do
			if [ -n "$(stages_left "${mutant#*:}")" ] && ! is_swept "${mutant#*:}"; then
				left+=("$mutant")
			fi
		done
		if [ ${#left[@]} -eq ${#taken[@]} ]; then
			say "a guest got nowhere with ${taken[0]#*:} and what came behind it; they are left to what comes after"
		elif [ ${#left[@]} -gt 0 ]; then
			wait_again "${left[@]}"
		fi
	done
}

# Without a mutant the tests that are named hold.
test_holds()
{
	local work

	work=$(mktemp -d "$state/guest.XXXXXX")
	guest "$work" "$image" 0 control $patience "$seconds" contract "$test" &&
		grep -q '^control holds' "$work/out"
}

# As many in a guest as it may have time for.
scan_row()
{
	local taken left=()

	while ! time_is_up && take_next $sweep_most; do
		scan_for "$test" "${taken[@]}" || return 1
		show_progress
	done
}

alone_row()
{
	local taken

	while ! time_is_up && take_next 1; do
		try "${taken[0]%:*}" "${taken[0]#*:}" || return 1
		show_progress
	done
}

# A test that is named may be a new one.
is_done_with() # NAME
{
	if [ "$test" ]; then
		is_noticed "$1"
	else
		[ -z "$(stages_left "$1")" ]
	fi
}

# In rows at once, as many as there are jobs; of group 0 such as have not been swept.
in_rows() # FUNCTION GROUP
{
	local line group number name i

	for line in "${wanted[@]}"; do
		read -r group number name <<<"$line"
		if [ "$group" -ne "$2" ] || is_done_with "$name"; then
			continue
		fi
		if [ "$1" = sweep_row ] && is_swept "$name"; then
			continue
		fi
		echo "$number:$name"
	done >"$queue"
	[ -s "$queue" ] || return 0
	say "$(wc -l <"$queue") mutants: ${1%_row}"
	for ((i = 0; i < jobs; i++)); do
		$1 &
	done
	wait
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
	trap 'kill $(jobs -p) 2>/dev/null || :; rm -rf "$state"/guest.*' EXIT
	trap 'say "ended; started again it goes on"; exit $EXIT_SETUP' INT TERM HUP
	[ "$test" ] || [ -z "$(stages_left none)" ] || try_none
	if [ "$test" ]; then
		test_holds || die "without a mutant it is not all well: $test"
		in_rows scan_row 0
		in_rows scan_row 1
	elif [ "$alone" ]; then
		in_rows alone_row 0
		in_rows alone_row 1
	else
		in_rows together_row 1
		in_rows sweep_row 0
		in_rows together_row 0
		[[ ",$stages," != *,debug,* ]] || in_rows alone_row 0
	fi
fi
[ -z "$recorded" ] || write_record
"$mutants/report.sh" "$form" "$results" "$stages" < <(printf '%s\n' "${wanted[@]#* }")
