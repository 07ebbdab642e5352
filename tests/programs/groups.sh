# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Control groups for a check; read by scripts, not run.

groups=

# A control group of our own, of either version, below the one that we are in.
make_group() # CONTROLLER: sets $group and $version
{
	version=1
	group=/sys/fs/cgroup/$1$(sed -n "s/^[0-9]*:\([^:]*,\)\{0,1\}$1\(,[^:]*\)\{0,1\}://p" /proc/self/cgroup)
	if [ ! -d "/sys/fs/cgroup/$1" ]; then
		# shellcheck disable=SC2034 # for who sets limits
		version=2
		group=/sys/fs/cgroup
	fi
	group=$group/uffdio-move-check.$$.$(echo "$groups" | wc -w)
	mkdir "$group" 2>/dev/null || return
	groups="$group $groups"
	[ -e "$group/$1.max" ] || [ -e "$group/$1.limit_in_bytes" ]
}
in_group() # COMMAND...
{
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
}
remove_groups()
{
	for group in $groups; do
		rmdir "$group" 2>/dev/null
	done
}
