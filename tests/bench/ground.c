// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ground.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/prepare.h"
#include "machine/settings.h"
#include "machine/uffd.h"
#include "run.h"
#include "test/compat.h"
#include "test/proposed.h"

#define TABLE_PAGES	512	/* of rows.c */
#define SPARE_MAPPINGS	1000
#define SPARE_BYTES	(256UL << 20)
#define SWAP_TRIES	200	/* a millisecond apart */
#define AT_ONCE		512	/* entries of pagemap */
#define LOW_PAGE	8	/* nothing is mapped so low */

int open_uffd(void)
{
	int uffd = uffd_open(0);

	if (uffd < 0)
		fail_row("no descriptor of userfaultfd to be had: %s", strerror(errno));
	return uffd;
}

void write_tag(char *page, uint64_t tag)
{
	*(volatile uint64_t *)page = tag;
	*(volatile uint64_t *)(page + page_size() - sizeof(tag)) = tag;
}

bool has_tag(const char *page, uint64_t tag)
{
	return *(const volatile uint64_t *)page == tag &&
	       *(const volatile uint64_t *)(page + page_size() - sizeof(tag)) == tag;
}

static char *map_at(char *place, size_t bytes, int access)
{
	char *p = mmap(place, bytes, access,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (place ? MAP_FIXED : 0), -1, 0);

	if (p == MAP_FAILED)
		skip_row("%zu MiB cannot be mapped: %s", bytes >> 20, strerror(errno));
	return p;
}

/* Neighbors of the same kind would become one mapping. */
static void make_mappings(unsigned int n)
{
	char text[32], *p;

	if (!n)
		return;
	if (!setting_read("/proc/sys/vm/max_map_count", text, sizeof(text)) &&
	    strtoul(text, NULL, 10) < n + SPARE_MAPPINGS)
		skip_row("vm.max_map_count is %s", text);
	p = map_at(NULL, n * page_size(), PROT_NONE);
	for (unsigned int i = 0; i < n; i += 2)
		if (mprotect(p + i * page_size(), page_size(), PROT_READ))
			skip_row("%u mappings cannot be had: %s", n, strerror(errno));
}

