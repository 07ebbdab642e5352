// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the running kernel is like: its sizes, and what it shows of pages.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "test/compat.h"

#define THP_DIRECTORY "/sys/kernel/mm/transparent_hugepage/"

static bool first_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, line, size - 1);

	if (fd >= 0)
		close(fd);
	line[length > 0 ? length : 0] = '\0';
	return length > 0;
}

static size_t huge_page_there(void)
{
	char line[64];

	return first_line(THP_DIRECTORY "hpage_pmd_size", line, sizeof(line)) ?
		strtoul(line, NULL, 10) : 0;
}

/* The largest size of folio, below a huge page, that madvise() brings about. */
static size_t folio_enabled(size_t huge)
{
	char path[128], line[128];

	for (size_t size = huge / 2; size > page_size(); size /= 2) {
		snprintf(path, sizeof(path), THP_DIRECTORY "hugepages-%zukB/enabled", size / 1024);
		if (first_line(path, line, sizeof(line)) &&
		    (strstr(line, "[madvise]") || strstr(line, "[always]")))
			return size;
	}
	return 0;
}

static bool always_huge(void)
{
	char line[128];

	return first_line(THP_DIRECTORY "enabled", line, sizeof(line)) && strstr(line, "[always]");
}

/*
 * A huge page is as large as what a page table maps.  Without huge pages, by the entries
 * of a table: as many as a page holds, on s390x half of that.
 */
static size_t span_of_table(const struct kernel *n)
{
#ifdef __s390x__
	const size_t entries = n->page / 16;
#else
	const size_t entries = n->page / 8;
#endif

	return n->huge ? n->huge : n->page * entries;
}

static struct kernel known;

/*
 * Look at a zero page and at a page just written.  Some releases, 6.12 among
 * them, have the flag for merged pages on every anonymous one.
 */
static void probe_pagemap(struct kernel *n)
{
	char *p = mmap(NULL, 2 * n->page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		       -1, 0);
	uint64_t entries[2] = { 0 }, categories;
	char zero;

	if (p == MAP_FAILED)
		return;
	zero = *(volatile char *)p;
	*(volatile char *)(p + n->page) = zero + 1;
	pagemap_entries(p, 2, entries);
	n->zero_frame = entry_frame(entries[0]);
	n->frames = entry_frame(entries[1]) != 0;
	n->soft_dirty = entries[1] & ENTRY_SOFT_DIRTY;
	n->scan = pagemap_scan(p, &categories);
	if (n->frames)
		n->kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	known.kpageflags = n->kpageflags;
	n->merged_told = !(frame_flags(entry_frame(entries[1])) >> FLAG_MERGED & 1);
	munmap(p, 2 * n->page);
}

static void learn(void)
{
	struct kernel n = { .page = sysconf(_SC_PAGESIZE), .kpageflags = -1 };

	known.page = n.page;
	n.huge = huge_page_there();
	n.span = span_of_table(&n);
	n.folio = folio_enabled(n.huge);
	n.always_huge = always_huge();
	probe_pagemap(&n);
	known = n;
}

const struct kernel *this_kernel(void)
{
	if (!known.page)
		learn();
	return &known;
}

void kernel_look(void)
{
	if (known.page && known.kpageflags >= 0)
		close(known.kpageflags);
	learn();
}

bool kernel_shows_pages(void)
{
	uint64_t entry = 0;

	return pagemap_entries(&entry, 1, &entry) && !access("/proc/self/smaps", R_OK);
}

unsigned long meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long value = 0;
	char line[128];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = strtoul(line + strlen(name) + 1, NULL, 10);
	fclose(f);
	return value;
}

size_t page_size(void)
{
	return this_kernel()->page;
}

size_t huge_page_size(void)
{
	return this_kernel()->huge;
}

size_t table_span(void)
{
	return this_kernel()->span;
}

char *table_start(const void *address)
{
	return (char *)((uintptr_t)address & ~(table_span() - 1));
}

/* munmap() takes any address that might be mapped. */
uint64_t address_beyond_task(void)
{
	for (unsigned int bit = 47; bit < 64; bit++)
		if (munmap((void *)(uintptr_t)(1ULL << bit), page_size()))
			return 1ULL << bit;
	return 0;
}

const char *architecture(void)
{
	static struct utsname system;

	if (!system.machine[0])
		uname(&system);
	if (!strcmp(system.machine, "aarch64"))
		return "arm64";
	return strcmp(system.machine, "ppc64le") ? system.machine : "ppc64el";
}
