#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: initramfs.sh OUTPUT CROSS FILE... -- PROGRAM [ARGUMENT]...
#
# Packs the guest's init, busybox, the static programs FILE..., and the command to
# run, into an initial file system OUTPUT.  A FILE that is written --module=FILE is a
# module of the kernel, loaded before the command is run.  PROGRAM is the name of one of the FILEs,
# or of a busybox applet.  CROSS is the prefix of the compiler for the guest's
# architecture, "" for this machine's; for another, busybox is there if it is among
# the FILEs.
# No root is needed: the kernel's built-in initramfs brings /dev/console.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
help_if_asked "$@"
[ $# -ge 3 ] || die "--help tells the usage"

output=$(realpath "$1") cross=$2
shift 2
need_tool cpio cpio
need_tool "${cross}gcc" "gcc${cross:+-${cross%-}}"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir "$root/bin" "$root/modules"
while [ "$1" != -- ]; do
	file=${1#--module=} directory=$root/bin
	[ "$file" = "$1" ] || directory=$root/modules
	[ -f "$file" ] || die "there is no file $file"
	cp "$file" "$directory/" || die "$file could not be copied to $root"
	chmod 755 "$directory/${file##*/}"
	shift
done
shift

"${cross}gcc" -std=gnu11 -static -O2 -Wall -Wextra -Werror -o "$root/init" "$vm/guest-init.c" ||
	die "$vm/guest-init.c could not be compiled"
if [ -z "$cross" ]; then
	[ -x /bin/busybox ] || die "busybox is not installed (Debian package busybox-static); 'make setup' installs it"
	cp /bin/busybox "$root/bin/"
fi
if [ -f "$root/bin/busybox" ]; then
	for applet in $(/bin/busybox --list); do
		[ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
	done
fi
program=/bin/$1
shift
printf '%s\0' "$program" "$@" >"$root/command"

(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$output" ||
	die "$output could not be written"
