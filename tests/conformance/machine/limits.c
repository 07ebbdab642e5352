// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/limits.h"

#include "machine/cgroup.h"
#include "machine/kernel.h"
#include "machine/prepare_internal.h"
#include "machine/privilege.h"
#include "machine/settings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB		(1UL << 20)
#define CHARGED_PAGES	64	/* memory is charged to a control group so many at a time */
#define RESERVED_IDS	301	/* process ids that are given once only, after booting */
#define LOCKED_BYTES	(64UL << 10)	/* as much as a test locks */

/* What any test asks for at once: memory, and addresses on both sides of a boundary. */
#define SWAP_LEAST_KB	64UL	/* with less, a page may find no room there */
#define MEMORY_ASKED	(8 * table_span())
#define ADDRESSES_ASKED	(4 * table_span() * 2048)

static __attribute__((format(printf, 2, 3))) bool reached(struct reason *why,
							  const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why->text, sizeof(why->text), format, arguments);
	va_end(arguments);
	return true;
}

/* The number behind @field in /proc/self/status, or in @path; 0 if it is not told. */
static unsigned long field_of(const char *path, const char *field)
{
	FILE *f = fopen(path, "re");
	size_t length = strlen(field);
	unsigned long number = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, field, length))
			number = strtoul(line + length, NULL, 10);
	if (f)
		fclose(f);
	return number;
}

static unsigned long number_in(const char *path)
{
	char value[64];

	return setting_read(path, value, sizeof(value)) ? 0 : strtoul(value, NULL, 10);
}

/* The limit, or RLIM_INFINITY. */
static rlim_t limit_of(int resource)
{
	struct rlimit limit;

	return getrlimit(resource, &limit) ? RLIM_INFINITY : limit.rlim_cur;
}

