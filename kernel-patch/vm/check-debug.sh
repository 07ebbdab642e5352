#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: check-debug.sh --include DIR [--stress "PROGRAM [ARGUMENT]..."] CONFORMANCE
#
# On the kernel of ../config/debug.config (KASAN, lockdep, kmemleak and more):
#   1. the static program CONFORMANCE, all of it
#   2. each allocation of a move failing in turn (failing-allocations.c; DIR has
#      the generated uffdio_move.h)
#   3. CONFORMANCE while allocations fail at random: only the kernel is judged
#   4. the stress PROGRAM, where one is given
# After each of them the kernel looks for leaks.  One line on its console that
# ./complaints knows is a failure.  Exit status: 0, 1, or boot.sh's.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
help_if_asked "$@"

include='' stress=()
while [[ ${1-} == --* ]]; do
	[ $# -ge 2 ] || die "$1 wants a value"
	case $1 in
	--include) include=$2 ;;
	--stress) read -r -a stress <<<"$2" ;;
	*) die "unknown option $1; --help tells the usage" ;;
	esac
	shift 2
done
[[ $# -eq 1 && $include ]] || die "--help tells the usage"
conformance=$1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -std=gnu11 -O2 -Wall -Wextra -Werror -static -I"$include" \
	-o "$work/failing-allocations" "$vm/failing-allocations.c" ||
	die "$vm/failing-allocations.c could not be compiled"
"$vm/build.sh" --config debug >/dev/null

step() # NAME LIMIT BOOT-ARGUMENT...
{
	local name=$1 limit=$2 status=0 started=$SECONDS
	shift 2

	"$vm/boot.sh" --config debug --limit "$limit" --log "$logs/debug-$name.console.log" "$@" \
		>"$logs/debug-$name.log" || status=$?
	if [ $status -ne 0 ]; then
		grep -v '^ok ' "$logs/debug-$name.log" | head -n 40
		say "$name: exit status $status; log: $logs/debug-$name.log"
		exit $status
	fi
	echo "$name: ok ($((SECONDS - started)) s)"
}

step conformance 7200 "$conformance" --tap --patience 20
step failing-allocations 1800 "$work/failing-allocations"
step random-failures 7200 --file "$conformance" "$vm/random-failures" "/bin/${conformance##*/}" --tap --patience 5
[ ${#stress[@]} -eq 0 ] || step stress 3600 "${stress[@]}"
