// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several calls one after the other, and what one leaves to the next.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/waiters.h"

#define FEW 8
#define TIMES 4			/* that the pages move on */

#define ALL_MODES (UFFDIO_MOVE_MODE_DONTWAKE | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES)

/* From place to place, each of which begins at a page table; @between: what is done to them at each. */
static void move_on(struct scene *s, void (*between)(struct scene *s, char *place))
{
	char *place = s->source;
	bool goes_on = true;
	int error = 0;

	for (unsigned int i = 0; i < TIMES && goes_on; i++) {
		char *next = map_aligned(s->test, s->pages * page_size(), table_span());

		/* Or khugepaged would make a huge page of small ones on their way. */
		madvise(next, s->pages * page_size(), MADV_NOHUGEPAGE);
		scene_register(s, next, s->pages, UFFDIO_REGISTER_MODE_MISSING);
		error = scene_move_patiently(s, next, place, s->pages, 0, NULL);
		place = error ? place : next;
		goes_on = !error && scene_is_all_at(s, place);
		if (goes_on)
			between(s, place);
	}
	test_observe(s->test, "errno", "%s", error_name(error));
	test_observe(s->test, "contents", "%s", count_right(s, place) == s->pages ? "all" : "not all");
	scene_end(s);
}

static void read_all(struct scene *s, char *place)
{
	for (unsigned int i = 0; i < s->pages; i++)
		(void)*(volatile char *)(place + i * page_size());
}

static void swap_and_read(struct scene *s, char *place)
{
	swap_out(s, place, s->pages);
	read_all(s, place);
}

void scenario_move_on(struct test *t)
{
	struct scene s;

	scene_build(&s, t, FEW, 0);
	move_on(&s, read_all);
}

void scenario_move_on_huge(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	move_on(&s, read_all);
}

/* The source lies one page off, the places do not, so that it is split on the way to the first. */
void scenario_move_on_split(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	s.source += page_size();
	s.destination += page_size();
	s.pages--;
	for (unsigned int i = 0; i < s.pages; i++)
		fill_page(source_page(&s, i), scene_tag(i));
	move_on(&s, read_all);
}

void scenario_move_on_over_table(struct test *t)
{
	struct scene s;
	int error;

	scene_build_huge(&s, t, 1, 0);
	error = scene_move_over_tables(&s);
	if (error) {
		test_observe(t, "errno", "%s", error_name(error));
		return;
	}
	s.source = s.destination;
	move_on(&s, read_all);
}

void scenario_move_on_by_small(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	scene_map_by_small(&s);
	move_on(&s, read_all);
}

/* As entries, and read at the first place, or at each. */
void scenario_move_on_swapped(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	swap_out(&s, s.source, FEW);
	move_on(&s, read_all);
}

static void swap_again(struct scene *s, char *place)
{
	swap_out(s, place, s->pages);
}

void scenario_move_on_swapping(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	move_on(&s, swap_and_read);
}

void scenario_move_on_swapped_again(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	move_on(&s, swap_again);
}

/* Each mode with each before it, on one descriptor: does a hole count, is anybody woken? */
static void move_in_turn(struct scene *s, uint64_t before, uint64_t mode, const char **waiter,
			 int *hole)
{
	struct waiter w;

	scene_refill(s);
	madvise(s->destination, s->pages * page_size(), MADV_DONTNEED);
	madvise(source_page(s, 2), page_size(), MADV_DONTNEED);
	scene_move(s, s->destination, s->source, 1, before, NULL);
	*hole = scene_move(s, destination_page(s, 2), source_page(s, 2), 1, mode, NULL);
	scene_move(s, destination_page(s, 3), source_page(s, 3), 1, before, NULL);
	waiter_touch(s, &w, destination_page(s, 1), false);
	waiter_await(s, &w);
	scene_move(s, destination_page(s, 1), source_page(s, 1), 1, mode, NULL);
	*waiter = waiter_became(s, &w);
	scene_end(s);
}

void scenario_modes_in_turn(struct test *t)
{
	static const struct {
		uint64_t before, mode;
		const char *waiter, *hole;
	} turns[] = {
		{ ALL_MODES, 0, "waiter", "hole" },
		{ 0, ALL_MODES, "waiter.all", "hole.all" },
		{ UFFDIO_MOVE_MODE_DONTWAKE, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, "waiter.holes",
		  "hole.holes" },
		{ UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, UFFDIO_MOVE_MODE_DONTWAKE, "waiter.dontwake",
		  "hole.dontwake" },
	};

	for (unsigned int i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		const char *waiter;
		struct scene s;
		int hole;

		scene_build(&s, t, 4, WAITERS_FEATURES);
		move_in_turn(&s, turns[i].before, turns[i].mode, &waiter, &hole);
		test_observe(t, turns[i].waiter, "%s", waiter);
		test_observe(t, turns[i].hole, "%s", error_name(hole));
	}
}
