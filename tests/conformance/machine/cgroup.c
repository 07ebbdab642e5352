// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/cgroup.h"

#include "machine/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_SIZE	1024
/* What version 1 says for no limit is the largest multiple of a page. */
#define NO_LIMIT	(1ULL << 62)

/* Where a hierarchy is mounted, and which of its groups is the root of what is seen. */
struct mount {
	char root[PATH_SIZE], point[PATH_SIZE];
};

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; at; at = strchr(at, ','), at = at ? at + 1 : NULL)
		if (!strncmp(at, word, length) && strchr(",\n", at[length]))
			return true;
	return false;
}

/* A line of mountinfo; in version 2 one hierarchy is of all controllers. */
static bool is_of(const char *line, const char *controller, bool *version_two)
{
	const char *rest = strstr(line, " - ");
	char type[16], options[256];

	if (!rest || sscanf(rest, " - %15s %*s %255s", type, options) != 2)
		return false;
	*version_two = !strcmp(type, "cgroup2");
	return *version_two || (!strcmp(type, "cgroup") && has_word(options, controller));
}

/* Of the path that /proc/self/cgroup tells: "4:memory:/a/b", or "0::/a/b". */
static bool read_path(const char *controller, bool version_two, char *path)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_SIZE];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char *list = strchr(line, ':'), *at = list ? strchr(list + 1, ':') : NULL;

		if (!at)
			continue;
		*at = '\0';
		found = version_two ? !strcmp(line, "0:") : has_word(list + 1, controller);
		if (found)
			strcpy(path, at + 1);
	}
	if (f)
		fclose(f);
	path[found ? strcspn(path, "\n") : 0] = '\0';
	return found;
}

/* What is mounted may be a group below the hierarchy's root, as in a container. */
static const char *below_root(const struct mount *m, const char *path)
{
	size_t length = strlen(m->root);

	if (!strcmp(m->root, "/"))
		return path;
	if (!strncmp(path, m->root, length) && strchr("/", path[length]))
		return path + length;
	return "";
}

static bool find_in(const struct mount *m, const char *path,
		    bool (*fits)(const char *directory, void *data), void *data)
{
	char directory[2 * PATH_SIZE];
	size_t top = strlen(m->point);
	char *slash;

	snprintf(directory, sizeof(directory), "%s%s", m->point, below_root(m, path));
	for (;;) {
		if (fits(directory, data))
			return true;
		slash = strrchr(directory, '/');
		if (!slash || (size_t)(slash - directory) < top)
			return false;
		*slash = '\0';
	}
}

bool cgroup_find(const char *controller, bool (*fits)(const char *directory, void *data),
		 void *data)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4 * PATH_SIZE], path[PATH_SIZE];
	bool version_two, found = false;
	struct mount m;

	while (f && !found && fgets(line, sizeof(line), f))
		if (is_of(line, controller, &version_two) &&
		    sscanf(line, "%*d %*d %*s %1023s %1023s", m.root, m.point) == 2 &&
		    read_path(controller, version_two, path))
			found = find_in(&m, path, fits, data);
	if (f)
		fclose(f);
	return found;
}

bool cgroup_number(const char *directory, const char *const names[2], uint64_t *number)
{
	char path[2 * PATH_SIZE + 64], value[64];

	for (unsigned int version = 0; version < 2; version++) {
		snprintf(path, sizeof(path), "%s/%s", directory, names[version]);
		if (setting_read(path, value, sizeof(value)))
			continue;
		*number = strtoull(value, NULL, 10);
		if (!strcmp(value, "max") || *number >= NO_LIMIT)
			*number = CGROUP_UNLIMITED;
		return true;
	}
	return false;
}

bool cgroup_word(const char *directory, const char *name, const char *word, uint64_t *number)
{
	char path[2 * PATH_SIZE + 64], line[128];
	size_t length = strlen(word);
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		found = !strncmp(line, word, length) && line[length] == ' ';
		if (found)
			*number = strtoull(line + length, NULL, 10);
	}
	if (f)
		fclose(f);
	return found;
}
