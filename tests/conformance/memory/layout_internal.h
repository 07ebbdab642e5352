/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that build and read layouts share among themselves.
 *
 * letters.c   how each letter comes about, by the functions of the next four
 * states.c    small pages, and page tables
 * large.c     huge pages and large folios
 * holders.c   who else holds a page: children, pipes, rings, KSM's twin
 * beside.c    pages beside the ranges
 * place.c     where the letters lie: page tables, huge pages, mappings
 * observe.c   what letter is there, and what a moved page is like
 * layout.c    the order in which all of it happens
 */
#ifndef UFFDIO_MOVE_LAYOUT_INTERNAL_H
#define UFFDIO_MOVE_LAYOUT_INTERNAL_H

#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/pagemap.h"
#include "machine/uffd.h"
#include "memory/layout.h"
#include "memory/letters.h"
#include "oracle.h"
#include "test/compat.h"

#define LINE_WORDS	8	/* a tag in each line of 64 bytes */
#define MOST_BESIDE	4	/* pages beside an area */

/* One letter's place in an area.  Counted in small pages. */
struct spot {
	char letter;
	const struct letter *made;
	enum table table;
	size_t first;		/* from the area's start */
	size_t pages;
	size_t filled;		/* leading pages that the letter's state is made of */
	char seen;		/* letter it was seen as; '?' for none, 0: not looked at yet */
	const char *oddity;	/* what is odd about '?' */
};

/* What layout_build() has made. */
struct built {
	unsigned int n;			/* letters */
	struct spot spots[SIDES][MAX_LETTERS];
	char *beside[SIDES][MOST_BESIDE];	/* pages with tags beside the areas */
	unsigned int n_beside[SIDES];
	uint64_t *frames;		/* of each page of the source, 0: not known */
	bool range;			/* source and destination are one area */
	bool large;			/* some letter is a huge page or part of one */
	uint32_t nonce;			/* of this layout's tags, 24 bits */
	bool looked[SIDES];		/* the spots' seen is what is there now */
	int file[SIDES];		/* behind a mapping that is not anonymous, or -1 */
	int guard;			/* descriptor that the source is registered on, or -1 */
	struct holders *holders;	/* holders.c's, NULL: nobody holds a page yet */
};

static inline struct area *area_of(struct layout *l, enum side side)
{
	return side == ON_SOURCE ? &l->source : &l->destination;
}

static inline struct spot *spot_of(const struct place_of *p)
{
	return &p->layout->built->spots[p->side][p->letter];
}

static inline char *spot_page(const struct area *a, const struct spot *s, size_t page)
{
	return a->start + (s->first + page) * page_size();
}

/* Its first page. */
static inline char *page_of(const struct place_of *p)
{
	return spot_page(area_of(p->layout, p->side), spot_of(p), 0);
}

/* Sides of a layout that are areas of their own: in a range there is one. */
static inline unsigned int layout_sides(const struct layout *l)
{
	return l->built->range ? 1 : SIDES;
}

/* place.c */

/**
 * place_areas() - choose the addresses and make the mappings
 *
 * Fills the areas' start, pages, mapping and mapping_pages, and the spots.
 * Skips where the letters cannot lie in such an order.
 */
void place_areas(struct test *t, struct layout *l);

/* Pages of the folio that this letter is one page of; 0 if it is of none. */
size_t folio_pages(const struct spot *s);

/* Is this page of an area's mapping one that may be there, beside the letters? */
bool place_is_free(const struct layout *l, enum side side, const char *page);

/* states.c */

/* Write tags to the pages that a spot's state is made of. */
void tag_spot(struct layout *l, enum side side, unsigned int i);

/* The same to one page; @letter may be one beyond the letters. */
void tag_page(const struct built *b, enum side side, unsigned int letter, size_t page,
	      char *address);

/* The tag of one line; @page counts within the letter. */
uint64_t tag_of(const struct built *b, enum side side, unsigned int letter,
		size_t page, size_t line);

/* Whose tag is this?  False if it is none of this layout. */
bool tag_owner(const struct built *b, uint64_t tag, enum side *side, unsigned int *letter);

/* Are all tags of the page there, for whoever reads it at @words? */
bool tags_are_whole(const struct built *b, const uint64_t *words, enum side side,
		    unsigned int letter, size_t page);

/* Make the letters of a stage, each with its tags first. */
void make_stage(struct test *t, struct layout *l, enum stage stage);

/* What only a registered range can have. */
void make_registered(struct test *t, struct layout *l, enum side side);

make_letter make_by_reading, make_swapped, make_lazily_freed, make_guard, make_failed;
make_letter make_table_with_others, make_empty_table, make_upper_table;
make_letter make_protected, make_protected_swapped, make_poison, make_access_protected;

/* large.c */

make_letter make_swapped_folio;

/* Open the mapping of a side to huge pages and large folios, or close it again. */
void open_to_large(struct layout *l, enum side side);
void close_to_large(struct layout *l, enum side side);

/* Of the folios of this stage leave no more in the range than the letters themselves. */
void make_room_in_folios(struct test *t, struct layout *l, enum side side, enum stage stage);

/* A small page of the spot's huge page that is not in the range, or NULL. */
char *part_outside(const struct area *a, const struct spot *s);

/* holders.c */

make_letter make_pinned, make_spliced, make_beside_spliced;

/* Fork a child that maps what is there now: for good, or until it has gone. */
void share_with_child(struct test *t, struct layout *l, bool gone);

/* Have KSM merge the spots of letter K with pages like them. */
void merge_with_twin(struct test *t, struct layout *l);

/*
 * Whether a store by one is seen by the other: "apart", "shares", or what is wrong.
 * @page is where the letter's first page is now.
 */
const char *hold_by_child(const struct place_of *p, char *page);
const char *hold_by_twin(const struct place_of *p, char *page);
const char *hold_by_ring(const struct place_of *p, char *page);
const char *hold_by_pipe(const struct place_of *p, char *page);
const char *hold_beside_by_pipe(const struct place_of *p, char *page);

/* beside.c */

/* Fill pages beside the areas with tags, where no letter wants that place empty. */
void make_beside(struct layout *l);

/* observe.c */

/* See what is at a side's spots; @may_read: swapped pages may be read, if that tells more. */
void look(struct test *t, struct layout *l, enum side side, bool may_read);

/* Give up unless each spot of a side looks like its letter; note the source's frames. */
void verify(struct test *t, struct layout *l, enum side side);

/*
 * A page that is there, whatever access its mapping gave; opens a mapping that is
 * closed, which is for after the call.
 */
const uint64_t *page_words(struct test *t, struct area *a, const char *page);

#endif
