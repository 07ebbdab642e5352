// SPDX-License-Identifier: GPL-2.0-only
/*
 * By COPY a page is built in a buffer, and copied to its place; the old pages are given
 * back when nothing is left in them.  By MOVE it is built in such an old page, which then
 * goes to its place: nothing is allocated, copied once more, and freed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collector.h"
#include "ground.h"
#include "machine/kernel.h"
#include "machine/uffd.h"
#include "run.h"
#include "test/compat.h"
#include "ways.h"

#define BATCH		64	/* pages */
#define KEPT		(2 * BATCH)	/* old pages to build in */
#define GIVEN_BACK	64	/* at once, at least */
#define FAULTS		16	/* read at once */

static char *get(size_t bytes)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		skip_row("no memory to be had: %s", strerror(errno));
	madvise(p, bytes, MADV_NOHUGEPAGE);
	return p;
}

void collector_open(struct collector *c, const struct heap *heap, enum way way)
{
	*c = (struct collector){
		.heap = heap,
		.way = way,
		.uffd = open_uffd(),
		.from = table_start(get(heap->bytes + table_span()) + table_span() - 1),
		.buffer = get(BATCH * page_size()),
		.spare = get(heap->bytes),
		.arrived = (atomic_uchar *)get(heap->pages),
	};
	/* Its first use is no part of a collection. */
	memset(c->buffer, 1, BATCH * page_size());
}

void collector_flip(struct collector *c)
{
	const struct heap *h = c->heap;
	int error;

	if (mremap(h->start, h->bytes, h->bytes, MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
		   c->from) == MAP_FAILED)
		fail_row("mremap with MREMAP_DONTUNMAP: %s", strerror(errno));
	error = uffd_register(c->uffd, h->start, h->bytes, UFFDIO_REGISTER_MODE_MISSING, NULL);
	if (error)
		fail_row("UFFDIO_REGISTER: %s", strerror(error));
}

/* Bytes of the old heap of which nothing is to come any more, as the pages before @page are built. */
static size_t evacuated(const struct collector *c, size_t page)
{
	return heap_frontier(c->heap, page) / page_size() * page_size();
}

static char *place_to_build(struct collector *c, size_t next, size_t pages)
{
	size_t bytes = pages * page_size();
	char *place;

	if (c->way != MOVE)
		return c->buffer;
	if (c->released + bytes <= evacuated(c, next)) {
		place = c->from + c->released;
		c->released += bytes;
	} else {
		place = c->spare + c->spared;
		c->spared += bytes;
	}
	return place;
}

/* @next: the pages before it have been built. */
static void place_pages(struct collector *c, size_t next, size_t page, size_t pages)
{
	char *built = place_to_build(c, next, pages);

	for (size_t i = 0; i < pages; i++)
		heap_build_page(c->heap, c->from, page + i, built + i * page_size());
	if (c->way == MOVE && plays(FAULT_SPOILED))
		memset(built, 1, page_size());
	bring(c->way == MOVE ? MOVE : COPY, c->uffd, c->heap->start + page * page_size(), built,
	      pages * page_size(), 0);
	for (size_t i = 0; i < pages; i++)
		c->arrived[page + i] = 1;
}

static void serve(struct collector *c, size_t next, uint64_t address)
{
	size_t page = (address - (uintptr_t)c->heap->start) / page_size();
	struct uffdio_range range = {
		.start = (uintptr_t)c->heap->start + page * page_size(),
		.len = page_size(),
	};

	if (page < c->heap->pages && !c->arrived[page])
		place_pages(c, next, page, 1);
	else
		ioctl(c->uffd, UFFDIO_WAKE, &range);
}

static void serve_faults(struct collector *c, size_t next)
{
	struct uffd_msg faults[FAULTS];
	ssize_t n = read(c->uffd, faults, sizeof(faults));

	for (ssize_t i = 0; i < n / (ssize_t)sizeof(faults[0]); i++)
		if (faults[i].event == UFFD_EVENT_PAGEFAULT)
			serve(c, next, faults[i].arg.pagefault.address);
}

static void give_back(struct collector *c, size_t next)
{
	size_t kept = c->way == MOVE ? KEPT * page_size() : 0, until = evacuated(c, next);

	if (until < c->released + kept + GIVEN_BACK * page_size() && next < c->heap->pages)
		return;
	if (next < c->heap->pages)
		until -= kept;
	if (until > c->released)
		madvise(c->from + c->released, until - c->released, MADV_DONTNEED);
	c->released = until;
}

void collector_run(struct collector *c)
{
	size_t next = 0, n;

	while (next < c->heap->pages) {
		serve_faults(c, next);
		for (n = 0; n < BATCH && next + n < c->heap->pages && !c->arrived[next + n]; n++)
			;
		if (n)
			place_pages(c, next, next, n);
		next += n ? n : 1;
		give_back(c, next);
	}
}
