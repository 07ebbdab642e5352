#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-site.sh [--self-test] BUILD
#
# Reads the site in BUILD/html as its readers do, with Chromium: links, search, keyboard,
# copying, both schemes of colours, phones and desks, no request that leaves the folder, and
# no finding of axe.  check-site/checks.mjs has the checks, check-site/faults.mjs what
# --self-test breaks.  Prints flat TAP.

set -u
self_test=
[ "${1:-}" = --self-test ] && self_test=--self-test && shift
[ $# -eq 1 ] || { echo "usage: $0 [--self-test] BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd) || exit 1
cd "$(dirname "$0")/check-site" || exit 1

skip() {		# why
	echo "ok 1 - the site in a browser # SKIP $1"
	echo 1..1
	exit 0
}

for program in chromium node npm; do
	command -v $program >/dev/null || skip "$program is not installed"
done
[ -f "$build/html/index.html" ] ||
	{ echo "Bail out! no site in $build/html; 'make html' makes it"; exit 1; }

# Packages are fetched when the lock file has changed, by one of those who ask at once.
modules=$build/check-site
exec 9>"$modules.lock"
flock 9
if ! cmp -s package-lock.json "$modules/package-lock.json"; then
	rm -rf "$modules.new" && mkdir -p "$modules.new" &&
		cp package.json package-lock.json "$modules.new" || exit 1
	if ! said=$(cd "$modules.new" && npm ci --ignore-scripts --no-audit --no-fund 2>&1); then
		case $said in
		*ENOTFOUND* | *EAI_AGAIN* | *ECONN* | *ETIMEDOUT* | *ENETUNREACH*)
			skip "npm reaches no registry"
		esac
		printf '%s\n' "$said" | sed 's/^/# /'
		echo "Bail out! npm cannot install playwright-core and axe-core"
		exit 1
	fi
	rm -rf "$modules" && mv "$modules.new" "$modules" || exit 1
fi
exec 9>&-
# shellcheck disable=SC2086
CHECK_SITE_MODULES=$modules exec node main.mjs $self_test "$build/html"
