// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/waiters.h"

static void read_in_call(struct waiter *w)
{
	if (write(w->pipe[1], (void *)w->address, sizeof(w->read)) == sizeof(w->read) &&
	    read(w->pipe[0], &w->read, sizeof(w->read)) != sizeof(w->read))
		w->read = 0;
}

static void *touch(void *argument)
{
	struct waiter *w = argument;

	__atomic_store_n(&w->tid, (int)syscall(__NR_gettid), __ATOMIC_RELEASE);
	if (w->pipe[1])
		read_in_call(w);
	else if (w->store)
		*w->address = 0x73746f7265ULL;
	else
		w->read = *w->address;
	__atomic_store_n(&w->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void start(struct scene *s, struct waiter *w)
{
	if (s->n_waiters == MOST_WAITERS)
		test_broken(s->test, "more than %d threads would wait", MOST_WAITERS);
	machine_thread(s->test, &w->thread, touch, w);
	s->waiters[s->n_waiters++] = w;
}

void waiter_touch(struct scene *s, struct waiter *w, void *address, bool store)
{
	*w = (struct waiter){ .address = address, .store = store };
	start(s, w);
}

void waiter_touch_in_call(struct scene *s, struct waiter *w, void *address)
{
	*w = (struct waiter){ .address = address };
	if (pipe2(w->pipe, O_CLOEXEC))
		machine_cannot(s->test, errno, "no pipe could be had");
	start(s, w);
}

/* A file of a thread's; false if it cannot be read. */
static bool read_of_thread(pid_t thread, const char *name, char *text, size_t size)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/%s", thread, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/*
 * A fault waits interruptibly, unlike those who wait for a lock or a disk.  The
 * state is set a little before the thread has left its CPU; its system call is
 * shown when it has.
 */
static bool sleeps(pid_t thread)
{
	char text[512], *state;

	read_of_thread(thread, "stat", text, sizeof(text));
	state = strrchr(text, ')');
	if (!state || state[1] != ' ' || state[2] != 'S')
		return false;
	return !read_of_thread(thread, "syscall", text, sizeof(text)) ||
	       strncmp(text, "running", 7);
}

/* Counted as the thread leaves its CPU: so of use only where that is told. */
static unsigned long count_sleeps(pid_t thread)
{
	static const char name[] = "\nvoluntary_ctxt_switches:";
	char text[4096], *count;

	if (!read_of_thread(thread, "syscall", text, sizeof(text)) ||
	    !read_of_thread(thread, "status", text, sizeof(text)))
		return 0;
	count = strstr(text, name);
	return count ? strtoul(count + sizeof(name) - 1, NULL, 10) : 0;
}

static bool is_done(const struct waiter *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_ACQUIRE);
}

static pid_t thread_of(const struct waiter *w)
{
	return __atomic_load_n(&w->tid, __ATOMIC_ACQUIRE);
}

/* Done or asleep; one that is done may as well be asleep, on its way out. */
static void let_settle(const struct waiter *w)
{
	while (!is_done(w) && !(thread_of(w) && sleeps(thread_of(w))))
		let_others_run();
}

static bool is_by(const struct uffd_msg *event, const struct waiter *w)
{
	uintptr_t page = (uintptr_t)w->address & ~(page_size() - 1);

	if (event->arg.pagefault.feat.ptid)
		return event->arg.pagefault.feat.ptid == (uint32_t)thread_of(w);
	return event->arg.pagefault.address == page;
}

static void read_events(struct scene *s)
{
	struct uffd_msg event;

	while (next_event(s, &event))
		for (unsigned int i = 0; i < s->n_waiters; i++)
			if (event.event == UFFD_EVENT_PAGEFAULT && is_by(&event, s->waiters[i])) {
				s->waiters[i]->events++;
				s->waiters[i]->faulted_at = event.arg.pagefault.address;
			}
}

const char *waiter_became(struct scene *s, struct waiter *w)
{
	unsigned long sleeps_before = w->sleeps;
	unsigned int events;

	let_settle(w);
	read_events(s);
	events = w->events;
	w->events = 0;
	if (is_done(w))
		return "done";
	w->sleeps = count_sleeps(thread_of(w));
	if (events)
		return "refaulted";
	return w->sleeps == sleeps_before ? "asleep" : "stirred";
}

/* A fault queues its event before it sleeps. */
void waiter_await_unread(struct scene *s, struct waiter *w)
{
	struct pollfd events = { .fd = s->uffd, .events = POLLIN };

	let_settle(w);
	if (is_done(w) || poll(&events, 1, 0) != 1)
		test_broken(s->test, "a thread that touches a missing page made no event");
}

void waiter_await(struct scene *s, struct waiter *w)
{
	const char *became = waiter_became(s, w);

	if (strcmp(became, "refaulted"))
		test_broken(s->test, "a thread that touches a missing page made no event, and is %s",
			    became);
}

const char *waiter_read(const struct waiter *w, uint64_t tag)
{
	if (!is_done(w))
		return "nothing";
	return w->read == tag ? "contents" : w->read ? "other" : "zero";
}
