#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: on-newest.sh COMMAND [ARGUMENT]...
#
# Runs COMMAND for ../fixes and the source that these are for, Debian's linux-source-7.3,
# in place of ../series and linux-source-6.1.  COMMAND is a script of this folder: source.sh,
# build.sh, boot.sh, check-bisect.sh, check-builds.sh, check-debug.sh, check-selftests.sh,
# kernel-tree.sh or kernel-export.sh.  The source is fetched first, if the cache has it not.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
help_if_asked "$@"
[ $# -ge 1 ] || die "--help tells the usage"

NEWEST=7.3 SUITE=trixie-backports

fetch_once() # DIRECTORY SUITE PACKAGE...
{
	local directory=$1 suite=$2
	shift 2

	[ ! -d "$directory" ] || return 0
	lock_cache
	[ -d "$directory" ] ||
		"$kernel_patch/../tests/fetch-packages.sh" "$directory" "$suite" "$(dpkg --print-architecture)" "$@" >&2 ||
		die "$* could not be fetched"
	exec 8>&-
}

package=linux-source-$NEWEST
packages=$cache/$package
fetch_once "$packages" $SUITE $package
SOURCE_ARCHIVE=$packages/usr/src/$package.tar.xz
SOURCE_VERSION=$(zcat "$packages/usr/share/doc/$package/changelog.Debian.gz" | sed -n '1s/.*(\(.*\)).*/\1/p')
SERIES=$kernel_patch/fixes FRAGMENT=newest
export SOURCE_ARCHIVE SOURCE_VERSION SERIES FRAGMENT

# A stable release's sparse cannot read this source, and the one that can wants its own libc.
if [ "${1##*/}" = check-builds.sh ]; then
	checker=$cache/sparse
	fetch_once "$checker" sid sparse libc6
	libraries=$(echo "$checker"/usr/lib/*-linux-gnu)
	SPARSE="$(echo "$libraries"/ld-linux-*) --library-path $libraries $checker/usr/bin/sparse"
	export SPARSE
fi

case $1 in
*/*) exec "$@" ;;
*) command=$vm/$1; shift; exec "$command" "$@" ;;
esac
