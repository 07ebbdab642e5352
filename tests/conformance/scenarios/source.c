// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens at the place that a page was moved from.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/scenarios.h"
#include "scenarios/waiters.h"

void scenario_source_reads_zero(struct test *t)
{
	struct scene s;
	uint64_t tag;

	scene_build(&s, t, 1, 0);
	scene_observe_errno(&s, 1, 0);
	tag = read_tag(s.source);
	test_observe(t, "old_place", "%s",
		     tag == 0 ? "zero" : tag == scene_tag(0) ? "contents" : "other");
	scene_end(&s);
}

void scenario_source_faults(struct test *t)
{
	struct waiter w;
	struct scene s;

	scene_build(&s, t, 1, WAITERS_FEATURES);
	scene_register(&s, s.source, 1, UFFDIO_REGISTER_MODE_MISSING);
	scene_observe_errno(&s, 1, 0);
	waiter_touch(&s, &w, s.source, false);
	test_observe(t, "reader", "%s", waiter_became(&s, &w));
	test_observe(t, "address", "%s",
		     w.faulted_at == (uintptr_t)s.source ? "old-place" : "other");
	scene_end(&s);
}

/* An event that the call made would be waited for within it. */
struct mover {
	struct crew crew;
	struct scene *scene;
	int error, done;
};

static void *move_all(void *argument)
{
	struct mover *m = argument;
	struct scene *s = m->scene;

	m->error = scene_move(s, s->destination, s->source, s->pages, 0, NULL);
	__atomic_store_n(&m->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void move_registered(struct test *t, bool elsewhere)
{
	uint64_t features = UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE |
			    UFFD_FEATURE_EVENT_UNMAP;
	struct uffd_msg event, seen = { 0 };
	struct mover m = { 0 };
	struct scene s, seeing;
	int uffd = uffd_open(features | UFFD_FEATURE_EVENT_FORK);

	/* The fork event takes a privilege; without it the others are asked for. */
	if (uffd >= 0) {
		features |= UFFD_FEATURE_EVENT_FORK;
		close(uffd);
	}
	scene_build(&s, t, 4, features);
	seeing = s;
	if (elsewhere)
		seeing.uffd = uffd_open(features);
	if (seeing.uffd < 0)
		machine_cannot(t, errno, "no second userfaultfd could be had");
	scene_register(&seeing, s.source, 4, UFFDIO_REGISTER_MODE_MISSING);
	m.scene = &s;
	crew_add(&s, &m.crew, move_all, &m);
	while (!__atomic_load_n(&m.done, __ATOMIC_ACQUIRE)) {
		if (next_event(&seeing, &event))
			seen = event;
		let_others_run();
	}
	crew_end(&m.crew);
	if (next_event(&seeing, &event))
		seen = event;
	test_observe(t, "errno", "%s", error_name(m.error));
	test_observe(t, "event", "%s", seen.event ? event_name(&seen) : "none");
	scene_end(&s);
}

void scenario_source_no_event(struct test *t)
{
	move_registered(t, false);
}

void scenario_source_no_event_elsewhere(struct test *t)
{
	move_registered(t, true);
}

void scenario_argument_in_source(struct test *t)
{
	struct uffdio_move *argument;
	struct scene s;
	int error;

	scene_build(&s, t, 1, 0);
	argument = (struct uffdio_move *)(s.source + 512);
	*argument = (struct uffdio_move){
		.dst = (uintptr_t)s.destination,
		.src = (uintptr_t)s.source,
		.len = page_size(),
		.move = MOVE_SENTINEL,
	};
	error = pagemap_move(t, s.uffd, argument);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "new_move", "%lld", (long long)(argument->move / (int64_t)page_size()));
	argument = (struct uffdio_move *)(s.destination + 512);
	if (!page_is_there(t, s.destination))
		test_observe(t, "moved_copy", "hole");
	else
		test_observe(t, "moved_copy", "%s",
			     argument->move == MOVE_SENTINEL ? "untouched" : "written");
	scene_end(&s);
}
