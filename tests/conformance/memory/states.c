// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tags, small pages, and page tables: how they get into the state that a letter names.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "machine/failing.h"
#include "memory/layout_internal.h"

#define SWAP_OUT_TRIES	500

/* A tag: nonce 24 bits, side 2, letter 6, page within the letter 20, line 12. */
uint64_t tag_of(const struct built *b, enum side side, unsigned int letter,
		size_t page, size_t line)
{
	return (uint64_t)b->nonce << 40 | (uint64_t)(side + 1) << 38 | (uint64_t)letter << 32 |
	       (uint64_t)page << 12 | line;
}

bool tag_owner(const struct built *b, uint64_t tag, enum side *side, unsigned int *letter)
{
	unsigned int number = tag >> 38 & 3;

	if (tag >> 40 != b->nonce || number < 1 || number > SIDES)
		return false;
	*side = number - 1;
	*letter = tag >> 32 & 63;
	return *letter < b->n;
}

void tag_page(const struct built *b, enum side side, unsigned int letter, size_t page,
	      char *address)
{
	volatile uint64_t *words = (volatile uint64_t *)address;
	uint64_t tag = tag_of(b, side, letter, page, 0);

	for (size_t line = 0; line < page_size() / 64; line++)
		words[line * LINE_WORDS] = tag + line;
}

bool tags_are_whole(const struct built *b, const uint64_t *words, enum side side,
		    unsigned int letter, size_t page)
{
	uint64_t tag = tag_of(b, side, letter, page, 0);

	for (size_t line = 0; line < page_size() / 64; line++)
		if (words[line * LINE_WORDS] != tag + line)
			return false;
	return true;
}

void tag_spot(struct layout *l, enum side side, unsigned int i)
{
	const struct spot *s = &l->built->spots[side][i];

	for (size_t page = 0; page < s->filled; page++)
		tag_page(l->built, side, i, page, spot_page(area_of(l, side), s, page));
}

static void make_side(struct test *t, struct layout *l, enum side side, enum stage stage,
		      bool large)
{
	for (unsigned int i = 0; i < l->built->n; i++) {
		struct place_of p = { t, l, side, i };
		const struct letter *made = spot_of(&p)->made;

		if (made->stage != stage || made->large != large)
			continue;
		if (made->tagged)
			tag_spot(l, side, i);
		if (made->make)
			made->make(&p);
	}
}

static bool has_large(const struct layout *l, enum side side, enum stage stage)
{
	for (unsigned int i = 0; i < l->built->n; i++)
		if (l->built->spots[side][i].made->large &&
		    l->built->spots[side][i].made->stage == stage)
			return true;
	return false;
}

void make_stage(struct test *t, struct layout *l, enum stage stage)
{
	for (unsigned int side = 0; side < layout_sides(l); side++) {
		if (has_large(l, side, stage)) {
			open_to_large(l, side);
			make_side(t, l, side, stage, true);
			close_to_large(l, side);
			make_room_in_folios(t, l, side, stage);
		}
		make_side(t, l, side, stage, false);
	}
}

void make_registered(struct test *t, struct layout *l, enum side side)
{
	for (unsigned int i = 0; i < l->built->n; i++) {
		struct place_of p = { t, l, side, i };

		if (spot_of(&p)->made->make_registered)
			spot_of(&p)->made->make_registered(&p);
	}
}

/* Small pages */

static void read_page_at(const char *address)
{
	(void)*(const volatile char *)address;
}

void make_by_reading(const struct place_of *p)
{
	read_page_at(page_of(p));
}

static void pause_ms(unsigned int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000L };

	nanosleep(&ts, NULL);
}

static bool page_out(struct test *t, char *page)
{
	uint64_t entry;

	madvise(page, page_size(), MADV_PAGEOUT);
	pagemap_read(t, page, 1, &entry);
	return entry & ENTRY_SWAPPED;
}

/*
 * A page that another CPU still has in its batch for the LRU lists cannot be
 * paged out; writing it anew puts it into this one's.
 */
