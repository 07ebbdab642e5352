// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a caller does about the results that come without a mistake of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "machine/machine.h"
#include "machine/ring.h"
#include "scenarios/change.h"
#include "scenarios/scenarios.h"

#define UNPIN_TRIES 10000	/* the kernel may let go of a pin a little later */
#define MOST_CALLS 200		/* of the retry loop: far more than there are obstacles */

void scenario_refused_not_copied(struct test *t)
{
	unsigned int copies;
	struct scene s;

	scene_build(&s, t, 1, 0);
	sharing_child(t);
	scene_move(&s, s.destination, s.source, 1, 0, NULL);
	copies = !strcmp(look_at(&s, s.source, scene_tag(0)), "contents");
	copies += !strcmp(look_at(&s, s.destination, scene_tag(0)), "contents");
	test_observe(t, "copies", "%u", copies);
	scene_end(&s);
}

void scenario_pin_ended(struct test *t)
{
	struct scene s;
	struct io_uring *ring;
	int64_t move;
	int error;

	scene_build(&s, t, 1, 0);
	scene_register(&s, s.source, 1, UFFDIO_REGISTER_MODE_MISSING);
	ring = ring_pin(t, s.source, page_size());
	error = scene_move(&s, s.destination, s.source, 1, 0, NULL);
	/* A kernel may as well move it; the page is wanted back then. */
	if (!error)
		scene_move(&s, s.source, s.destination, 1, 0, NULL);
	ring_unpin(ring);
	for (int i = 0; i < UNPIN_TRIES; i++) {
		error = scene_move(&s, s.destination, s.source, 1, 0, &move);
		if (error != EBUSY)
			break;
		let_others_run();
	}
	test_observe_result(t, "", error, move);
	scene_end(&s);
}

/* Shares the page at @page; when @pipe says so, tells by its end what it sees. */
static pid_t looking_child(struct scene *s, const void *page, int go[2])
{
	pid_t child;
	char byte;

	if (pipe(go))
		test_broken(s->test, "no pipe: %s", strerror(errno));
	child = machine_fork(s->test);
	if (child > 0)
		return child;
	close(go[1]);
	if (read(go[0], &byte, 1) != 1)
		_exit(2);
	_exit(read_tag(page) == scene_tag(0) ? 0 : 1);
}

void scenario_copy_instead(struct test *t)
{
	struct scene s;
	pid_t child;
	int go[2];

	scene_build(&s, t, 1, 0);
	child = looking_child(&s, s.source, go);
	test_observe(t, "copy", "%s", error_name(scene_copy(&s, s.destination, s.source, 0)));
	if (madvise(s.source, page_size(), MADV_DONTNEED))
		test_broken(t, "MADV_DONTNEED: %s", strerror(errno));
	test_observe(t, "destination", "%s", look_at(&s, s.destination, scene_tag(0)));
	test_observe(t, "source", "%s", look_at(&s, s.source, scene_tag(0)));
	if (write(go[1], "", 1) != 1)
		test_broken(t, "the child cannot be told to look: %s", strerror(errno));
	test_observe(t, "child", "%s", test_wait(t, child) ? "other" : "contents");
	scene_end(&s);
}

void scenario_dontfork(struct test *t)
{
	struct scene s;

	scene_build(&s, t, 1, 0);
	if (madvise(s.source, page_size(), MADV_DONTFORK))
		test_broken(t, "MADV_DONTFORK: %s", strerror(errno));
	sharing_child(t);
	scene_observe_move(&s, "", 1, 0);
	scene_end(&s);
}

/* The obstacle course: at these pages the loop meets something. */
enum { SHARED = 1, HOLE = 3, OCCUPIED = 5, SWAPPED = 7, COURSE = 12 };

static void lay_course(struct scene *s, struct change *c)
{
	char *other = map_pages(s->test, 1);

	madvise(s->source, s->pages * page_size(), MADV_DONTFORK);
	madvise(source_page(s, SHARED), page_size(), MADV_DOFORK);
	sharing_child(s->test);
	/* Advice splits mappings; undone, they are one again. */
	madvise(s->source, s->pages * page_size(), MADV_DOFORK);
	madvise(source_page(s, HOLE), page_size(), MADV_DONTNEED);
	madvise(source_page(s, SWAPPED), page_size(), MADV_PAGEOUT);
	fill_page(other, scene_tag(1000));
	if (scene_copy(s, destination_page(s, OCCUPIED), other, 0))
		test_broken(s->test, "UFFDIO_COPY: %s", strerror(errno));
	change_begin(c, s, change_by_dropping);
}

static void fill_with_zeroes(struct scene *s, unsigned int i)
{
	struct uffdio_zeropage zero = {
		.range = { (uintptr_t)destination_page(s, i), page_size() },
	};

	ioctl(s->uffd, UFFDIO_ZEROPAGE, &zero);
}

/* Deal with what stopped the walk at page @i; returns the page to go on with. */
static unsigned int overcome(struct scene *s, struct change *c, unsigned int i, int error)
{
	volatile char *page = source_page(s, i);

	switch (error) {
	case EAGAIN:
		change_finish(c);
		return i;
	case EBUSY:
		*page = *page;
		return i;
	case EEXIST:
		scene_wake(s, destination_page(s, i), 1);
		return i + 1;
	case ENOENT:
		fill_with_zeroes(s, i);
		return i + 1;
	}
	return COURSE;
}

static unsigned int run_course(struct scene *s, struct change *c)
{
	unsigned int i = 0;

	for (unsigned int calls = 0; i < COURSE && calls < MOST_CALLS; calls++) {
		int64_t move;
		int error = scene_move(s, destination_page(s, i), source_page(s, i), COURSE - i,
				       0, &move);

		if (move > 0 && move != MOVE_SENTINEL)
			i += move / page_size();
		else
			i = overcome(s, c, i, error);
	}
	return i;
}

/* Pages of the source that are not where the loop should have brought them. */
static unsigned int count_lost(struct scene *s)
{
	unsigned int lost = 0;

	for (unsigned int i = 0; i < COURSE; i++) {
		const char *expected = i == HOLE ? "zero" : "contents";
		uint64_t tag = i == OCCUPIED ? scene_tag(1000) : scene_tag(i);

		if (strcmp(look_at(s, destination_page(s, i), tag), expected))
			lost++;
		if (i == OCCUPIED && strcmp(look_at(s, source_page(s, i), scene_tag(i)), "contents"))
			lost++;
	}
	return lost;
}

void scenario_retry_loop(struct test *t)
{
	struct change change;
	struct scene s;
	unsigned int arrived;

	/* One page more, which is dropped. */
	scene_build(&s, t, COURSE + 1, UFFD_FEATURE_EVENT_REMOVE);
	lay_course(&s, &change);
	arrived = run_course(&s, &change);
	if (arrived == COURSE)
		test_observe(t, "arrived", "all");
	else
		test_observe(t, "arrived", "%u", arrived);
	test_observe(t, "lost", "%u", count_lost(&s));
	change_finish(&change);
	scene_end(&s);
}
