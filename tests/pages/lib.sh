# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the scripts about man pages share.  Source it from the project's root, with
# $work set to a directory of the script's own, which goes away with the script.

export LC_ALL=C.UTF-8

# shellcheck disable=SC2154
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

tap_count=0
tap_failed=0

tap() {		# ok|"not ok", name, what was seen
	tap_count=$((tap_count + 1))
	printf '%s %d - %s\n' "$1" "$tap_count" "$2"
	[ "$1" = ok ] && return
	tap_failed=$((tap_failed + 1))
	printf '%s\n' "$3" | sed 's/^/# /'
}

tap_skip() {	# name, what is lacking
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# A check that is silent passes; what it says is why it fails.
tap_silent() {	# name, what was said
	if [ -z "$2" ]; then
		tap ok "$1"
	else
		tap "not ok" "$1" "$2"
	fi
}

tap_end() {
	echo "1..$tap_count"
	[ "$tap_failed" -eq 0 ] && [ "$tap_count" -gt 0 ]
}

# Pages carry the title of a page in development; readers get date and release.
# $PAGES_DATE and $PAGES_RELEASE override what follows from the last commit.
pages_date() {
	pages_date_is=${PAGES_DATE:-$(git log -1 --format=%cs -- man2 man2const 2>/dev/null || true)}
	echo "${pages_date_is:-$(date -u +%Y-%m-%d)}"
}

titled() {	# page; writes it with date and release in place
	sed "/^\\.TH /{s/(date)/$(pages_date)/
		s/\"Linux man-pages (unreleased)\"/\"${PAGES_RELEASE:-uffdio-move}\"/}" "$1"
}

# Comments that cite clauses are for this project alone.
without_citations() {	# page
	sed '/^\.\\" \[/d' "$1"
}

# Name and section as in NAME(SECTION), from NAME.SECTION.
page_name() {
	basename "$1" | sed 's/\.[^.]*$//'
}

page_section() {
	basename "$1" | sed 's/.*\.//'
}

description() {	# page
	sed -n '/^\.SH NAME/{n;n;n;p;q;}' "$1"
}

our_pages() {
	for our_page in man2/*.2 man2const/*.2const; do
		[ -f "$our_page" ] && echo "$our_page"
	done
}

# The first page, if any, whose name would need care in a link.
odd_pages() {
	printf '%s\n' man2/*.2 man2const/*.2const | grep '[^A-Za-z0-9_./*-]' | head -n 1
}

# The pages of Debian's own packages, as "NAME SECTION" lines.
debian_pages() {
	dpkg -L manpages manpages-dev 2>/dev/null |
		sed -n 's,^/usr/share/man/man[^/]*/\(.*\)\.\([0-9][a-z]*\)\.gz$,\1 \2,p' | sort -u
}

# Each reference of a page, as "LINE NAME SECTION" lines.
references() {	# page
	sed -n 's/^\.\(BR\|BI\|RB (\) *\([A-Za-z_][A-Za-z0-9_.:-]*\) (\([0-9][a-z]*\)).*/\2 \3/;T;=;p' "$1" |
		paste -d ' ' - -
}
