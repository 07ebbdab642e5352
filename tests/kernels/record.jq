# SPDX-License-Identifier: GPL-2.0-only
#
# From the conformance program's JSON to the record of a kernel (spec/README.md).
# Arguments: kernel, architecture, release, date; downs, the lines of report-in-vm.sh.

def words: map(tojson) | join(", ");
def lines($indent): . as $all
	| reduce $all[] as $word ([[]];
		if (.[-1] + [$word] | join(", ") | length) > 92 - $indent then . + [[$word]]
		else .[:-1] + [.[-1] + [$word]] end)
	| map(join(", ")) | join(",\n" + " " * $indent);
def named($key; $list): if ($list | length) == 0 then empty
	else "\($key):\n  [\($list | lines(3))]" end;
def standing($word): [.clauses[] | select(.standing == $word) | .id];

# A line that the kernel left is one of words.
def plain: gsub("[\u0000-\u001f\u007f]+"; " ") | gsub("^ +| +$"; "");

. as $report
| ($downs | split("\n") | map(plain | select(test(":.*[^ ]")))) as $said
| ([$said[] | select(startswith("complaint:")) | sub("^complaint:"; "")]) as $complaints
| ([$said[] | select(startswith("complaint:") | not)
	| capture("^(?<test>[^:]*):(?<said>.*)$")]) as $went_down
| ([.tests[] | select(.verdict == "deviates")]) as $deviating
| "# SPDX-License-Identifier: GPL-2.0-only",
"# Written by `make matrix`, and by nothing else.",
"kernel: \($kernel | tojson)",
"architecture: \($architecture)",
"release: \($release | tojson)",
"page: \(.machine.page_bytes)",
"contract: \"\(.version)\"",
"date: \"\($date)\"",
"tests: {" + (["holds", "deviates", "fails", "skipped", "broken"]
	| map(. as $word | "\($word): \([$report.tests[] | select(.verdict == $word)] | length)")
	| join(", ")) + "}",
(([.clauses[] | select(.standing == "deviates") | "  - {clause: \(.id), deviation: \(.note)}"]) as $rows
	| if $rows == [] then empty else "deviates:", $rows[] end),
(([$deviating[] | .deviation] | unique) as $met | named("met"; $met)),
(if $went_down == [] then empty else "down:",
	($went_down[] | .test as $test
	| "  - {test: \(.test | tojson), said: \(.said | tojson)"
	+ (($deviating[] | select(.name == $test) | ", deviation: \(.deviation)") // "") + "}") end),
(if $complaints == [] then empty else "complaints:", ($complaints[] | "  - \(tojson)") end),
(([.tests[] | select(.verdict == "skipped") | .note] | group_by(.)
	| map("  - {tests: \(length), for: \(.[0] | tojson)}")) as $lacking
	| if $lacking == [] then empty else "lacking:", $lacking[] end),
named("fails"; standing("FAILS")),
named("differs"; standing("differs")),
named("untested"; standing("not tested")),
named("works"; standing("works")),
named("holds"; standing("holds"))
