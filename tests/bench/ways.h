/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways to get pages from one place to another. */
#ifndef UFFDIO_MOVE_BENCH_WAYS_H
#define UFFDIO_MOVE_BENCH_WAYS_H

#include "bench.h"

/*
 * Bring @bytes bytes from @source to @destination.  What passes by itself is repeated, as a
 * program would do; anything else ends the row.  Returns of how many bytes the calls have said
 * that they are done.
 * @mode: of UFFDIO_MOVE
 */
size_t bring(enum way way, int uffd, char *destination, char *source, size_t bytes, uint64_t mode);

#endif
