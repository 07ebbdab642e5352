// SPDX-License-Identifier: GPL-2.0-only
/*
 * Same-page merging (KSM) for the run.
 */
#define _GNU_SOURCE
#include "machine/prepare_internal.h"

#include "machine/merging.h"
#include "machine/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KSM "/sys/kernel/mm/ksm/"

static long count(const char *path)
{
	char value[64];

	return setting_read(path, value, sizeof(value)) ? 0 : strtol(value, NULL, 10);
}

/*
 * A process whose pages stayed merged when KSM was stopped: it would lose them by
 * the unmerging that ends the run.  The count of zero pages alone tells nothing:
 * where they move, releases of Linux keep it up for ever.  So they count where a
 * process is seen that has them.
 */
static pid_t keeper_of_merged_pages(void)
{
	pid_t keeper = 0;

	if (count(KSM "pages_shared") > 0)
		keeper = other_mergeable();
	if (!keeper && count(KSM "ksm_zero_pages") > 0)
		keeper = other_with_zero_pages();
	return keeper == UNSEEN_PROCESS && count(KSM "pages_shared") <= 0 ? 0 : keeper;
}

static const char *name_of(pid_t process)
{
	static char name[32];

	if (process == UNSEEN_PROCESS)
		return "a process that cannot be seen from here";
	snprintf(name, sizeof(name), "process %d", process);
	return name;
}

/*
 * Whatever is merged from now on, of others too, is so by this run alone: run=2
 * unmerges it, and then KSM is as stopped as it was.
 */
static int start(const char *before)
{
	int restore = undo_later(UNDO_WRITE, KSM "run", before);
	int unmerge = restore < 0 ? -1 : undo_later(UNDO_WRITE, KSM "run", "2");
	int error = unmerge < 0 ? errno : setting_write(KSM "run", "1");

	if (error) {
		undo_never(unmerge);
		undo_never(restore);
	}
	return error;
}

static void start_for_the_run(const char *before)
{
	pid_t keeper = keeper_of_merged_pages();
	int error;

	if (keeper) {
		hindered(PREPARE_KSM, "it was stopped with pages merged, those of %s; "
			 "write 2 to " KSM "run to unmerge them", name_of(keeper));
		return;
	}
	error = start(before);
	if (error)
		hindered(PREPARE_KSM, "it cannot be started (%s)", strerror(error));
}

/* Where it goes on running, what it does to others' zero pages would stay. */
static void spare_zero_pages(void)
{
	pid_t other = count(KSM "use_zero_pages") ? 0 : other_mergeable();

	if (other)
		hindered(PREPARE_KSM_ZERO, "KSM was running, and would place them in %s too",
			 name_of(other));
}

static void hurry(void)
{
	setting_change(KSM "advisor_mode", "none");
	setting_change(KSM "sleep_millisecs", "0");
	setting_change(KSM "pages_to_scan", "10000");
	setting_change(KSM "smart_scan", "0");
}

void prepare_ksm(void)
{
	char before[64];

	if (setting_read(KSM "run", before, sizeof(before))) {
		hindered(PREPARE_KSM, "this kernel is built without it");
		return;
	}
	if (strcmp(before, "1"))
		start_for_the_run(before);
	else
		spare_zero_pages();
	if (!prepare_hindrance(PREPARE_KSM))
		hurry();
}
