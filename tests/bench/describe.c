// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>

#include "machine/kernel.h"
#include "machine/prepare.h"
#include "machine/settings.h"
#include "report.h"
#include "run.h"

/* The first line of the file that begins with one of the names, behind its colon. */
static void find_line(const char *path, const char *const names[], char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		for (const char *const *name = names; *name; name++) {
			char *colon = strchr(line, ':');

			if (strncmp(line, *name, strlen(*name)) || !colon)
				continue;
			colon += 1 + (colon[1] == ' ');
			colon[strcspn(colon, "\n")] = '\0';
			snprintf(text, size, "%.*s", (int)size - 1, colon);
			fclose(f);
			return;
		}
	if (f)
		fclose(f);
	snprintf(text, size, "unknown");
}

static void describe_swap(struct machine *m)
{
	FILE *swaps = fopen("/proc/swaps", "re");
	char line[512], path[96];

	snprintf(m->swap, sizeof(m->swap), "none");
	/* The first line is a heading. */
	if (swaps && fgets(line, sizeof(line), swaps) && fgets(line, sizeof(line), swaps) &&
	    sscanf(line, "%95s", path) == 1)
		snprintf(m->swap, sizeof(m->swap), "%s", path);
	if (swaps)
		fclose(swaps);
}

void machine_describe(struct machine *m)
{
	static const char *const processor[] = { "model name", "cpu model", "cpu\t", "uarch", NULL };
	struct utsname system;
	struct sysinfo info = {};
	time_t now = time(NULL);
	struct tm utc;

	*m = (struct machine){ .architecture = architecture(), .cpus = get_nprocs() };
	uname(&system);
	snprintf(m->kernel, sizeof(m->kernel), "%.79s", system.release);
	find_line("/proc/cpuinfo", processor, m->processor, sizeof(m->processor));
	sysinfo(&info);
	m->memory_mib = info.totalram / (1 << 20) * info.mem_unit;
	if (getloadavg(&m->load, 1) != 1)
		m->load = 0;
	if (setting_read("/sys/kernel/mm/transparent_hugepage/enabled", m->huge, sizeof(m->huge)))
		snprintf(m->huge, sizeof(m->huge), "none");
	describe_swap(m);
	strftime(m->date, sizeof(m->date), "%Y-%m-%d %H:%M", gmtime_r(&now, &utc));
}

const char *unit_of(const struct row *row)
{
	static char text[48];

	if (!strcmp(row->unit, "ms") || !strcmp(row->unit, "us") || !strcmp(row->unit, "MiB") ||
	    !strcmp(row->unit, "number") || !strcmp(row->unit, "times"))
		return row->unit;
	snprintf(text, sizeof(text), "%s/%s", options.counted ? "instructions" : "ns", row->unit);
	return text;
}

bool is_relative(const struct row *row)
{
	return !strcmp(row->unit, "times");
}

bool has_figures(const struct row *row, const struct record *record, enum way way)
{
	return row->ways & WAY(way) && !*record->reason && !*record->error && record->rounds;
}
