// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that another thread reads back while they are swapped out, and moved then or afterwards.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define PAGES 128
#define LEFT_OF 4		/* one of so many is not read */
#define LEAST_ROUNDS 20
#define MOST_ROUNDS 2000
#define ROUNDS_MS 300		/* for those beyond the least */

struct reading {
	struct crew crew;
	struct scene *scene;
	unsigned int refused;
	unsigned int uncured;		/* of these, although they were stored to */
	unsigned int unexpected;	/* other errors */
	unsigned int lost;
	bool moved_but_refused;		/* a page was moved, and the call said otherwise */
};

/*
 * The source is not registered: where a page has gone, zeroes come.  Some pages are left in
 * swap, so that calls meet these as well, however quick the reader is.
 */
static void *keep_reading(void *argument)
{
	struct reading *r = argument;

	while (!__atomic_load_n(&r->crew.stop, __ATOMIC_ACQUIRE))
		for (unsigned int i = 0; i < PAGES; i++)
			if (i % LEFT_OF)
				(void)*(volatile char *)source_page(r->scene, i);
	return NULL;
}

static int move_page(struct reading *r, unsigned int i)
{
	struct scene *s = r->scene;
	int error = scene_move(s, destination_page(s, i), source_page(s, i), 1, 0, NULL);

	if (error != EEXIST || !page_is_there(s->test, destination_page(s, i)))
		return error;
	r->moved_but_refused = true;
	return 0;
}

/* Compilers may make a mere load of an addition of 0. */
static void store_what_it_holds(int *word)
{
	int held = __atomic_load_n(word, __ATOMIC_RELAXED);

	__atomic_compare_exchange_n(word, &held, held, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static void move_one(struct reading *r, unsigned int i)
{
	struct scene *s = r->scene;
	int error = move_page(r, i);

	if (error == EBUSY) {
		r->refused++;
		store_what_it_holds((int *)source_page(s, i));
		error = move_page(r, i);
		r->uncured += error == EBUSY;
	}
	r->unexpected += error && error != EBUSY;
	r->lost += !error && read_tag(destination_page(s, i)) != scene_tag(i);
}

void scenario_read_back(struct test *t)
{
	struct pace pace = pace_of(LEAST_ROUNDS, MOST_ROUNDS, ROUNDS_MS);
	struct reading r = { 0 };
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	r.scene = &s;
	crew_add(&s, &r.crew, keep_reading, &r);
	while (pace_goes_on(&pace)) {
		scene_refill(&s);
		madvise(s.destination, PAGES * page_size(), MADV_DONTNEED);
		madvise(s.source, PAGES * page_size(), MADV_PAGEOUT);
		for (unsigned int i = 0; i < PAGES; i++)
			move_one(&r, i);
	}
	crew_end(&r.crew);
	test_observe(t, "unexpected_errors", "%u", r.unexpected);
	test_observe(t, "refused", "%s", r.uncured ? "for good" : r.refused ? "cured" : "none");
	test_observe(t, "moved_but_refused", "%s", r.moved_but_refused ? "yes" : "no");
	test_observe(t, "lost", "%u", r.lost);
	scene_end(&s);
}

struct tally {
	unsigned int refused, uncured, unexpected;
};

/* The first page, which is present, comes last: to move it the huge page is split. */
static unsigned int in_turn(const struct scene *s, unsigned int i)
{
	return (i + 1) % s->pages;
}

static void move_singly(struct scene *s, struct tally *n)
{
	for (unsigned int i = 0; i < s->pages; i++) {
		unsigned int page = in_turn(s, i);
		int error = scene_move(s, destination_page(s, page), source_page(s, page), 1, 0, NULL);

		n->refused += error == EBUSY;
		n->unexpected += error && error != EBUSY;
	}
}

/*
 * A page that has been stored to may want to be split off, which takes a few tries.  Where one
 * is refused for good the others are, too.
 */
static void move_the_refused(struct scene *s, struct tally *n)
{
	for (unsigned int i = 0; i < s->pages && !n->uncured; i++) {
		unsigned int page = in_turn(s, i);
		int error;

		if (!page_is_there(s->test, source_page(s, page)))
			continue;
		store_what_it_holds((int *)source_page(s, page));
		error = scene_move_patiently(s, destination_page(s, page), source_page(s, page), 1, 0,
					     NULL);
		n->uncured += error == EBUSY;
		n->unexpected += error && error != EBUSY;
	}
}

/*
 * A thread has read one part of a huge page while that was swapped out, so that the others' swap
 * entries have their page in memory still, in a large folio.
 */
void scenario_read_back_huge(struct test *t)
{
	struct tally n = { 0 };
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	swap_out_while_read(&s);
	stay_on_cpu(t, -1);
	move_singly(&s, &n);
	move_the_refused(&s, &n);
	test_observe(t, "unexpected_errors", "%u", n.unexpected);
	test_observe(t, "refused", "%s", n.uncured ? "for good" : n.refused ? "cured" : "none");
	if (n.uncured) {
		test_observe(t, "swapped", "not tried");
		test_observe(t, "contents", "not tried");
	} else {
		observe_reclaim(&s);
	}
	scene_end(&s);
}
