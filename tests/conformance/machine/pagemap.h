/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel shows of a page: /proc/self/pagemap and /proc/kpageflags, as
 * in Documentation/admin-guide/mm/pagemap.rst of the kernel.
 */
#ifndef UFFDIO_MOVE_PAGEMAP_H
#define UFFDIO_MOVE_PAGEMAP_H

#include "test/test.h"

#define ENTRY_PRESENT		(1ULL << 63)
#define ENTRY_SWAPPED		(1ULL << 62)
#define ENTRY_GUARD		(1ULL << 58)
#define ENTRY_PROTECTED		(1ULL << 57)	/* by userfaultfd */
#define ENTRY_EXCLUSIVE		(1ULL << 56)
#define ENTRY_SOFT_DIRTY	(1ULL << 55)
#define ENTRY_FRAME		((1ULL << 55) - 1)

/*
 * Where an entry is swapped, its frame's lower bits are the kind of swap, the others what
 * that says of it.  Markers are of the last kind; for a page in memory that cannot be
 * mapped, being migrated or having failed, the kinds are above those of swap.
 */
#define ENTRY_KIND_BITS		5
#define KIND_MOST_SWAPS		15
#define KIND_MARKER		31

/* Numbers of the bits in /proc/kpageflags. */
#define FLAG_BEING_WRITTEN	8
#define FLAG_MAPPED		11
#define FLAG_ANONYMOUS		12
#define FLAG_SWAP_BACKED	14
#define FLAG_COMPOUND_HEAD	15
#define FLAG_COMPOUND_TAIL	16
#define FLAG_FAILED		19
#define FLAG_MERGED		21
#define FLAG_ZERO		24

/*
 * Read the entries of @pages pages from @address on; false if they cannot be read.
 * Waits until none of them is being migrated, as it also is while a huge page is split.
 */
bool pagemap_entries(const void *address, size_t pages, uint64_t *entries);

/* The same, and skip the test if they cannot be read. */
void pagemap_read(struct test *t, const void *address, size_t pages, uint64_t *entries);

/* The entry of one page; 0 if it cannot be read. */
static inline uint64_t pagemap_entry(const void *address)
{
	uint64_t entry;

	return pagemap_entries(address, 1, &entry) ? entry : 0;
}

static inline uint64_t entry_frame(uint64_t entry)
{
	return entry & ENTRY_PRESENT ? entry & ENTRY_FRAME : 0;
}

static inline unsigned int entry_kind(uint64_t entry)
{
	return entry & ((1U << ENTRY_KIND_BITS) - 1);
}

static inline uint64_t entry_value(uint64_t entry)
{
	return (entry & ENTRY_FRAME) >> ENTRY_KIND_BITS;
}

/* Does such an entry stand for a page of memory that has failed? */
bool entry_has_failed(uint64_t entry);

/* Are frame numbers shown to this process, and their flags? */
bool frames_shown(void);

/* /proc/kpageflags of a frame; 0 if hidden. */
uint64_t frame_flags(uint64_t frame);

/* Is the page at @address present or swapped, as pagemap shows it?  Faults nothing. */
bool page_is_there(struct test *t, const void *address);

/* test_move(), of which that is noted. */
int pagemap_move(struct test *t, int uffd, struct uffdio_move *arg);

/**
 * pagemap_note_refusal() - was a page moved, of which the call said that its place is occupied?
 * @error: the call's
 * @move: what it left there
 *
 * Notes for whoever judges the test that it looks so.  Where the source was a hole and the
 * place occupied from the beginning, it looks the same.
 */
void pagemap_note_refusal(struct test *t, int error, const struct uffdio_move *move);

/* How is the page at @address mapped? */
enum mapped { MAPPED_SMALL, MAPPED_HUGE, MAPPED_HUGE_ZERO };
enum mapped page_mapped(struct test *t, const void *address);

/* The kB that smaps tells for @field of the mapping that begins at @start; -1 if none. */
long smaps_kb(const void *start, const char *field);

/* The first mapping that /proc/self/maps calls so, and its bytes; NULL if there is none. */
char *mapping_called(const char *name, size_t *bytes);

/* The categories (SCAN_*) of the page at @address, by PAGEMAP_SCAN; false if that fails. */
bool pagemap_scan(const void *address, uint64_t *categories);

/* Pages count as soft-dirty from the start, unless that is cleared. */
void clear_soft_dirty(void);

/*
 * How many pages count as written since they were protected, in a range registered on a
 * descriptor with UFFD_FEATURE_WP_ASYNC; @anew: these are protected again.  -1 if that fails.
 */
long pagemap_written(const void *start, size_t pages, bool anew);

#endif
