// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/prepare_internal.h"

#include "machine/kernel.h"
#include "machine/memcg.h"
#include "machine/reason.h"
#include "machine/settings.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HUGETLB_PAGES	2
#define HUGETLB_MOST_KB	(64UL << 10)	/* larger pages are too much to ask for */
#define LARGE_KB	64UL
#define LARGE_PAGES	16	/* so many at least: a range and what is before it lie within one */

#define THP "/sys/kernel/mm/transparent_hugepage/"

static char hindrances[PREPARE_COUNT][REASON_SIZE];
static size_t large_size;

void hindered(enum preparation what, const char *format, ...)
{
	va_list arguments;

	if (hindrances[what][0])
		return;
	va_start(arguments, format);
	vsnprintf(hindrances[what], sizeof(hindrances[what]), format, arguments);
	va_end(arguments);
}

const char *prepare_hindrance(enum preparation what)
{
	return hindrances[what][0] ? hindrances[what] : NULL;
}

size_t prepare_large_size(void)
{
	return large_size;
}

static void prepare_huge(void)
{
	char enabled[64];
	int error;

	if (setting_read(THP "enabled", enabled, sizeof(enabled))) {
		hindered(PREPARE_HUGE, "this kernel is built without them");
		return;
	}
	error = strcmp(enabled, "never") ? 0 : setting_change(THP "enabled", "madvise");
	if (error)
		hindered(PREPARE_HUGE, "they are off, and cannot be switched on (%s)",
			 strerror(error));
	setting_change(THP "use_zero_page", "1");
}

/* The size of large folios next to LARGE_KB and LARGE_PAGES that the kernel offers, in kB, or 0. */
static unsigned long choose_large(void)
{
	unsigned long huge = huge_page_size() >> 10, chosen = 0, kb;
	DIR *directory = opendir(THP);
	struct dirent *entry;

	if (!directory)
		return 0;
	while ((entry = readdir(directory)))
		if (sscanf(entry->d_name, "hugepages-%lukB", &kb) == 1 && kb < huge &&
		    kb >= LARGE_KB && kb << 10 >= LARGE_PAGES * page_size() &&
		    (!chosen || kb < chosen))
			chosen = kb;
	closedir(directory);
	return chosen;
}

static void prepare_large(void)
{
	unsigned long kb = choose_large();
	char path[96], enabled[64];
	int error;

	if (!kb) {
		hindered(PREPARE_LARGE, "this kernel offers no such size");
		return;
	}
	snprintf(path, sizeof(path), THP "hugepages-%lukB/enabled", kb);
	error = setting_read(path, enabled, sizeof(enabled));
	if (!error && !strcmp(enabled, "never"))
		error = setting_change(path, "madvise");
	if (error) {
		hindered(PREPARE_LARGE, "they are off, and cannot be switched on (%s)",
			 strerror(error));
		return;
	}
	large_size = kb << 10;
}

static void prepare_hugetlb(void)
{
	const char *path = "/proc/sys/vm/nr_hugepages";
	char value[64];
	int error;

	if (setting_read(path, value, sizeof(value))) {
		hindered(PREPARE_HUGETLB, "this kernel is built without them");
		return;
	}
	if (meminfo("HugePages_Free") >= HUGETLB_PAGES + meminfo("HugePages_Rsvd"))
		return;
	if (meminfo("Hugepagesize") > HUGETLB_MOST_KB) {
		hindered(PREPARE_HUGETLB, "the default huge page is too large");
		return;
	}
	snprintf(value, sizeof(value), "%lu", strtoul(value, NULL, 10) + HUGETLB_PAGES);
	error = setting_change(path, value);
	if (error)
		hindered(PREPARE_HUGETLB, "none is free, and none can be reserved (%s)",
			 strerror(error));
}

static void prepare_memcg(void)
{
	int error = memcg_prepare();

	if (error == ENOENT)
		hindered(PREPARE_MEMCG, "no hierarchy with them is mounted, or none may be made");
	else if (error)
		hindered(PREPARE_MEMCG, "none could be made: %s", strerror(error));
}

static bool is_wanted(unsigned int which, enum preparation what)
{
	return which >> what & 1;
}

void prepare_these(unsigned int which)
{
	const char *hindrance = settings_open();

	for (unsigned int i = 0; hindrance && i < PREPARE_COUNT; i++)
		hindered(i, "%s", hindrance);
	if (!hindrance) {
		if (is_wanted(which, PREPARE_SWAP))
			prepare_swap();
		if (is_wanted(which, PREPARE_KSM))
			prepare_ksm();
		if (is_wanted(which, PREPARE_HUGE))
			prepare_huge();
		if (is_wanted(which, PREPARE_HUGETLB))
			prepare_hugetlb();
		if (is_wanted(which, PREPARE_MEMCG))
			prepare_memcg();
	}
	/* A size that is enabled already is of use to everybody. */
	if (is_wanted(which, PREPARE_LARGE))
		prepare_large();
}

void prepare_all(void)
{
	prepare_these(~0U);
}
