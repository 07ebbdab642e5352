// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who there is: the program's processes and threads, as they come and go.
 */
#define _GNU_SOURCE
#include "program.h"

#include <linux/kcmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct process *processes;
struct thread *threads;
/* Children that were made for their parents' pages, and are not to run. */
static pid_t *for_pages;
static size_t n_for_pages;

static void *zeroed(size_t size)
{
	size_t n = 0;

	return grow(NULL, &n, size);
}

struct thread *thread_of(pid_t tid)
{
	struct thread *t = threads;

	while (t && t->tid != tid)
		t = t->next;
	return t;
}

static pid_t number_in_status(pid_t tid, const char *format)
{
	char path[64], line[128];
	pid_t number = tid;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, format, &number) == 1)
			break;
	if (status)
		fclose(status);
	return number;
}

pid_t group_of(pid_t tid)
{
	return number_in_status(tid, "Tgid: %d");
}

static bool shares_memory(const struct process *p, pid_t tid, pid_t group)
{
	return p->group == group || syscall(SYS_kcmp, p->pid, tid, KCMP_VM, 0, 0) == 0;
}

struct process *new_process(pid_t pid)
{
	struct process *p = zeroed(sizeof(*p));

	p->group = p->pid = pid;
	p->next = processes;
	processes = p;
	return p;
}

static struct process *process_of(pid_t tid)
{
	pid_t group = group_of(tid);

	for (struct process *p = processes; p; p = p->next)
		if (shares_memory(p, tid, group))
			return p;
	return new_process(group);
}

void leave(struct process *p)
{
	struct process **at = &processes;

	if (--p->threads)
		return;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	process_forget(p);
	free(p);
}

struct thread *new_thread(pid_t tid)
{
	struct thread *t = zeroed(sizeof(*t));

	t->tid = tid;
	t->process = process_of(tid);
	t->process->threads++;
	t->next = threads;
	threads = t;
	return t;
}

void remove_thread(struct thread *t)
{
	struct thread **at = &threads;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	tracee_forget(t->tid);
	if (t->process)
		leave(t->process);
	free(t);
}

/* 0, too, where the kernel does not tell, as before Linux 5.9. */
static pid_t filters_of(pid_t tid)
{
	pid_t number = number_in_status(tid, "Seccomp_filters: %d");

	return number == tid ? 0 : number;
}

/* One of them is ours; what we have ourselves, as in a container, lets that through. */
void look_for_filters(struct process *p)
{
	p->is_filtered = filters_of(p->pid) > filters_of(getpid()) + 1;
}

bool is_for_pages(pid_t tid)
{
	for (size_t i = 0; i < n_for_pages; i++)
		if (for_pages[i] == tid)
			return true;
	return false;
}

void note_for_pages(pid_t tid)
{
	if (!is_for_pages(tid)) {
		for_pages = grow(for_pages, &n_for_pages, sizeof(*for_pages));
		for_pages[n_for_pages - 1] = tid;
	}
	kill(tid, SIGKILL);
}

void forget_for_pages(pid_t tid)
{
	for (size_t i = 0; i < n_for_pages; i++)
		if (for_pages[i] == tid)
			for_pages[i] = for_pages[--n_for_pages];
}

static pid_t parent_of(pid_t tid)
{
	return number_in_status(tid, "PPid: %d");
}

/* Is it told before its parent tells of it? */
bool is_of_forking(pid_t tid)
{
	pid_t parent = parent_of(tid);

	for (const struct thread *t = threads; t; t = t->next)
		if (t->doing == FORKS && t->process->group == parent)
			return true;
	return false;
}
