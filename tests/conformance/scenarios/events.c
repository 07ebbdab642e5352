// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events of the address space, and the state of changing that they bring about.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/change.h"
#include "scenarios/scenarios.h"

#define PAGES 4			/* the first is moved to, the last changes */

/* The change lasts until its event has been read and it has gone on. */
static void move_during(struct test *t, uint64_t feature, void (*make)(struct scene *s))
{
	struct change change;
	struct scene s;

	scene_build(&s, t, PAGES, feature);
	/* A page shared with a child would be refused on that account. */
	madvise(s.source, PAGES * page_size(), MADV_DONTFORK);
	change_begin(&change, &s, make);
	scene_observe_move(&s, "", 1, 0);
	change_finish(&change);
	scene_observe_move(&s, ".after", 1, 0);
	scene_end(&s);
}

void scenario_event_remove(struct test *t)
{
	move_during(t, UFFD_FEATURE_EVENT_REMOVE, change_by_dropping);
}

void scenario_event_unmap(struct test *t)
{
	move_during(t, UFFD_FEATURE_EVENT_UNMAP, change_by_unmapping);
}

void scenario_event_remap(struct test *t)
{
	move_during(t, UFFD_FEATURE_EVENT_REMAP, change_by_remapping);
}

void scenario_event_fork(struct test *t)
{
	move_during(t, UFFD_FEATURE_EVENT_FORK, change_by_forking);
}

void scenario_events_not_negotiated(struct test *t)
{
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	madvise(s.source, PAGES * page_size(), MADV_DONTFORK);
	change_by_forking(&s);
	change_by_dropping(&s);
	change_by_remapping(&s);
	change_by_unmapping(&s);
	scene_observe_move(&s, "", 1, 0);
	scene_end(&s);
}

/* Ways in which an mremap of a registered range fails, early or late. */
static unsigned int failing_mremaps(struct scene *s)
{
	char *page = destination_page(s, PAGES - 1), *locked = map_pages(s->test, 1);
	/* An address space may grow to 2^64 bytes but for a page (s390x). */
	size_t size = page_size(), too_much = -2 * size;
	int to = MREMAP_MAYMOVE | MREMAP_FIXED;
	unsigned int succeeded = 0;

	/* to an address that is no page's, onto itself, beyond the task */
	succeeded += mremap(page, size, size, to, locked + 1) != MAP_FAILED;
	succeeded += mremap(page, size, size, to, page) != MAP_FAILED;
	succeeded += mremap(page, size, size, to, (void *)~(size - 1)) != MAP_FAILED;
	/* more than the mapping has, more than any address space has */
	succeeded += mremap(page, 2 * size, 2 * size, to, locked) != MAP_FAILED;
	succeeded += mremap(page, size, too_much, MREMAP_MAYMOVE) != MAP_FAILED;
	/* in place, where the neighbour is in the way */
	succeeded += mremap(page, size, 2 * size, 0) != MAP_FAILED;
	return succeeded;
}

void scenario_failed_mremap(struct test *t)
{
	struct scene s;

	scene_build(&s, t, PAGES, UFFD_FEATURE_EVENT_REMAP);
	test_observe(t, "mremap", "%s", failing_mremaps(&s) ? "done" : "refused");
	scene_observe_move(&s, "", 1, 0);
	scene_end(&s);
}

static void drop_other(struct scene *s)
{
	madvise(destination_page(s, PAGES - 2), page_size(), MADV_DONTNEED);
}

/* The next event is there, and with it its change. */
static void read_next(struct scene *s)
{
	struct pollfd events = { .fd = s->uffd, .events = POLLIN };
	struct uffd_msg event;

	while (!next_event(s, &event))
		poll(&events, 1, -1);
}

static unsigned int count_made(const struct change changes[2])
{
	return !!__atomic_load_n(&changes[0].made, __ATOMIC_ACQUIRE) +
	       !!__atomic_load_n(&changes[1].made, __ATOMIC_ACQUIRE);
}

/* Two changes, of which each lasts until its own event has been read; and each call is told. */
void scenario_event_after_event(struct test *t)
{
	struct pollfd events;
	struct change changes[2];
	struct scene s;

	scene_build(&s, t, PAGES, UFFD_FEATURE_EVENT_REMOVE);
	change_begin(&changes[0], &s, change_by_dropping);
	change_begin(&changes[1], &s, drop_other);
	scene_observe_move(&s, "", 1, 0);
	scene_observe_move(&s, ".again", 1, 0);
	read_next(&s);
	while (count_made(changes) < 1)
		let_others_run();
	events = (struct pollfd){ .fd = s.uffd, .events = POLLIN };
	poll(&events, 1, -1);
	scene_observe_move(&s, ".one_read", 1, 0);
	read_next(&s);
	while (count_made(changes) < 2)
		let_others_run();
	change_finish(&changes[0]);
	change_finish(&changes[1]);
	scene_observe_move(&s, ".after", 1, 0);
	scene_end(&s);
}

/* Of another descriptor, whose ranges are not concerned. */
void scenario_event_elsewhere(struct test *t)
{
	struct change change;
	struct scene s, other;

	scene_build(&s, t, PAGES, UFFD_FEATURE_EVENT_REMOVE);
	scene_build(&other, t, PAGES, UFFD_FEATURE_EVENT_REMOVE);
	change_begin(&change, &other, change_by_dropping);
	scene_observe_move(&s, "", 1, 0);
	change_finish(&change);
	scene_end(&s);
	scene_end(&other);
}
