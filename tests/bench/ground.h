/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory of one sample: its source, and where its pages are to go.
 */
#ifndef UFFDIO_MOVE_BENCH_GROUND_H
#define UFFDIO_MOVE_BENCH_GROUND_H

#include <sys/types.h>

#include "bench.h"

struct ground {
	const struct row *row;
	char *source, *destination;
	size_t bytes;
	size_t step;		/* from the place of one page at the destination to the next */
	int uffd;
	pid_t child;		/* it shares the source; 0 if there is none */
	uint64_t salt;		/* of the tags, so that none is left from a sample before */
};

void ground_open(struct ground *g, const struct row *row);

/* Map both anew, and make the source and the destination what the row says. */
void ground_prepare(struct ground *g, enum way way);

/* Is each page where the way has to have brought it, with its tag?  Ends the row if not. */
void ground_check(struct ground *g, enum way way);

static inline char *source_at(const struct ground *g, size_t page)
{
	return g->source + page * (g->bytes / g->row->pages);
}

static inline char *destination_at(const struct ground *g, size_t page)
{
	return g->destination + page * g->step;
}

/* A descriptor for moves; what is wanted of the kernel is there (machine_operation()). */
int open_uffd(void);

/* Tags: two words of a page, its first and its last. */
void write_tag(char *page, uint64_t tag);
bool has_tag(const char *page, uint64_t tag);

#endif
