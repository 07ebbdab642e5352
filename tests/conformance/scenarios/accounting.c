// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel counts: pages that are resident or swapped.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define MANY 512		/* pages; far more than counters may be off */

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

void scenario_accounting_swap(struct test *t)
{
	long resident, swap;
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, MANY, 0);
	swap_out(&s, s.source, MANY);
	resident = status_pages(t, "VmRSS");
	swap = status_pages(t, "VmSwap");
	scene_observe_errno(&s, MANY, 0);
	test_observe(t, "resident", "%s",
		     about_the_same(resident, status_pages(t, "VmRSS"), MANY));
	test_observe(t, "swap", "%s", about_the_same(swap, status_pages(t, "VmSwap"), MANY));
	scene_end(&s);
}
