/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files that build and read layouts share among themselves.
 *
 * place.c     where the letters lie: page tables, huge pages, mappings
 * states.c    how a small page gets into its state
 * large.c     how huge pages and large folios come about
 * keep.c      who else holds a page: children, pipes, rings, KSM's twin
 * observe.c   what letter that is
 * layout.c    the order in which all of it happens
 */
#ifndef UFFDIO_MOVE_LAYOUT_INTERNAL_H
#define UFFDIO_MOVE_LAYOUT_INTERNAL_H

#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/uffd.h"
#include "memory/layout.h"
#include "oracle.h"
#include "test/compat.h"

enum side { ON_SOURCE, ON_DESTINATION, SIDES };

/* What a letter asks of the page tables that it lies in. */
enum table {
	TABLE_SHARED,	/* exists, others may be in it */
	TABLE_EMPTY,	/* exists, nothing is in it */
	TABLE_ABSENT,
	TABLE_WHOLE,	/* none: the letter is a huge page */
	TABLE_PART,	/* none: the letter is part of a huge page */
};

/* One letter's place in an area.  Counted in small pages. */
struct slot {
	char letter;
	enum table table;
	size_t first;		/* from the area's start */
	size_t pages;
	size_t filled;		/* leading pages that the letter's state is made of */
	bool has_tag;
	char seen;		/* letter it was seen as; '?' for none, 0: not looked at yet */
	const char *oddity;	/* what is odd about '?' */
};

struct keeper {
	unsigned int n;			/* letters */
	struct slot slots[SIDES][MAX_LETTERS];
	uint64_t *frames;		/* of each page of the source, 0: not known */
	bool range;			/* source and destination are one area */
	bool large;			/* some letter is a huge page or part of one */
	uint32_t nonce;			/* of this layout's tags, 24 bits */
	bool looked[SIDES];		/* the slots' seen is what is there now */
	int file[SIDES];		/* behind a mapping that is not anonymous, or -1 */
	int guard;			/* descriptor that the source is registered on, or -1 */
	int pipe[2];			/* that holds pages, or -1 */
};

static inline struct area *area_of(struct layout *l, enum side side)
{
	return side == ON_SOURCE ? &l->source : &l->destination;
}

static inline char *slot_page(const struct area *a, const struct slot *s, size_t page)
{
	return a->start + (s->first + page) * page_size();
}

/* Sides of a layout that are areas of their own: in a range there is one. */
static inline unsigned int layout_sides(const struct layout *l)
{
	return l->keepers->range ? 1 : SIDES;
}

/* place.c */

/**
 * place_areas() - choose the addresses and make the mappings
 *
 * Fills the areas' start, pages, mapping and mapping_pages, and the slots.
 * Skips where the letters cannot lie in such an order.
 */
void place_areas(struct test *t, struct layout *l);

/* states.c */

/* Write the tags of the pages that a slot's state is made of. */
void tag_slot(struct layout *l, enum side side, unsigned int i);

/* The tag of one line; @page counts within the letter. */
uint64_t tag_of(const struct keeper *k, enum side side, unsigned int letter,
		size_t page, size_t line);

/* Whose tag is this?  False if it is none of this layout. */
bool tag_owner(const struct keeper *k, uint64_t tag, enum side *side, unsigned int *letter);

/* Letters that a forked child shares: populate, and page out those swapped. */
void make_shared(struct test *t, struct layout *l, const char *letters);

/* Everything small that needs no registration. */
void make_pages(struct test *t, struct layout *l);

/* Page tables that have to be there although the letters are not. */
void make_tables(struct test *t, struct layout *l);

/* What only a registered range can have; @uffd is the one for @side. */
void make_registered(struct test *t, struct layout *l, enum side side, int uffd);

/* What a range of these letters has to be registered for; 0 if for nothing. */
uint64_t letters_mode(const char *letters);

/* large.c */

/* Huge pages and their parts among @letters, and large folios. */
void make_large(struct test *t, struct layout *l, const char *letters);

/* keep.c */

/* Fork a child that maps what is there now: for good, or until it has gone. */
void keep_by_child(struct test *t, bool gone);

/* Pin pages for DMA, as a registered buffer of io_uring, until the process ends. */
void keep_by_ring(struct test *t, char *start, size_t length);

/* Hold a reference to the page at @address by a pipe. */
void keep_by_pipe(struct test *t, struct keeper *k, char *address);

/* Have KSM merge the slots of letter K. */
void keep_by_twin(struct test *t, struct layout *l);

/* observe.c */

/* See what is at a side's slots; @may_read: swapped pages may be read, if that tells more. */
void look(struct test *t, struct layout *l, enum side side, bool may_read);

/* Skip unless each slot of a side looks like its letter; note the source's frames. */
void verify(struct test *t, struct layout *l, enum side side);

#endif
