// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls for a page of a range that another thread drops with all its page table, which some
 * kernels free then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define LEAST_CALLS 200
#define MOST_CALLS 200000
#define CALLS_MS 800		/* for those beyond the least */

struct freed {
	struct scene scene;	/* of one page */
	struct crew crew;
	char *table;		/* what is dropped, a page table's span */
	char *source, *destination;
	bool invalid;		/* a call was refused with EINVAL */
	bool moved_but_refused;
	unsigned int unexpected;	/* results that fit no place of the page */
};

static void *drop_table(void *argument)
{
	struct freed *f = argument;

	while (!__atomic_load_n(&f->crew.stop, __ATOMIC_ACQUIRE))
		madvise(f->table, table_span(), MADV_DONTNEED);
	return NULL;
}

static bool is_at(struct freed *f, const char *place)
{
	return !strcmp(look_at(&f->scene, place, scene_tag(0)), "contents");
}

/* In the middle, so that nothing beside it needs the table. */
static char *middle_of(char *table)
{
	return table + table_span() / 2;
}

static char *map_table(struct freed *f)
{
	char *table = map_aligned(f->scene.test, table_span(), table_span());

	madvise(table, table_span(), MADV_NOHUGEPAGE);
	return table;
}

static void move_under(struct freed *f, void (*judge)(struct freed *f, int error))
{
	struct pace pace = pace_of(LEAST_CALLS, MOST_CALLS, CALLS_MS);
	struct test *t = f->scene.test;

	crew_add(&f->scene, &f->crew, drop_table, f);
	while (pace_goes_on(&pace)) {
		int error = scene_move(&f->scene, f->destination, f->source, 1, 0, NULL);

		f->invalid |= error == EINVAL;
		judge(f, error);
	}
	crew_end(&f->crew);
	test_observe(t, "refused_as_invalid", "%s", f->invalid ? "yes" : "no");
	test_observe(t, "unexpected_results", "%u", f->unexpected);
	test_observe(t, "moved_but_refused", "%s", f->moved_but_refused ? "yes" : "no");
	scene_end(&f->scene);
}

/* Nobody drops the source: where the page has gone, this call has moved it. */
static void judge_arrival(struct freed *f, int error)
{
	bool left = is_at(f, f->source);

	f->unexpected += error && left && error != EEXIST && error != EINVAL;
	f->moved_but_refused |= error && !left;
	f->unexpected += !error && left;
	fill_page(f->source, scene_tag(0));
}

void scenario_freed_destination_table(struct test *t)
{
	struct freed f = { 0 };

	scene_build(&f.scene, t, 1, 0);
	f.table = map_table(&f);
	scene_register(&f.scene, f.table, table_span() / page_size(), UFFDIO_REGISTER_MODE_MISSING);
	f.source = f.scene.source;
	f.destination = middle_of(f.table);
	move_under(&f, judge_arrival);
}

/* The page is dropped, while it is filled too, or it has moved to where nothing else ever is. */
static void judge_departure(struct freed *f, int error)
{
	bool arrived = page_is_there(f->scene.test, f->destination);

	f->unexpected += error && !arrived && error != ENOENT && error != EINVAL;
	f->moved_but_refused |= error && arrived;
	f->unexpected += !error && !arrived;
	madvise(f->destination, page_size(), MADV_DONTNEED);
	fill_page(f->source, scene_tag(0));
}

void scenario_freed_source_table(struct test *t)
{
	struct freed f = { 0 };

	scene_build(&f.scene, t, 1, 0);
	f.table = map_table(&f);
	f.source = middle_of(f.table);
	f.destination = f.scene.destination;
	fill_page(f.source, scene_tag(0));
	move_under(&f, judge_departure);
}
