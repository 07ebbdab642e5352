// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that move side by side, each its own pages to and fro, in one heap; and beside them,
 * if the row says so, threads that fault.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "clock.h"
#include "ground.h"
#include "kinds.h"
#include "machine/kernel.h"
#include "machine/uffd.h"
#include "run.h"
#include "test/compat.h"
#include "ways.h"

#define MOST_THREADS	8
#define MOST_FAULTING	4
#define SPAN_NS		20000000	/* for which they move, at least */
#define SPAN_QUICK_NS	4000000
#define FAULTED		64	/* pages */

struct mover {
	pthread_t thread;
	char *places[2];
	const struct row *row;
	enum way way;
	int uffd;
	unsigned long passes;
	uint64_t ended;
};

struct faulter {
	pthread_t thread;
	char *pages;
	atomic_ulong faults;
};

static struct mover movers[MOST_THREADS];
static struct faulter faulters[MOST_FAULTING];
static pthread_barrier_t start;
static atomic_bool stop;

static uint64_t tag_of(const struct mover *m, size_t page)
{
	return ((uint64_t)(m - movers + 1) << 32) + page + 1;
}

/* On a busy machine one that is to be measured beside the movers may not have had its turn yet. */
static bool all_have_faulted(const struct row *row)
{
	for (unsigned int i = 0; i < row->faulting; i++)
		if (faulters[i].faults < FAULTED)
			return false;
	return true;
}

static void pass(const struct mover *m, bool back)
{
	size_t bytes = m->row->batch * page_size(), all = m->row->pages * page_size();

	for (size_t at = 0; at < all; at += bytes)
		bring(m->way, m->uffd, m->places[!back] + at, m->places[back] + at, bytes, 0);
}

static void *run_mover(void *argument)
{
	struct mover *m = argument;
	uint64_t until;

	stay_on(m - movers);
	m->passes = 0;
	pthread_barrier_wait(&start);
	until = clock_ns() + (options.quick ? SPAN_QUICK_NS : SPAN_NS);
	/* After an even number of passes the pages are where they began. */
	while (m->passes % 2 || clock_ns() < until || !all_have_faulted(m->row))
		pass(m, m->passes++ % 2);
	m->ended = clock_ns();
	if (m->way == MOVE && plays(FAULT_UNMOVED))
		pass(m, false);
	return NULL;
}

/* A store to a page that is not there, and the page given back. */
static void *run_faulter(void *argument)
{
	struct faulter *f = argument;

	stay_on(f - faulters);
	pthread_barrier_wait(&start);
	while (!stop) {
		for (size_t i = 0; i < FAULTED; i++, f->faults++)
			*(volatile char *)(f->pages + i * page_size()) = 1;
		madvise(f->pages, FAULTED * page_size(), MADV_DONTNEED);
	}
	return NULL;
}

