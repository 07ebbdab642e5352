// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages, parts of them, and large folios.
 *
 * A mapping is open to huge pages only while they are made, and as a whole: one
 * that differed in a part of it would be two mappings.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <time.h>

#include "machine/swapping.h"
#include "memory/layout_internal.h"

#define SWAP_OUT_TRIES	200

static void touch(char *address)
{
	*(volatile char *)address = 1;
}

char *part_outside(const struct area *a, const struct spot *s)
{
	char *first = table_start(spot_page(a, s, 0));
	char *last = first + table_span() - page_size();

	if (last >= a->start + a->pages * page_size())
		return last;
	return first < a->start ? first : NULL;
}

/*
 * A fault brings a large folio rather than a huge page where the page table is
 * there already: by a page beside the folio.
 */
static void prepare_folio(const struct area *a, const struct spot *s)
{
	size_t folio = this_kernel()->folio ? this_kernel()->folio : page_size();
	char *page = spot_page(a, s, 0);
	char *start = (char *)((uintptr_t)page / folio * folio);

	if (table_start(start - page_size()) == table_start(page))
		touch(start - page_size());
	else
		touch(start + folio);
}

void open_to_large(struct layout *l, enum side side)
{
	const struct area *a = area_of(l, side);

	for (unsigned int i = 0; i < l->built->n; i++) {
		const struct spot *s = &l->built->spots[side][i];

		if (s->made->folio && s->made->folio != FOLIO_BY_SMALL)
			prepare_folio(a, s);
	}
	madvise(a->mapping, a->mapping_pages * page_size(), MADV_HUGEPAGE);
}

void close_to_large(struct layout *l, enum side side)
{
	const struct area *a = area_of(l, side);

	madvise(a->mapping, a->mapping_pages * page_size(), MADV_NOHUGEPAGE);
}

/*
 * A folio that another CPU still has in its batch for the LRU lists cannot be paged
 * out; a new one is in this one's.
 */
void make_swapped_folio(const struct place_of *p)
{
	const size_t bytes = this_kernel()->folio;
	char *folio = (char *)((uintptr_t)page_of(p) / bytes * bytes);
	struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < SWAP_OUT_TRIES; i++) {
		if (folio_swapped_whole(folio, bytes))
			return;
		nanosleep(&pause, NULL);
		madvise(folio, bytes, MADV_DONTNEED);
		tag_spot(p->layout, p->side, p->letter);
	}
	machine_cannot(p->test, ENOSPC, "the folio was not swapped out whole, and kept");
}

/* Its mapping is two for a moment, each with entries of its own. */
static void map_by_small(struct test *t, char *page)
{
	if (mprotect(page, page_size(), PROT_READ) ||
	    mprotect(page, page_size(), PROT_READ | PROT_WRITE))
		machine_cannot(t, errno, "the access of a part cannot be changed");
}

static bool is_own_page(const struct layout *l, enum side side, size_t page)
{
	for (unsigned int i = 0; i < l->built->n; i++) {
		const struct spot *s = &l->built->spots[side][i];

		if (s->made->folio && page >= s->first && page < s->first + s->filled)
			return true;
	}
	return false;
}

static void make_room(const struct layout *l, enum side side, const struct spot *s)
{
	const struct area *a = side == ON_SOURCE ? &l->source : &l->destination;
	size_t bytes = folio_pages(s) * page_size();
	char *folio = (char *)((uintptr_t)spot_page(a, s, 0) / bytes * bytes);

	for (size_t i = 0; i < a->pages; i++) {
		char *page = a->start + i * page_size();

		if (page >= folio && page < folio + bytes && !is_own_page(l, side, i))
			madvise(page, page_size(), MADV_DONTNEED);
	}
}

void make_room_in_folios(struct test *t, struct layout *l, enum side side, enum stage stage)
{
	for (unsigned int i = 0; i < l->built->n; i++) {
		const struct spot *s = &l->built->spots[side][i];

		if (s->made->stage != stage)
			continue;
		if (s->made->folio == FOLIO_BY_SMALL)
			map_by_small(t, spot_page(area_of(l, side), s, 0));
		if (s->made->folio == FOLIO_BY_SMALL || s->made->folio == FOLIO_INNER)
			make_room(l, side, s);
	}
}
