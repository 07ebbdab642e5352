#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-records.sh SPECGEN - does what the contract says of releases agree with the
# records of kernels, and is a record refused that is none?  Prints TAP.

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
specgen=$1
contract=spec/uffdio_move.yaml
records=spec/kernels
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
evidence=$scratch/log

"$specgen" --records $records $contract >"$scratch/log" 2>&1
result $? "the contract agrees with the $(find $records -name '*.yaml' | wc -l) records"

# One record of our own, edited, beside a contract that is edited.
good=$scratch/good
cat >"$good" <<END
kernel: "6.17.2"
architecture: x86_64
release: "6.17.2-test"
page: 4096
contract: "$(sed -n 's/^version: "\(.*\)"$/\1/p' $contract)"
date: "2026-11-26"
tests: {holds: 10, deviates: 1, fails: 0, skipped: 0, broken: 0}
deviates:
  - {clause: page.huge-held, deviation: held-huge-page-never-returns}
met: [held-huge-page-never-returns]
down:
  - {test: cell.x, said: "Oops: 0000", deviation: held-huge-page-never-returns}
holds: [call.success, page.zero, page.huge-zero-whole]
END

says() # NAME SED-OF-THE-RECORD SED-OF-THE-CONTRACT WHAT-IS-SAID
{
	rm -rf "$scratch/records" && mkdir "$scratch/records"
	sed "$2" "$good" >"$scratch/records/record.yaml"
	sed "$3" $contract >"$scratch/contract.yaml"
	"$specgen" --records "$scratch/records" "$scratch/contract.yaml" >"$scratch/log" 2>&1
	status=$?
	if [ "$4" = nothing ]; then
		[ $status -eq 0 ] && [ ! -s "$scratch/log" ]
	else
		[ $status -eq 1 ] && grep -qE ":[0-9]+:[0-9]+: error: .*$4" "$scratch/log"
	fi
	result $? "$1"
}

not_zero='/id: huge-zero-corrupts/,/kernels:/s/kernels: .*/kernels: ["6.16"]/'
says "a record that agrees" "" "$not_zero" nothing
says "a release in a range that keeps the clause: refused" "" "" \
	"6.17.2 .x86_64. is in these ranges, and keeps page.huge-zero-whole"
says "a release that deviates and is in no range: refused" "" \
	"$not_zero"';/id: held-huge-page-never-returns/,/kernels:/s/kernels: .*/kernels: ["6.8"]/' \
	"6.17.2 .x86_64. has it"
of_arm64='/id: huge-zero-corrupts/,/kernels:/s/kernels: .*/&\n    architecture: arm64/'
says "a range of another architecture: no concern of this record" "" "$of_arm64" nothing
says "a range of its architecture that keeps the clause: refused" \
	's/^architecture: .*/architecture: arm64/' "$of_arm64" \
	"6.17.2 .arm64. is in these ranges, and keeps page.huge-zero-whole"
says "what another architecture alone is said to have: refused" \
	's/^met: .*/met: [held-huge-page-never-returns, huge-zero-corrupts]/' "$of_arm64" \
	"6.17.2 .x86_64. has it"
says "a clause that fails: refused at its place" 's/^holds: .*/fails: [call.success]/' "$not_zero" \
	"breaks call.success in a way that no deviation names"
says "what was not tested is no evidence" \
	's/^holds: .*/untested: [page.huge-zero-whole]/' "" nothing
# huge-page-dirtied is told by a scenario with huge pages, its clause by others too.
says "a deviation that could be met and was not: refused" \
	's/^holds: .*/holds: [effects.dirty-kept]/' "" \
	"6.17.2 .x86_64. is in these ranges, and keeps effects.dirty-kept"
says "what needs that the machine lacks is no evidence" \
	's/^holds: .*/lacking:\n  - {tests: 1, for: "transparent huge pages: none here"}\nholds: [effects.dirty-kept]/' \
	"" nothing
says "a kernel of our own is no release" 's/"6.17.2"$/"own"/' "" nothing
says "a record of another version: left out" 's/^contract: .*/contract: "0.9"/' "" nothing
says "an unknown key: refused" 's/^page:/pages:/' "$not_zero" "unknown key .pages."
says "no version: refused" '/^contract:/d' "$not_zero" "missing key .contract."
says "a clause that there is not: refused" 's/call.success/call.failure/' "$not_zero" \
	"there is no clause .call.failure."
says "a deviation that there is not: refused" 's/^met: .*/met: [none-such]/' "$not_zero" \
	"there is no deviation .none-such."
says "a clause that stands twice: refused" 's/\[call.success/[page.zero/' "$not_zero" "given twice"
says "a version in single quotes: refused" "s/^contract: .*/contract: '0.9'/" "$not_zero" \
	"in double quotes"
says "a half-written record: refused" "7,\$d" "$not_zero" "missing key .tests."
says "an empty record: refused" 'd' "$not_zero" "the record is empty"
says "a record that is not YAML: refused" 's/^met: .*/met: [/' "$not_zero" "flow"