static char *map_own(size_t bytes)
{
	char *p = mmap(NULL, bytes + table_span(), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		skip_row("no memory to be had: %s", strerror(errno));
	madvise(p, bytes + table_span(), MADV_NOHUGEPAGE);
	return table_start(p + table_span() - 1);
}

/* Of one heap: next to each other, so that the kernel sees one mapping on either side. */
static void open_movers(const struct row *row)
{
	size_t bytes = row->pages * page_size();
	char *places[2];
	int uffd = open_uffd();

	for (int side = 0; side < 2; side++)
		places[side] = map_own(row->threads * bytes);
	for (unsigned int i = 0; i < row->threads; i++) {
		movers[i].row = row;
		movers[i].uffd = uffd;
		for (int side = 0; side < 2; side++)
			movers[i].places[side] = places[side] + i * bytes;
	}
	for (unsigned int i = 0; i < row->faulting; i++)
		faulters[i].pages = map_own(FAULTED * page_size());
}

/* mremap() takes the registration with the mapping, or drops it. */
static void prepare_mover(struct mover *m, enum way way)
{
	size_t bytes = m->row->pages * page_size();

	m->way = way;
	for (int side = 0; side < 2; side++) {
		if (mmap(m->places[side], bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			fail_row("no memory to be had: %s", strerror(errno));
		madvise(m->places[side], bytes, MADV_NOHUGEPAGE);
	}
	for (size_t i = 0; i < m->row->pages; i++)
		write_tag(m->places[0] + i * page_size(), tag_of(m, i));
	for (int side = 0; side < 2 && way != DONTUNMAP; side++)
		if (uffd_register(m->uffd, m->places[side], bytes, UFFDIO_REGISTER_MODE_MISSING, NULL))
			fail_row("UFFDIO_REGISTER is refused");
}

static void start_thread(pthread_t *thread, void *(*run)(void *), void *argument)
{
	int error = pthread_create(thread, NULL, run, argument);

	if (error)
		skip_row("no thread to be had: %s", strerror(error));
}

static void check_mover(const struct mover *m)
{
	struct uffdio_range range = {
		.start = (uintptr_t)m->places[0],
		.len = m->row->pages * page_size(),
	};

	/* Else a page that is missing would keep this thread waiting for good. */
	ioctl(m->uffd, UFFDIO_UNREGISTER, &range);
	for (size_t i = 0; i < m->row->pages; i++)
		if (!has_tag(m->places[0] + i * page_size(), tag_of(m, i)))
			fail_row("%s: page %zu of thread %zu has not come back as it was",
			      way_names[m->way], i, (size_t)(m - movers));
}

static void start_all(const struct row *row, enum way way)
{
	stop = false;
	pthread_barrier_init(&start, NULL, row->threads + row->faulting + 1);
	for (unsigned int i = 0; i < row->faulting; i++) {
		faulters[i].faults = 0;
		start_thread(&faulters[i].thread, run_faulter, &faulters[i]);
	}
	for (unsigned int i = 0; i < row->threads; i++) {
		prepare_mover(&movers[i], way);
		start_thread(&movers[i].thread, run_mover, &movers[i]);
	}
}

static void end_all(const struct row *row)
{
	for (unsigned int i = 0; i < row->threads; i++)
		pthread_join(movers[i].thread, NULL);
	stop = true;
	for (unsigned int i = 0; i < row->faulting; i++)
		pthread_join(faulters[i].thread, NULL);
	pthread_barrier_destroy(&start);
}

/* Nanoseconds from the start of all to the end of the last, for each page that any of them moved. */
static double take_sample(const struct row *row, enum way way)
{
	uint64_t begun, ended = 0;
	unsigned long passes = 0;

	start_all(row, way);
	begun = clock_ns();
	pthread_barrier_wait(&start);
	end_all(row);
	for (unsigned int i = 0; i < row->threads; i++) {
		passes += movers[i].passes;
		if (movers[i].ended > ended)
			ended = movers[i].ended;
	}
	return (double)(ended - begun) / (passes * row->pages);
}

static double measure(const struct row *row, enum way way)
{
	double sample = take_sample(row, way);

	for (unsigned int i = 0; i < row->threads; i++)
		check_mover(&movers[i]);
	return sample;
}

/* What the machine does beside it changes from one second to the next: both are of one round. */
static void measure_beside(const struct row *row, enum way way)
{
	struct row alone = *row;
	double together = measure(row, way);

	alone.threads = 1;
	sample_ends(0, way, together);
	sample_ends(1, way, together / measure(&alone, way));
}

void run_threads(const struct row *row)
{
	if (options.counted)
		skip_row("where instructions are counted there is one CPU, and nothing is side by side");
	open_movers(row);
	for (; round_begins(); round_ends())
		for (enum way way = 0; way < WAYS; way++) {
			if (!(row->ways & WAY(way)))
				continue;
			if (parts_of(row) > 1)
				measure_beside(row, way);
			else
				sample_ends(0, way, measure(row, way));
		}
}
