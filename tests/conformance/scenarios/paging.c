// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "machine/machine.h"
#include "machine/swapping.h"
#include "scenarios/paging.h"

#define TRIES 2000	/* a page may be held for a moment by whoever scans memory */
#define LEAST_TRIES 200	/* of many pages at once, which takes long */
#define MOST_TRIED 16000	/* pages, by all tries together */
#define FREE_TRIES 200
#define WRITTEN_MS 2000
#define OTHERS 64
#define READ_TRIES 10
#define WHOLE_TRIES 3	/* where none goes out whole in these, none will */

/* Is it in memory after all, behind its swap entry? */
static bool is_cached(const void *page)
{
	unsigned char resident = 1;

	return mincore((void *)page, page_size(), &resident) || resident & 1;
}

unsigned int count_present(const struct scene *s)
{
	unsigned int present = 0;

	for (unsigned int i = 0; i < s->pages; i++) {
		present += !!(pagemap_entry(source_page(s, i)) & ENTRY_PRESENT);
		present += !!(pagemap_entry(destination_page(s, i)) & ENTRY_PRESENT);
	}
	return present;
}

unsigned int count_right(const struct scene *s, const char *place)
{
	unsigned int right = 0;

	for (unsigned int i = 0; i < s->pages; i++) {
		const char *page = place + i * page_size();

		right += page_is_there(s->test, page) && read_tag(page) == scene_tag(i);
	}
	return right;
}

void swap_out_held(struct scene *s, unsigned int from, int *pipes)
{
	char *first = source_page(s, from);
	const unsigned int n = s->pages - from;

	for (unsigned int i = 0; i < s->pages; i++)
		pipes[i] = refer_by_pipes(s->test, source_page(s, i), 1);
	swap_out(s, first, n);
	if (count_cached(first, n) < n)
		test_broken(s->test,
			    "of %u pages that pipes hold %u are in memory behind their swap entries",
			    n, count_cached(first, n));
}

void scene_clear(struct scene *s)
{
	scene_end(s);
	munmap(s->source, s->pages * page_size());
	munmap(s->destination, s->pages * page_size());
}

unsigned int count_swapped(const char *start, unsigned int pages)
{
	unsigned int swapped = 0;

	for (unsigned int i = 0; i < pages; i++)
		swapped += !!(pagemap_entry(start + i * page_size()) & ENTRY_SWAPPED);
	return swapped;
}

unsigned int count_cached(const char *start, unsigned int pages)
{
	unsigned int cached = 0;

	for (unsigned int i = 0; i < pages; i++) {
		const char *page = start + i * page_size();

		cached += pagemap_entry(page) & ENTRY_SWAPPED && is_cached(page);
	}
	return cached;
}

static bool swap_is_full(void)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 && info.freeswap == 0;
}

static bool swap_is_half_full(void)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 && info.freeswap < info.totalswap / 2;
}

void swap_out(struct scene *s, char *start, unsigned int pages)
{
	for (int i = 0; i < TRIES && !swap_is_full(); i++) {
		if (madvise(start, pages * page_size(), MADV_PAGEOUT))
			machine_cannot(s->test, errno, "pages cannot be paged out");
		if (count_swapped(start, pages) == pages)
			return;
		let_others_run();
	}
	if (swap_is_full())
		machine_cannot(s->test, ENOSPC, "pages could not be swapped out");
	test_broken(s->test, "%u of %u pages were not swapped out",
		    pages - count_swapped(start, pages), pages);
}

unsigned int try_swap_out(struct scene *s, char *start, unsigned int pages)
{
	unsigned int tries = 0, tried = 0;

	while (count_swapped(start, pages) < pages &&
	       (tries++ < LEAST_TRIES || tried < MOST_TRIED)) {
		if (madvise(start, pages * page_size(), MADV_PAGEOUT))
			machine_cannot(s->test, errno, "pages cannot be paged out");
		let_others_run();
		tried += pages;
	}
	if (count_swapped(start, pages) < pages && swap_is_full())
		machine_cannot(s->test, ENOSPC, "pages could not be swapped out");
	return count_swapped(start, pages);
}

uint64_t *source_frames(const struct scene *s)
{
	uint64_t *frames = calloc(s->pages, sizeof(*frames));

	if (!frames)
		test_broken(s->test, "no memory");
	for (unsigned int i = 0; i < s->pages; i++)
		frames[i] = entry_frame(pagemap_entry(source_page(s, i)));
	return frames;
}

/* An anonymous page that nobody maps: freed, it is nobody's. */
static bool is_kept(uint64_t frame)
{
	uint64_t flags = frame_flags(frame);

	return flags >> FLAG_ANONYMOUS & 1 && !(flags >> FLAG_MAPPED & 1);
}

/* One that was not kept at any look may be somebody else's by now. */
static unsigned int look_for_kept(uint64_t *frames, unsigned int n)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (frames[i] && !is_kept(frames[i]))
			frames[i] = 0;
		kept += frames[i] != 0;
	}
	return kept;
}