static bool mappings(size_t bytes, struct reason *why)
{
	unsigned long most = number_in("/proc/sys/vm/max_map_count"), n = 0;
	FILE *f = fopen("/proc/self/maps", "re");
	int c;

	(void)bytes;
	while (f && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return most && n + 1 >= most &&
	       reached(why, "a process may have %lu mappings, and this one has them "
		       "(vm.max_map_count)", most);
}

static bool limit_of_group(const char *directory, uint64_t *most)
{
	static const char *const names[] = { "memory.max", "memory.limit_in_bytes" };

	return cgroup_number(directory, names, most) && *most != CGROUP_UNLIMITED;
}

/* What a group's memory has of files would be given up before an allocation fails. */
static uint64_t of_files(const char *directory)
{
	uint64_t active = 0, inactive = 0;

	if (!cgroup_word(directory, "memory.stat", "total_inactive_file", &inactive))
		cgroup_word(directory, "memory.stat", "inactive_file", &inactive);
	if (!cgroup_word(directory, "memory.stat", "total_active_file", &active))
		cgroup_word(directory, "memory.stat", "active_file", &active);
	return active + inactive;
}

struct asked {
	size_t bytes;
	struct reason *why;
};

static bool group_has_no_more(const char *directory, void *data)
{
	static const char *const names[] = { "memory.current", "memory.usage_in_bytes" };
	const struct asked *asked = data;
	uint64_t most, used;

	return limit_of_group(directory, &most) && cgroup_number(directory, names, &used) &&
	       used + asked->bytes > most + of_files(directory) &&
	       reached(asked->why, "its control group may use %lu MiB of memory, and %s",
		       (unsigned long)(most / MIB),
		       asked->bytes > CHARGED_PAGES * page_size() ? "has less than it takes left"
								  : "uses them");
}

static bool group_memory(size_t bytes, struct reason *why)
{
	struct asked asked = { bytes ? bytes : CHARGED_PAGES * page_size(), why };

	return cgroup_find("memory", group_has_no_more, &asked);
}

static bool promised_memory(size_t bytes, struct reason *why)
{
	unsigned long most = meminfo("CommitLimit"), used = meminfo("Committed_AS");

	return number_in("/proc/sys/vm/overcommit_memory") == 2 &&
	       used + (bytes ? bytes : MEMORY_ASKED) / 1024 > most &&
	       reached(why, "%lu MiB of memory may be promised, and %lu are (vm.overcommit_memory)",
		       most / 1024, used / 1024);
}

static bool free_memory(size_t bytes, struct reason *why)
{
	unsigned long there = meminfo("MemAvailable") + meminfo("SwapFree");

	return meminfo("MemTotal") && there < (bytes ? bytes : MEMORY_ASKED) / 1024 &&
	       reached(why, "the machine has %lu MiB of memory left", there / 1024);
}

/* What other runs or programs put there counts too. */
static bool swap_space(size_t bytes, struct reason *why)
{
	unsigned long total = meminfo("SwapTotal"), left = meminfo("SwapFree");

	(void)bytes;
	return total && left < SWAP_LEAST_KB &&
	       reached(why, "swap space of %lu MiB is full", total / 1024);
}

static bool data(size_t bytes, struct reason *why)
{
	unsigned long used = field_of("/proc/self/status", "VmData:") * 1024;
	rlim_t most = limit_of(RLIMIT_DATA);

	return most != RLIM_INFINITY && used + (bytes ? bytes : MEMORY_ASKED) > most &&
	       reached(why, "its data is limited to %lu MiB, of which %lu are in use (RLIMIT_DATA)",
		       (unsigned long)(most / MIB), used / MIB);
}

static bool address_space(size_t bytes, struct reason *why)
{
	unsigned long used = field_of("/proc/self/status", "VmSize:") * 1024;
	rlim_t most = limit_of(RLIMIT_AS);

	return most != RLIM_INFINITY && used + (bytes ? bytes : ADDRESSES_ASKED) > most &&
	       reached(why, "its addresses are limited to %lu MiB, of which %lu are in use "
		       "(RLIMIT_AS)",
		       (unsigned long)(most / MIB), used / MIB);
}

static bool locked_memory(size_t bytes, struct reason *why)
{
	unsigned long used = field_of("/proc/self/status", "VmLck:") * 1024;
	rlim_t most = limit_of(RLIMIT_MEMLOCK);

	return most != RLIM_INFINITY && !has_capability(CAP_IPC_LOCK) &&
	       used + (bytes ? bytes : LOCKED_BYTES) > most &&
	       reached(why, "locked memory is limited to %lu KiB, of which %lu are in use "
		       "(RLIMIT_MEMLOCK)",
		       (unsigned long)(most / 1024), used / 1024);
}

/* Who asks for no amount of memory has not been forbidden to lock any. */
static bool no_locking(size_t bytes, struct reason *why)
{
	return bytes && !limit_of(RLIMIT_MEMLOCK) && locked_memory(1, why);
}

static bool group_has_all_processes(const char *directory, void *why)
{
	static const char *const most_names[] = { "pids.max", "pids.max" };
	static const char *const used_names[] = { "pids.current", "pids.current" };
	uint64_t most, used;

	return cgroup_number(directory, most_names, &most) && most != CGROUP_UNLIMITED &&
	       cgroup_number(directory, used_names, &used) && used >= most &&
	       reached(why, "its control group may have %lu processes, and has them (pids.max)",
		       (unsigned long)most);
}

static bool group_processes(size_t bytes, struct reason *why)
{
	(void)bytes;
	return cgroup_find("pids", group_has_all_processes, why);
}

/* Threads of all processes in sight, or of those that a user has started. */
static unsigned long count_threads(bool all, uid_t user)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	unsigned long n = 0;
	char path[64];

	while (processes && (entry = readdir(processes))) {
		int pid = atoi(entry->d_name);

		snprintf(path, sizeof(path), "/proc/%d/status", pid);
		if (pid > 0 && (all || field_of(path, "Uid:") == user))
			n += field_of(path, "Threads:");
	}
	if (processes)
		closedir(processes);
	return n;
}

/* The superuser is exempt, and so are those who may raise the limit. */
static bool user_processes(size_t bytes, struct reason *why)
{
	rlim_t most = limit_of(RLIMIT_NPROC);

	(void)bytes;
	return most != RLIM_INFINITY && getuid() && !has_capability(CAP_SYS_RESOURCE) &&
	       !has_capability(CAP_SYS_ADMIN) && count_threads(false, getuid()) >= most &&
	       reached(why, "its user may have %lu processes, and has them (RLIMIT_NPROC)",
		       (unsigned long)most);
}

