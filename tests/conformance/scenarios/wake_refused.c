// SPDX-License-Identifier: GPL-2.0-only
/*
 * A call that moves nothing, and the threads that wait.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/audience.h"
#include "scenarios/change.h"
#include "scenarios/scenarios.h"

/* The pages of a call, with one more on each side, and a last one to be dropped. */
#define FROM 1
#define MOVED 3
#define DROPPED (FROM + MOVED + 1)
#define PAGES (DROPPED + 1)

static void build(struct audience *a, struct test *t, uint64_t features)
{
	a->n = a->awaited = 0;
	scene_build(&a->scene, t, PAGES, WAITERS_FEATURES | features);
}

static int move(struct audience *a, uint64_t mode, int64_t *result)
{
	struct scene *s = &a->scene;

	return scene_move(s, destination_page(s, FROM), source_page(s, FROM), MOVED, mode, result);
}

static void observe_move(struct audience *a, uint64_t mode)
{
	int64_t result;
	int error = move(a, mode, &result);

	test_observe_result(a->scene.test, "", error, result);
	audience_tell(a, "", NULL);
}

void scenario_hole_wakes_nobody(struct test *t)
{
	struct audience a;

	build(&a, t, 0);
	madvise(source_page(&a.scene, FROM), page_size(), MADV_DONTNEED);
	audience_around(&a, FROM, MOVED);
	audience_await(&a);
	observe_move(&a, 0);
	scene_end(&a.scene);
}

/* Somebody else resolves the first fault, and leaves it to the loser to wake. */
static void lose(struct audience *a, struct test *t)
{
	struct scene *s = &a->scene;

	build(a, t, 0);
	audience_around(a, FROM, MOVED);
	audience_await(a);
	if (scene_copy(s, destination_page(s, FROM), s->source, UFFDIO_COPY_MODE_DONTWAKE))
		test_broken(t, "UFFDIO_COPY: %s", strerror(errno));
}

void scenario_failure_wakes_nobody(struct test *t)
{
	struct audience a;

	lose(&a, t);
	observe_move(&a, 0);
	scene_wake(&a.scene, destination_page(&a.scene, FROM), 1);
	audience_tell(&a, ".by_wake", NULL);
	scene_end(&a.scene);
}

void scenario_failure_dontwake(struct test *t)
{
	struct audience a;

	lose(&a, t);
	observe_move(&a, UFFDIO_MOVE_MODE_DONTWAKE);
	scene_end(&a.scene);
}

void scenario_unknown_mode_wakes_nobody(struct test *t)
{
	struct audience a;

	build(&a, t, 0);
	audience_around(&a, FROM, MOVED);
	audience_await(&a);
	observe_move(&a, 1ULL << 62);
	scene_end(&a.scene);
}

void scenario_other_access_wakes_nobody(struct test *t)
{
	struct audience a;

	build(&a, t, 0);
	audience_around(&a, FROM, MOVED);
	audience_await(&a);
	if (mprotect(a.scene.source, PAGES * page_size(), PROT_READ))
		test_broken(t, "mprotect: %s", strerror(errno));
	observe_move(&a, 0);
	scene_end(&a.scene);
}

void scenario_unreadable_wakes_nobody(struct test *t)
{
	struct uffdio_move *nowhere = (struct uffdio_move *)map_pages(t, 1);
	struct audience a;

	build(&a, t, 0);
	audience_around(&a, FROM, MOVED);
	audience_await(&a);
	if (mprotect(nowhere, page_size(), PROT_NONE))
		test_broken(t, "mprotect: %s", strerror(errno));
	test_observe(t, "errno", "%s", error_name(test_move(t, a.scene.uffd, nowhere)));
	audience_tell(&a, "", NULL);
	scene_end(&a.scene);
}

/* A kernel may move such a page; whom it wakes depends on whether it does. */
void scenario_busy_wakes_nobody(struct test *t)
{
	struct audience a;
	pid_t child;

	build(&a, t, 0);
	child = machine_fork(t);
	if (child == 0) {
		/* Closed by this process alone, the descriptor would not let go of who waits. */
		close(a.scene.uffd);
		for (;;)
			pause();
	}
	audience_around(&a, FROM, MOVED);
	audience_await(&a);
	audience_tell(&a, "", error_name(move(&a, 0, NULL)));
	scene_end(&a.scene);
}

void scenario_changing_wakes_nobody(struct test *t)
{
	struct change change;
	struct audience a;

	build(&a, t, UFFD_FEATURE_EVENT_REMOVE);
	audience_around(&a, FROM, MOVED);
	audience_await(&a);
	change_begin(&change, &a.scene, change_by_dropping);
	test_observe(t, "errno", "%s", error_name(move(&a, 0, NULL)));
	audience_tell(&a, "", NULL);
	change_finish(&change);
	scene_end(&a.scene);
}
