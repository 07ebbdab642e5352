#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: fetch-packages.sh DIRECTORY SUITE ARCHITECTURE PACKAGE...
#
# Unpacks packages of a suite of Debian, for any architecture, into DIRECTORY.
# apt does it with a state of its own; nothing of the system is changed, and
# nothing is installed.  DIRECTORY is there only if all of them are.

set -eu

die()
{
	echo "$0: $*" >&2
	exit 1
}

[ $# -ge 4 ] || { echo "usage: $0 DIRECTORY SUITE ARCHITECTURE PACKAGE..." >&2; exit 2; }
directory=$1 suite=$2 architecture=$3
shift 3
[ ! -e "$directory" ] || die "$directory is there already; remove it to fetch anew"
unfinished=$directory.unfinished
work=$(mktemp -d)
trap 'rm -rf "$work" "$unfinished"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages" "$unfinished" ||
	die "$directory cannot be written"

# The mirror that this machine has its own packages from.
# shellcheck disable=SC2016 # apt's own variable
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' | head -n 1)
[ "$mirror" ] || die "apt knows no mirror of Debian; run apt-get update"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" \
	>"$work/sources.list"
: >"$work/status"
cat >"$work/apt.conf" <<END
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Update::Error-Mode "any";
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$work/lists";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
APT::Sandbox::User "root";
END
export APT_CONFIG="$work/apt.conf"
apt-get update -qq || die "apt could not read the list of Debian's $suite"
(cd "$work/packages" && apt-get download -qq "$@") || die "apt could not fetch $*"
for package in "$work"/packages/*.deb; do
	dpkg-deb -x "$package" "$unfinished" || die "${package##*/} could not be unpacked"
done
mv "$unfinished" "$directory"
