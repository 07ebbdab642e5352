// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "machine/machine.h"
#include "memory/mappings.h"

#define FLAGS	"VmFlags: "

struct bounds {
	unsigned long low, high;
};

static void widen(struct bounds *b, const struct area *a)
{
	unsigned long low = (unsigned long)a->mapping;
	unsigned long high = low + a->mapping_pages * page_size();

	if (!a->mapping)
		return;
	if (low < b->low)
		b->low = low;
	if (high > b->high)
		b->high = high;
}

static void take_line(struct mappings *m, const struct bounds *b, bool *here, char *line)
{
	unsigned long from, to;
	char access[8];

	if (sscanf(line, "%lx-%lx %7s", &from, &to, access) == 3) {
		*here = from < b->high && to > b->low;
		if (*here && m->n++ < MOST_MAPPINGS)
			snprintf(m->of[m->n - 1].line, sizeof(m->of[0].line), "%lx-%lx %s", from,
				 to, access);
	} else if (*here && !strncmp(line, FLAGS, strlen(FLAGS)) && m->n <= MOST_MAPPINGS) {
		line[strcspn(line, "\n")] = '\0';
		snprintf(m->of[m->n - 1].flags, sizeof(m->of[0].flags), "%.140s",
			 line + strlen(FLAGS));
	}
}

void mappings_look(struct test *t, struct mappings *m, const struct layout *l)
{
	struct bounds b = { .low = -1UL };
	bool here = false;
	char line[512];
	FILE *smaps;

	memset(m, 0, sizeof(*m));
	widen(&b, &l->source);
	widen(&b, &l->destination);
	smaps = fopen("/proc/self/smaps", "re");
	if (!smaps)
		machine_cannot(t, errno, "/proc/self/smaps cannot be read");
	while (fgets(line, sizeof(line), smaps))
		take_line(m, &b, &here, line);
	fclose(smaps);
}

const char *mappings_differ(const struct mappings *before, const struct mappings *after)
{
	static char text[90];

	if (before->n != after->n) {
		snprintf(text, sizeof(text), "%zu mappings became %zu", before->n, after->n);
		return text;
	}
	for (size_t i = 0; i < before->n && i < MOST_MAPPINGS; i++) {
		const char *was = before->of[i].line, *is = after->of[i].line;

		if (!strcmp(was, is)) {
			was = before->of[i].flags;
			is = after->of[i].flags;
		}
		if (!strcmp(was, is))
			continue;
		/* the first word in which they differ, and what follows */
		while (*was && *was == *is)
			was++, is++;
		snprintf(text, sizeof(text), "\"%.36s\" became \"%.36s\"", was, is);
		return text;
	}
	return "kept";
}
