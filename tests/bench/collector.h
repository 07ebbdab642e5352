/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A collector that slides what lives in a heap together, page by page, while the
 * application goes on: who touches a page that is still to come waits for it.
 */
#ifndef UFFDIO_MOVE_BENCH_COLLECTOR_H
#define UFFDIO_MOVE_BENCH_COLLECTOR_H

#include <stdatomic.h>

#include "bench.h"
#include "heap.h"

struct collector {
	const struct heap *heap;
	enum way way;			/* MOVE or COPY_DROP */
	int uffd;
	char *from;			/* where the old bytes are */
	char *buffer, *spare;
	size_t released;		/* bytes at @from that are given back, or were moved away */
	size_t spared;			/* bytes at @spare that are used */
	atomic_uchar *arrived;		/* of each page */
};

void collector_open(struct collector *c, const struct heap *heap, enum way way);

/* Take the heap's pages away, so that each touch of them is told. */
void collector_flip(struct collector *c);
void collector_run(struct collector *c);

#endif
