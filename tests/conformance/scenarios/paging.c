// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moves and the kernel's paging: what is resident, swapped out, or to be freed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define MANY 512		/* pages; far more than counters may be off */
#define FEW 8
#define KPF_SWAPBACKED 14
#define TRIES 50

/* A value of /proc/self/status, in pages. */
static long status_pages(struct test *t, const char *name)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	long kb = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			kb = atol(line + strlen(name) + 1);
	if (f)
		fclose(f);
	if (kb < 0)
		test_skip(t, "/proc/self/status does not tell %s", name);
	return kb * 1024 / (long)page_size();
}

/* The kernel's counters are summed up late; what is looked for is a page each. */
static const char *about_the_same(long before, long after, long moved)
{
	long change = after - before;

	if (labs(change) < moved / 2)
		return "same";
	return change > 0 ? "more" : "less";
}

void scenario_accounting(struct test *t)
{
	struct scene s;
	long resident;

	scene_build(&s, t, MANY, 0);
	resident = status_pages(t, "VmRSS");
	scene_observe_errno(&s, MANY, 0);
	test_observe(t, "resident", "%s",
		     about_the_same(resident, status_pages(t, "VmRSS"), MANY));
	scene_end(&s);
}

/* Is it in memory after all, behind its swap entry? */
static bool is_cached(const void *page)
{
	unsigned char resident = 1;

	return mincore((void *)page, page_size(), &resident) || resident & 1;
}

static unsigned int count_out(struct scene *s, char *start)
{
	unsigned int out = 0;

	for (unsigned int i = 0; i < s->pages; i++) {
		char *page = start + i * page_size();

		out += pagemap_entry(page) & ENTRY_SWAPPED && !is_cached(page);
	}
	return out;
}

/* Every page of the source, or nearly: a few may be busy for longer. */
static void swap_out(struct scene *s, unsigned int least)
{
	for (int i = 0; i < TRIES; i++) {
		if (madvise(s->source, s->pages * page_size(), MADV_PAGEOUT))
			test_skip(s->test, "MADV_PAGEOUT: %s", error_name(errno));
		if (count_out(s, s->source) >= least)
			return;
		poll(NULL, 0, 2);
	}
	test_skip(s->test, "the pages were not swapped out");
}

void scenario_accounting_swap(struct test *t)
{
	long resident, swap;
	struct scene s;

	scene_build(&s, t, MANY, 0);
	swap_out(&s, MANY - MANY / 8);
	resident = status_pages(t, "VmRSS");
	swap = status_pages(t, "VmSwap");
	scene_observe_errno(&s, MANY, 0);
	test_observe(t, "resident", "%s",
		     about_the_same(resident, status_pages(t, "VmRSS"), MANY));
	test_observe(t, "swap", "%s", about_the_same(swap, status_pages(t, "VmSwap"), MANY));
	scene_end(&s);
}

void scenario_swapped(struct test *t)
{
	unsigned int read = 0, right = 0;
	struct scene s;

	scene_build(&s, t, FEW, 0);
	swap_out(&s, FEW);
	scene_observe_errno(&s, FEW, 0);
	/* A page that was read is mapped, or cached behind its entry. */
	read = FEW - count_out(&s, s.destination);
	test_observe(t, "read_by_call", "%u", read);
	for (unsigned int i = 0; i < FEW; i++)
		right += !strcmp(look_at(&s, destination_page(&s, i), scene_tag(i)), "contents");
	test_observe(t, "destination", "%s", right == FEW ? "contents" : "other");
	scene_end(&s);
}

void scenario_protection_dropped_swapped(struct test *t)
{
	struct scene s;

	scene_build(&s, t, 1, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	scene_register(&s, s.source, 1, UFFDIO_REGISTER_MODE_WP);
	scene_protect(&s, s.source, 1);
	swap_out(&s, 1);
	if (!(pagemap_entry(s.source) & ENTRY_PROTECTED))
		test_skip(t, "the swapped page is not seen to be write-protected");
	scene_observe_errno(&s, 1, 0);
	test_observe(t, "protected", "%s",
		     pagemap_entry(s.destination) & ENTRY_PROTECTED ? "yes" : "no");
	scene_end(&s);
}

/* Has the page been taken off those that are kept by swapping them out? */
static bool is_lazily_freed(struct test *t, const void *page)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t frame = pagemap_entry(page) & ENTRY_FRAME, flags = 0;

	if (fd < 0 || pread(fd, &flags, sizeof(flags), frame * sizeof(flags)) != sizeof(flags))
		test_skip(t, "/proc/kpageflags cannot be read: %s", error_name(errno));
	close(fd);
	return !(flags & 1ULL << KPF_SWAPBACKED);
}

static void free_lazily(struct test *t, char *page)
{
	for (int i = 0; i < TRIES; i++) {
		/* The second call works off what the first has put in a queue. */
		if (madvise(page, page_size(), MADV_FREE) ||
		    madvise(page, page_size(), MADV_FREE))
			test_skip(t, "MADV_FREE: %s", error_name(errno));
		if (is_lazily_freed(t, page))
			return;
		poll(NULL, 0, 1);
	}
	test_skip(t, "the page was not freed lazily");
}

void scenario_lazily_freed(struct test *t)
{
	struct uffdio_range range;
	struct scene s;
	uint64_t tag;

	scene_build(&s, t, 1, 0);
	free_lazily(t, s.source);
	scene_observe_errno(&s, 1, 0);
	for (int i = 0; i < TRIES && page_is_there(t, s.destination); i++) {
		madvise(s.destination, page_size(), MADV_PAGEOUT);
		poll(NULL, 0, i > 0);
	}
	range = (struct uffdio_range){ (uintptr_t)s.destination, page_size() };
	if (ioctl(s.uffd, UFFDIO_UNREGISTER, &range))
		test_broken(t, "UFFDIO_UNREGISTER: %s", strerror(errno));
	tag = read_tag(s.destination);
	test_observe(t, "after_reclaim", "%s",
		     tag == 0 ? "zero" : tag == scene_tag(0) ? "contents" : "other");
	scene_end(&s);
}
