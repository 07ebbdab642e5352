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

		if (s->made->large && s->table == TABLE_SHARED)
			prepare_folio(a, s);
	}
	madvise(a->mapping, a->mapping_pages * page_size(), MADV_HUGEPAGE);
}

void close_to_large(struct layout *l, enum side side)
{
	const struct area *a = area_of(l, side);

	madvise(a->mapping, a->mapping_pages * page_size(), MADV_NOHUGEPAGE);
}
