// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who waits for a page that is there, or that never comes.
 */
#define _GNU_SOURCE
#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "test/compat.h"

/* How many threads wait for pages, as the descriptor tells; -1 if it does not. */
static long waiters_of(int fd)
{
	char path[64], line[128];
	long total = -1;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	while (info && total < 0 && fgets(line, sizeof(line), info))
		sscanf(line, "total: %ld", &total);
	if (info)
		fclose(info);
	return total;
}

/* Does the thread sleep in no system call, as one that waits for a page does? */
static bool waits_for_page(pid_t thread)
{
	char path[64], word[8] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)thread);
	file = fopen(path, "re");
	if (file && fscanf(file, "%7s", word) != 1)
		word[0] = '\0';
	if (file)
		fclose(file);
	return !strcmp(word, "-1");
}

static void note_runs(const struct process *p)
{
	for (struct thread *t = threads; t; t = t->next)
		if (t->process == p) {
			t->waits = waits_for_page(t->tid);
			thread_sleeps(t->tid, &t->runs);
		}
}

/* Does one run that had waited? */
static bool anyone_runs(const struct process *p)
{
	for (struct thread *t = threads; t; t = t->next) {
		unsigned long runs = t->runs;

		if (t->process == p && t->waits && (!thread_sleeps(t->tid, &runs) || runs != t->runs))
			return true;
	}
	return false;
}

/* Who runs when a range is woken had waited for it; where the page is missing it faults again. */
static bool had_waiter(const struct process *p, int number, uint64_t start, uint64_t len)
{
	struct uffdio_range range = { start, len };
	int fd = tracee_descriptor(p->pid, number);
	bool had = false;

	if (fd < 0)
		return false;
	if (waiters_of(fd) > 0) {
		note_runs(p);
		if (ioctl(fd, UFFDIO_WAKE, &range) == 0)
			for (int i = 0; i < 100 && !had; i++) {
				usleep(1000);
				had = anyone_runs(p);
			}
	}
	close(fd);
	return had;
}

void faults_idle(void)
{
	for (struct process *p = processes; p; p = p->next)
		for (size_t i = 0; i < p->n_occupied; ) {
			struct occupied *o = &p->occupied[i];

			if (thread_of(o->thread) && !thread_sleeps(o->thread, &o->runs))
				o->quiet = 0;
			if (o->quiet++ < settings.stall * LOOKS_A_SECOND) {
				i++;
				continue;
			}
			if (page_is_filled(p->pid, o->page) &&
			    had_waiter(p, o->move.fd, o->page, page_bytes()))
				fault_tell(FAULT_SLEEPER, p, &o->move, o->trace,
					   "a thread was left waiting for the page at %#lx, which is there: "
					   "EEXIST wakes nobody", (unsigned long)o->page);
			free(o->trace);
			p->occupied[i] = p->occupied[--p->n_occupied];
		}
}

void faults_stalled(void)
{
	for (struct process *p = processes; p; p = p->next)
		for (size_t i = 0; i < p->n_owed; i++) {
			struct owed *o = &p->owed[i];

			if (had_waiter(p, o->move.fd, o->dst, o->len)) {
				fault_tell(o->was_short ? FAULT_IGNORES : FAULT_SLEEPER, p, &o->move, o->trace,
					   "nothing runs any more, and a thread waits for a page; "
					   "%lu pages from %#lx on met %s, and were left",
					   (unsigned long)(o->len / page_bytes()), (unsigned long)o->dst, met_by(o));
				break;
			}
		}
}