static bool all_threads(size_t bytes, struct reason *why)
{
	unsigned long most = number_in("/proc/sys/kernel/threads-max"), n = 0;
	FILE *f = fopen("/proc/loadavg", "re");

	(void)bytes;
	if (f && fscanf(f, "%*f %*f %*f %*u/%lu", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return most && n >= most &&
	       reached(why, "the system may have %lu threads, and has them (kernel.threads-max)",
		       most);
}

static bool process_ids(size_t bytes, struct reason *why)
{
	unsigned long most = number_in("/proc/sys/kernel/pid_max");

	(void)bytes;
	return most && count_threads(true, 0) + RESERVED_IDS >= most &&
	       reached(why, "process ids end at %lu, and are used up (kernel.pid_max)", most);
}

/* No file can be opened to look. */
static bool open_files(size_t bytes, struct reason *why)
{
	rlim_t most = limit_of(RLIMIT_NOFILE);

	(void)bytes;
	for (rlim_t fd = 0; fd < most; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return false;
	return reached(why, "it may have %lu open files, and has them (RLIMIT_NOFILE)",
		       (unsigned long)most);
}

static bool all_files(size_t bytes, struct reason *why)
{
	unsigned long open_now = 0, most = 0;
	FILE *f = fopen("/proc/sys/fs/file-nr", "re");
	int error = f ? 0 : errno;

	(void)bytes;
	if (f && fscanf(f, "%lu %*u %lu", &open_now, &most) != 2)
		most = 0;
	if (f)
		fclose(f);
	return (error == ENFILE || (most && open_now >= most)) &&
	       reached(why, "the system may have no more open files (fs.file-max)");
}

static bool is_full(const char *directory, size_t bytes)
{
	struct statvfs s;

	if (statvfs(directory, &s) || s.f_flag & ST_RDONLY || !s.f_blocks)
		return false;
	return s.f_bavail * s.f_frsize < (bytes ? bytes : page_size()) ||
	       (s.f_files && !s.f_favail);
}

static bool disk(size_t bytes, struct reason *why)
{
	const char *const directories[] = { ".", getenv("TMPDIR"), "/tmp", "/var/tmp", "/dev/shm" };

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		if (directories[i] && is_full(directories[i], bytes))
			return reached(why, "the file system that has %s is full",
				       i ? directories[i] : "the working directory");
	return false;
}

static bool quota(size_t bytes, struct reason *why)
{
	(void)bytes;
	return reached(why, "its user's disk quota is used up");
}

static bool file_size(size_t bytes, struct reason *why)
{
	rlim_t most = limit_of(RLIMIT_FSIZE);

	(void)bytes;
	return most != RLIM_INFINITY &&
	       reached(why, "a file may have %lu KiB (RLIMIT_FSIZE)", (unsigned long)(most / 1024));
}

/* In the order in which they are sure: the last ones are near rather than reached. */
static const struct {
	int error;
	bool (*explains)(size_t bytes, struct reason *why);
} limits[] = {
	{ ENOMEM, mappings },
	{ ENOMEM, group_memory },
	{ ENOMEM, free_memory },
	{ ENOMEM, promised_memory },
	{ ENOMEM, data },
	{ ENOMEM, address_space },
	{ ENOMEM, locked_memory },
	{ EAGAIN, group_processes },
	{ EAGAIN, user_processes },
	{ EAGAIN, all_threads },
	{ EAGAIN, process_ids },
	{ EAGAIN, group_memory },
	{ EAGAIN, free_memory },
	{ EAGAIN, data },
	{ EAGAIN, address_space },	/* a thread's stack */
	{ EAGAIN, locked_memory },
	{ EPERM, no_locking },
	{ EMFILE, open_files },
	{ ENFILE, all_files },
	{ ENOSPC, swap_space },
	{ ENOSPC, disk },
	{ EDQUOT, quota },
	{ EFBIG, file_size },
};

const char *limit_reached(int error, size_t bytes, struct reason *why)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].error == error && limits[i].explains(bytes, why))
			return why->text;
	return NULL;
}

const char *limit_or_error(int error, struct reason *why)
{
	const char *clause = limit_reached(error, 0, why);

	return clause ? clause : strerror(error);
}

/* The group's own count, which is of all below it in version 2. */
static bool count_killed(const char *directory, void *killed)
{
	return cgroup_word(directory, "memory.events", "oom_kill", killed) ||
	       cgroup_word(directory, "memory.oom_control", "oom_kill", killed);
}

/* Over all groups, as their limits hold one within the other. */
static bool add_hits(const char *directory, void *hit)
{
	uint64_t n = 0;

	if (cgroup_word(directory, "memory.events", "oom", &n))
		*(uint64_t *)hit += n;
	return false;
}

