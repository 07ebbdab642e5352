#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check.sh [--self-test] BUILD
#
# Holds the pages against the contract and the headers, both ways, and prints flat
# TAP.  BUILD holds specgen and the generated uffdio_move.h.
#
# That citations cite clauses, and each must-clause is told, is for specgen --trace;
# here: each entry of UFFDIO_MOVE's ERRORS cites clauses that give its errno, each
# clause that gives an errno has its entry, and each constant, structure and member
# that a page names exists, with the type, place and value that the page gives.

set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
# shellcheck source=/dev/null
. tests/pages/lib.sh

self_test=
[ "${1:-}" = --self-test ] && self_test=yes && shift
[ $# -eq 1 ] || { echo "usage: $0 [--self-test] BUILD" >&2; exit 2; }
build=$1
contract=spec/uffdio_move.yaml
move=man2const/UFFDIO_MOVE.2const

check_citations() {	# pages
	"$build/specgen" --trace $contract "$@" 2>&1 >/dev/null | grep -v ': nothing tests '
}

check_errors() {	# contract, page
	awk -f tests/pages/check.awk "$1" "$2" | sort
}

# Constants that the pages of other interfaces, or a variant that was never merged, own.
not_ours='UFFD_API_\|UFFDIO_REMAP$\|UFFDIO_MOVE_MODE_ALLOW_COPY$\|UFFDIO_MOVE_MODE_WP$'

# The text of a page without its comments and without the typesetter's escapes.
plain() {		# page
	sed -e '/^\.\\"/d' -e 's/\\[:&]//g' -e 's/\\-/-/g' -e 's/\\~/ /g' "$1"
}

headers() {
	printf '#include "%s"\n' tests/pages/compat.h "$build/uffdio_move.h"
	echo '#include <stddef.h>'
}

compile() {		# FILE, page
	${CC:-gcc} -std=gnu11 -I. -c -o "$work/object.o" "$1" 2>&1 |
		sed -n 's/^[^ ]*: error: //p' | sort -u | sed "s,^,$2: ,"
}

check_constants() {	# page
	{
		headers
		plain "$1" | grep -o '\(^\|[^A-Za-z0-9_]\)UFFD[A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]' |
			sed 's/^[^A-Z]*//' | grep -v "^\($not_ours\)" | sort -u |
			sed 's/.*/unsigned long long value_of_& = (unsigned long long)(&);/'
		# Where a page gives a value, it is the header's.
		plain "$1" | sed '/^\.EX/,/^\.EE/d' |
			sed -n 's/^\.B.* *"\?#define *\(UFFD[A-Z0-9_]*\) *\([^"]*\)"\?$/\1 \2/p' |
			while read -r name value; do
				echo "_Static_assert($name == ($value), \"value of $name\");"
			done
	} >"$work/constants.c"
	compile "$work/constants.c" "$1"
}

# The structures of a page's synopsis, as C.
structures() {		# page
	plain "$1" | sed -n '/^\.SH SYNOPSIS/,/^\.SH DESCRIPTION/p' |
		sed -e 's/^\.[A-Z]* //' -e 's/"//g' -e 's,/\*.*,,' |
		sed -n '/^struct [a-z_]* {/,/^};/p'
}

# Each structure once more under another name: same size, same members at the same places.
check_structures() {	# page
	structures "$1" >"$work/structures"
	{
		headers
		sed 's/^struct \([a-z_]*\) {/struct page_\1 {/' "$work/structures"
		awk '/^struct/ {
			name = $2
			printf "_Static_assert(sizeof(struct page_%s) == sizeof(struct %s), " \
			       "\"size of struct %s\");\n", name, name, name
		}
		/;/ && !/^}/ {
			member = $NF
			sub(/;.*/, "", member)
			sub(/\[.*/, "", member)
			w = "struct " name "." member
			a = "struct page_" name
			b = "struct " name
			printf "_Static_assert(offsetof(%s, %s) == offsetof(%s, %s), " \
			       "\"place of %s\");\n", a, member, b, member, w
			printf "_Static_assert(__builtin_types_compatible_p(" \
			       "__typeof__(((%s *)0)->%s), __typeof__(((%s *)0)->%s)), " \
			       "\"type of %s\");\n", a, member, b, member, w
		}' "$work/structures"
	} >"$work/structures.c"
	compile "$work/structures.c" "$1"
}

STRUCTURES="uffdio_api uffdio_range uffdio_register uffdio_copy uffdio_zeropage
	uffdio_writeprotect uffdio_continue uffdio_poison uffdio_move uffdio_rwprotect
	uffdio_set_mode uffd_msg"

