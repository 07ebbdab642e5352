#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-kernel.sh base|arm64-16k|s390x CONFORMANCE BUSYBOX [CASES ALLOW_COPY] - boots Linux 6.1 in a VM
# and holds it against the contract.  The plain one (of base alone) has no
# UFFDIO_MOVE, and says so; with the series every clause holds, none deviates,
# and each state that 6.1 can have on that architecture is really made.  The
# cases that are written out from the contract, the series' selftest (both of
# base alone) and the examples run there too.  So does ALLOW_COPY, the conformance
# program of that proposal, with allow-copy/ on top of the series.  CONFORMANCE,
# BUSYBOX, CASES and ALLOW_COPY are static programs for the guest, $CC its compiler.
# Prints TAP; the build's progress goes to standard error.

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
# shellcheck source=tests/kernels/expected.sh
. "$(dirname "$0")/expected.sh"
cd "$(dirname "$0")/../.." || exit 1
config=$1 conformance=$2 busybox=$3 cases=${4-} allow_copy=${5-}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
evidence="$scratch/out $scratch/err"

case $config in
arm64*)
	# Architectures came to them one by one, and to the last one with pages of 4 KiB alone.
	lacking+='|write protection by userfaultfd|memory protection keys|virtual machines'
	lacking+='|huge pages that are swapped out whole|soft-dirty tracking'
	enough=3200
	;;
s390x)
	# QEMU's processor is without huge pages, and 6.1 for it without the others.
	lacking+='|transparent huge pages|the huge zero page|a free hugetlb page|write protection by userfaultfd'
	lacking+='|memory protection keys|virtual machines|memfd_secret|addresses that no task'
	enough=2200
	;;
esac

guest() # BOOT-ARGUMENT...: its status, its output in $scratch/out
{
	kernel-patch/vm/boot.sh --config "$config" "$@" >"$scratch/out" 2> >(tee "$scratch/err" >&2)
}

report() # FILTER: is this true of the report?
{
	true_of "$scratch/out" "$1"
}

# FILTER, which lists what is amiss: is there nothing in the report?
nothing_amiss()
{
	report "$1 == []" && return
	jq -r "$1 | .[]" "$scratch/out" >"$scratch/failing" 2>&1
	return 1
}

if [ "$config" = base ]; then
	KERNEL=unpatched guest "$conformance"
	[ $? -eq 4 ] && grep -q 'no UFFDIO_MOVE' "$scratch/out" "$scratch/err"
	result $? "plain 6.1: says that it has no UFFDIO_MOVE, exit 4"
fi

holds() # PROGRAM NAME: does each clause hold for it in a guest, of all that 6.1 can have?
{
	guest "$1" --json --hazards --patience 10
	status=$?
	jq -r '.tests[] | select(.verdict | . != "holds" and . != "skipped")
		| "\(.name): \(.verdict): \(.note)"' "$scratch/out" >"$scratch/failing" 2>&1
	evidence="$scratch/failing $scratch/err"
	result $status "$2: every must-clause holds"
	nothing_amiss "$(clauses_amiss)"
	result $? "no clause deviates, and none differs but where the series is better, as it has to be"
	nothing_amiss "$(skips_amiss)"
	result $? "every state, variation and scenario that 6.1 can have was made"
	evidence=$scratch/err
	report "($(tests_held)) > $enough"
	result $? "$(jq "$(tests_held)" "$scratch/out") tests hold"
	evidence="$scratch/out $scratch/err"
}

selftest() # NAME
{
	kernel-patch/vm/check-selftests.sh >"$scratch/out" 2> >(tee "$scratch/err" >&2)
	result $? "$1: $(grep -c '^ok' "$scratch/out") tests pass"
}

examples() # NAME SCRIPT [MODE]: each in a guest, behind SCRIPT; or those that promise something with MODE
{
	local files=() file
	rm -rf "$scratch/examples"
	tests/examples/check-examples.sh build "$scratch/examples" ${3+"$3"} >"$scratch/out" 2>"$scratch/err"
	for file in "$scratch"/examples/*; do
		files+=(--file "$file")
	done
	guest "${files[@]}" --file tests/examples/check-examples.sh "$busybox" sh -c \
		"$2exec sh /bin/check-examples.sh run /bin" &&
		{ [ $# -lt 3 ] || ! grep -q "# SKIP" "$scratch/out"; }
	result $? "$1"
	grep -c '^ok' "$scratch/out" | sed 's/$/ results of examples/; s/^/# /'
}

holds "$conformance" "6.1 with the series ($config)"

with_swap='echo 64M >/sys/block/zram0/disksize && mkswap /dev/zram0 >&2 && swapon /dev/zram0'
if [ "$config" = base ]; then
	selftest "the series' own selftest"

	guest --file "$cases" "$busybox" sh -c "$with_swap && exec ${cases##*/}" &&
		! grep '^ok .*# SKIP' "$scratch/out"
	result $? "the cases written out from the contract: $(grep -c '^ok' "$scratch/out") pass"
fi

# One of them shows pages on swap.
examples "the examples print what they promise on the patched kernel" "$with_swap && "

if [ "$allow_copy" ] && [ "${KERNEL-}" ]; then
	skip "the proposal's rules with kernel-patch/allow-copy" "KERNEL is a tree of your own, to which these patches are not applied"
elif [ "$allow_copy" ]; then
	export FURTHER=kernel-patch/allow-copy
	enough=6000
	holds "$allow_copy" "6.1 with the series and $FURTHER"
	examples "those that ask for the mode use it with $FURTHER" '' ALLOW_COPY
	selftest "its selftest with $FURTHER"
fi
finish
