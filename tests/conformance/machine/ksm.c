// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel tells of same-page merging.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/ksm.h"
#include "machine/settings.h"

#define KSM "/sys/kernel/mm/ksm/"

long ksm_zero_pages(void)
{
	FILE *f = fopen("/proc/self/ksm_stat", "re");
	char line[128], total[64];
	long count = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "ksm_zero_pages ", 15))
			count = atol(line + 15);
	if (f)
		fclose(f);
	if (count < 0 && !setting_read(KSM "ksm_zero_pages", total, sizeof(total)))
		count = atol(total);
	return count;
}

unsigned long ksm_full_scans(void)
{
	char scans[64];

	return setting_read(KSM "full_scans", scans, sizeof(scans)) ? 0 : strtoul(scans, NULL, 10);
}

bool ksm_keep_scanning(void)
{
	char run[64];

	if (setting_read(KSM "run", run, sizeof(run)) || strcmp(run, "1"))
		return false;
	/* What is there already changes nothing, and wakes it. */
	setting_write(KSM "run", "1");
	return true;
}
