// SPDX-License-Identifier: GPL-2.0-only
/*
 * Same-page merging (KSM) for the run.
 */
#define _GNU_SOURCE
#include "machine/prepare_internal.h"

#include "machine/settings.h"

#include <string.h>

#define KSM "/sys/kernel/mm/ksm/"

/*
 * run=2 unmerges every process's pages and is never written: where somebody
 * left it so, putting it back would be that.
 */
void prepare_ksm(void)
{
	char run[64];

	if (setting_read(KSM "run", run, sizeof(run))) {
		hindered(PREPARE_KSM, "this kernel is built without it");
		return;
	}
	if (!strcmp(run, "2")) {
		hindered(PREPARE_KSM, "all pages were unmerged on purpose (run is 2)");
		return;
	}
	setting_change(KSM "advisor_mode", "none");
	setting_change(KSM "sleep_millisecs", "0");
	setting_change(KSM "pages_to_scan", "10000");
	setting_change(KSM "smart_scan", "0");
	if (setting_change(KSM "run", "1"))
		hindered(PREPARE_KSM, "it cannot be started");
}
