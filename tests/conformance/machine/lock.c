// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/lock.h"

#include "test/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define CANDIDATES	3
#define POLL_MS		50
#define SILENCE_MS	500	/* the time a run takes to put everything back */
#define REPEAT_MS	10000

/*
 * Files that are there anyway and that root alone can open, so that nothing is
 * left behind and nobody else can hold them.  Each mount of proc has files of its
 * own, and so has sysfs in each network namespace: the first of each is locked, so
 * that two runs need have only one of the two in common.
 */
static const char *const files[LOCKS][CANDIDATES] = {
	{ "/proc/kpageflags", "/proc/vmallocinfo", "/proc/slabinfo" },
	{ "/sys/kernel/slab/task_struct/order", "/sys/class/zram-control/hot_add" },
};

static int locks[LOCKS] = { -1, -1 };

static int open_private(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == 0 && !(st.st_mode & 077))
		return fd;
	close(fd);
	errno = EACCES;
	return -1;
}

static int open_first(const char *const *paths)
{
	int fd = -1;

	for (unsigned int i = 0; i < CANDIDATES && paths[i] && fd < 0; i++)
		fd = open_private(paths[i]);
	return fd;
}

/* The process that took a lock on @fd, as this process numbers it; 0 if that is not told. */
static pid_t holder_of(int fd)
{
	FILE *list = fopen("/proc/locks", "re");
	unsigned int major_number, minor_number;
	unsigned long inode;
	pid_t pid, holder = 0;
	struct stat st;
	char line[128];

	if (!list)
		return 0;
	while (!fstat(fd, &st) && !holder && fgets(line, sizeof(line), list))
		if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%lu", &pid, &major_number,
			   &minor_number, &inode) == 4 &&
		    makedev(major_number, minor_number) == st.st_dev && inode == st.st_ino)
			holder = pid;
	fclose(list);
	return holder;
}

static void say_who(int fd)
{
	pid_t pid = holder_of(fd);
	char path[64], name[32] = "", who[80] = "";
	FILE *comm;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	comm = pid > 0 ? fopen(path, "re") : NULL;
	if (comm && fgets(name, sizeof(name), comm))
		name[strcspn(name, "\n")] = '\0';
	if (comm)
		fclose(comm);
	if (pid > 0)
		snprintf(who, sizeof(who), " (process %d, %s)", pid,
			 *name ? name : "which has ended just now");
	fprintf(stderr, "%s: waiting for another run%s, which has changed the system's settings; "
		"Ctrl-C ends this one\n", program_invocation_short_name, who);
}

static int wait_for(int fd)
{
	int64_t next = now_ms() + SILENCE_MS;

	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return errno;
		if (now_ms() >= next) {
			say_who(fd);
			next = isatty(STDERR_FILENO) ? now_ms() + REPEAT_MS : INT64_MAX;
		}
		poll(NULL, 0, POLL_MS);
	}
	return 0;
}

const char *lock_take(void)
{
	static char why[128];
	int error = 0;

	for (unsigned int i = 0; i < LOCKS; i++) {
		locks[i] = open_first(files[i]);
		error = locks[i] < 0 ? errno : wait_for(locks[i]);
		if (error && locks[i] >= 0) {
			close(locks[i]);
			locks[i] = -1;
		}
	}
	if (locks[0] >= 0 || locks[1] >= 0)
		return NULL;
	snprintf(why, sizeof(why), "another run could not be kept away, as neither %s nor the like "
		 "can be locked (%s)", files[0][0], strerror(error));
	return why;
}

void lock_release(void)
{
	for (unsigned int i = 0; i < LOCKS; i++)
		if (locks[i] >= 0)
			flock(locks[i], LOCK_UN);
}

const int *lock_descriptors(void)
{
	return locks;
}