/* Version 1 counts each allocation that met the limit, version 2 in two places. */
static bool add_reclaims(const char *directory, void *reclaims)
{
	static const char *const none_and_failures[] = { "memory.failcnt", "memory.failcnt" };
	uint64_t n = 0;

	if (cgroup_word(directory, "memory.events", "max", &n))
		*(uint64_t *)reclaims += n;
	if (cgroup_word(directory, "memory.events", "high", &n))
		*(uint64_t *)reclaims += n;
	if (cgroup_number(directory, none_and_failures, &n))
		*(uint64_t *)reclaims += n;
	return false;
}

/* It is read before each test, so in one go. */
static void look_at_vmstat(struct housekeeping *count, uint64_t *killed)
{
	const struct {
		const char *field;
		uint64_t *sum;
	} fields[] = {
		{ "pgmigrate_success ", &count->migrated },
		{ "compact_isolated ", &count->isolated },
		{ "pgscan_kswapd ", &count->reclaimed },
		{ "pgscan_direct ", &count->reclaimed },
		{ "pswpout ", &count->swapped },
		{ "slabs_scanned ", &count->scanned },
		{ "oom_kill ", killed },
	};
	FILE *f = fopen("/proc/vmstat", "re");
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
			if (!strncmp(line, fields[i].field, strlen(fields[i].field)))
				*fields[i].sum += strtoull(line + strlen(fields[i].field), NULL, 10);
	if (f)
		fclose(f);
}

void housekeeping_look(struct housekeeping *count)
{
	uint64_t killed = 0;

	*count = (struct housekeeping){};
	look_at_vmstat(count, &killed);
	count->grouped = cgroup_find("memory", count_killed, &count->killed);
	if (!count->grouped)
		count->killed = killed;
	cgroup_find("memory", add_hits, &count->hit);
	cgroup_find("memory", add_reclaims, &count->reclaimed);
}

static bool is_limited(const char *directory, void *most)
{
	return limit_of_group(directory, most);
}

/* Version 1 has no count of its own for it, but the most that was ever used. */
static bool was_full(const char *directory, void *most)
{
	static const char *const names[] = { "memory.max_usage_in_bytes", "memory.max_usage_in_bytes" };
	uint64_t used;

	return limit_of_group(directory, most) && cgroup_number(directory, names, &used) &&
	       used + CHARGED_PAGES * page_size() > *(uint64_t *)most;
}

static bool out_of_memory(const struct housekeeping *before, struct reason *why)
{
	struct housekeeping now;
	uint64_t most;

	housekeeping_look(&now);
	if (now.killed == before->killed)
		return false;
	if (now.grouped && cgroup_find("memory", now.hit != before->hit ? is_limited : was_full, &most))
		return reached(why, "its control group may use %lu MiB of memory, and a process was "
			       "killed for more", (unsigned long)(most / MIB));
	return reached(why, "the machine was out of memory, and a process was killed for it");
}

const char *limit_disturbed(const struct housekeeping *before, struct reason *why)
{
	struct housekeeping now;
	uint64_t most;

	housekeeping_look(&now);
	if (now.swapped != before->swapped && now.reclaimed != before->reclaimed) {
		if (cgroup_find("memory", is_limited, &most))
			reached(why, "its control group may use %lu MiB of memory, and pages were "
				"swapped out for more", (unsigned long)(most / MIB));
		else
			reached(why, "the machine was short of memory, and pages were swapped out");
	} else if (now.migrated != before->migrated)
		reached(why, "%lu pages were migrated meanwhile",
			(unsigned long)(now.migrated - before->migrated));
	else if (now.isolated != before->isolated)
		reached(why, "%lu pages were taken off their lists to be migrated meanwhile",
			(unsigned long)(now.isolated - before->isolated));
	else if (now.scanned != before->scanned)
		reached(why, "the kernel looked for memory meanwhile, and may have split huge pages");
	else
		return NULL;
	return why->text;
}

static bool cpu_time(struct reason *why)
{
	rlim_t most = limit_of(RLIMIT_CPU);

	return most != RLIM_INFINITY &&
	       reached(why, "its time on the CPU is limited to %lu s (RLIMIT_CPU)",
		       (unsigned long)most);
}

const char *limit_killed(int signal, const struct housekeeping *before, struct reason *why)
{
	bool explained = (signal == SIGKILL && out_of_memory(before, why)) ||
			 (signal == SIGXCPU && cpu_time(why)) ||
			 (signal == SIGXFSZ && file_size(0, why));

	return explained ? why->text : NULL;
}
