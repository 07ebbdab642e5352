// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "watch.h"

#define TEST_MS		5000	/* a test's own time */
#define STUCK_MS	3000	/* of it in one call */
#define KNOWN_MS	100	/* the same, where it need not be shown any more */
#define LOST_MS		10000	/* of waiting, after it was killed */

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* The process's state and the CPU time of all its threads; false if it has gone. */
static bool read_stat(pid_t pid, char *state, uint64_t *ticks)
{
	unsigned long user, system;
	char path[64], line[512], *rest;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[n > 0 ? n : 0] = '\0';
	rest = strrchr(line, ')');
	if (!rest || sscanf(rest + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", state,
			    &user, &system) != 3)
		return false;
	*ticks = user + system;
	return true;
}

void watch_begin(struct watch *w, pid_t pid, unsigned int patience, bool known)
{
	*w = (struct watch){
		.pid = pid, .looked = now_ms(), .most = (int64_t)TEST_MS * patience,
		.stuck_after = (int64_t)(known ? KNOWN_MS : STUCK_MS) * patience,
	};
}

/*
 * How much of a CPU each that would run can have: a test is given the time that it
 * would need on a quiet machine, and waits in it for others that run slowly too.
 */
static int64_t fair_share(int64_t ms)
{
	int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), running = 0;
	char line[64];
	ssize_t n;

	if (fd < 0)
		return ms;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[n > 0 ? n : 0] = '\0';
	if (sscanf(line, "%*s %*s %*s %ld/", &running) != 1 || running <= cpus)
		return ms;
	return ms * cpus / running;
}

static void spend(struct watch *w, const struct slot *slot, int64_t ms)
{
	unsigned int ended = __atomic_load_n(&slot->ended, __ATOMIC_RELAXED);
	bool inside = __atomic_load_n(&slot->begun, __ATOMIC_RELAXED) != ended;

	w->lived += ms;
	w->in_call = inside && ended == w->ended ? w->in_call + ms : 0;
	w->ended = ended;
}

bool watch_is_stuck(const struct watch *w)
{
	return w->in_call >= w->stuck_after;
}

bool watch_is_lost(const struct watch *w)
{
	return w->waited >= LOST_MS;
}

void watch_look(struct watch *w, const struct slot *slot)
{
	int64_t now = now_ms(), passed = now - w->looked;
	uint64_t ticks;
	char state;

	if (passed < WATCH_EVERY_MS || !read_stat(w->pid, &state, &ticks))
		return;
	/* One that is ending frees its memory meanwhile, and runs for that. */
	if (w->killed) {
		w->waited = state == 'D' && ticks == w->ticks ? w->waited + passed : 0;
		w->looked = now;
		w->ticks = ticks;
		return;
	}
	/* It would run, and was not let. */
	if (state != 'R' || ticks != w->ticks) {
		int64_t had = (ticks - w->ticks) * 1000 / sysconf(_SC_CLK_TCK);
		int64_t share = fair_share(passed);

		if (had > passed)
			had = passed;	/* of several CPUs */
		spend(w, slot, had > share ? had : share);
	}
	w->looked = now;
	w->ticks = ticks;
	if (w->lived < w->most && !watch_is_stuck(w))
		return;
	w->killed = true;
	kill(w->pid, SIGKILL);
}