/* Bytes that can be had without swapping anything out. */
static size_t available(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long kb = 0;
	char line[128];

	while (f && !kb && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %lu", &kb) != 1)
			kb = 0;
	if (f)
		fclose(f);
	return kb << 10;
}

static bool is_huge(enum state state)
{
	return state == HUGE || state == HUGE_IN_TABLE;
}

static void require_machine(const struct row *row)
{
	size_t bytes = row->pages * page_size();
	const char *why;

	if (row->unit_pages && table_span() / page_size() != TABLE_PAGES)
		skip_row("it is made for page tables of %d entries", TABLE_PAGES);
	if (options.quick && row->weight > 2)
		skip_row("it takes longer than --quick has");
	if (available() < 2 * bytes + SPARE_BYTES)
		skip_row("it wants %zu MiB of memory", (2 * bytes + SPARE_BYTES) >> 20);
	why = row->state == SWAPPED || row->state == SWAPPED_SHARED ? prepare_hindrance(PREPARE_SWAP) :
	      is_huge(row->state) ? prepare_hindrance(PREPARE_HUGE) : NULL;
	if (why)
		skip_row("%s: %s", is_huge(row->state) ? "huge pages" : "swap space", why);
}

/* As [copy.probe] of the proposal has it. */
static void require_mode(int uffd)
{
	struct uffdio_move arg = {
		.dst = LOW_PAGE * page_size(),
		.src = (LOW_PAGE + 1) * page_size(),
		.len = page_size(),
		.mode = UFFDIO_MOVE_MODE_ALLOW_COPY,
	};

	if (ioctl(uffd, UFFDIO_MOVE, &arg) && errno == EINVAL)
		skip_row("this kernel has not UFFDIO_MOVE_MODE_ALLOW_COPY, which is proposed");
}

/*
 * Addresses for both places, from the start of a page table on.  Where nothing is mapped it
 * matters whether the table above is there, which is not to be left to chance: it is.
 */
static char *reserve(const struct row *row, size_t bytes)
{
	size_t span = table_span(), start = row->state == NOTHING ? TABLE_PAGES * span : span;
	char *p = map_at(NULL, bytes + start + span, PROT_NONE);

	p += -(uintptr_t)p % start;
	if (row->state != NOTHING)
		return p;
	*map_at(p, page_size(), PROT_READ | PROT_WRITE) = 1;
	return p + span;
}

void ground_open(struct ground *g, const struct row *row)
{
	size_t span = table_span(), size;

	require_machine(row);
	*g = (struct ground){
		.row = row,
		.bytes = row->pages * page_size(),
		.step = row->apart ? span : page_size(),
		.uffd = open_uffd(),
	};
	if (row->allow_copy)
		require_mode(g->uffd);
	make_mappings(row->mappings);
	size = (g->bytes + span - 1) / span * span;
	/* What lies between them keeps them two mappings. */
	g->source = reserve(row, size + row->pages * g->step + 2 * span);
	g->destination = g->source + size + span;
}

/* Some kernels, 6.18 among them, give a page table back of which a call has dropped all. */
static void drop_beside_tables(char *start, size_t bytes)
{
	size_t most = table_span() / 2;

	for (size_t at = 0; at < bytes; at += most)
		if (madvise(start + at, bytes - at < most ? bytes - at : most, MADV_DONTNEED))
			fail_row("MADV_DONTNEED: %s", strerror(errno));
}

static uint64_t tag_of(const struct ground *g, size_t page)
{
	return g->row->state == ZERO ? 0 : (g->salt << 32) + page + 1;
}

static bool is_there(uint64_t entry)
{
	return entry & (ENTRY_PRESENT | ENTRY_SWAPPED);
}

/* How many of them have any of these bits in pagemap? */
static size_t count_entries(const char *start, size_t pages, uint64_t bits)
{
	uint64_t entries[AT_ONCE];
	size_t n = 0;

	for (size_t i = 0; i < pages; i += AT_ONCE) {
		size_t some = pages - i < AT_ONCE ? pages - i : AT_ONCE;

		if (!pagemap_entries(start + i * page_size(), some, entries))
			fail_row("/proc/self/pagemap cannot be read: %s", strerror(errno));
		for (size_t k = 0; k < some; k++)
			n += !!(entries[k] & bits);
	}
	return n;
}

static void swap_out(const struct ground *g)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < SWAP_TRIES; i++) {
		madvise(g->source, g->bytes, MADV_PAGEOUT);
		if (count_entries(g->source, g->row->pages, ENTRY_SWAPPED) == g->row->pages)
			return;
		nanosleep(&pause, NULL);
	}
	fail_row("the source could not be swapped out");
}

static void require_huge(const struct ground *g)
{
	if (smaps_kb(g->source, "AnonHugePages") == (long)(g->bytes >> 10))
		return;
	if (madvise(g->source, g->bytes, MADV_COLLAPSE) ||
	    smaps_kb(g->source, "AnonHugePages") != (long)(g->bytes >> 10))
		skip_row("no %zu huge pages are to be had", g->bytes / huge_page_size());
}

/* A part that is protected for a moment has entries of its own, and so have the others then. */
static void map_by_tables(const struct ground *g)
{
	for (size_t at = 0; at < g->bytes; at += huge_page_size())
		if (mprotect(g->source + at, page_size(), PROT_READ) ||
		    mprotect(g->source + at, page_size(), PROT_READ | PROT_WRITE))
			fail_row("mprotect: %s", strerror(errno));
}

static void end_child(struct ground *g)
{
	if (!g->child)
		return;
	kill(g->child, SIGKILL);
	while (waitpid(g->child, NULL, 0) < 0 && errno == EINTR)
		;
	g->child = 0;
}

