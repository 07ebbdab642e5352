// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that are pinned after they have moved: a child that is forked then gets copies
 * of them, for what is stored here must be what the device sees.  And moves of a process
 * that has pinned another page.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "machine/machine.h"
#include "machine/ring.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define FEW 8
#define FROM_US(i) (0x6f75727300000000ULL | (i))
#define FROM_DEVICE(i) (0x6465760000000000ULL | (i))

static uint64_t *word_of(const struct scene *s, unsigned int i)
{
	return (uint64_t *)destination_page(s, i);
}

static bool device_sees(struct io_uring *ring, const int ends[2], uint64_t *word, uint64_t value)
{
	uint64_t seen = 0;

	*(volatile uint64_t *)word = value;
	return ring_write(ring, ends[1], word) && read(ends[0], &seen, sizeof(seen)) == sizeof(seen) &&
	       seen == value;
}

static bool device_stores(struct io_uring *ring, const int ends[2], uint64_t *word, uint64_t value)
{
	return write(ends[1], &value, sizeof(value)) == sizeof(value) &&
	       ring_read(ring, ends[0], word) && *(volatile uint64_t *)word == value;
}

/* All pages have moved, with @error. */
static void observe_pinned(struct scene *s, int error)
{
	/* Each transfer takes long where processors are emulated. */
	const unsigned int step = (s->pages - 1) / (FEW - 1);
	unsigned int seen = 0, stored = 0;
	struct test *t = s->test;
	struct io_uring *ring;
	int ends[2];

	test_observe(t, "errno", "%s", error_name(error));
	if (error || !scene_is_all_at(s, s->destination))
		return;
	if (pipe2(ends, O_CLOEXEC))
		machine_cannot(t, errno, "no pipe could be had");
	ring = ring_pin(t, s->destination, s->pages * page_size());
	sharing_child(t);
	for (unsigned int i = 0; i < FEW; i++) {
		seen += device_sees(ring, ends, word_of(s, i * step), FROM_US(i));
		stored += device_stores(ring, ends, word_of(s, i * step), FROM_DEVICE(i));
	}
	test_observe(t, "seen", "%s", seen == FEW ? "all" : "not all");
	test_observe(t, "stored", "%s", stored == FEW ? "all" : "not all");
	scene_end(s);
}

/* A process that has pinned any page is looked at more closely from then on. */
static void pin_elsewhere(struct test *t)
{
	char *page = map_pages(t, 1);

	*page = 1;
	ring_pin(t, page, page_size());
}

/* A page, a hole, a swapped page, and once more a page. */
void scenario_pin_elsewhere(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	pin_elsewhere(t);
	scene_build(&s, t, 4, 0);
	madvise(source_page(&s, 1), page_size(), MADV_DONTNEED);
	swap_out(&s, source_page(&s, 2), 1);
	scene_observe_move(&s, "", s.pages, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	test_observe(t, "swapped", "%u", count_swapped(s.destination, s.pages));
	test_observe(t, "first", "%s", look_at(&s, s.destination, scene_tag(0)));
	test_observe(t, "last", "%s", look_at(&s, destination_page(&s, 3), scene_tag(3)));
	scene_end(&s);
}

void scenario_pin_elsewhere_zero(struct test *t)
{
	struct scene s;

	pin_elsewhere(t);
	scene_build(&s, t, 1, 0);
	madvise(s.source, page_size(), MADV_DONTNEED);
	(void)*(volatile char *)s.source;
	scene_observe_errno(&s, 1, 0);
	scene_end(&s);
}

static void observe_moved(struct scene *s, const char *name, int error)
{
	test_observe(s->test, name, "%s", error_name(error));
	scene_clear(s);
}

void scenario_pin_elsewhere_huge(struct test *t)
{
	struct scene s;

	pin_elsewhere(t);
	scene_build_huge(&s, t, 1, 0);
	test_observe(t, "errno", "%s", error_name(scene_move_all(&s)));
	test_observe(t, "mapped", "%s",
		     page_mapped(t, s.destination) == MAPPED_HUGE ? "huge" : "otherwise");
	scene_clear(&s);
	scene_build_huge(&s, t, 1, 0);
	observe_moved(&s, "errno.split", scene_move_in_halves(&s));
	scene_build_huge(&s, t, 1, 0);
	observe_moved(&s, "errno.tabled", scene_move_over_tables(&s));
	scene_build_huge(&s, t, 1, 0);
	scene_map_by_small(&s);
	observe_moved(&s, "errno.small", scene_move_all(&s));
}

void scenario_pin_elsewhere_huge_zero(struct test *t)
{
	struct scene s;

	pin_elsewhere(t);
	scene_build_huge(&s, t, 1, 0);
	scene_make_huge_zero(&s);
	observe_moved(&s, "errno", scene_move_all(&s));
}

void scenario_pinned_later(struct test *t)
{
	struct scene s;

	scene_build(&s, t, FEW, 0);
	observe_pinned(&s, scene_move_all(&s));
}

void scenario_pinned_huge_later(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	observe_pinned(&s, scene_move_all(&s));
}

void scenario_pinned_split_later(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	observe_pinned(&s, scene_move_in_halves(&s));
}

void scenario_pinned_over_table_later(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	observe_pinned(&s, scene_move_over_tables(&s));
}

void scenario_pinned_by_small_later(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	scene_map_by_small(&s);
	observe_pinned(&s, scene_move_all(&s));
}
