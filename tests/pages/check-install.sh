#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-install.sh
#
# Installs the pages into a scratch root by `make install`, looks for them there as
# a reader would, and takes them away again.  Prints flat TAP.

set -u
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d) || exit 1
# shellcheck source=/dev/null
. tests/pages/lib.sh

root=$work/root
man=$root/usr/local/share/man
unset MANPATH MANSECT MANOPT MANPAGER PAGER GROFF_TMAC_PATH GROFF_FONT_PATH MAKEFLAGS

expect() {		# name, text that has to be in what the command says, command
	name=$1
	text=$2
	shift 2
	"$@" >"$work/said" 2>&1
	if grep -qF -- "$text" "$work/said"; then
		tap ok "$name"
	else
		tap "not ok" "$name" "$(head -n 5 "$work/said")"
	fi
}

# The reader of mandoc, which Debian calls mman, without a database and with one.
reader() {
	for reader_name in mman mandoc-man; do
		command -v $reader_name && return
	done
}

if ! make -s install DESTDIR="$root" prefix=/usr/local >"$work/said" 2>&1; then
	tap "not ok" "make install" "$(tail -n 5 "$work/said")"
	tap_end
	exit
fi
tap ok "make install"
for page in $(our_pages); do
	tap_silent "${page##*/} is there" "$([ -s "$man/man2/${page##*/}" ] || echo "it is not")"
done
tap_silent "title and date are in place, and citations are not" \
	"$(grep -nE '\(date\)|\(unreleased\)|^\.\\" \[' "$man"/man2/*)"

body=$(description man2const/UFFDIO_MOVE.2const)
whole=$(description man2/ioctl_userfaultfd.2)
# A database of their own, so that no configuration of this machine matters.
printf 'MANDATORY_MANPATH %s\nMANDB_MAP %s %s\n' "$man" "$man" "$work/cache" >"$work/man.conf"
for database in without with; do
	[ $database = without ] || mandb -C "$work/man.conf" -q "$man" >/dev/null 2>&1
	for call in UFFDIO_MOVE "2 UFFDIO_MOVE" "2const UFFDIO_MOVE" "2const uffdio_move"; do
		# shellcheck disable=SC2086
		expect "man $call, $database a database" "$body" \
			man -C "$work/man.conf" -M "$man" -P cat $call
	done
	expect "man ioctl_userfaultfd, $database a database" "$whole" \
		man -C "$work/man.conf" -M "$man" -P cat ioctl_userfaultfd
done
expect "apropos UFFDIO_MOVE" "UFFDIO_MOVE (2const)" \
	apropos -C "$work/man.conf" -M "$man" UFFDIO_MOVE
expect "whatis ioctl_userfaultfd" "ioctl_userfaultfd (2)" \
	whatis -C "$work/man.conf" -M "$man" ioctl_userfaultfd

mman=$(reader)
if [ "$mman" ]; then
	for database in without with; do
		[ $database = without ] || makewhatis "$man"
		for call in UFFDIO_MOVE "2 UFFDIO_MOVE" "2const UFFDIO_MOVE"; do
			# shellcheck disable=SC2086
			expect "mandoc's man $call, $database a database" "$body" "$mman" -c -M "$man" $call
		done
		expect "mandoc's man ioctl_userfaultfd, $database a database" "$whole" \
			"$mman" -c -M "$man" ioctl_userfaultfd
	done
	rm -f "$man/mandoc.db"
else
	tap_skip "mandoc's man" "mandoc's reader is not installed"
fi

# Paths go to the shell as they are.
# shellcheck disable=SC2016
strange=$work/'its `touch spoilt` $B "root'"'s"
put() {			# install, or uninstall
	make -s "$1" DESTDIR="$strange" prefix="/opt/my own" bindir="/opt/it's" \
		includedir='/opt/a  b' >"$work/said" 2>&1 || cat "$work/said"
}
tap_silent "what is given as a path is taken as it is" "$(
	put install
	[ ! -e spoilt ] || { echo "its name was run"; rm spoilt; }
	for file in "my own/share/man/man2/UFFDIO_MOVE.2const" \
			"my own/share/man/man7/uffdio_move_contract.7" \
			"my own/share/man/man1/uffdio-move-refuse.1" "a  b/uffdio_move.h" \
			"it's/uffdio-move-conformance" "it's/uffdio-move-refuse"; do
		[ -s "$strange/opt/$file" ] || echo "there is no $file"
	done
	find "$work" -mindepth 1 -maxdepth 1 -name 'its*' ! -path "$strange")"
tap_silent "and what was put there is taken away" "$(put uninstall; find "$strange" -type f)"

# What was there before, or others have put there, stays.
echo '.TH OTHER 2' >"$man/man2/other.2"
make -s uninstall DESTDIR="$root" prefix=/usr/local >"$work/said" 2>&1
tap_silent "make uninstall leaves what is not ours, and nothing else of the pages" \
	"$(find "$root" -name '*.2*' ! -name other.2; [ -f "$man/man2/other.2" ] || echo gone)"
tap_end
