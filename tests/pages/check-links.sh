#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-links.sh [--self-test] DIRECTORY
#
# Looks, without a browser, whether every link in the HTML pages of DIRECTORY leads
# somewhere: to a file there, to an anchor in it, or to a page of Debian's (which is looked
# for among the installed ones, not on the net); that no anchor is there twice; that each
# page can be reached from index.html; and that each reference to a page is a link.
# Prints flat TAP.

set -u
self_test=
[ "${1:-}" = --self-test ] && self_test=yes && shift
[ $# -eq 1 ] || { echo "usage: $0 [--self-test] DIRECTORY" >&2; exit 2; }
directory=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
# shellcheck source=/dev/null
. tests/pages/lib.sh
debian_pages >"$work/debian"

# The values of an attribute, one a line.
values() {		# attribute, file
	tr '\n' ' ' <"$2" | grep -oE "[[:space:]]($1)=\"[^\"]*\"" | sed 's/^[^"]*"//; s/"$//'
}

# What can be linked to in a directory: its files, their anchors, and pages of Debian's.
places() {		# directory
	for file in "$1"/*; do
		echo "${file##*/}"
		case $file in
		*.html)	values id "$file" | sed "s,^,${file##*/}#," ;;
		esac
	done
	sed 's,\(.*\) \(.*\),https://manpages.debian.org/\1.\2,' "$work/debian"
}

check_file() {		# directory, file; uses places of the directory
	values 'href|src' "$1/$2" | sed 's/#$//' | sort -u |
		awk -v file="$2" 'NR == FNR { known[$0]; next }
			{ place = /^#/ ? file $0 : $0 }
			!(place in known) { print file ": a link to nothing: " $0 }' "$work/places" -
	values id "$1/$2" | sort | uniq -d | sed "s,^,$2: an anchor twice: ,"
	# Text such as <b>name</b>(2) that was not made a link.
	sed -e '/<pre/,/<\/pre>/d' -e 's,<a [^>]*><b>[^<]*</b>[^<]*</a>,,g' "$1/$2" |
		grep -o '<b>[A-Za-z_]*</b>([0-9][a-z]*)' | sed "s,^,$2: no link: ,"
}

check_reach() {		# directory
	values href "$1/index.html" | sort -u >"$work/reached"
	for page in "$1"/*.html; do
		page=${page##*/}
		[ "$page" = index.html ] || grep -qxF "$page" "$work/reached" ||
			echo "index.html: no link to $page"
	done
}

bad() {			# what is wrong, file, edit
	rm -rf "$work/bad"
	cp -r "$directory" "$work/bad"
	sed -i "$3" "$work/bad/$2"
	places "$work/bad" >"$work/places"
	if cmp -s "$directory/$2" "$work/bad/$2"; then
		tap "not ok" "$1" "the edit changes nothing"
	elif [ -n "$(check_file "$work/bad" "$2"; check_reach "$work/bad")" ]; then
		tap ok "noticed: $1"
	else
		tap "not ok" "noticed: $1" "nothing was said"
	fi
}

if [ "$self_test" ]; then
	page=UFFDIO_MOVE.2const.html
	bad "a link to no file" $page 's/href="UFFDIO_COPY.2const.html"/href="UFFDIO_COPY.2.html"/'
	bad "a link to no anchor" $page 's/href="#SYNOPSIS"/href="#SYNOPSE"/'
	bad "a link to no page of Debian's" $page 's,debian.org/mremap.2",debian.org/mremap.3",'
	bad "a link to elsewhere" $page 's,href="index.html",href="http://example.org/",'
	bad "a script that is not there" $page 's,src="site.js",src="cite.js",'
	bad "an anchor twice" $page 's/id="LIBRARY"/id="SYNOPSIS"/'
	bad "a reference that is no link" $page \
		's,<a class="away" href="[^"]*mremap.2"><b>mremap</b>(2)</a>,<b>mremap</b>(2),'
	bad "a page that cannot be reached" index.html \
		's,href="UFFDIO_MOVE.2const.html",href="index.html",g'
	tap_end
	exit
fi

places "$directory" >"$work/places"
for file in "$directory"/*.html; do
	tap_silent "links of ${file##*/}" "$(check_file "$directory" "${file##*/}")"
done
tap_silent "each page can be reached" "$(check_reach "$directory")"
tap_end
