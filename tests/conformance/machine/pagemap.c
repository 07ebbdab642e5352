// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel shows of a page without its being touched.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/pagemap.h"
#include "test/compat.h"

#define SCAN_REGIONS 64
/* Far longer than the kernel takes for it. */
#define MOST_MIGRATION_MS 10000

/* The file shows the memory of the process that opened it. */
static int pagemap_of_self(void)
{
	static int fd = -1;
	static pid_t owner;

	if (fd >= 0 && owner == getpid())
		return fd;
	if (fd >= 0)
		close(fd);
	owner = getpid();
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	return fd;
}

/* For a page in memory, which this process cannot be shown for now. */
static bool stands_for_page(uint64_t entry)
{
	return !(entry & ENTRY_PRESENT) && entry & ENTRY_SWAPPED &&
	       entry_kind(entry) > KIND_MOST_SWAPS && entry_kind(entry) != KIND_MARKER;
}

bool entry_has_failed(uint64_t entry)
{
	return stands_for_page(entry) && frame_flags(entry_value(entry)) >> FLAG_FAILED & 1;
}

static bool is_in_migration(uint64_t entry)
{
	return stands_for_page(entry) && !entry_has_failed(entry);
}

static bool any_in_migration(const uint64_t *entries, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		if (is_in_migration(entries[i]))
			return true;
	return false;
}

bool pagemap_entries(const void *address, size_t pages, uint64_t *entries)
{
	size_t size = pages * sizeof(*entries);
	off_t at = (uintptr_t)address / page_size() * sizeof(*entries);
	struct timespec pause = { .tv_nsec = 1000000 };

	for (int ms = 0; ms < MOST_MIGRATION_MS; ms++) {
		if (pread(pagemap_of_self(), entries, size, at) != (ssize_t)size)
			return false;
		if (!any_in_migration(entries, pages))
			break;
		nanosleep(&pause, NULL);
	}
	return true;
}

void pagemap_read(struct test *t, const void *address, size_t pages, uint64_t *entries)
{
	if (!pagemap_entries(address, pages, entries))
		machine_cannot(t, errno, "/proc/self/pagemap cannot be read");
}

bool page_is_there(struct test *t, const void *address)
{
	uint64_t entry;

	pagemap_read(t, address, 1, &entry);
	return entry & (ENTRY_PRESENT | ENTRY_SWAPPED);
}

void pagemap_note_refusal(struct test *t, int error, const struct uffdio_move *move)
{
	const uint64_t there = ENTRY_PRESENT | ENTRY_SWAPPED;
	uint64_t done = error == EAGAIN && move->move > 0 && (__u64)move->move < move->len ? move->move : 0;

	if ((error == EEXIST || done) && pagemap_entry((void *)(uintptr_t)(move->dst + done)) & there &&
	    !(pagemap_entry((void *)(uintptr_t)(move->src + done)) & there))
		test_moved_but_refused(t);
}

int pagemap_move(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = test_move(t, uffd, arg);

	pagemap_note_refusal(t, error, arg);
	return error;
}

bool frames_shown(void)
{
	return this_kernel()->frames && this_kernel()->kpageflags >= 0;
}

uint64_t frame_flags(uint64_t frame)
{
	uint64_t flags;

	if (!frame || pread(this_kernel()->kpageflags, &flags, sizeof(flags),
			    frame * sizeof(flags)) != sizeof(flags))
		return 0;
	return flags;
}

bool pagemap_scan(const void *address, uint64_t *categories)
{
	struct scan_region region = { 0 };
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = (uintptr_t)address,
		.end = (uintptr_t)address + page_size(),
		.vec = (uintptr_t)&region,
		.vec_len = 1,
		.category_mask = SCAN_PRESENT,
		.return_mask = SCAN_PRESENT | SCAN_ZERO | SCAN_HUGE,
	};

	if (ioctl(pagemap_of_self(), SCAN_PAGEMAP, &arg) < 0)
		return false;
	*categories = region.categories;
	return true;
}

/* Written pages and nothing else is what most trackers ask for, and some kernels answer apart. */
long pagemap_written(const void *start, size_t pages, bool anew)
{
	struct scan_region regions[SCAN_REGIONS];
	struct scan_arg arg = {
		.size = sizeof(arg),
		.flags = SCAN_CHECK_WPASYNC | (anew ? SCAN_PROTECT_MATCHING : 0),
		.start = (uintptr_t)start,
		.end = (uintptr_t)start + pages * page_size(),
		.vec = (uintptr_t)regions,
		.vec_len = SCAN_REGIONS,
		.category_mask = SCAN_WRITTEN,
		.return_mask = SCAN_WRITTEN,
	};
	long written = 0;

	while (arg.start < arg.end) {
		int n = ioctl(pagemap_of_self(), SCAN_PAGEMAP, &arg);

		if (n < 0)
			return -1;
		for (int i = 0; i < n; i++)
			written += (regions[i].end - regions[i].start) / page_size();
		arg.start = arg.walk_end;
	}
	return written;
}

long smaps_kb(const void *start, const char *field)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	size_t length = strlen(field);
	unsigned long from, to;
	bool here = false;
	char line[512];
	long kb = -1;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = from == (uintptr_t)start;
		else if (here && strncmp(line, field, length) == 0 && line[length] == ':')
			kb = strtol(line + length + 1, NULL, 10);
	}
	if (f)
		fclose(f);
	return kb;
}

char *mapping_called(const char *name, size_t *bytes)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	char line[512], *found = NULL;

	while (f && !found && fgets(line, sizeof(line), f))
		if (strstr(line, name) && sscanf(line, "%lx-%lx", &from, &to) == 2) {
			found = (char *)from;
			*bytes = to - from;
		}
	if (f)
		fclose(f);
	return found;
}

/*
 * Without the scan, smaps is what tells a huge mapping from a huge page that is
 * mapped in parts, by mapping: for a moment the place is one of its own.
 */
static bool huge_by_smaps(const void *address)
{
	char *start = table_start(address);
	bool huge;

	/* Where not all of it is mapped, there is no huge page. */
	huge = madvise(start, table_span(), MADV_DONTFORK) == 0 &&
	       smaps_kb(start, "AnonHugePages") == (long)(huge_page_size() / 1024);
	madvise(start, table_span(), MADV_DOFORK);
	return huge;
}

/* A huge zero page is told from small ones by its frames, which differ. */
static bool zero_is_huge(struct test *t, const void *address)
{
	uint64_t entries[2];

	pagemap_read(t, table_start(address), 2, entries);
	return entry_frame(entries[0]) && entry_frame(entries[1]) == entry_frame(entries[0]) + 1 &&
	       frame_flags(entry_frame(entries[0])) >> FLAG_ZERO & 1;
}

enum mapped page_mapped(struct test *t, const void *address)
{
	uint64_t categories = 0;

	if (this_kernel()->scan && pagemap_scan(address, &categories)) {
		if (!(categories & SCAN_HUGE))
			return MAPPED_SMALL;
		return categories & SCAN_ZERO ? MAPPED_HUGE_ZERO : MAPPED_HUGE;
	}
	if (zero_is_huge(t, address))
		return MAPPED_HUGE_ZERO;
	return huge_by_smaps(address) ? MAPPED_HUGE : MAPPED_SMALL;
}

void clear_soft_dirty(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* A failure shows as a bit that is set where the contract expects it clear. */
	if (write(fd, "4", 1) != 1)
		errno = 0;
	close(fd);
}
