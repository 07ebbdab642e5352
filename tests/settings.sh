# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Were the system's settings put back?  For checks that are shell scripts, read by them, not
# run: they have $scratch, a folder of their own, from which they run what they look after, and
# call `settings >"$scratch/before"` first.
# shellcheck disable=SC2154

# Read while no run has the lock, here or in another terminal.
settings()
{
	flock -w 60 /proc/kpageflags sh -c "cut -d ' ' -f 1 /proc/swaps && exec grep -s . \
		/sys/kernel/mm/ksm/run /sys/kernel/mm/ksm/sleep_millisecs \
		/sys/kernel/mm/ksm/pages_to_scan /sys/kernel/mm/ksm/smart_scan \
		/sys/kernel/mm/ksm/use_zero_pages /sys/kernel/mm/transparent_hugepage/enabled \
		/sys/kernel/mm/transparent_hugepage/use_zero_page \
		/sys/kernel/mm/transparent_hugepage/hugepages-*/enabled \
		/proc/sys/vm/nr_hugepages /sys/block/zram*/disksize"
}

left_behind()
{
	pgrep -f "^$scratch/" >/dev/null
}

# Are they as before, and is nobody left, within five seconds?
put_back()
{
	tries=50
	while [ $tries -gt 0 ]; do
		settings >"$scratch/after"
		if cmp -s "$scratch/before" "$scratch/after" && ! left_behind; then
			return 0
		fi
		sleep 0.1
		tries=$((tries - 1))
	done
	diff "$scratch/before" "$scratch/after" >"$scratch/err"
	return 1
}