/* Pages on their way to the kernel's lists come there behind others of the same CPU. */
static void push_pages(struct test *t)
{
	char *others = map_pages(t, OTHERS);

	for (unsigned int i = 0; i < OTHERS; i++)
		others[i * page_size()] = 1;
	munmap(others, OTHERS * page_size());
}

void wait_until_written(struct test *t, const uint64_t *frames, unsigned int n)
{
	const int64_t until = now_ms() + patient_ms(WRITTEN_MS);

	for (unsigned int i = 0; i < n; i++)
		while (frame_flags(frames[i]) >> FLAG_BEING_WRITTEN & 1) {
			if (now_ms() > until)
				test_broken(t, "a page is being written to swap without end");
			let_others_run();
		}
}

unsigned int count_kept(struct test *t, uint64_t *frames, unsigned int n)
{
	unsigned int kept = look_for_kept(frames, n);

	for (int i = 0; i < FREE_TRIES && kept; i++) {
		push_pages(t);
		let_others_run();
		kept = look_for_kept(frames, n);
	}
	return kept;
}

struct reading {
	struct crew crew;
	struct scene *scene;
	bool begun;
};

/*
 * Not while it is present: what is in use is not swapped out.  It is the first page, for of a later
 * one old kernels make a copy; and the next one is dropped before, for new ones bring back all of
 * them together, if they can.
 */
static void *read_when_swapped(void *argument)
{
	struct reading *r = argument;
	char *page = source_page(r->scene, 0);

	while (!__atomic_load_n(&r->crew.stop, __ATOMIC_ACQUIRE)) {
		if (pagemap_entry(page) & ENTRY_SWAPPED) {
			madvise(page + page_size(), page_size(), MADV_DONTNEED);
			(void)*(volatile const char *)page;
		}
		__atomic_store_n(&r->begun, true, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* True if the others are behind swap entries, and in memory still. */
static bool try_swap_out_while_read(struct scene *s)
{
	struct reading r = { .scene = s };
	int error = 0;

	scene_refill(s);
	crew_add(s, &r.crew, read_when_swapped, &r);
	while (!__atomic_load_n(&r.begun, __ATOMIC_ACQUIRE))
		let_others_run();
	if (madvise(s->source, s->pages * page_size(), MADV_PAGEOUT))
		error = errno;
	crew_end(&r.crew);
	if (error)
		machine_cannot(s->test, error, "pages cannot be paged out");
	fill_page(source_page(s, 1), scene_tag(1));
	return count_cached(s->source, s->pages) == s->pages - 2;
}

void swap_out_while_read(struct scene *s)
{
	long whole = count_swapped_whole();
	int tries = 0;

	do {
		if (try_swap_out_while_read(s))
			return;
		tries++;
	} while (tries < WHOLE_TRIES ||
		 (tries < READ_TRIES && (whole < 0 || count_swapped_whole() != whole)));
	test_skip(s->test, "huge pages that are swapped out whole: none of %d stayed in memory while "
		  "a part of it was read", tries);
}

void observe_contents(struct scene *s, const char *what)
{
	test_observe(s->test, what, "%s",
		     count_right(s, s->destination) == s->pages ? "all" : "not all");
}

void observe_reclaim(struct scene *s)
{
	unsigned int swapped = try_swap_out(s, s->destination, s->pages);

	test_observe(s->test, "swapped", "%s", swapped == s->pages ? "all" : "not all");
	observe_contents(s, "contents");
}

/* A line of a file of "Name:  1234 kB" lines; -1 if it is another. */
static long kb_of(const char *line, const char *name)
{
	size_t length = strlen(name);

	return strncmp(line, name, length) || line[length] != ':' ? -1 : atol(line + length + 1);
}

unsigned long smaps_pages(struct test *t, const void *mapping, const char *field)
{
	long kb = smaps_kb(mapping, field);

	if (kb < 0)
		machine_cannot(t, errno, "/proc/self/smaps does not tell %s", field);
	return kb * 1024 / page_size();
}

long status_pages(struct test *t, const char *name)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	long kb = -1;

	if (!f)
		machine_cannot(t, errno, "/proc/self/status cannot be read");
	while (kb < 0 && fgets(line, sizeof(line), f))
		kb = kb_of(line, name);
	fclose(f);
	if (kb < 0)
		test_broken(t, "/proc/self/status does not tell %s", name);
	return kb * 1024 / (long)page_size();
}

void make_clean(struct scene *s)
{
	for (int i = 0; i < TRIES && !swap_is_full(); i++) {
		swap_out(s, s->source, s->pages);
		if (madvise(s->source, s->pages * page_size(), MADV_WILLNEED))
			machine_cannot(s->test, errno, "pages cannot be read in ahead");
		for (unsigned int k = 0; k < s->pages; k++)
			(void)*(volatile char *)source_page(s, k);
		if (smaps_pages(s->test, s->source, "Private_Clean") == s->pages)
			return;
		let_others_run();
	}
	/* With half of it in use the kernel keeps no copies of what it has read. */
	if (swap_is_half_full())
		machine_cannot(s->test, ENOSPC, "swap keeps no copies");
	test_broken(s->test, "of %u pages read from swap %lu are clean", s->pages,
		    smaps_pages(s->test, s->source, "Private_Clean"));
}
