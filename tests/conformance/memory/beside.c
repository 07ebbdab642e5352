// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages beside the two ranges, which a call has no business with.
 */
#include <stdio.h>

#include "memory/layout_internal.h"

/* Their tags are those of a letter that no range has. */
#define BESIDE_LETTER	(MAX_LETTERS + 1)

static void add(struct layout *l, enum side side, char *page)
{
	struct built *b = l->built;
	unsigned int i = b->n_beside[side];

	if (!place_is_free(l, side, page))
		return;
	tag_page(b, side, BESIDE_LETTER, i, page);
	b->beside[side][i] = page;
	b->n_beside[side]++;
}

void make_beside(struct layout *l)
{
	for (unsigned int side = 0; side < layout_sides(l); side++) {
		const struct area *a = area_of(l, side);
		char *end = a->start + a->pages * page_size();

		if (a->backing != BACKING_ANONYMOUS)
			continue;
		add(l, side, a->start - 2 * page_size());
		add(l, side, a->start - page_size());
		add(l, side, end);
		add(l, side, end + page_size());
	}
}

static const char *look_beside(struct test *t, struct layout *l, enum side side, unsigned int i)
{
	const char *page = l->built->beside[side][i];
	const uint64_t *words;

	if (!page_is_there(t, page))
		return "a hole";
	words = page_words(t, area_of(l, side), page);
	return tags_are_whole(l->built, words, side, BESIDE_LETTER, i) ? NULL : "other contents";
}

const char *layout_beside(struct test *t, struct layout *l)
{
	static char text[90];

	for (unsigned int side = 0; side < layout_sides(l); side++)
		for (unsigned int i = 0; i < l->built->n_beside[side]; i++) {
			const char *odd = area_of(l, side)->cut ? NULL :
					  look_beside(t, l, side, i);
			ptrdiff_t at;

			if (!odd)
				continue;
			at = (l->built->beside[side][i] - area_of(l, side)->start) /
			     (ptrdiff_t)page_size();
			snprintf(text, sizeof(text), "%s at page %td of the %s", odd, at,
				 side == ON_SOURCE ? "source" : "destination");
			return text;
		}
	return "untouched";
}
