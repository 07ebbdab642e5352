#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-html.sh BUILD
#
# Whether html.sh leaves alone what is no site, and whether two of it at once both give the
# site that is in BUILD/html.  Prints flat TAP.

set -u
[ $# -eq 1 ] || { echo "usage: $0 BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
# shellcheck source=/dev/null
. tests/pages/lib.sh

as_wanted() {		# directory
	diff -r "$build/html" "$1" 2>&1
	ls -d "$1".* 2>/dev/null
}

at_once() {
	tests/pages/html.sh "$build" "$work/site/" >/dev/null 2>&1 &
	tests/pages/html.sh "$build" "$work/site" >/dev/null 2>&1 || echo "the one failed"
	wait $! || echo "the other failed"
	as_wanted "$work/site"
}

over_others() {
	mkdir "$work/mine"
	echo kept >"$work/mine/file"
	if tests/pages/html.sh "$build" "$work/mine" >/dev/null 2>"$work/said"; then
		echo "it is not refused"
	fi
	[ "$(wc -l <"$work/said")" -eq 1 ] || cat "$work/said"
	[ "$(cat "$work/mine/file")" = kept ] || echo "the file has gone"
}

tap_silent "two at once both give a whole site" "$(at_once)"
tap_silent "a site is written over a site" \
	"$(tests/pages/html.sh "$build" "$work/site/" 2>&1 >/dev/null; as_wanted "$work/site")"
tap_silent "what is no site is left alone" "$(over_others)"
tap_end
