#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-matrix.sh BUILD - does matrix.sh refuse what it cannot run before it begins, and
# does archive.sh offer what was fetched where the archive is out of reach?  Boots nothing.
# Prints TAP.

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
build=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
# shellcheck disable=SC2034 # read by tap.sh
evidence="$scratch/said $scratch/errors"

refused() # WHAT SENTENCE VARIABLE=VALUE...
{
	touch "$scratch/before"
	env "${@:3}" timeout 60 tests/kernels/matrix.sh "$build" >"$scratch/said" 2>"$scratch/errors"
	[ $? -eq 1 ] && [ "$(wc -l <"$scratch/errors")" -eq 1 ] && grep -q "$2" "$scratch/errors" &&
		! grep -q begins "$scratch/said" && [ ! spec/kernels -nt "$scratch/before" ]
	result $? "refused: $1"
}
refused "an architecture that there is not" 'no architecture is called vax' ARCH="x86_64 vax"
refused "what is no version" 'nonsense is no version of Linux' KERNELS="7.3.4 nonsense"
refused "a deviation that there is not" 'no deviation is called foo' KERNEL=running HAZARD=foo
refused "a number of guests that is none" 'JOBS=x is not a number' JOBS=x
refused "a name with a blank" "NAME=a b is not a name" KERNEL=running NAME="a b"
refused "an image that there is not" 'there is no /none' KERNEL=/none

KERNELS="7.3.4 patched" tests/kernels/matrix.sh --words >"$scratch/said" 2>"$scratch/errors" &&
	[ ! -s "$scratch/said" ] && [ ! -s "$scratch/errors" ]
result $? "--words: right ones, and no word"
MAKEFLAGS= make matrix KERNELS=nonsense B="$scratch/build" >"$scratch/said" 2>"$scratch/errors"
[ $? -ne 0 ] && grep -q 'nonsense is no version' "$scratch/errors" && [ ! -e "$scratch/build" ]
result $? "make matrix: a wrong one is refused before programs are built"

offline() # ARCH
{
	XDG_CACHE_HOME=$scratch unshare -n kernel-patch/vm/archive.sh list "$1" \
		>"$scratch/said" 2>"$scratch/errors"
}
mkdir -p "$scratch/uffdio-move/archive/x86_64/7.9.1"
echo 7.9.1-cloud >"$scratch/uffdio-move/archive/x86_64/7.9.1/release"
if unshare -n true 2>/dev/null; then
	offline x86_64 && grep -qx '7.9.1 x86_64 7.9.1-cloud' "$scratch/said"
	result $? "without network: what was fetched before"
	offline arm64
	[ $? -eq 1 ] && [ ! -s "$scratch/said" ] && grep -q "cannot be reached" "$scratch/errors"
	result $? "without network, and nothing fetched: refused"
else
	skip "without network" "a network of its own takes root"
fi
finish
