// SPDX-License-Identifier: GPL-2.0-only
/*
 * mergeable - somebody else's process with equal pages that KSM may merge
 *
 * For each line that it reads it prints one: how many of its pages share their
 * frame with another, and what the kernel counts as merged.  Ends with its input.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGES		64
#define PRESENT		(1ULL << 63)
#define FRAME		((1ULL << 55) - 1)

static _Noreturn void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static char *equal_pages(size_t bytes)
{
	char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		give_up("mergeable: memory");
	madvise(pages, bytes, MADV_NOHUGEPAGE);
	memset(pages, 0x6d, bytes);
	if (madvise(pages, bytes, MADV_MERGEABLE))
		give_up("mergeable: MADV_MERGEABLE");
	return pages;
}

/* Swapped out, a page shares no frame. */
static unsigned int sharing(const char *pages, size_t page)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entries[PAGES];
	unsigned int n = 0;

	if (pread(fd, entries, sizeof(entries), (uintptr_t)pages / page * 8) != sizeof(entries))
		give_up("mergeable: /proc/self/pagemap");
	close(fd);
	for (unsigned int i = 0; i < PAGES; i++)
		for (unsigned int k = 0; k < PAGES; k++)
			if (i != k && entries[i] & PRESENT &&
			    (entries[i] & FRAME) == (entries[k] & FRAME)) {
				n++;
				break;
			}
	return n;
}

static long counted(void)
{
	FILE *f = fopen("/proc/self/ksm_merging_pages", "re");
	long n = 0;

	if (f && fscanf(f, "%ld", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

int main(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *pages = equal_pages(PAGES * page);
	char line[16];

	while (fgets(line, sizeof(line), stdin)) {
		printf("%u %ld\n", sharing(pages, page), counted());
		fflush(stdout);
	}
	return 0;
}
