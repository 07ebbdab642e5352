#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: fetch-groff.sh DIRECTORY
#
# Puts the groff of Debian's current stable release, with the libraries that it
# needs, into DIRECTORY, for lint.sh (GROFF_ROOT=DIRECTORY).  apt does it with
# a state of its own; nothing of the system is changed, and nothing is installed.

set -eu

[ $# -eq 1 ] || { echo "usage: $0 DIRECTORY" >&2; exit 2; }
[ -x "$1/usr/bin/troff" ] && exit
mkdir -p "$1"
root=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages"

# The mirror that this machine has its own packages from.
# shellcheck disable=SC2016 # apt's own variable
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Label: Debian' | head -n 1)
[ "$mirror" ] || { echo "$0: apt knows no mirror of Debian; run apt-get update" >&2; exit 1; }
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror stable main" \
	>"$work/sources.list"
cat >"$work/apt.conf" <<END
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$work/lists";
Dir::Cache "$work/cache";
APT::Sandbox::User "root";
END
export APT_CONFIG="$work/apt.conf"
apt-get update -qq
(cd "$work/packages" &&
	apt-get download -qq groff-base libuchardet0 libc6 libstdc++6 libgcc-s1)
for package in "$work"/packages/*.deb; do
	dpkg-deb -x "$package" "$root"
done
