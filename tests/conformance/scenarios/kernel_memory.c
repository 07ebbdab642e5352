// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of the kernel's that a call takes and gives back.
 *
 * It shows if the call does not only where it is called often, and where nobody else takes as
 * much meanwhile: so in most of several goes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define FEW 8
#define HUGE 4
#define GOES 4
#define LEFT_BYTES (4UL << 20)	/* if each call of a go left one page */
#define FIRST 33		/* pages before the end of a page table, more than fit on a stack */

/* The first go brings page tables, and what the kernel keeps at hand. */
static const char *leaves(struct scene *s, int (*go)(struct scene *s))
{
	unsigned int grown = 0;
	int error = go(s);

	for (unsigned int i = 0; i < GOES && !error; i++) {
		unsigned long before = meminfo("SUnreclaim");

		error = go(s);
		grown += meminfo("SUnreclaim") > before + LEFT_BYTES / 1024 / 2;
	}
	if (error)
		return error_name(error);
	return grown >= GOES - 1 ? "memory" : "nothing";
}

/* Over the end of a page table, and all of the next one; holes, but for a page in each. */
static void build_over_tables(struct scene *s, struct test *t)
{
	const unsigned int first = table_span() / page_size() - FIRST;
	const size_t bytes = 2 * table_span();

	scene_build(s, t, 1, 0);
	s->pages = bytes / page_size() - first;
	s->source = map_aligned(t, bytes, table_span()) + first * page_size();
	s->destination = map_aligned(t, bytes, table_span()) + first * page_size();
	madvise(s->source, s->pages * page_size(), MADV_NOHUGEPAGE);
	madvise(s->destination, s->pages * page_size(), MADV_NOHUGEPAGE);
	fill_page(s->source, scene_tag(0));
	fill_page(source_page(s, s->pages - 1), scene_tag(1));
	scene_register(s, s->source, s->pages, UFFDIO_REGISTER_MODE_MISSING);
	scene_register(s, s->destination, s->pages, UFFDIO_REGISTER_MODE_MISSING);
}

static unsigned int calls(void)
{
	return LEFT_BYTES / page_size();
}

static int move_to_and_fro(struct scene *s)
{
	int error = 0;

	for (unsigned int i = 0; i < calls() && !error; i++)
		error = scene_move(s, i & 1 ? s->source : s->destination,
				   i & 1 ? s->destination : s->source, s->pages,
				   UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, NULL);
	return error;
}

static int meet_occupied(struct scene *s)
{
	int error = EEXIST;

	for (unsigned int i = 0; i < calls() && error == EEXIST; i++)
		error = scene_move(s, s->destination, s->source, s->pages, 0, NULL);
	return error == EEXIST ? 0 : error;
}

void scenario_kernel_memory(struct test *t)
{
	struct scene s;

	if (!meminfo("SUnreclaim"))
		test_skip(t, "the kernel's own memory: /proc/meminfo does not tell it (SUnreclaim)");
	build_over_tables(&s, t);
	test_observe(t, "left", "%s", leaves(&s, move_to_and_fro));
	if (scene_copy(&s, s.destination, map_pages(t, 1), 0))
		test_broken(t, "UFFDIO_COPY: %s", strerror(errno));
	test_observe(t, "left.refused", "%s", leaves(&s, meet_occupied));
	scene_end(&s);
}

/* Huge pages are free when they have been moved and unmapped; @prepare may be NULL. */
static void observe_kept(struct test *t, void (*prepare)(struct scene *s), int (*move)(struct scene *s))
{
	uint64_t *frames;
	unsigned int n;
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, HUGE, 0);
	n = s.pages;
	frames = source_frames(&s);
	if (prepare)
		prepare(&s);
	test_observe(t, "errno", "%s", error_name(move(&s)));
	scene_clear(&s);
	test_observe(t, "left", "%u", count_kept(t, frames, n));
	free(frames);
}

void scenario_kernel_memory_split(struct test *t)
{
	observe_kept(t, NULL, scene_move_in_halves);
}

void scenario_kernel_memory_over_table(struct test *t)
{
	observe_kept(t, scene_make_tables, scene_move_all);
}

void scenario_kernel_memory_by_small(struct test *t)
{
	observe_kept(t, scene_map_by_small, scene_move_all);
}

/* In memory behind their swap entries, until what holds them there gives them up. */
void scenario_kernel_memory_swapped(struct test *t)
{
	uint64_t *frames;
	int pipes[FEW];
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	frames = source_frames(&s);
	swap_out_held(&s, 0, pipes);
	test_observe(t, "errno", "%s", error_name(scene_move_all(&s)));
	for (unsigned int i = 0; i < FEW; i++)
		close(pipes[i]);
	wait_until_written(t, frames, FEW);
	scene_clear(&s);
	test_observe(t, "left", "%u", count_kept(t, frames, FEW));
	free(frames);
}
