// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zero pages that same-page merging has put in place of pages full of zeroes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/prepare.h"
#include "machine/settings.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define USE_ZERO_PAGES "/sys/kernel/mm/ksm/use_zero_pages"
#define MERGE_MS 2000

/* Of this process if the kernel tells that, otherwise of all; -1 if neither. */
static long count_zero_pages(void)
{
	FILE *f = fopen("/proc/self/ksm_stat", "re");
	char line[128], total[64];
	long count = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "ksm_zero_pages ", 15))
			count = atol(line + 15);
	if (f)
		fclose(f);
	if (count < 0 && !setting_read("/sys/kernel/mm/ksm/ksm_zero_pages", total, sizeof(total)))
		count = atol(total);
	return count;
}

/* One page only: where the count is kept up, it is so for ever. */
static void have_zeroes_merged(struct scene *s, long before)
{
	int64_t end = now_ms() + patient_ms(MERGE_MS);
	int error = setting_change(USE_ZERO_PAGES, "1");

	if (error)
		test_skip(s->test, "use_zero_pages cannot be set: %s", error_name(error));
	fill_page(s->source, 0);
	if (madvise(s->source, page_size(), MADV_MERGEABLE))
		error = errno;
	while (!error && count_zero_pages() <= before && now_ms() < end)
		poll(NULL, 0, 2);
	setting_put_back(USE_ZERO_PAGES);
	if (error || count_zero_pages() <= before)
		test_skip(s->test, "KSM placed no zero page");
}

void scenario_ksm_zero_count(struct test *t)
{
	const char *hindrance = prepare_hindrance(PREPARE_KSM_ZERO);
	long before = count_zero_pages();
	struct scene s;

	if (hindrance)
		test_skip(t, "no zero page is placed: %s", hindrance);
	if (before < 0)
		test_skip(t, "this kernel does not count the zero pages that KSM places");
	scene_build(&s, t, 1, 0);
	have_zeroes_merged(&s, before);
	scene_observe_errno(&s, 1, 0);
	munmap(s.source, page_size());
	munmap(s.destination, page_size());
	test_observe(t, "count", "%s", count_zero_pages() > before ? "kept-up" : "restored");
	scene_end(&s);
}
