/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A heap of objects of many sizes, part of them garbage, and where each that lives is to be
 * when it has been compacted.
 */
#ifndef UFFDIO_MOVE_BENCH_HEAP_H
#define UFFDIO_MOVE_BENCH_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct object {
	uint32_t bytes, name;
	uint64_t stores;	/* by the application */
	uint64_t body[];	/* each word says whose it is */
};

/* One that lives: offsets in the heap before, and after. */
struct survivor {
	uint32_t from, to, bytes, name;
};

struct heap {
	char *start;
	size_t bytes;		/* before; a multiple of what a page table maps */
	size_t live;		/* bytes after */
	size_t pages;		/* after */
	struct survivor *survivors;
	size_t n;
	uint32_t *first;	/* of each page after: the survivor that its first byte is of */
};

/* Ends the row where there is no memory for it. */
void heap_make(struct heap *h, size_t bytes);

/* Write to @to what page @page is to hold; @from is where the heap's old bytes are now. */
void heap_build_page(const struct heap *h, const char *from, size_t page, char *to);

/* What lies before this offset of the old heap is in pages before @page, all of it. */
size_t heap_frontier(const struct heap *h, size_t page);

/* Ends the row unless each object is whole at its new place, with so many stores in all. */
void heap_check(const struct heap *h, uint64_t stores);

#endif
