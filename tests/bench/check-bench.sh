#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-bench.sh BUILD - does bench say what it measured, refuse to tell of what did not
# happen, and leave the machine as it was?  How long anything takes is not looked at.
# Prints TAP.

set -u
umask 077
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
# shellcheck source=tests/settings.sh
. "$(dirname "$0")/../settings.sh"
here=$(dirname "$0")
build=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
chmod 755 "$scratch"
# a name of its own, by which what it leaves behind is found
bench=$scratch/bench
cp "$build/bench" "$bench"
chmod 755 "$bench"
evidence="$scratch/out $scratch/err"

run() # COMMAND...
{
	timeout -s KILL 120 "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
	status=$?
}

# A sentence, and nothing else.
says() # STATUS
{
	[ $status -eq "$1" ] && [ ! -s "$scratch/out" ] && [ "$(wc -l <"$scratch/err")" -eq 1 ]
}

refused() # OPTION...
{
	run "$bench" "$@"
	says 2
	result $? "bench $*: a sentence, exit 2"
}

json() # FILTER NAME
{
	true_of "$scratch/out" "$1"
	result $? "$2"
}

# A wrong thing done to the pages of a row has to be its error, and no figure.
fault() # FAULT ROW
{
	run "$bench" --quick --seconds 1 --json --fault "$1" --row "$2"
	[ $status -eq 1 ] &&
		true_of "$scratch/out" '.rows | length > 0 and all(.error and (has("figures") | not))'
	result $? "$1: $2 is an error"
}

interrupted() # SIGNAL
{
	# a shell's background job ignores SIGINT unless told otherwise
	env --default-signal=INT "$bench" --seconds 60 --row 'swapped.*' >"$scratch/out" 2>"$scratch/err" </dev/null &
	pid=$!
	tries=100
	# its row has begun when it has a child besides the one that watches over the settings
	while [ $tries -gt 0 ] && [ "$(pgrep -c -P $pid)" -lt 2 ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
	kill -s "$1" $pid
	wait $pid
	[ $? -gt 128 ] && put_back
	result $? "SIG$1 in the middle: settings put back, no process left"
}

# What bench would not be told of.
refused --seconds 0
refused --seconds 1s
refused --seconds
refused --seconds ''
refused --row nothing.like.this
refused --row ''
refused --fault nothing
refused --csv --json
refused --list --json
refused --quick=1
refused --nonsense
refused --count
refused stray
run "$bench" --help
[ $status -eq 0 ] && [ ! -s "$scratch/err" ]
result $? "bench --help"
run "$bench" --list
[ $status -eq 0 ] && [ "$(wc -l <"$scratch/out")" -gt 30 ]
result $? "bench --list"
run "$bench" --list --row 'batch.*'
[ $status -eq 0 ] && [ "$(grep -c '^batch\.' "$scratch/out")" -eq "$(wc -l <"$scratch/out")" ]
result $? "bench --list --row: these alone"

run "$bench" --quick --row batch.4
case $status in
4)
	says 4
	result $? "no UFFDIO_MOVE: $(cat "$scratch/err")"
	finish
	exit
	;;
esac
result $status "a table"

# Some rows of each kind.
set -- --row 'batch.*' --row 'huge.*' --row 'zero.*' --row 'swapped.16' --row 'holes.*' --row 'table.*' \
	--row 'mappings.1000' --row 'length.4096' --row 'length.262144' --row 'threads.2*' --row 'compaction.*'
run "$bench" --quick --seconds 2 --json --save "$scratch/figures" "$@"
result $status "rows of each kind, as JSON"
json '.form == 1 and .measure == "time" and (.machine | .kernel and .processor and .date and .cpus > 0)' \
	"the machine is told"
json '.rows | all((.figures | length > 0) or (.reason | length > 0))' "each row has figures or a reason"
json '.rows | all(has("figures") != has("reason"))' "and none has both"
json '[.rows[].figures[]?] | all(.rounds >= 3 and .least > 0 and .least <= .lower and
	.lower <= .median and .median <= .upper)' "medians lie between quartiles"
json '[.rows[] | select(.figures)] | all(.unit == "times" or (.figures | .[0].way == "MOVE" and
	(.[1:] | all(.ratio.median > 0))))' "each way has what MOVE takes of it"
json '[.rows[] | select(.unit == "times").figures[]?] | all(has("ratio") | not)' \
	"but for what a way takes of itself"
json '[.rows[] | select(.group == "batch")] | length == 6 and all(.figures | length == 6)' \
	"each batch was measured by each way"
json '[.rows[] | select(.group == "beside")] | length == 1 and all(.unit == "times" and (.figures | length > 0))' \
	"threads side by side are held against one of them"
