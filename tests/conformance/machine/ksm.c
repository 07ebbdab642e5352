// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel tells of same-page merging.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/ksm.h"
#include "machine/settings.h"

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
	if (count < 0 && !setting_read("/sys/kernel/mm/ksm/ksm_zero_pages", total, sizeof(total)))
		count = atol(total);
	return count;
}
