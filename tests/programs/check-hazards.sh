#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-hazards.sh DIR - is a test that may take the machine down run only where that is
# asked for, or recorded to do no harm?  Shown by the program in DIR with a contract in
# which a harmless deviation of this kernel has a hazard.  Prints TAP.

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
dir=$1
deviation=register-advertises-shmem
clause=register.reports-only-where-possible
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
evidence="$scratch/out $scratch/err $scratch/log"

mkdir "$scratch/records"
write_contract() # KERNELS that are said to have it, and what else is said
{
	sed "/id: $deviation\$/,/why:/{ s/^    kernels: .*/    kernels: $1/
		s/^    why:/    hazard: machine\n${2-}&/ }" spec/uffdio_move.yaml >"$scratch/contract.yaml"
}
write_contract '["6.8"]'

build()
{
	"$dir/specgen" -o "$scratch" --records "$scratch/records" "$scratch/contract.yaml" &&
		for file in contract_tables contract_functions clean_kernels; do
			gcc -std=gnu11 -c -Itests/conformance -Ispec/specgen -I"$scratch" \
				-o "$scratch/$file.o" "$scratch/$file.c" || return
		done &&
		find tests/conformance -name '*.c' | sed "s,^tests,$dir/tests.d,; s,c\$,o," >"$scratch/objects" &&
		gcc -static -pthread -o "$scratch/program" "$scratch/contract_tables.o" \
			"$scratch/contract_functions.o" "$scratch/clean_kernels.o" "$dir/tests.d/oracle.o" "$dir/tests.d/derive.o" \
			@"$scratch/objects" -ljansson -luring
}

run()
{
	"$scratch/program" --tap --clause $clause "$@" >"$scratch/out" 2>"$scratch/err"
}

record() # STANDING: of this kernel's release
{
	cat >"$scratch/records/record.yaml" <<-END
	kernel: "$(uname -r | sed 's/[^0-9.].*//')"
	architecture: $(uname -m)
	release: "$(uname -r)"
	page: 4096
	contract: "$(sed -n 's/^version: "\(.*\)"$/\1/p' spec/uffdio_move.yaml)"
	date: "2026-11-26"
	tests: {holds: 1, deviates: 0, fails: 0, skipped: 0, broken: 0}
	$1: [$clause]
	END
	build >"$scratch/log" 2>&1
}

build >"$scratch/log" 2>&1; result $? "a harmless deviation is given a hazard"
run; status=$?
if [ $status -eq 4 ]; then
	skip "tests with a hazard" "this kernel has no UFFDIO_MOVE"
	finish
	exit
fi
grep -q "SKIP.*$deviation may take the machine down" "$scratch/out" && ! grep -q "XFAIL\|^not ok" "$scratch/out"
result $? "its tests are skipped, and say why"
"$scratch/program" --json --clause $clause >"$scratch/json"
# shellcheck disable=SC2016 # jq's
true_of "$scratch/json" --arg id $clause '.clauses[] | select(.id == $id) | .standing == "not tested"'
result $? "its clause counts as not tested"
run --hazards; grep -q "XFAIL.*$deviation\|$deviation" "$scratch/out" && ! grep -q SKIP "$scratch/out"
result $? "with --hazards they are run"
run --hazard $deviation; grep -q "XFAIL.*$deviation\|$deviation" "$scratch/out" && ! grep -q SKIP "$scratch/out"
result $? "with --hazard and its name, too"
run --hazard mremap-locks-up; grep -q "SKIP.*$deviation may take the machine down" "$scratch/out"
result $? "and not with another's"
run --hazard not-soft-dirty
[ $? -eq 2 ] && grep -q "that may take the machine down are .*, and not not-soft-dirty" "$scratch/err"
result $? "a deviation without a hazard is refused by name"
name=$("$scratch/program" --list --clause $clause | sed 's/ .*//;1q')
run --down "$name:BUG: a test"
grep "$name" "$scratch/out" | grep -q "$deviation"
result $? "one at which the kernel went down deviates so, without being run"
record holds && run && ! grep -q "may take the machine down" "$scratch/out"
result $? "on a release that is recorded to be without the fault they are run"
write_contract '[6.8 on]' && record holds && run; grep -q "may take the machine down" "$scratch/out"
result $? "not so where the contract says that the release has it"
write_contract '["6.8"]' '    by-chance: true\n' && record holds && run
grep -q "may take the machine down" "$scratch/out"
result $? "nor where it is met by chance"
write_contract '["6.8"]' && record holds && sed -i 's/^architecture: .*/architecture: other/' \
	"$scratch/records/record.yaml" && build >"$scratch/log" 2>&1 && run
grep -q "may take the machine down" "$scratch/out"
result $? "nor where the record is of another architecture"
record untested && run; grep -q "may take the machine down" "$scratch/out"
result $? "and not where the record has not seen it"
finish
