/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the running kernel is like: its sizes, and what it shows of pages.
 */
#ifndef UFFDIO_MOVE_KERNEL_H
#define UFFDIO_MOVE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel {
	size_t page, huge, span;	/* bytes; huge: 0 if there are none */
	size_t folio;			/* bytes of a large folio smaller than that, or 0 */
	uint64_t zero_frame;		/* 0: hidden */
	bool frames;			/* frame numbers are shown */
	bool merged_told;		/* kpageflags' bit for KSM is not set on every page */
	bool scan;			/* pagemap tells huge mappings */
	bool soft_dirty;
	bool always_huge;		/* huge pages come without being asked for */
	int kpageflags;			/* descriptor, or -1 */
};

/* Looked at once. */
const struct kernel *this_kernel(void);

/* Does it show to a process its own pages and mappings, as the tests look at them? */
bool kernel_shows_pages(void);

/**
 * kernel_look() - look anew
 *
 * To be called when settings have changed, and before tests are forked, which then
 * need not look each for itself.
 */
void kernel_look(void);

/* "arm64": as records call it. */
const char *architecture(void);

/* A value of /proc/meminfo in kB, 0 if there is none. */
unsigned long meminfo(const char *name);

/* Bytes in a page, in a huge page (0: none), and that one page table maps. */
size_t page_size(void);
size_t huge_page_size(void);
size_t table_span(void);

/* First byte of the page table's range that holds @address. */
char *table_start(const void *address);

/*
 * The lowest power of two that no mapping may have, without a bit of the uppermost byte
 * where there is such a one; 0 where there is none, as on s390x.  Nothing may be mapped
 * at the powers of two from 2^47 on.
 */
uint64_t address_beyond_task(void);

#endif