cp "$scratch/out" "$scratch/rows.json"
"$bench" --list "$@" | cut -d ' ' -f 1 >"$scratch/names"
jq -r '.rows[].name' "$scratch/rows.json" | cmp -s - "$scratch/names"
result $? "the rows are those that were asked for"
jq -S . "$scratch/rows.json" >"$scratch/a" && jq -S . "$scratch/figures/bench.json" | cmp -s - "$scratch/a"
result $? "what is saved is what is printed"
awk -F , '{ gsub(/"[^"]*"/, "quoted") } NF != 19 { bad = 1 } NR > 1 { print $1 } END { exit bad }' \
	"$scratch/figures/bench.csv" | uniq | cmp -s - "$scratch/names"
result $? "the CSV has the same rows"
sed 's/"[^"]*"/quoted/g' "$scratch/figures/bench.csv" |
	awk -F , '$4 == "times" { n++; bad = bad || $15 $16 $17 != "" } END { exit !n || bad }'
result $? "and no ratio where the JSON has none"

if command -v gnuplot >"$scratch/out"; then
	"$here/plots.sh" "$scratch/figures" >"$scratch/out" 2>"$scratch/err"
	status=$?
	for plot in batch threads mappings pauses; do
		grep -q '</svg>' "$scratch/figures/$plot.svg" &&
			[ "$(head -c 4 "$scratch/figures/$plot.png" | tail -c 3)" = PNG ] || status=1
	done
	result $status "plots as SVG and PNG"
else
	skip "plots" "gnuplot is not installed"
fi

fault unmoved batch.16
fault unmoved holes.256
fault unmoved threads.2
fault spoiled huge.whole
fault spoiled compaction.time
fault stayed batch.64
fault store compaction.memory

run "$bench" --quick --row batch.1 --save /proc/nowhere
says 3
result $? "nowhere to save: a sentence, exit 3"
"$bench" --list >/dev/full 2>"$scratch/err"
[ $? -eq 3 ] && [ "$(wc -l <"$scratch/err")" -eq 1 ]
result $? "standard output full: a sentence, exit 3"

# Instructions that were counted by a guest's plug-in, and whose they are.
cat >"$scratch/guest.json" <<END
{"rows": [{"name": "batch.1", "title": "one", "unit": "instructions/huge page", "units": 2, "figures": [
	{"way": "MOVE", "median": 75, "section": 1, "section_figure": 75}, {"way": "mremap", "median": 20, "section": 2, "section_figure": 20}]},
	{"name": "threads.1", "title": "threads", "reason": "one CPU"}]}
END
cat >"$scratch/guest.symbols" <<END
ffffffff81000000 T first
ffffffff81000100 t second
ffffffffa0000000 t third	[module]
END
cat >"$scratch/guest.counts" <<END
section 1
0000000000401000 10
ffffffff810000f0 40
ffffffff81000100 60
ffffffffa0000010 20
ffffffff81000180 20
section 2
ffffffff81000000 40
END
run "$here/counting/profile.sh" "$scratch/guest"
[ $status -eq 0 ] && cmp -s - "$scratch/out" <<END
batch.1,MOVE,instructions/huge page,second,40.00
batch.1,MOVE,instructions/huge page,first,20.00
batch.1,MOVE,instructions/huge page,third,10.00
batch.1,MOVE,instructions/huge page,the-program,5.00
batch.1,mremap,instructions/huge page,first,20.00
END
result $? "a profile has each instruction in its function"
cp "$scratch/out" "$scratch/guest.profile.csv"
run "$here/counting/table.sh" "$scratch" guest
[ $status -eq 0 ] && grep -q '^one  *75  *20$' "$scratch/out" && grep -q '^  threads.1: one CPU$' "$scratch/out" &&
	grep -q '^ *40.0 second$' "$scratch/out"
result $? "the table of kernels"
sed -i 's/"section_figure": 75/"section_figure": 90/' "$scratch/guest.json"
run "$here/counting/profile.sh" "$scratch/guest"
[ $status -eq 1 ] && grep -q '75.0 instructions, the program 90.0' "$scratch/err"
result $? "a profile that is not of all instructions is told"
if [ "$(uname -m)" = x86_64 ]; then
	run "$here/kernel.sh" "$build" --row nothing.like.this
	says 2
	result $? "no such row: refused before a kernel is booted"
	run env JOBS=0 "$here/kernel.sh" "$build"
	says 1
	result $? "JOBS=0: a sentence"
fi

if [ "$(id -u)" -ne 0 ]; then
	skip "settings, and sandboxes" "it takes root to change the ones and make the others"
	finish
	exit
fi
run "$build/sandbox" no-move "$bench" --quick
says 4
result $? "the operation is forbidden: a sentence, exit 4"
run "$build/sandbox" unprivileged "$bench" --quick --seconds 1 --json --row batch.16 --row swapped.16
[ $status -eq 0 ] && true_of "$scratch/out" '.rows[0].figures | length > 0'
result $? "without privilege: what can be measured is"
settings >"$scratch/before"
interrupted INT
interrupted TERM
interrupted KILL
finish
