// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which threads a call wakes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

static const char *what_was_read(const struct waiter *w, const char *woken, uint64_t tag)
{
	if (strcmp(woken, "yes"))
		return "nothing";
	return w->read == tag ? "contents" : w->read ? "other" : "zero";
}

void scenario_wake(struct test *t)
{
	const char *woken;
	struct waiter w;
	struct scene s;

	scene_build(&s, t, 1, 0);
	waiter_start(&s, &w, s.destination);
	scene_observe_move(&s, "", 1, 0);
	woken = waiter_woken(&s, &w);
	test_observe(t, "woken", "%s", woken);
	test_observe(t, "read", "%s", what_was_read(&w, woken, scene_tag(0)));
	scene_end(&s);
}

void scenario_wake_short(struct test *t)
{
	struct waiter first, second;
	struct scene s;

	scene_build(&s, t, 2, 0);
	madvise(source_page(&s, 1), page_size(), MADV_DONTNEED);
	waiter_start(&s, &first, destination_page(&s, 0));
	waiter_start(&s, &second, destination_page(&s, 1));
	scene_observe_move(&s, "", 2, 0);
	test_observe(t, "woken_first", "%s", waiter_woken(&s, &first));
	test_observe(t, "woken_second", "%s", waiter_woken(&s, &second));
	scene_end(&s);
}

void scenario_wake_hole(struct test *t)
{
	struct uffd_msg event;
	struct waiter w;
	struct scene s;

	scene_build(&s, t, 2, 0);
	madvise(source_page(&s, 1), page_size(), MADV_DONTNEED);
	waiter_start(&s, &w, destination_page(&s, 1));
	scene_observe_move(&s, "", 2, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	test_observe(t, "event_again", "%s",
		     strcmp(waiter_next(&s, &w, &event), "event") ? "no" : "yes");
	scene_end(&s);
}

static void observe_wake_by_hand(struct scene *s, struct waiter *w)
{
	test_observe(s->test, "woken", "%s", waiter_woken(s, w));
	scene_wake(s, s->destination, 1);
	test_observe(s->test, "woken_by_wake", "%s", waiter_woken(s, w));
	scene_end(s);
}

void scenario_failure_wakes_nobody(struct test *t)
{
	struct waiter w;
	struct scene s;

	scene_build(&s, t, 1, 0);
	waiter_start(&s, &w, s.destination);
	if (scene_copy(&s, s.destination, s.source, UFFDIO_COPY_MODE_DONTWAKE))
		test_broken(t, "UFFDIO_COPY: %s", strerror(errno));
	scene_observe_move(&s, "", 1, 0);
	observe_wake_by_hand(&s, &w);
}

void scenario_dontwake(struct test *t)
{
	struct waiter w;
	struct scene s;

	scene_build(&s, t, 1, 0);
	waiter_start(&s, &w, s.destination);
	scene_observe_move(&s, "", 1, UFFDIO_MOVE_MODE_DONTWAKE);
	observe_wake_by_hand(&s, &w);
}

void scenario_unwritable_wakes(struct test *t)
{
	struct uffdio_move *argument = (struct uffdio_move *)map_pages(t, 1);
	struct waiter w;
	struct scene s;
	int error;

	scene_build(&s, t, 1, 0);
	*argument = (struct uffdio_move){
		.dst = (uintptr_t)s.destination,
		.src = (uintptr_t)s.source,
		.len = page_size(),
	};
	if (mprotect(argument, page_size(), PROT_READ))
		test_broken(t, "mprotect: %s", strerror(errno));
	waiter_start(&s, &w, s.destination);
	error = test_move(t, s.uffd, argument);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "destination", "%s", look_at(&s, s.destination, scene_tag(0)));
	test_observe(t, "woken", "%s", waiter_woken(&s, &w));
	scene_end(&s);
}
