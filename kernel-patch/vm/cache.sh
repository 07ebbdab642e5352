#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# cache.sh - prints the directory for what takes long to build or to fetch
#
# It is $XDG_CACHE_HOME/uffdio-move, else ~/.cache/uffdio-move; where neither can be
# had, build/cache of this checkout.  Nothing is made.

set -u
unset CDPATH

# make takes a path apart at some of these, a shell at the others.
is_plain() # PATH
{
	case $1 in
	*[[:space:]:%#\$\;\&\|\<\>\(\)\*\?\[\]\{\}\'\"\`\\]*) return 1 ;;
	/*) return 0 ;;
	*) return 1 ;;
	esac
}

# Root may write to /proc too, and yet can make nothing there: so it is tried.
may_hold() # DIRECTORY
{
	there=$1
	until [ -e "$there" ] || [ -L "$there" ]; do
		there=$(dirname "$there")
	done
	[ -d "$there" ] && [ -w "$there" ] || return 1
	[ "$there" = "$1" ] && return
	mkdir "$there/.uffdio-move.$$" 2>/dev/null && rmdir "$there/.uffdio-move.$$"
}

# Users without a home are given one that is not there, or the root directory.
is_home() # DIRECTORY
{
	[ -d "$1" ] && [ "$(cd "$1" && pwd -P)" != / ]
}

for directory in "${XDG_CACHE_HOME-}" "${HOME:+$HOME/.cache}"; do
	is_plain "$directory" || continue
	[ "$directory" != "${HOME-}/.cache" ] || is_home "$HOME" || continue
	if may_hold "$directory/uffdio-move"; then
		echo "$directory/uffdio-move"
		exit
	fi
done
cd "$(dirname "$0")/../.." && echo "$PWD/build/cache"
