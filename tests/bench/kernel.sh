#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: kernel.sh BUILD [OPTION]...
#
# Counts the instructions of BUILD/bench, which has these options, on kernels in guests that
# have nothing else to do: figures that do not depend on the machine.  Prints them side by
# side, and where they are spent; leaves all of it in BUILD/figures/kernel.
#
#   KERNELS="patched 7.3.4"   these: patched, unpatched (Linux 6.1 with and without the
#                             series), newest (of Debian's archive), or a version there.
#                             patched and newest, if it is not set
#   KERNEL=PATH               besides, an image or source tree of your own; or a version
#   JOBS=2                    guests at once
#
# The first of them is what the others are compared with.  A tree of your own is built as
# patched is; Debian's kernels have their own configuration, which costs some instructions.
#
# Exit status: 0 each kernel has its figures; 1 one has not.

set -uf
cd "$(dirname "$0")/../.." || exit 1
vm="kernel-patch/vm"

die() { echo "${0##*/}: $*" >&2; exit 1; }

case ${1-} in
-h | --help)
	sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0" | sed 1,2d
	exit
	;;
esac
[ $# -ge 1 ] || { echo "usage: kernel.sh BUILD [OPTION]..." >&2; exit 2; }
build=$1
shift
: "${KERNELS:=patched newest}" "${KERNEL:=}" "${JOBS:=2}"
[ "$(uname -m)" = x86_64 ] || die "instructions are counted on x86_64 alone"
[[ $JOBS =~ ^[1-9][0-9]?$ ]] || die "JOBS=$JOBS is not a number of guests, 1 to 99"
# Options that are wrong are told before any kernel is built.
"$build/bench" --count --list "$@" >/dev/null || exit 2
out=$build/figures/kernel
rm -rf "$out"
mkdir -p "$out" || die "$out cannot be written"

newest()
{
	"$vm/archive.sh" list x86_64 | awk '$1 !~ /rc/ { print $1; exit }'
}

names=()	# of the kernels, in their order
declare -A kernels=()
add_kernel() # KERNEL
{
	local kernel=$1 name

	if [ "$kernel" = newest ]; then
		kernel=$(newest)
		[ "$kernel" ] || { echo "${0##*/}: Debian's archive names no kernel" >&2; return; }
	fi
	[[ $kernel =~ ^((un)?patched$|[0-9]+\.[0-9]) || -e $kernel ]] ||
		die "$kernel is neither a kernel's source, nor an image, nor a version of Linux"
	name=$(basename "$kernel")
	name=${name//[^A-Za-z0-9._+-]/_}
	[ -z "${kernels[$name]-}" ] || return
	names+=("$name")
	kernels[$name]=$kernel
}

# What a guest has said, and what was counted meanwhile.
split_output() # NAME
{
	sed '/^symbols$/,$d' "$out/$1.output" >"$out/$1.json"
	sed '1,/^symbols$/d' "$out/$1.output" >"$out/$1.symbols"
	rm -f "$out/$1.output"
}

count_on() # NAME OPTION...
{
	local name=$1 status=0
	shift

	KERNEL=${kernels[$name]} ARCH=x86_64 "$vm/boot.sh" --counted \
		--plugin "$(realpath "$build/count.so"),to=$(realpath "$out")/$name.counts" \
		--limit 3600 --log "$out/$name.console" --file "$build/bench" \
		tests/bench/counting/guest.sh "$@" >"$out/$name.output" || status=$?
	split_output "$name"
	if [ $status -gt 1 ]; then
		echo "${0##*/}: $name: no figures (exit status $status); see $out/$name.console" >&2
		return 1
	fi
	jq -r --arg name "$name" '.rows[] | select(.error) | "\($name): \(.name): \(.error)"' \
		"$out/$name.json" >&2
	tests/bench/counting/profile.sh "$out/$name" >"$out/$name.profile.csv" && [ $status -eq 0 ]
}

set -m
# shellcheck disable=SC2317 # called by the trap
finish()
{
	trap '' INT TERM HUP
	for pid in $(jobs -p); do
		kill -- "-$pid" 2>/dev/null
	done
	{ wait; } 2>/dev/null
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

for kernel in $KERNELS; do
	add_kernel "$kernel"
done
[ -z "$KERNEL" ] || add_kernel "$KERNEL"
[ ${#names[@]} -gt 0 ] || die "there is no kernel to count on"
failed=0 pids=()
for name in "${names[@]}"; do
	while [ "$(jobs -pr | wc -l)" -ge "$JOBS" ]; do
		sleep 1
	done
	count_on "$name" "$@" &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	wait "$pid" || failed=1
done
tests/bench/counting/table.sh "$out" "${names[@]}" | tee "$out/table"
exit $failed
