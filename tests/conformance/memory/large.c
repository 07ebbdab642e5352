// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages, parts of them, and large folios.
 *
 * A mapping is open to huge pages only while they are made, and as a whole: one
 * that differed in a part of it would be two mappings.
 */
#define _GNU_SOURCE
#include <string.h>

#include "memory/layout_internal.h"

static void touch(char *address)
{
	*(volatile char *)address = 1;
}

static bool is_wanted(const struct slot *s, const char *letters)
{
	return strchr(letters, s->letter) &&
	       (s->table == TABLE_WHOLE || s->table == TABLE_PART || s->letter == 'L');
}

static bool any_wanted(const struct keeper *k, enum side side, const char *letters)
{
	for (unsigned int i = 0; i < k->n; i++)
		if (is_wanted(&k->slots[side][i], letters))
			return true;
	return false;
}

/* A small page of the slot's huge page that is not in the range, or NULL. */
static char *part_outside(const struct area *a, const struct slot *s)
{
	char *first = table_start(slot_page(a, s, 0));
	char *last = first + table_span() - page_size();

	if (last >= a->start + a->pages * page_size())
		return last;
	return first < a->start ? first : NULL;
}

/*
 * A fault brings a large folio rather than a huge page where the page table is
 * there already: by a page beside the folio.
 */
static void prepare_folio(const struct area *a, const struct slot *s)
{
	size_t folio = this_kernel()->folio ? this_kernel()->folio : page_size();
	char *page = slot_page(a, s, 0);
	char *start = (char *)((uintptr_t)page / folio * folio);

	if (table_start(start - page_size()) == table_start(page))
		touch(start - page_size());
	else
		touch(start + folio);
}

static void make_slot(struct test *t, struct layout *l, enum side side, unsigned int i)
{
	const struct slot *s = &l->keepers->slots[side][i];
	const struct area *a = area_of(l, side);
	char *page = slot_page(a, s, 0), *part;

	if (s->letter == 'H') {
		(void)*(volatile char *)page;
		return;
	}
	tag_slot(l, side, i);
	if (s->letter == 'B')
		keep_by_ring(t, page, s->pages * page_size());
	if (s->letter != 'r')
		return;
	part = part_outside(a, s);
	if (!part)
		test_skip(t, "the range has no room beside it in the huge page");
	keep_by_pipe(t, l->keepers, part);
}

static void make_side(struct test *t, struct layout *l, enum side side, const char *letters)
{
	const struct area *a = area_of(l, side);
	size_t length = a->mapping_pages * page_size();
	struct keeper *k = l->keepers;

	for (unsigned int i = 0; i < k->n; i++)
		if (k->slots[side][i].letter == 'L' && strchr(letters, 'L'))
			prepare_folio(a, &k->slots[side][i]);
	madvise(a->mapping, length, MADV_HUGEPAGE);
	for (unsigned int i = 0; i < k->n; i++)
		if (is_wanted(&k->slots[side][i], letters))
			make_slot(t, l, side, i);
	madvise(a->mapping, length, MADV_NOHUGEPAGE);
}

void make_large(struct test *t, struct layout *l, const char *letters)
{
	for (unsigned int side = 0; side < layout_sides(l); side++)
		if (any_wanted(l->keepers, side, letters))
			make_side(t, l, side, letters);
}
