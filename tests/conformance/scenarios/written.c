// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a tracker of stores sees of a move: write protection that is resolved without an
 * event, and PAGEMAP_SCAN.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define FEW 8

static unsigned int count_written(struct test *t, const char *start, unsigned int pages, bool anew)
{
	long written = pagemap_written(start, pages, anew);

	if (written < 0)
		machine_cannot(t, errno, "it is not told which pages were written to");
	return written;
}

static void observe_written(struct test *t, const char *what, unsigned int written,
			    unsigned int pages)
{
	test_observe(t, what, "%s", written == pages ? "all" : written ? "some" : "none");
}

/* Tracked from now on; nothing was written yet. */
static void track_source(struct scene *s)
{
	unsigned int written;

	scene_register(s, s->source, s->pages, UFFDIO_REGISTER_MODE_WP);
	scene_register(s, s->destination, s->pages,
		       UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
	count_written(s->test, s->source, s->pages, true);
	written = count_written(s->test, s->source, s->pages, false);
	if (written)
		test_broken(s->test, "of %u pages %u count as written before the move", s->pages,
			    written);
}

/*
 * @pages in each call; @new_place and @old_place: the facts' names, by which a deviation tells one
 * from another, or NULL.
 */
static void observe_move(struct scene *s, unsigned int pages, const char *new_place,
			 const char *old_place)
{
	int error = 0;

	for (unsigned int i = 0; i < s->pages && !error; i += pages)
		error = scene_move_patiently(s, destination_page(s, i), source_page(s, i), pages, 0,
					     NULL);
	test_observe(s->test, "errno", "%s", error_name(error));
	if (new_place)
		observe_written(s->test, new_place,
				count_written(s->test, s->destination, s->pages, false), s->pages);
	if (old_place)
		observe_written(s->test, old_place,
				count_written(s->test, s->source, s->pages, false), s->pages);
	scene_end(s);
}

void scenario_written(struct test *t)
{
	struct scene s;

	scene_build(&s, t, FEW, UFFD_FEATURE_WP_ASYNC);
	track_source(&s);
	observe_move(&s, FEW, "new_place", "old_place");
}

void scenario_written_zero(struct test *t)
{
	struct scene s;

	scene_build(&s, t, FEW, UFFD_FEATURE_WP_ASYNC);
	madvise(s.source, FEW * page_size(), MADV_DONTNEED);
	for (unsigned int i = 0; i < FEW; i++)
		(void)*(volatile char *)source_page(&s, i);
	track_source(&s);
	observe_move(&s, FEW, "new_place", "old_place");
}

/* Protected first, and then swapped out: so the entry has it. */
void scenario_written_swapped(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, UFFD_FEATURE_WP_ASYNC);
	track_source(&s);
	swap_out(&s, s.source, FEW);
	observe_move(&s, FEW, "new_place.swapped", "old_place");
}

/* The old place has no page table then, of which not every kernel tells. */
static void move_huge(struct test *t, bool zero, const char *new_place, const char *old_place)
{
	struct scene s;

	scene_build_huge(&s, t, 1, UFFD_FEATURE_WP_ASYNC);
	if (zero)
		scene_make_huge_zero(&s);
	track_source(&s);
	observe_move(&s, s.pages, new_place, old_place);
}

void scenario_written_huge(struct test *t)
{
	move_huge(t, false, "new_place", NULL);
}

void scenario_written_huge_left(struct test *t)
{
	move_huge(t, false, NULL, "old_place");
}

void scenario_written_split(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, UFFD_FEATURE_WP_ASYNC);
	madvise(s.destination, s.pages * page_size(), MADV_NOHUGEPAGE);
	track_source(&s);
	observe_move(&s, s.pages / 2, "new_place", "old_place");
}

void scenario_written_huge_zero(struct test *t)
{
	move_huge(t, true, "new_place", NULL);
}

void scenario_written_huge_zero_left(struct test *t)
{
	move_huge(t, true, NULL, "old_place");
}
