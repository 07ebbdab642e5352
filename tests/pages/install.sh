#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: install.sh [--uninstall] DIRECTORY
#
# Puts the pages below DIRECTORY, a directory of manual pages such as
# /usr/local/share/man, or takes them away again.  All of them go to man2/, as
# Debian does with pages of section 2const: every reader of man pages finds them
# there, while some do not look into man2const/.

set -eu
remove=
[ "${1:-}" = --uninstall ] && remove=yes && shift
[ $# -eq 1 ] || { echo "usage: $0 [--uninstall] DIRECTORY" >&2; exit 2; }
case $1 in
/*)	directory=$1 ;;
*)	directory=$PWD/$1 ;;
esac
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
# shellcheck source=/dev/null
. tests/pages/lib.sh

for page in $(our_pages); do
	if [ "$remove" ]; then
		rm -f "$directory/man2/${page##*/}"
	else
		titled "$page" | without_citations /dev/stdin >"$work/page"
		install -D -m 644 "$work/page" "$directory/man2/${page##*/}"
	fi
done
if [ "$remove" ]; then
	rmdir --ignore-fail-on-non-empty "$directory/man2" 2>/dev/null || true
fi
