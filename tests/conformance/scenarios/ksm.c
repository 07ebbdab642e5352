// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zero pages that same-page merging has put in place of pages full of zeroes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "machine/ksm.h"
#include "machine/machine.h"
#include "machine/settings.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define USE_ZERO_PAGES "/sys/kernel/mm/ksm/use_zero_pages"
#define MOST_SCANS 1000	/* two are enough, if nothing else disturbs */
#define SCANS_MS 3000		/* with much else to be scanned there are fewer */

/* One page only: where the count is kept up, it is so for ever. */
static void have_zeroes_merged(struct scene *s, long before)
{
	int64_t end = now_ms() + patient_ms(SCANS_MS);
	unsigned long first = ksm_full_scans(), scans = 0;
	int error = setting_change(USE_ZERO_PAGES, "1");

	if (error)
		machine_cannot(s->test, error, "KSM cannot be told to use zero pages");
	fill_page(s->source, 0);
	if (madvise(s->source, page_size(), MADV_MERGEABLE))
		error = errno;
	while (!error && ksm_zero_pages() <= before && scans < MOST_SCANS && now_ms() < end) {
		let_others_run();
		scans = ksm_full_scans() - first;
		ksm_keep_scanning();
	}
	setting_put_back(USE_ZERO_PAGES);
	if (error)
		machine_cannot(s->test, error, "the page cannot be merged");
	if (ksm_zero_pages() > before)
		return;
	if (scans < MOST_SCANS)
		machine_cannot(s->test, ETIMEDOUT, "KSM has come by %lu times only", scans);
	/* as on Linux 6.12.43 for arm64 */
	test_skip(s->test, "KSM has come by %lu times and placed no zero page", scans);
}

void scenario_ksm_zero_count(struct test *t)
{
	long before = ksm_zero_pages();
	struct scene s;

	scene_build(&s, t, 1, 0);
	have_zeroes_merged(&s, before);
	scene_observe_errno(&s, 1, 0);
	munmap(s.source, page_size());
	munmap(s.destination, page_size());
	test_observe(t, "count", "%s", ksm_zero_pages() > before ? "kept-up" : "restored");
	scene_end(&s);
}
