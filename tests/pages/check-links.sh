#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-links.sh [--self-test] DIRECTORY
#
# Looks whether every link in the HTML pages of DIRECTORY leads somewhere: to a file
# there, to an anchor in it, or to a page of Debian's (which is looked for among the
# installed ones, not on the net); that no anchor is there twice; that each page can
# be reached from index.html; and that each reference to a page is a link.
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
	tr '\n' ' ' <"$2" | grep -o "[[:space:]]$1=\"[^\"]*\"" | sed 's/^[^"]*"//; s/"$//'
}

judge_link() {		# directory, file, link
	case $3 in
	https://manpages.debian.org/*)
		wanted=${3##*/}
		grep -qxF "${wanted%.*} ${wanted##*.}" "$work/debian" ||
			echo "$2: Debian has no page for $3"
		return ;;
	*:*)	echo "$2: a link of another kind: $3"
		return ;;
	esac
	place=${3%%#*}
	[ -n "$place" ] || place=$2
	if [ ! -f "$1/$place" ]; then
		echo "$2: there is no file for $3"
	elif [ "${3#*#}" != "$3" ] && ! values id "$1/$place" | grep -qxF -- "${3#*#}"; then
		echo "$2: there is no anchor for $3"
	fi
}

check_file() {		# directory, file
	values href "$1/$2" | sort -u | while read -r link; do
		judge_link "$1" "$2" "$link"
	done
	values id "$1/$2" | sort | uniq -d | sed "s,^,$2: an anchor twice: ,"
	# Text such as <b>name</b>(2) that was not made a link.
	sed '/<pre/,/<\/pre>/d' "$1/$2" | grep -o '<b>[A-Za-z_]*</b>([0-9][a-z]*)' |
		sed "s,^,$2: no link: ,"
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
	bad "a link to no anchor" $page 's/href="#NAME"/href="#NOM"/'
	bad "a link to no page of Debian's" $page 's,debian.org/mremap.2",debian.org/mremap.3",'
	bad "a link to elsewhere" $page 's,href="index.html",href="http://example.org/",'
	bad "an anchor twice" $page 's/id="LIBRARY"/id="NAME"/'
	bad "a reference that is no link" $page \
		's,<a class="Xr" href="[^"]*"><b>mremap</b></a>,<b>mremap</b>,'
	bad "a page that cannot be reached" index.html 's,<a href="UFFDIO_MOVE[^>]*>,<a>,'
	tap_end
	exit
fi

for file in "$directory"/*.html; do
	tap_silent "links of ${file##*/}" "$(check_file "$directory" "${file##*/}")"
done
tap_silent "each page can be reached" "$(check_reach "$directory")"
tap_end
