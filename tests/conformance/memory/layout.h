/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of pages built from the contract's notation and read back into it.
 *
 * "P P . P" is two private pages, a hole, a private page; the letters are the
 * contract's states.  Each page made carries a tag of its own in every 64-byte
 * line, so that after a call each page is found exactly once.
 */
#ifndef UFFDIO_MOVE_LAYOUT_H
#define UFFDIO_MOVE_LAYOUT_H

#include "contract.h"
#include "machine/kernel.h"
#include "test/test.h"

/* What lies behind a mapping.  All are private unless the name says otherwise. */
enum backing {
	BACKING_ANONYMOUS,
	BACKING_SHARED_ANONYMOUS,
	BACKING_SHMEM,		/* memfd, shared */
	BACKING_FILE_PAGE,	/* private mapping of a file, its page only read */
	BACKING_FILE_COPY,	/* private mapping of a file, written: own copies */
	BACKING_HUGETLB,
	BACKING_SECRETMEM,
	BACKING_DROPPABLE,
};

/* Where the two ranges lie towards each other. */
enum arrangement {
	ARRANGE_APART,		/* two mappings, nothing between them */
	ARRANGE_ADJACENT,	/* two mappings that touch */
	ARRANGE_SAME,		/* one mapping */
};

/* One range. */
struct area {
	const char *letters;	/* as requested, without spaces; not owned */
	enum backing backing;
	char *start;		/* first byte of the range's first letter */
	size_t pages;		/* small pages in the range */
	char *mapping;		/* holds it, at least a page larger on both sides */
	size_t mapping_pages;
	int registered;		/* descriptor it is registered on, or -1 */
	bool for_rwp;		/* registered for it: its pages may be protected against access */
	bool closed;		/* this process may no longer read it; set by who made it so */
	bool cut;		/* some of its mapping is no longer there; likewise */
	/* called when the mapping is there, and no page of it yet; may be NULL */
	void (*prepare)(struct test *t, struct area *a);
};

enum side { ON_SOURCE, ON_DESTINATION, SIDES };

struct layout {
	struct area source, destination;
	enum arrangement arrangement;
	struct built *built;	/* layout.c's */
};

/**
 * layout_build() - make the pages
 * @l:        zeroed but for arrangement, and for each area letters and backing
 * @uffd:     descriptor on which the destination is to be registered; -1: the
 *            destination is left unregistered
 * @register_mode: UFFDIO_REGISTER_MODE_*, 0 for MISSING
 *
 * A letter whose state is huge takes a whole huge page, and the letter opposite
 * it is stretched to as many pages: a hole or an absent page table over the
 * whole of it, anything else as its first page, with holes behind.  A letter
 * whose state has an edge begins at a page table's first entry; both areas are
 * placed alike against page tables, but for the misaligned huge page, whose
 * destination lies one page further.  The source is not registered, but for
 * letters that only a registered range can have (markers, write protection):
 * these use a descriptor of their own.
 *
 * Each page is then verified to be in its state (pagemap, kpageflags, smaps);
 * one that is not ends the test with test_broken(), saying which.
 */
void layout_build(struct test *t, struct layout *l, int uffd, uint64_t register_mode);

/**
 * layout_build_range() - make one range in which a move overlaps itself
 *
 * Like layout_build(), with @l->source.letters as the one range; source and
 * destination are both set to it, and it is registered on @uffd.
 */
void layout_build_range(struct test *t, struct layout *l, int uffd, uint64_t register_mode);

/**
 * layout_features() - features that a layout's letters need of the descriptor
 *
 * UFFD_FEATURE_* that a descriptor has to be opened with which is then given to
 * layout_build(); the letters alone have to be set.  layout_build() itself adds
 * to the registration mode what they need.
 */
uint64_t layout_features(const struct layout *l);

/**
 * layout_bytes() - bytes from letter @from up to letter @to of an area
 *
 * Letters count from 0; huge and stretched letters take a huge page.
 */
size_t layout_bytes(const struct layout *l, unsigned int from, unsigned int to);

/**
 * layout_observe() - read each letter back and tell it
 * @name: "source", "destination" or "range": observed as "name[i]"
 * @area: which
 *
 * The value is the letter a state looks like (contract: looks), then, where it
 * has contents of ours, whose: "P s0" is a private page with what source letter
 * 0 held, "P d2" what destination letter 2 held, "." a hole, "Z" a zero page.
 * In a range of layout_build_range() all contents are "s".
 * "?" and a reason where it looks like no state, or differs within one letter.
 *
 * Nothing that would fault is touched, so a registered hole stays unreported.
 * Swapped pages are looked at before they are read.
 */
void layout_observe(struct test *t, struct layout *l, const char *name, const struct area *area);

/**
 * layout_observe_moved() - the further observations of moved pages
 * @from, @to: letters [from, to) of the destination that were moved
 * @wanted: bit mask of 1 << enum observation (FRAME, WRITABLE, SOFT_DIRTY)
 *
 * Told as "frame[i]": same, other; "writable[i]": yes, no (by a store that is
 * undone again, from a child sharing nothing but this memory where it could
 * fault for good); "soft_dirty[i]": set, clear.  Call before layout_observe().
 */
void layout_observe_moved(struct test *t, struct layout *l, unsigned int from,
			  unsigned int to, unsigned int wanted);

/* Store to the first byte's line of every page of source letter @i, keeping its tag. */
void layout_store(struct test *t, struct layout *l, unsigned int i);

/**
 * layout_beside() - are the pages beside the ranges as they were?
 *
 * Returns "untouched", or what has become of one; static storage.  They carry tags,
 * and lie where no letter wants the place or its page table to be empty.
 */
const char *layout_beside(struct test *t, struct layout *l);

/**
 * layout_holder() - do this process and another holder of a page still see each other?
 * @i: letter of the source
 * @moved_to: letter of the destination where it is now, or -1
 *
 * Stores to the page, and lets its holder (a forked child, a pipe, a pin, the twin
 * that it was merged with) store to what it holds, where it can.  Returns "apart" if
 * neither sees the other's store, "shares" if both do, otherwise what is wrong;
 * static storage.
 */
const char *layout_holder(struct test *t, struct layout *l, unsigned int i, int moved_to);

#endif
