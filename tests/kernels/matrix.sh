#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: matrix.sh BUILD
#        matrix.sh --words: only look at the words below, before programs are built
#
# Runs the contract on every kernel that can be had, in guests, and writes a record of
# each into spec/kernels/: ARCH-VERSION.yaml (spec/README.md).  What is recorded for this
# version of the contract is not run again, so that it goes on where it was stopped.
#
# BUILD holds the conformance program, and BUILD/ARCH/ that of another architecture
# (`make program-ARCH`).  What an architecture lacks for that is told, and it is left out.
#
#   KERNELS="7.3.4 patched"   these only: versions in Debian's archive (kernel-patch/vm/
#                             archive.sh lists them), and patched, Linux 6.1 with our series
#   ARCH="x86_64 arm64"       these only (x86_64 arm64 riscv64 s390x ppc64el)
#   AGAIN=1                   those that are recorded as well
#   KERNEL=PATH               an image or source tree of your own, and nothing else;
#                             NAME= is what its record is called.  KERNEL=running is
#                             the one that runs here, without what may take it down
#   HAZARD=ID                 with KERNEL=running: but with the tests that meet this deviation
#   JOBS=2                    guests at once
#
# Exit status: 0 each kernel that could be had has its record; 1 one has not, or is not listed.

set -uf
cd "$(dirname "$0")/../.." || exit 1
records=spec/kernels
vm="kernel-patch/vm"

die() { echo "${0##*/}: $*" >&2; exit 1; }

