# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the scripts of this folder share; read by them, not run.
# shellcheck disable=SC2034 # not all use all of it
#
# The cache, whose place cache.sh tells:
#   linux-VERSION/tree       Debian's source as a git repository whose branch
#                            "debian" is the source as it was; the work tree holds
#                            whatever was built last, objects in build-CONFIG/
#   linux-VERSION/unpatched  its second work tree, where warnings are compared
#   image/KEY/               a finished kernel; only ever renamed into place
#   log/                     what the tools said

set -euo pipefail
shopt -s inherit_errexit

# Of whoever calls, from a hook say: git would work on that repository in place of ours.
# shellcheck disable=SC2046
unset $(git rev-parse --local-env-vars 2>/dev/null) || :

vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
kernel_patch=$(dirname "$vm")
series=$(realpath -m "${SERIES:-$kernel_patch/series}")
further=${FURTHER:+$(realpath -m "$FURTHER")}	# patches on top of it: ../allow-copy
cache=$("$vm/cache.sh")
logs=$cache/log
SOURCE_ARCHIVE=${SOURCE_ARCHIVE:-/usr/src/linux-source-6.1.tar.xz}

# Of the debug kernel's command line: caches that a move allocates from.  In others kmemleak's own
# allocations would fail too, which no call notices; and that ends a row of failures before its time.
fail_caches='slub_debug=A,anon_vma,anon_vma_chain,page->ptl'

# Exit statuses that no guest program of ours uses.
EXIT_HANG=124
EXIT_SETUP=125
EXIT_COMPLAINT=126

# What cannot be said must not keep a script from its exit status.
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2 || :; }
die() { say "$*"; exit $EXIT_SETUP; }

# The head comment of a script is its help.
help_if_asked()
{
	case ${1-} in
	-h | --help)
		sed -n '2,${/^#/!q;s/^# \{0,1\}//p}' "$0" | sed 1,2d
		exit 0
		;;
	esac
}

need_tool() # TOOL PACKAGE
{
	command -v "$1" >/dev/null || die "$1 is not installed (Debian package $2); 'make setup' installs it, or 'make setup-matrix'"
}

free_mib() { df --output=avail -BM "$1" | tail -n 1 | tr -dc 0-9; }

need_space() # MIB WHAT-FOR
{
	local free

	free=$(free_mib "$cache")
	[ "$free" -ge "$1" ] ||
		die "the disk is too full: $2 wants $1 MiB below $cache, where $free MiB are free"
}

# One sentence for a tool that failed: a full disk hides behind many messages, and
# shows no longer once what was half-written is removed.
die_of() # WHAT LOG [HALF-WRITTEN]
{
	local cause free

	free=$(free_mib "$cache")
	rm -rf "${3-}"
	if [ "$free" -lt 2 ] || grep -qs 'No space left on device' "$2"; then
		die "$1: the disk that holds $cache is full; log: $2"
	fi
	cause=$(grep -m 1 -E '(: |^)(fatal )?error: |^fatal: |\*\*\* |not found$' "$2" 2>/dev/null) || cause=
	die "$1${cause:+: $cause}; log: $2"
}

make_cache()
{
	mkdir -p "$cache/image" "$logs" 2>/dev/null ||
		die "$cache cannot be written; XDG_CACHE_HOME=DIRECTORY names another place"
	# A user without a home has none for ccache either.
	case $cache in
	*/build/cache) export CCACHE_DIR="${CCACHE_DIR-$cache/ccache}" ;;
	esac
}

# Two builds at once would share a source tree.
lock_cache() # holds until this process ends
{
	make_cache
	need_tool flock util-linux
	exec 8>"$cache/lock" || die "$cache cannot be written"
	flock -n 8 && return
	say "waiting for another build in $cache"
	flock 8
}

# Progress: a line rewritten on a terminal, one every half minute elsewhere.
progress_at=0
progress() # TEXT
{
	if [ -t 2 ]; then
		printf '\r\033[K%s' "$*" >&2
	elif [ $((SECONDS - progress_at)) -ge 30 ]; then
		progress_at=$SECONDS
		printf '%s\n' "$*" >&2
	fi
}

progress_end() { if [ -t 2 ]; then printf '\r\033[K' >&2; fi; }

# Run a command, its output to LOG; TEXT is evaluated for each progress line.
run_logged() # LOG TEXT COMMAND...
{
	local log=$1 text=$2 pid status=0 started=$SECONDS

	shift 2
	# A process group of its own, which ends as one.  The lock is handed down: if we
	# are killed, it is free when what we started has ended.
	set -m
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	set +m
	# shellcheck disable=SC2064 # this pid, now
	trap "trap '' INT TERM HUP; kill -- -$pid 2>/dev/null; wait $pid || :; progress_end; \
		say 'interrupted; log: $log'; exit $EXIT_SETUP" INT TERM HUP
	progress_at=$SECONDS
	while kill -0 $pid 2>/dev/null; do
		progress "$(eval "echo \"$text\""), $((SECONDS - started)) s"
		sleep 0.5
	done
	wait $pid || status=$?
	trap - INT TERM HUP
	progress_end
	return $status
}
