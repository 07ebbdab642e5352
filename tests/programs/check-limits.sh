#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-limits.sh LIMITS - is each limit of the machine named when it is reached, and
# none that is not?  Some are really run into; where that would disturb others, or
# takes another system, /proc tells of one.  Wants root.  Prints TAP.
# shellcheck disable=SC2016 # what is quoted is for a shell in other namespaces

set -u
umask 077
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
if [ "$(id -u)" -ne 0 ]; then
	skip "limits of the machine" "it takes root to set them"
	finish
	exit
fi
limits=$(realpath "$1")
scratch=$(mktemp -d)
# shellcheck source=tests/programs/groups.sh
. "$(dirname "$0")/groups.sh"
clean_up()
{
	remove_groups
	rm -rf "$scratch"
}
trap clean_up EXIT
evidence=$scratch/out

# The program's one line is this.
says() # LINE WHAT COMMAND...
{
	line=$1 name=$2
	shift 2
	"$@" >"$scratch/out" 2>&1 </dev/null
	grep -qx "$line" "$scratch/out"
	result $? "$name"
}
nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# Where /proc tells what is in files of the same name below $scratch/told.
told() # COMMAND...
{
	unshare -m sh -c 'cd "$0" && for file in $(find . -type f); do
			mount -n --bind "$file" "/proc/$file" || exit
		done; cd / && exec "$@"' "$scratch/told" "$@"
}
tell() # FILE CONTENTS
{
	mkdir -p "$scratch/told/$(dirname "$1")"
	printf '%b' "$2" >"$scratch/told/$1"
}
tell_no_more()
{
	rm -rf "$scratch/told"
}

limit_memory() # BYTES, without swap space; of the two limits of version 1 one must come first
{
	for file in memory.limit_in_bytes memory.memsw.limit_in_bytes memory.limit_in_bytes memory.max; do
		[ ! -e "$group/$file" ] || echo "$1" >"$group/$file"
	done 2>/dev/null
	[ $version = 1 ] || echo 0 >"$group/memory.swap.max"
	[ "$(cat "$group/memory.limit_in_bytes" "$group/memory.max" 2>/dev/null)" = "$1" ]
}

for error in ENOMEM EAGAIN EPERM EMFILE ENFILE ENOSPC EFBIG EINVAL; do
	says "$error: no limit" "$error: no limit that is not reached" "$limits" $error
done
says "ENOMEM: no limit" "nor one that is far" \
	prlimit --as=9999999999999 --data=9999999999999 "$limits" ENOMEM
says "EAGAIN: no limit" "nor to another user's number of processes" \
	nobody prlimit --nproc=1000 "$limits" EAGAIN
says "KILL: no limit" "nor for a process that somebody has killed" "$limits" murdered

says "ENOMEM: its addresses are limited to 190 MiB, of which .* (RLIMIT_AS)" "address space" \
	prlimit --as=200000000 "$limits" addresses 300
says "EAGAIN: its addresses are limited to 57 MiB, of which .* (RLIMIT_AS)" \
	"address space, by threads' stacks" prlimit --as=60000000 "$limits" threads 100
says "ENOMEM: its data is limited to 47 MiB, of which .* (RLIMIT_DATA)" "data" \
	prlimit --data=50000000 "$limits" data 100
says "ENOMEM: a process may have $(cat /proc/sys/vm/max_map_count) mappings, .*" "mappings" \
	"$limits" mappings
says "ENOMEM: locked memory is limited to 64 KiB, .*" "locked memory" \
	nobody prlimit --memlock=65536 "$limits" lock 100
says "EPERM: locked memory is limited to 0 KiB, .*" "locked memory, none at all" \
	nobody prlimit --memlock=0 "$limits" lock 4
says "EMFILE: it may have 30 open files, .*" "open files" prlimit --nofile=30 "$limits" files
says "EAGAIN: its user may have 5 processes, .*" "processes" \
	nobody prlimit --nproc=5 "$limits" processes 100
says "EAGAIN: its user may have 5 processes, .*" "threads" \
	nobody prlimit --nproc=5 "$limits" threads 100
says "XCPU: its time on the CPU is limited to 1 s (RLIMIT_CPU)" "CPU time" \
	prlimit --cpu=1:5 "$limits" busy
says "XFSZ: a file may have 1953 KiB (RLIMIT_FSIZE)" "size of a file" \
	sh -c 'cd "$0" && exec prlimit --fsize=2000000 "$1" written 5' "$scratch" "$limits"
says "ENOSPC: the file system that has the working directory is full" "full disk" \
	unshare -m sh -c 'mount -nt tmpfs -o size=1m none "$0" && cd "$0" && exec "$1" write 5' \
	"$scratch" "$limits"
says "ENOSPC: the file system that has the working directory is full" "no more files on a disk" \
	unshare -m sh -c 'mount -nt tmpfs -o nr_inodes=1 none "$0" && cd "$0" && exec "$1" write 5' \
	"$scratch" "$limits"
says "EDQUOT: its user's disk quota is used up" "quota" "$limits" EDQUOT