static void share_source(struct ground *g)
{
	pid_t parent = getpid();

	g->child = fork();
	if (g->child < 0)
		fail_row("fork: %s", strerror(errno));
	if (g->child)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static void make_source(struct ground *g)
{
	enum state state = g->row->state;

	map_at(g->source, g->bytes, PROT_READ | PROT_WRITE);
	madvise(g->source, g->bytes, is_huge(state) ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (size_t i = 0; state != NOTHING && i < g->row->pages; i++) {
		if (state == ZERO)
			(void)*(volatile char *)source_at(g, i);
		else
			write_tag(source_at(g, i), tag_of(g, i));
	}
	if (state == SWAPPED || state == SWAPPED_SHARED)
		swap_out(g);
	else if (state == HOLES)
		drop_beside_tables(g->source, g->bytes);
	else if (is_huge(state))
		require_huge(g);
	if (state == HUGE_IN_TABLE)
		map_by_tables(g);
	if (state == SHARED || state == LEFT || state == SWAPPED_SHARED)
		share_source(g);
	if (state == LEFT)
		end_child(g);
}

/* A page of each is enough for the tables to be there. */
static void make_tables(const struct ground *g, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += table_span()) {
		g->destination[at] = 1;
		drop_beside_tables(g->destination + at, page_size());
	}
}

static void make_destination(struct ground *g, enum way way)
{
	size_t bytes = g->row->pages * g->step;
	int error;

	/* Who calls mremap() has reserved addresses, and no more. */
	if (way == MREMAP || way == DONTUNMAP) {
		map_at(g->destination, bytes, PROT_NONE);
		return;
	}
	map_at(g->destination, bytes, PROT_READ | PROT_WRITE);
	madvise(g->destination, bytes, MADV_NOHUGEPAGE);
	if (way == MEMCPY) {
		for (size_t i = 0; i < g->row->pages; i++)
			write_tag(destination_at(g, i), 0);
		return;
	}
	if (g->row->room == TABLES)
		make_tables(g, bytes);
	error = uffd_register(g->uffd, g->destination, bytes, UFFDIO_REGISTER_MODE_MISSING, NULL);
	if (error)
		fail_row("UFFDIO_REGISTER: %s", strerror(error));
}

void ground_prepare(struct ground *g, enum way way)
{
	g->salt++;
	end_child(g);
	make_destination(g, way);
	make_source(g);
}

static bool keeps_source(enum way way)
{
	return way == COPY || way == MEMCPY;
}

/* What is not there cannot be looked at otherwise: its touch would wait for good. */
static void check_presence(const struct ground *g, enum way way)
{
	bool some = g->row->state != HOLES && g->row->state != NOTHING;
	size_t want_left = keeps_source(way) && some ? g->row->pages : 0;
	size_t left = count_entries(g->source, g->row->pages, ENTRY_PRESENT | ENTRY_SWAPPED);
	size_t arrived = 0;

	if (left != want_left)
		fail_row("%s: %zu of %zu pages are at the source, and not %zu", way_names[way], left,
		      g->row->pages, want_left);
	for (size_t i = 0; i < g->row->pages; i++)
		arrived += is_there(pagemap_entry(destination_at(g, i)));
	if (arrived != (some ? g->row->pages : 0))
		fail_row("%s: %zu of %zu pages have arrived", way_names[way], arrived, g->row->pages);
}

void ground_check(struct ground *g, enum way way)
{
	if (way == MOVE && plays(FAULT_STAYED))
		write_tag(g->source, 1);
	check_presence(g, way);
	if (g->row->state == HOLES || g->row->state == NOTHING)
		return;
	if (way == MOVE && plays(FAULT_SPOILED))
		write_tag(g->destination, 1);
	for (size_t i = 0; i < g->row->pages; i++)
		if (!has_tag(destination_at(g, i), tag_of(g, i)))
			fail_row("%s: page %zu of %zu has not arrived as it was", way_names[way], i,
			      g->row->pages);
}