# A member that the text names, .like.this, is one of some structure of userfaultfd.
check_members() {	# page
	{
		headers
		echo 'union any {'
		for structure in $STRUCTURES; do
			echo "	struct $structure $structure;"
		done
		echo '};'
	} >"$work/any.h"
	plain "$1" | sed -n 's/^\.\(I\|IR\|RI\|BR\|BI\|B\) //p' |
		grep -o '\(^\|[ [(]\)\.[a-z][a-z0-9_.]*[a-z0-9]' |
		sed 's/^[^.]*\.//' | sort -u |
		while read -r member; do
			found=
			for structure in $STRUCTURES; do
				grep -q "struct $structure" "$1" || continue
				printf '#include "%s"\nunsigned long at = offsetof(union any, %s.%s);\n' \
					"$work/any.h" $structure "$member" >"$work/member.c"
				[ -z "$(compile "$work/member.c" x)" ] && found=yes && break
			done
			[ "$found" ] || echo "$1: no structure that it names has a member '$member'"
		done
}

# Who looks something up wants a call to copy at once, and no more than a few screens.
check_readable() {	# page
	MANWIDTH=80 man -l "$1" >"$work/rendered" 2>"$work/errors" || cat "$work/errors"
	lines=$(wc -l <"$work/rendered")
	[ "$lines" -le 350 ] || echo "$1: $lines lines at 80 columns, more than 350"
	sed -n '/^DESCRIPTION/,/^[A-QS-Z]/p' "$work/rendered" | head -n 24 | grep -q 'ioctl(fd, UFFDIO_MOVE' ||
		echo "$1: no call within the first 24 lines of DESCRIPTION"
}

# Each edit of a good page, or of the contract, must be noticed.
bad() {			# check, what is wrong, file, sed's edit
	edited=$work/$(basename "$3")
	sed "$4" "$3" >"$edited"
	if cmp -s "$3" "$edited"; then
		tap "not ok" "$2" "the edit changes nothing"
		return
	fi
	case $1 in
	citations)	said=$(check_citations "$edited" | grep 'no clause is called') ;;
	errors)		said=$(check_errors $contract "$edited") ;;
	contract)	said=$(check_errors "$edited" $move) ;;
	*)		said=$("check_$1" "$edited") ;;
	esac
	if [ -n "$said" ]; then
		tap ok "noticed: $2"
	else
		tap "not ok" "noticed: $2" "nothing was said"
	fi
}

# shellcheck disable=SC2016
check_oneself() {
	bad errors "an entry that cites nothing" $move '/^\.SH ERRORS/,$ {/\[areas.memory\]/d}'
	bad errors "an entry with another errno" $move '/^\.SH ERRORS/,$s/^\.B EBUSY/.B EPERM/'
	bad errors "an entry whose clauses have another errno" $move \
		'/^\.SH ERRORS/,$s/^\.\\" \[page.merged\]/.\\" [page.marker]/'
	bad errors "an entry that cites a clause without errno" $move \
		'/^\.SH ERRORS/,$s/^\.\\" \[page.merged\]/.\\" [wake.moved]/'
	bad errors "an entry that is missing" $move \
		'/^\.SH ERRORS/,/^\.SH STANDARDS/s/ *\[areas.dst-mapped\]//'
	bad contract "a clause with another errno" $contract '/id: page.merged/,/result:/s/EBUSY/EPERM/'
	bad contract "a new check without an entry" $contract \
		'/^checks:/a\  - id: areas.new\n    errno: ENXIO'
	bad citations "a citation of nothing" $move 's/\[page.merged\]/[page.fused]/'
	bad constants "a constant that does not exist" $move 's/UFFDIO_MOVE_MODE_DONTWAKE/UFFDIO_MOVE_MODE_NOWAKE/'
	bad structures "a member of another type" $move 's/__s64  move;/__u64  move;/'
	bad structures "members in another order" $move 's/__u64  dst;/__u64  new;/;s/__u64  src;/__u64  dst;/;s/__u64  new;/__u64  src;/'
	bad structures "a member too few" $move '/__u64  mode;/d'
	bad readable "a page that is too long" $move 's/^\.SH RETURN VALUE/.P\nToo much.\n&/'
	bad readable "a call that comes late" $move '/^ioctl(fd, UFFDIO_MOVE/d'
	bad members "a member that does not exist" $move 's/^\.I \.len/.I .length/'
}

if [ "$self_test" ]; then
	check_oneself
	tap_end
	exit
fi

# shellcheck disable=SC2046
tap_silent "the pages' citations cite clauses, and each must-clause is told" \
	"$(check_citations $(our_pages) "$build/uffdio_move_contract.7")"
tap_silent "ERRORS of $move and the contract agree" "$(check_errors $contract $move)"
tap_silent "$move: a call to copy soon, and at most 350 lines" "$(check_readable $move)"
for page in $(our_pages); do
	tap_silent "$page: constants" "$(check_constants "$page")"
	tap_silent "$page: structures" "$(check_structures "$page")"
	tap_silent "$page: members" "$(check_members "$page")"
done
tap_end
