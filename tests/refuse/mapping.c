// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "mapping.h"

#include <stdio.h>
#include <string.h>

static bool has_flag(const char *flags, const char *flag)
{
	for (flags += strcspn(flags, " "); *flags; flags += strcspn(flags, " ")) {
		flags += strspn(flags, " ");
		if (!strncmp(flags, flag, 2))
			return true;
	}
	return false;
}

static void read_flags(struct mapping *mapping, const char *flags)
{
	mapping->locked = has_flag(flags, "lo");
	mapping->missing = has_flag(flags, "um");
	/* what the range is registered for besides missing pages: uw write protection, ui minor */
	mapping->any_registration = mapping->missing || has_flag(flags, "uw") ||
				    has_flag(flags, "ui");
}

bool mapping_of(pid_t process, uint64_t address, struct mapping *mapping)
{
	char path[64], line[512];
	bool here = false;
	FILE *smaps;

	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)process);
	smaps = fopen(path, "re");
	while (smaps && fgets(line, sizeof(line), smaps)) {
		struct mapping m = { 0 };

		if (sscanf(line, "%lx-%lx %7s %*x %*s %lu", &m.start, &m.end, m.access, &m.inode) == 4) {
			if (here)
				break;
			here = address >= m.start && address < m.end;
			if (here)
				*mapping = m;
		} else if (here && !strncmp(line, "VmFlags:", 8)) {
			read_flags(mapping, line);
		} else if (here) {
			sscanf(line, "ProtectionKey: %lu", &mapping->key);
		}
	}
	if (smaps)
		fclose(smaps);
	return here;
}