tell sys/kernel/threads-max '20\n'
says "EAGAIN: the system may have 20 threads, .*" "threads of the system" told "$limits" EAGAIN
tell_no_more
tell sys/kernel/pid_max '310\n'
says "EAGAIN: process ids end at 310, .*" "process ids" told "$limits" EAGAIN
tell_no_more
tell sys/fs/file-nr '500\t0\t500\n'
says "ENFILE: the system may have no more open files (fs.file-max)" "open files of the system" \
	told "$limits" ENFILE
tell_no_more
tell meminfo 'MemTotal: 200000 kB\nMemAvailable: 3000 kB\nSwapFree: 100 kB\n'
says "ENOMEM: the machine has 3 MiB of memory left" "no free memory" told "$limits" ENOMEM
tell meminfo 'MemTotal: 9000000 kB\nMemAvailable: 9000000 kB\nCommitLimit: 102400 kB\nCommitted_AS: 101376 kB\n'
says "ENOMEM: no limit" "memory may be promised without end" told "$limits" ENOMEM
tell sys/vm/overcommit_memory '2\n'
says "ENOMEM: 100 MiB of memory may be promised, and 99 are (.*" "or up to a limit" \
	told "$limits" ENOMEM
tell_no_more

if make_group pids && echo 4 >"$group/pids.max"; then
	says "EAGAIN: its control group may have 4 processes, .*" "control group: processes" \
		in_group "$limits" processes 100
	says "EAGAIN: no limit" "control group: fewer" in_group "$limits" EAGAIN
else
	skip "control group: processes" "there is none to be had"
fi
if make_group memory && limit_memory 20971520; then
	says "KILL: its control group may use 20 MiB of memory, .*" "control group: killed" \
		in_group "$limits" killed 60
	says "no signal: no limit" "control group: enough memory" in_group "$limits" killed 5
	mkfifo "$scratch/line"
	"$limits" murdered <"$scratch/line" >"$scratch/murdered" &
	exec 8>"$scratch/line"
	in_group "$limits" killed 60 >"$scratch/out" 2>&1
	echo >&8
	exec 8>&-
	wait $!
	says "KILL: no limit" "control group: its kill is not taken for another's" \
		cat "$scratch/murdered"

	# As it is told what it uses, the limit comes down to that.
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$1" keep 10' "$group" "$limits" >"$scratch/kept" &
	pid=$!
	while [ -e /proc/$pid ] && ! grep -q '^State:.T' /proc/$pid/status; do
		sleep 0.05
	done
	says "ENOMEM: no limit" "control group: memory that is there" in_group "$limits" ENOMEM
	[ $version = 1 ] && used=$(cat "$group/memory.usage_in_bytes") ||
		used=$(cat "$group/memory.current")
	limit_memory $((used / 4096 * 4096 + 131072))
	kill -s CONT $pid
	wait $pid
	says "ENOMEM: its control group may use 1[0-9] MiB of memory, and uses them" \
		"control group: memory" cat "$scratch/kept"

	limit_memory 20971520
	disk=$(mktemp -d -p /var/tmp)
	in_group dd if=/dev/zero of="$disk/file" bs=1M count=60 2>"$scratch/out"
	says "ENOMEM: no limit" "control group: memory that files have is none that is lacking" \
		in_group "$limits" ENOMEM
	rm -r "$disk"
else
	skip "control group: memory" "there is none to be had"
fi

# Version 2 as it may be seen in a container.
mkdir -p "$scratch/v2/a/b"
echo 20971520 >"$scratch/v2/a/memory.max"
echo 20900000 >"$scratch/v2/a/memory.current"
printf 'inactive_file 4096\nactive_file 0\n' >"$scratch/v2/a/memory.stat"
echo max >"$scratch/v2/a/b/memory.max"
echo 3 | tee "$scratch/v2/a/pids.max" >"$scratch/v2/a/pids.current"
echo max >"$scratch/v2/a/b/pids.max"
version_two() # ROOT-OF-THE-MOUNT POINT ERROR
{
	unshare -m sh -c 'echo "41 31 0:38 $1 $2 rw - cgroup2 none rw" >"$0/mountinfo" &&
		echo "0::/a/b" >"$0/cgroup" && mount -n --bind "$0/cgroup" /proc/$$/cgroup &&
		mount -n --bind "$0/mountinfo" /proc/$$/mountinfo && exec "$4" "$3"' \
		"$scratch" "$@" "$limits"
}
says "ENOMEM: its control group may use 20 MiB of memory, .*" "version 2: a group above" \
	version_two / "$scratch/v2" ENOMEM
says "EAGAIN: its control group may have 3 processes, .*" "version 2: processes" \
	version_two / "$scratch/v2" EAGAIN
says "ENOMEM: its control group may use 20 MiB of memory, .*" "version 2: a mount of a part" \
	version_two /a "$scratch/v2/a" ENOMEM
says "ENOMEM: no limit" "version 2: what is above the mount is out of sight" \
	version_two /a/b "$scratch/v2/a/b" ENOMEM
printf 'inactive_file 9000000\nactive_file 0\n' >"$scratch/v2/a/memory.stat"
says "ENOMEM: no limit" "version 2: memory that files have" version_two / "$scratch/v2" ENOMEM
finish