# What a run has not met, though its release has it: in the matrix beside the clause that holds.
shows() # NAME SED-OF-THE-RECORD PATTERN
{
	rm -rf "$scratch/records" && mkdir "$scratch/records"
	sed "$2" "$good" >"$scratch/records/record.yaml"
	"$specgen" --matrix "$scratch/records" $contract >"$scratch/log" 2>&1 &&
		grep -q "$3" "$scratch/log"
	result $? "$1"
}
holds='<td class="holds">&#10003;'
number='<a href="#deviation-[0-9]*">D[0-9]*<[/]a>'
shows "a fault that is met now and then stands beside the clause" \
	's/^holds: .*/holds: [wake.killed]/' "#wake.killed.*$holds $number<[/]td>"
shows "and beside one that was not tested" \
	'$a untested: [wake.killed]' "#wake.killed.*<td class=\"unknown\">&#8211; $number<[/]td>"
shows "and beside one of the same clause that was met" 's/^met: .*/met: [huge-page-none-meanwhile]/
	s/^  - {clause: page.huge-held,.*/  - {clause: threads.tables-change, deviation: huge-page-none-meanwhile}/' \
	"#threads.tables-change.*<td class=\"deviates\">$number $number<[/]td>"
shows "and not on a kernel of our own" \
	's/^holds: .*/holds: [wake.killed]/; s/"6.17.2"$/"own"/' "#wake.killed.*$holds<[/]td>"
shows "what is wrong with a release stands at it, met or not" '' \
	"Deviates: .*$number killed-call-wakes-nobody (not in this run).*held-huge-page-never-returns[.,]"

# A page of our own that tells of every deviation in comments, and what is put before them.
mkdir "$scratch/man2const"
told=$(sed -n '/^deviations:/,$p' $contract | awk '
	$2 == "id:" { id = $3 }
	$1 == "kernels:" {
		sub(/.*kernels: \[/, ""); sub(/\]$/, ""); gsub(/"/, "")
		print ".\\\" [" id ": " $0 "]"
	}')
tells() # NAME PAGE WHAT-IS-SAID
{
	printf '%b\n.P\n%s\n' "$2" "$told" >"$scratch/man2const/page"
	(root=$PWD && cd "$scratch" &&
		"$root/$specgen" --trace "$root/$contract" man2const/page) 2>&1 >"$scratch/table" |
		grep -v 'no page tells .*\..*' >"$scratch/log"
	if [ "$3" = nothing ]; then
		[ ! -s "$scratch/log" ]
	else
		[ "$(wc -l <"$scratch/log")" -eq 1 ] &&
			grep -qE "^man2const/page:[0-9]+:[0-9]+: error: $3" "$scratch/log"
	fi
	result $? "$1"
}
zero='.\\" [huge-zero-corrupts: 6.16 to 6.18.19, 6.19 to 6.19.9]\n'
tells "a page that agrees" \
	"${zero}Seen on Linux 6.17.3; fixed in Linux 6.18.20,\n6.19.10, and 7.0." nothing
tells "another range than the contract's: refused" \
	'.\\" [huge-zero-corrupts: 6.16 to 6.18.20, 6.19 to 6.19.9]' \
	"the contract has huge-zero-corrupts in '6.16 to 6.18.19, 6.19 to 6.19.9'"
tells "a deviation that there is not: refused" '.\\" [none-such: 6.8]' \
	"no deviation is called 'none-such'"
tells "a release behind the first without it: refused" "${zero}Fixed in Linux 6.18.21." \
	"the contract has what is told here neither in 6.18.21"
tells "a release before it: refused" "${zero}Seen on\nLinux 6.15.2 too." \
	"the contract has what is told here neither in 6.15.2"
tells "what another paragraph says is another matter" "${zero}.P\nLinux 6.15.2." nothing
printf '.P\n' >"$scratch/man2const/page"
(cd "$scratch" && "$OLDPWD/$specgen" --trace "$OLDPWD/$contract" man2const/page) >"$scratch/log" 2>&1
grep -qE ":[0-9]+:[0-9]+: error: no page tells of 'huge-zero-corrupts'" "$scratch/log"
result $? "a deviation of which no page tells: refused at its place"

rm -rf "$scratch/records" && mkdir "$scratch/records"
for name in one two; do
	sed '/^contract/!s/^tests:.*/tests: {holds: 1, deviates: 0, fails: 0, skipped: 0, broken: 0}/' "$good" \
		>"$scratch/records/$name.yaml"
done
"$specgen" --records "$scratch/records" $contract >"$scratch/log" 2>&1
[ $? -eq 1 ] && grep -q 'two.yaml:1:1: error: 6.17.2 for x86_64 is recorded in .*one.yaml, too\|one.yaml:1:1: error: 6.17.2 for x86_64 is recorded in .*two.yaml, too' "$scratch/log"
result $? "one kernel in two records: refused"

rm -rf "$scratch/records" && mkdir "$scratch/records" && mkfifo "$scratch/records/pipe.yaml"
timeout 10 "$specgen" --records "$scratch/records" $contract >"$scratch/log" 2>&1
[ $? -eq 1 ] && grep -q 'pipe.yaml:1:1: error: a record is a file' "$scratch/log"
result $? "a pipe in a record's place: refused"

"$specgen" --records "$scratch/none" $contract >"$scratch/log" 2>&1
[ $? -eq 1 ] && grep -q 'none:1:1: error: No such file' "$scratch/log"
result $? "a directory that there is not: refused"
finish
