// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/settings.h"
#include "machine/swapping.h"
#include "test/compat.h"

#define MOST_PAGES 512
#define WRITTEN_TRIES 1000	/* a millisecond each */

/* Folios of this size, in all of the system; -1 if it is not told. */
static long count_folios(size_t bytes, const char *what)
{
	char path[128], text[32];

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/transparent_hugepage/hugepages-%zukB/stats/%s", bytes >> 10, what);
	return setting_read(path, text, sizeof(text)) ? -1 : strtol(text, NULL, 10);
}

/* A line of /proc/vmstat, of all of the system; -1 if there is none. */
static long count_of_all(const char *name)
{
	FILE *counts = fopen("/proc/vmstat", "re");
	size_t length = strlen(name);
	char line[128], ignored[8];
	long n = -1;

	/* Each CPU adds what it has counted. */
	setting_read("/proc/sys/vm/stat_refresh", ignored, sizeof(ignored));
	while (counts && n < 0 && fgets(line, sizeof(line), counts))
		if (!strncmp(line, name, length) && line[length] == ' ')
			n = strtol(line + length, NULL, 10);
	if (counts)
		fclose(counts);
	return n;
}

long count_swapped_whole(void)
{
	return count_of_all("thp_swpout");
}

/* A folio that is being written is not split. */
static bool has_been_written(void)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < WRITTEN_TRIES; i++) {
		if (count_of_all("nr_writeback") <= 0)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static bool is_kept(char *start, size_t bytes)
{
	unsigned char resident[MOST_PAGES];

	if (bytes / page_size() > MOST_PAGES || mincore(start, bytes, resident))
		return false;
	for (size_t i = 0; i < bytes / page_size(); i++)
		if (!(resident[i] & 1) || !(pagemap_entry(start + i * page_size()) & ENTRY_SWAPPED))
			return false;
	return true;
}

bool folio_swapped_whole(char *start, size_t bytes)
{
	long before = count_folios(bytes, "swpout"), split = count_folios(bytes, "swpout_fallback");

	if (before < 0)
		return false;
	madvise(start, bytes, MADV_PAGEOUT);
	return count_folios(bytes, "swpout") > before &&
	       count_folios(bytes, "swpout_fallback") == split && has_been_written() &&
	       is_kept(start, bytes);
}
