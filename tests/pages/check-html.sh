#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-html.sh BUILD
#
# Whether html.sh leaves alone what is no site, whether two of it at once both give the site
# that is in BUILD/html, and whether a page can bring in links that run.  Prints flat TAP.

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

# What mandoc makes of .UR.
links_that_run() {
	for link in javascript:x JavaScript:x data:x file:///x; do
		echo "<site><page name='X' section='7' file='X.7.html'><raw><div class='manual-text'>" \
			"<a class='Lk' href='$link'>x</a></div></raw></page></site>"
	done >"$work/pages"
	while read -r page; do
		echo "$page" | xsltproc tests/pages/site/article.xsl - | grep -o 'href=.*'
	done <"$work/pages"
}

tap_silent "two at once both give a whole site" "$(at_once)"
tap_silent "a site is written over a site" \
	"$(tests/pages/html.sh "$build" "$work/site/" 2>&1 >/dev/null; as_wanted "$work/site")"
tap_silent "what is no site is left alone" "$(over_others)"
tap_silent "only links to the web and to mail stay" "$(links_that_run)"
tap_end
