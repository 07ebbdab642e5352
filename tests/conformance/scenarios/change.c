// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/change.h"

static char *last_page(struct scene *s)
{
	return destination_page(s, s->pages - 1);
}

void change_by_dropping(struct scene *s)
{
	madvise(last_page(s), page_size(), MADV_DONTNEED);
}

void change_by_unmapping(struct scene *s)
{
	munmap(last_page(s), page_size());
}

void change_by_remapping(struct scene *s)
{
	char *to = map_pages(s->test, 1);

	mremap(last_page(s), page_size(), page_size(), MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

/* Not machine_fork(): its child would end with the thread, and this one ends at once. */
void change_by_forking(struct scene *s)
{
	pid_t child;

	(void)s;
	child = fork();
	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
}

static void *make(void *argument)
{
	struct change *c = argument;

	c->make(c->scene);
	__atomic_store_n(&c->made, 1, __ATOMIC_RELEASE);
	return NULL;
}

static bool event_is_there(const struct scene *s)
{
	struct pollfd events = { .fd = s->uffd, .events = POLLIN };

	return poll(&events, 1, 0) == 1;
}

void change_begin(struct change *c, struct scene *s, void (*how)(struct scene *s))
{
	*c = (struct change){ .scene = s, .make = how };
	machine_thread(s->test, &c->thread, make, c);
	while (!event_is_there(s)) {
		if (__atomic_load_n(&c->made, __ATOMIC_ACQUIRE))
			test_broken(s->test, "the change was made without an event");
		let_others_run();
	}
}

/* The event of a fork brings a descriptor for the child's address space. */
void change_finish(struct change *c)
{
	struct uffd_msg event;

	if (c->finished)
		return;
	while (!__atomic_load_n(&c->made, __ATOMIC_ACQUIRE)) {
		if (!next_event(c->scene, &event))
			let_others_run();
		else if (event.event == UFFD_EVENT_FORK)
			close(event.arg.fork.ufd);
	}
	pthread_join(c->thread, NULL);
	c->finished = true;
}
