// SPDX-License-Identifier: GPL-2.0-only
/*
 * What else the kernel does with pages meanwhile: each kind a function that
 * tells whether it has come about.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/settings.h"
#include "pages.h"
#include "test/compat.h"

#define SPAN_MOST	300

struct span {
	char *start;
	size_t pages, bytes;
};

static struct span span_of(char *start, size_t pages)
{
	return (struct span){ start, pages, pages * page_size() };
}

/* In one lane of the near or the far region. */
static struct span some_span(enum lane_name lane)
{
	size_t most = lanes[lane].pages < SPAN_MOST ? lanes[lane].pages : SPAN_MOST;
	size_t pages = 1 + below(most), first = below(lanes[lane].pages - pages + 1);

	return span_of(lane_page(one_in(2) ? NEAR : FAR, lane, first), pages);
}

/* The same; or a region of those that are moved into before pages are dropped. */
static struct span any_span(void)
{
	enum region_name r = PIT + below(MAX_REGIONS - PIT);

	if (one_in(4) && r != GRAVE && regions[r].pages)
		return span_of(regions[r].start, regions[r].pages);
	return some_span(below(LANES));
}

static bool do_fork(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		stock_of_child();
		_exit(0);
	}
	if (pid < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		broken(CHILDREN, "a child ended with status %#x", status);
	return !status;
}

static bool do_swap_out(void)
{
	struct span s = any_span();
	uint64_t entries[SPAN_MOST];
	size_t n = s.pages < SPAN_MOST ? s.pages : SPAN_MOST;

	madvise(s.start, s.bytes, MADV_PAGEOUT);
	if (!pagemap_entries(s.start, n, entries))
		return false;
	for (size_t i = 0; i < n; i++)
		if (entries[i] & ENTRY_SWAPPED)
			return true;
	return false;
}

static bool do_cold(void)
{
	struct span s = any_span();

	return madvise(s.start, s.bytes, MADV_COLD) == 0;
}

/* ksmd merges; now and then a part is taken out of its hands. */
static bool do_merge(void)
{
	struct span s = some_span(QUIET);
	char count[64];

	if (one_in(16)) {
		madvise(s.start, s.bytes, MADV_UNMERGEABLE);
		madvise(s.start, s.bytes, MADV_MERGEABLE);
	}
	return !setting_read("/proc/self/ksm_merging_pages", count, sizeof(count)) &&
	       strtoul(count, NULL, 10) > 0;
}

static bool do_collapse(void)
{
	size_t first = below(lanes[PAIRED].pages / slot_pages) * slot_pages;

	return madvise(lane_page(one_in(2) ? NEAR : FAR, PAIRED, first),
		       slot_pages * page_size(), MADV_COLLAPSE) == 0;
}

static bool do_compact(void)
{
	return setting_write("/proc/sys/vm/compact_memory", "1") == 0;
}

static bool do_protect(void)
{
	struct span s = some_span(below(LANES));

	if (mprotect(s.start, s.bytes, one_in(2) ? PROT_READ : PROT_NONE))
		return false;
	nap(1000);
	if (mprotect(s.start, s.bytes, PROT_READ | PROT_WRITE))
		broken(DISTURBANCES, "access could not be given back: %s", strerror(errno));
	return true;
}

/*
 * A part of the pit goes to where nobody else looks, and is read and dropped
 * there.  Meanwhile movers into the pit find no mapping.
 */
static bool do_remap(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint32_t *which;
	size_t pages = one_in(4) ? regions[PIT].pages : 1 + below(regions[PIT].pages);
	size_t first = below(regions[PIT].pages - pages + 1), n;
	char *from = page_at(&regions[PIT], first), *to = page_at(&regions[GRAVE], first);
	size_t bytes = pages * page_size();

	pthread_mutex_lock(&lock);
	if (!which)
		which = calloc(regions[PIT].pages, sizeof(*which));
	if (!which || mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to) {
		pthread_mutex_unlock(&lock);
		return false;
	}
	n = freeze(to, pages, which);
	nap(1000);
	/* In place of munmap(), after which another thread could be given the room. */
	if (mmap(to, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
		 -1, 0) != to || !map_anew(from, pages))
		broken(DISTURBANCES, "the pit could not be mapped anew: %s", strerror(errno));
	release(which, n);
	pthread_mutex_unlock(&lock);
	return n > 0;
}

static bool do_copy(void)
{
	struct span s = some_span(FREE);

	return population() < 3 * lanes[FREE].pages / 2 && birth(s.start);
}

