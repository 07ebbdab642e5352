// SPDX-License-Identifier: GPL-2.0-only
/*
 * Movers, each in its lane.
 *
 * They drop pages of the free lane, too: a mover first moves them into a region
 * of its own, where nobody can store to them, so that their counters are known.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "pages.h"
#include "test/compat.h"

#define RUN_MOST	64
#define ROUNDS		8

static size_t some_length(size_t most)
{
	size_t length = one_in(3) ? 1 : one_in(8) ? 1 + below(most) : 1 + below(RUN_MOST);

	return length < most ? length : most;
}

/* The paired lane */

static char *own_page(size_t page)
{
	return page_at(&regions[OWN + me->number], page);
}

static char *paired_place(unsigned int side, size_t page)
{
	return side <= FAR ? lane_page(side, PAIRED, page) : own_page(page);
}

static bool is_huge(const char *place)
{
	uint64_t frame = entry_frame(pagemap_entry(place));

	return frame && frame % slot_pages == 0 && frame_flags(frame) >> FLAG_COMPOUND_HEAD & 1;
}

/* A destination that has no page table, as a whole huge page wants it. */
static void renew(char *place)
{
	struct tally *t = &mix->disturbances[RENEW];

	atomic_fetch_add(&t->tries, 1);
	if (count_pages(place, slot_pages) == 0 && map_anew(place, slot_pages))
		atomic_fetch_add(&t->effects, 1);
}

/* The slot whose pages a mover wants together, as its first page there; or NULL. */
static char *_Atomic wanted;

/* Another mover's own region may have some: help_gather() brings them. */
static bool gather(enum region_name here, size_t first)
{
	char *place = lane_page(here, PAIRED, first), *nobody = NULL;
	size_t there = 0;

	if (!atomic_compare_exchange_strong(&wanted, &nobody, place))
		return false;
	for (int round = 0; round < ROUNDS && !mix->stop; round++) {
		carry(place, lane_page(NEAR + FAR - here, PAIRED, first), slot_pages);
		carry(place, own_page(first), slot_pages);
		there = count_pages(place, slot_pages);
		if (there == slot_pages)
			break;
		nap(2000);
	}
	wanted = NULL;
	return there == slot_pages;
}

static bool help_gather(size_t page)
{
	char *place = wanted;
	size_t first = page - page % slot_pages;

	if (!place || (place != lane_page(NEAR, PAIRED, first) &&
		       place != lane_page(FAR, PAIRED, first)))
		return false;
	carry(place, own_page(first), slot_pages);
	nap(2000);
	return true;
}

/* Make a slot's pages one huge page, and move that to and fro. */
static void move_huge_page(size_t page)
{
	size_t first = page - page % slot_pages;
	enum region_name here = one_in(2) ? NEAR : FAR;
	char *place = lane_page(here, PAIRED, first), *own = own_page(first);
	struct tally *t = &mix->disturbances[COLLAPSE];

	if (!gather(here, first))
		return;
	renew(own);
	atomic_fetch_add(&t->tries, 1);
	if (madvise(place, slot_pages * page_size(), MADV_COLLAPSE) == 0)
		atomic_fetch_add(&t->effects, 1);
	if (move(own, place, slot_pages, some_mode()).moved == slot_pages && is_huge(own))
		atomic_fetch_add(&mix->kinds[HUGE_WHOLE], 1);
	carry(place, own, slot_pages);
}

static void move_paired(void)
{
	unsigned int from = below(2), to = !from;
	size_t page = below(lanes[PAIRED].pages), length;

	if (help_gather(page))
		return;
	if (one_in(128)) {
		move_huge_page(page);
		return;
	}
	/* In its own region pages are out of the writers' reach: seldom. */
	if (one_in(16))
		*(one_in(2) ? &from : &to) = OWN;
	if (one_in(16)) {
		page -= page % slot_pages;
		length = slot_pages;
	} else {
		length = some_length(lanes[PAIRED].pages - page);
	}
	(one_in(8) ? carry : move_once)(paired_place(to, page), paired_place(from, page), length);
}

/* The free and the quiet lane */

static void move_anywhere(enum lane_name lane)
{
	size_t length = some_length(lanes[lane].pages);
	size_t from = below(lanes[lane].pages - length + 1);
	size_t to = one_in(2) ? from : below(lanes[lane].pages - length + 1);
	enum region_name src = one_in(2) ? NEAR : FAR, dst = one_in(4) ? src : NEAR + FAR - src;

	if (src == dst && from == to)
		return;
	move_once(lane_page(dst, lane, to), lane_page(src, lane, from), length);
}

static bool drop(char *start, size_t pages)
{
	return madvise(start, pages * page_size(), MADV_DONTNEED) == 0;
}

static bool unmap(char *start, size_t pages)
{
	return munmap(start, pages * page_size()) == 0 && map_anew(start, pages);
}

static void take_away(bool (*away)(char *start, size_t pages), enum disturbance what)
{
	struct tally *t = &mix->disturbances[what];
	uint32_t which[RUN_MOST];
	size_t n = freeze(own_page(0), RUN_MOST, which);

	if (n) {
		nap(1000);
		check_frozen(own_page(0), RUN_MOST);
	}
	atomic_fetch_add(&t->tries, 1);
	if (!away(own_page(0), RUN_MOST))
		broken(DISTURBANCES, "pages could not be dropped: %s", strerror(errno));
	release(which, n);
	if (n)
		atomic_fetch_add(&t->effects, 1);
}

/* Do the pages from here on lie in the free lane, of one region? */
static bool is_run(const char *place)
{
	const size_t most = (lanes[FREE].pages - RUN_MOST) * page_size();

	return (size_t)(place - lane_page(NEAR, FREE, 0)) <= most ||
	       (size_t)(place - lane_page(FAR, FREE, 0)) <= most;
}

static void bury(void)
{
	char *place = atomic_exchange(&hot_place, NULL);

	/* A page that is stored to at this moment ends its run; none there: any run. */
	if (place)
		place -= (RUN_MOST - 1) * page_size();
	if (!place || !is_run(place))
		place = lane_page(one_in(2) ? NEAR : FAR, FREE,
				  below(lanes[FREE].pages - RUN_MOST + 1));
	carry(own_page(0), place, RUN_MOST);
	if (one_in(2))
		move_once(page_at(&regions[PIT], below(regions[PIT].pages - RUN_MOST + 1)),
			  own_page(0), RUN_MOST);
	else if (one_in(2))
		take_away(drop, DROP);
	else
		take_away(unmap, UNMAP);
}

static void move_free(void)
{
	if (population() > lanes[FREE].pages / 2 && one_in(hot_place ? 4 : 32))
		bury();
	else
		move_anywhere(FREE);
}

/* KSM has to find a page twice at its place before it is merged. */
static void move_quiet(void)
{
	move_anywhere(QUIET);
	me->pulse->doing = "a nap";
	nap(100000);
}

void mover(void)
{
	static void (*const in_lane[LANES])(void) = {
		[PAIRED] = move_paired, [FREE] = move_free, [QUIET] = move_quiet,
	};

	while (mix->fault == FAULT_STUCK && me->number == 0)
		pause();
	in_lane[me->number % LANES]();
}