void make_swapped(const struct place_of *p)
{
	char *page = page_of(p);

	for (int i = 0; i < SWAP_OUT_TRIES; i++) {
		if (page_out(p->test, page))
			return;
		pause_ms(1);
		madvise(page, page_size(), MADV_DONTNEED);
		tag_spot(p->layout, p->side, p->letter);
	}
	machine_cannot(p->test, ENOSPC, "the page was not swapped out");
}

/* The pages that are to be freed wait in a batch, which the second call empties. */
void make_lazily_freed(const struct place_of *p)
{
	madvise(page_of(p), page_size(), MADV_FREE);
	madvise(page_of(p), page_size(), MADV_FREE);
}

void make_failed(const struct place_of *p)
{
	if (!memory_fail(page_of(p)))
		machine_cannot(p->test, errno, "the page's memory could not be made to fail");
}

void make_guard(const struct place_of *p)
{
	if (madvise(page_of(p), page_size(), MADV_GUARD_INSTALL))
		machine_cannot(p->test, errno, "no guard region could be made");
}

/* In a registered range */

void make_protected(const struct place_of *p)
{
	struct uffdio_writeprotect wp = {
		.range = { .start = (uintptr_t)page_of(p), .len = page_size() },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	if (ioctl(area_of(p->layout, p->side)->registered, UFFDIO_WRITEPROTECT, &wp))
		machine_cannot(p->test, errno, "the page could not be write-protected");
}

/* To write it anew would end the protection. */
void make_protected_swapped(const struct place_of *p)
{
	make_protected(p);
	for (int i = 0; i < SWAP_OUT_TRIES; i++) {
		if (page_out(p->test, page_of(p)))
			return;
		pause_ms(1);
	}
	machine_cannot(p->test, ENOSPC, "the write-protected page was not swapped out");
}

void make_access_protected(const struct place_of *p)
{
	errno = uffd_rwprotect(area_of(p->layout, p->side)->registered, page_of(p), page_size(),
			       UFFDIO_RWPROTECT_MODE_RWP);
	if (errno)
		machine_cannot(p->test, errno, "the page could not be protected against access");
}

void make_poison(const struct place_of *p)
{
	struct uffdio_poison arg = {
		.range = { .start = (uintptr_t)page_of(p), .len = page_size() },
	};

	if (ioctl(area_of(p->layout, p->side)->registered, UFFDIO_POISON, &arg))
		machine_cannot(p->test, errno, "the page could not be poisoned");
}

/* Page tables that have to be there although the letters are not */

/* The spot's first page in a page table, or NULL. */
static char *first_in_table(const struct area *a, const struct spot *s, char *table)
{
	char *first = spot_page(a, s, 0), *end = spot_page(a, s, s->pages);

	if (first < table)
		first = table;
	return first < end && first < table + table_span() ? first : NULL;
}

static void leave_table_empty(char *page)
{
	read_page_at(page);
	madvise(page, page_size(), MADV_DONTNEED);
}

/* With something in it, beside the range where there is room. */
static void fill_table(const struct area *a, char *page)
{
	char *before = a->start - page_size();
	char *after = a->start + a->pages * page_size();

	if (table_start(before) == table_start(page))
		read_page_at(before);
	else if (table_start(after) == table_start(page))
		read_page_at(after);
	else
		leave_table_empty(page);
}

static bool has_own_tables(const struct area *a)
{
	return a->backing == BACKING_ANONYMOUS || a->backing == BACKING_DROPPABLE;
}

void make_table_with_others(const struct place_of *p)
{
	const struct area *a = area_of(p->layout, p->side);
	char *page, *table = table_start(page_of(p));

	if (!has_own_tables(a))
		return;
	for (; (page = first_in_table(a, spot_of(p), table)); table += table_span())
		fill_table(a, page);
}

void make_empty_table(const struct place_of *p)
{
	const struct area *a = area_of(p->layout, p->side);
	char *page, *table = table_start(page_of(p));

	if (!has_own_tables(a))
		return;
	for (; (page = first_in_table(a, spot_of(p), table)); table += table_span())
		leave_table_empty(page);
}

/* The tables above the absent one exist if there is a neighbour below them. */
void make_upper_table(const struct place_of *p)
{
	const struct area *a = area_of(p->layout, p->side);

	if (has_own_tables(a) && spot_of(p)->first == 0)
		read_page_at(a->start - page_size());
}