static bool do_write_protect(void)
{
	struct span s = some_span(below(LANES));
	struct uffdio_writeprotect arg = {
		.range = { (uintptr_t)s.start, s.bytes },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	uint64_t entries[SPAN_MOST] = { 0 };
	bool seen = false;

	if (ioctl(uffd_of(s.start), UFFDIO_WRITEPROTECT, &arg) == 0 &&
	    pagemap_entries(s.start, s.pages, entries))
		for (size_t i = 0; i < s.pages; i++)
			seen |= entries[i] & ENTRY_PROTECTED;
	nap(1000);
	arg.mode = 0;
	while (ioctl(uffd_of(s.start), UFFDIO_WRITEPROTECT, &arg) && errno == EAGAIN)
		nap(100);
	return seen;
}

/* Pins pages for as long as they are copied. */
static bool do_read(void)
{
	struct span s = some_span(below(LANES));
	size_t pages = s.pages < BUFFER_PAGES ? s.pages : BUFFER_PAGES;
	struct iovec here = { me->buffer, pages * page_size() };
	struct iovec there = { s.start, here.iov_len };
	ssize_t n;

	pins_begin();
	n = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
	pins_end();
	for (ssize_t i = 0; i < n / (ssize_t)page_size(); i++)
		whole(me->buffer + i * page_size(), INTACT, "process_vm_readv()");
	return n > 0;
}

/* Holds references to pages for a while. */
static bool do_splice(void)
{
	struct span s = some_span(below(LANES));
	struct iovec there = { s.start, (s.pages < 8 ? s.pages : 8) * page_size() };
	ssize_t n = vmsplice(me->pipe[1], &there, 1, SPLICE_F_NONBLOCK);

	if (n <= 0)
		return false;
	nap(5000);
	for (ssize_t done = 0; done < n; done += page_size()) {
		ssize_t got = read(me->pipe[0], me->buffer, page_size());

		if (got != (ssize_t)page_size()) {
			broken(INTACT, "of a page in a pipe, %zd bytes could be read: %s", got,
			       got < 0 ? strerror(errno) : "short");
			return false;
		}
		whole(me->buffer, INTACT, "vmsplice()");
	}
	return true;
}

static bool do_pagemap(void)
{
	return count_pages(regions[NEAR].start, regions[NEAR].pages) > 0;
}

static bool do_smaps(void)
{
	int fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	size_t bytes = 0;
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, me->buffer, BUFFER_PAGES * page_size())) > 0)
		bytes += n;
	close(fd);
	return bytes > 0;
}

/* Referenced bits, or soft-dirty ones. */
static bool do_clear_refs(void)
{
	return setting_write("/proc/self/clear_refs", one_in(2) ? "1" : "4") == 0;
}

/*
 * Has the kernel walk the reverse maps of pages, of 64 frames at a time, and unlike
 * the others without changing an entry but for its referenced bit.
 */
static bool do_idle(void)
{
	int fd = open(IDLE_BITMAP, O_RDWR | O_CLOEXEC);
	struct span s = any_span();
	uint64_t entries[SPAN_MOST];
	size_t n = s.pages < SPAN_MOST ? s.pages : SPAN_MOST;
	bool idle = false;

	if (fd < 0 || !pagemap_entries(s.start, n, entries))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t frame = entry_frame(entries[i]), word = ~0ULL;
		off_t at = frame / 64 * sizeof(word);

		if (frame && pwrite(fd, &word, sizeof(word), at) == sizeof(word) &&
		    pread(fd, &word, sizeof(word), at) == sizeof(word))
			idle |= word >> frame % 64 & 1;
	}
	if (fd >= 0)
		close(fd);
	return idle;
}

static const struct {
	bool (*act)(void);
	const char *doing;
	unsigned int share;	/* of all that is done */
} disturbances[] = {
	[FORK]		= { do_fork, "fork()", 4 },
	[SWAP_OUT]	= { do_swap_out, "MADV_PAGEOUT", 8 },
	[COLD]		= { do_cold, "MADV_COLD", 4 },
	[MERGE]		= { do_merge, "MADV_MERGEABLE", 4 },
	[COLLAPSE]	= { do_collapse, "MADV_COLLAPSE", 4 },
	[COMPACT]	= { do_compact, "compaction", 1 },
	[PROTECT]	= { do_protect, "mprotect()", 4 },
	[REMAP]		= { do_remap, "mremap()", 4 },
	[COPY]		= { do_copy, "UFFDIO_COPY", 8 },
	[WRITE_PROTECT]	= { do_write_protect, "UFFDIO_WRITEPROTECT", 4 },
	[READ]		= { do_read, "process_vm_readv()", 8 },
	[SPLICE]	= { do_splice, "vmsplice()", 8 },
	[PAGEMAP]	= { do_pagemap, "reading pagemap", 4 },
	[SMAPS]		= { do_smaps, "reading smaps", 1 },
	[CLEAR_REFS]	= { do_clear_refs, "clear_refs", 2 },
	[IDLE]		= { do_idle, "marking pages idle", 4 },
};

#define ACTS (sizeof(disturbances) / sizeof(disturbances[0]))

static enum disturbance some_disturbance(void)
{
	size_t sum = 0, at;

	for (size_t i = 0; i < ACTS; i++)
		sum += disturbances[i].share;
	at = below(sum);
	for (size_t i = 0; i < ACTS; i++) {
		if (at < disturbances[i].share)
			return i;
		at -= disturbances[i].share;
	}
	return 0;
}

void disturber(void)
{
	enum disturbance which = some_disturbance();

	if (mix->fault == FAULT_IDLE && which == PROTECT)
		return;
	me->pulse->doing = disturbances[which].doing;
	atomic_fetch_add(&mix->disturbances[which].tries, 1);
	if (disturbances[which].act())
		atomic_fetch_add(&mix->disturbances[which].effects, 1);
	nap(2000);
}