[ $# -eq 1 ] || { echo "usage: matrix.sh BUILD|--words" >&2; exit 2; }
build=$1
: "${HAZARD:=}" "${KERNELS:=}" "${ARCH:=x86_64 arm64 riscv64 s390x ppc64el}" "${AGAIN:=}" "${JOBS:=2}" "${KERNEL:=}"
[[ $JOBS =~ ^[1-9][0-9]?$ ]] || die "JOBS=$JOBS is not a number of guests, 1 to 99"
[ "$AGAIN" != 0 ] || AGAIN=
version=$(sed -n 's/^version: "\(.*\)"$/\1/p' spec/uffdio_move.yaml)
work=$(mktemp -d) || exit 1
declare -A names=()	# of what is being run, by the process that does, which leads a group
set -m
# shellcheck disable=SC2317 # called by the trap
finish()
{
	trap '' INT TERM HUP
	for pid in "${!names[@]}"; do
		kill -- "-$pid" 2>/dev/null
	done
	{ wait; } 2>/dev/null
	find $records -maxdepth 1 -name ".*.$$.*" -delete
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP
[[ ${NAME-} =~ ^([A-Za-z0-9][A-Za-z0-9._+-]*)?$ ]] || die "NAME=$NAME is not a name of letters, digits, and . _ + -"
# without a file of our own there: what is newer than its directory is not built again
if ! mkdir -p $records || [ ! -w $records ]; then
	die "$records cannot be written"
fi
for arch in $ARCH; do
	[[ " x86_64 arm64 riscv64 s390x ppc64el " == *" $arch "* ]] ||
		die "no architecture is called $arch; there are x86_64, arm64, riscv64, s390x and ppc64el"
done
for kernel in $KERNELS; do
	[[ $kernel =~ ^(patched|[0-9]+\.[0-9][A-Za-z0-9.-]*)$ ]] ||
		die "$kernel is no version of Linux, such as 7.3.4, nor 'patched'"
done
[ -z "$HAZARD" ] || grep -qx -- "  - id: $HAZARD" spec/uffdio_move.yaml ||
	die "no deviation is called $HAZARD"
[ -z "$KERNEL" ] || [ "$KERNEL" = running ] || [ -e "$KERNEL" ] ||
	die "there is no $KERNEL; KERNELS= names versions"
[ "$1" != --words ] || exit 0

program_for() # ARCH
{
	if [ "$1" = "$(uname -m)" ]; then
		echo "$build/uffdio-move-conformance"
	else
		echo "$build/$1/uffdio-move-conformance"
	fi
}

# What runs here, as records call it.
architecture()
{
	uname -m | sed 's/aarch64/arm64/; s/ppc64le/ppc64el/'
}

# VERSION ARCH RELEASE of what is wanted; what the archive has not is said.
list_wanted()
{
	local arch kernel wanted release

	if [ "$KERNEL" ]; then
		if [ "$KERNEL" = running ]; then
			release=$(uname -r | sed -E 's/^([0-9.]+(-rc[0-9]+)?).*/\1/')
			echo "${NAME:-$release} $(architecture) $(uname -r)"
			return
		fi
		echo "${NAME:-own} ${ARCH%% *} $KERNEL"
		return
	fi
	for arch in $ARCH; do
		[ -x "$(program_for "$arch")" ] ||
			{ echo "$arch is left out: there is no $(program_for "$arch")" >&2; continue; }
		wanted=$("$vm/archive.sh" list "$arch") || [ "$arch" = x86_64 ] || continue
		[ "$arch" != x86_64 ] || wanted+=$'\n'"patched x86_64 6.1-patched"
		if [ "$KERNELS" ]; then
			for kernel in $KERNELS; do
				awk -v kernel="$kernel" '$1 == kernel { print; found = 1 }
					END { exit !found }' <<<"$wanted" ||
					echo "$kernel for $arch: the archive does not list it" | tee -a "$work/absent" >&2
			done
		else
			echo "$wanted"
		fi
	done
}

is_recorded() # VERSION ARCH
{
	local record=$records/$2-$1.yaml

	[ ! "$AGAIN" ] && [ ! "$KERNEL" ] && [ -f "$record" ] &&
		grep -qsx "contract: \"$version\"" "$record" &&
		grep -qsx 'tests: {.* fails: 0, .* broken: 0}' "$record" && grep -qs '^holds:' "$record"
}

report() # KERNEL ARCH DOWNS
{
	if [ "$1" = running ]; then
		"$(program_for "$2")" --json ${HAZARD:+--hazard "$HAZARD"}
	else
		KERNEL=$1 ARCH=$2 tests/kernels/report-in-vm.sh --downs "$3" "$(program_for "$2")" --json
	fi
}

# Leaves a sentence in $work/VERSION-ARCH.said, and 0, 1, or "gone" in .status.
record() # VERSION ARCH RELEASE
{
	local name=$2-$1 kernel=$1 file=$records/$2-$1.yaml release=$3 status new

	trap - EXIT
	[ ! "$KERNEL" ] || kernel=$KERNEL
	: >"$work/$name.downs"
	if [ "$kernel" != patched ] && [ ! "$KERNEL" ]; then
		"$vm/archive.sh" fetch "$1" "$2" >/dev/null 2>"$work/$name.errors"
		status=$?
		if [ $status -ne 0 ]; then
			tail -n 1 "$work/$name.errors" | sed 's/^archive.sh: //' >"$work/$name.said"
			[ $status -ne 1 ] || echo gone >"$work/$name.status"
			return
		fi
	fi
	report "$kernel" "$2" "$work/$name.downs" >"$work/$name.json" 2>"$work/$name.errors"
	status=$?
	tests=$(jq '.tests | length' "$work/$name.json" 2>/dev/null)
	if [ "${tests:-0}" -eq 0 ]; then
		echo "no report (exit $status): $(tail -n 1 "$work/$name.errors")" >"$work/$name.said"
		return
	fi
	[ "$kernel" = "$1" ] && [ "$1" != patched ] || [ "$kernel" = running ] ||
		release=$(jq -r .machine.kernel "$work/$name.json")
	new=$(mktemp -p $records ".$name.$$.XXXXXX") && chmod 644 "$new"
	if ! jq -r -f tests/kernels/record.jq --arg kernel "$1" --arg architecture "$2" \
		--arg release "$release" --arg date "$(date -u +%F)" \
		--rawfile downs "$work/$name.downs" "$work/$name.json" >"$new" ||
	   ! mv -T "$new" "$file"; then
		rm -f "$new"
		echo "$file could not be written" >"$work/$name.said"
		return
	fi
	{
		jq -r '[.tests[].verdict] | "\(map(select(. == "holds")) | length) tests hold, "
			+ "\(map(select(. == "deviates")) | length) deviate, "
			+ "\(map(select(. == "skipped")) | length) skipped, "
			+ "\(map(select(. == "fails")) | length) fail, "
			+ "\(map(select(. == "broken")) | length) broken"' "$work/$name.json"
		sed 's/^complaint:/it complained: /; t; s/:/ took it down: /' "$work/$name.downs"
		jq -r '.tests[] | select(.verdict | IN("fails", "broken"))
			| "\(.name) \(.verdict): \(.note)"' "$work/$name.json" | head -n 5
	} >"$work/$name.said"
	[ $status -ne 0 ] || echo 0 >"$work/$name.status"
}

said() # NAME
{
	sed '2,$s/^/    /' "$work/$1.said"
}

minutes() { printf '%d min' $((($1 + 59) / 60)); }

list_wanted >"$work/listed" || exit 1
awk '!seen[$0]++' "$work/listed" >"$work/wanted"
while read -r kernel arch release; do
	is_recorded "$kernel" "$arch" || echo "$kernel $arch $release"
done <"$work/wanted" >"$work/list"
all=$(wc -l <"$work/list")
echo "$(wc -l <"$work/wanted") kernels, $all of them to be run on version $version of the contract"

begun=0 ended=0 bad=0 gone=0 started=$SECONDS
note_end() # PID
{
	local name=${names[$1]} status left

	unset "names[$1]"
	ended=$((ended + 1))
	status=$(cat "$work/$name.status" 2>/dev/null)
	case $status in
	0) ;;
	gone) gone=$((gone + 1)) ;;
	*) bad=$((bad + 1)) ;;
	esac
	left=$(((SECONDS - started) * (all - ended) / ended))
	printf '[%d of %d, %s left] %s: %s\n' $ended "$all" "$(minutes $left)" "$name" "$(said "$name")"
}

while read -r kernel arch release; do
	while [ ${#names[@]} -ge "$JOBS" ]; do
		wait -n -p pid
		note_end "$pid"
	done
	begun=$((begun + 1))
	printf '[%d of %d begins] %s-%s\n' $begun "$all" "$arch" "$kernel"
	record "$kernel" "$arch" "$release" </dev/null &
	names[$!]=$arch-$kernel
done <"$work/list"
while [ ${#names[@]} -gt 0 ]; do
	wait -n -p pid
	note_end "$pid"
done
echo "$((ended - bad - gone)) recorded, $gone not given by the archive, $bad with something that fails or no report"
[ $bad -eq 0 ] && [ ! -s "$work/absent" ] && [ -s "$work/wanted" ]
