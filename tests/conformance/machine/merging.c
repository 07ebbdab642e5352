// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks through the processes, as far as they are to be seen.
 */
#define _GNU_SOURCE
#include "machine/merging.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PID_NAMESPACE_OF_INIT	0xEFFFFFFCU	/* inode; fixed since Linux 3.8 */

enum answer { NO, YES, UNKNOWN };

/* What /proc/PID/ksm_stat tells: releases differ in the fields that they have. */
struct merging {
	long scanned, zero_pages;
	enum answer mergeable;
};

static FILE *open_of(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

static struct merging merging_of(pid_t pid)
{
	struct merging m = { .mergeable = UNKNOWN };
	FILE *f = open_of(pid, "ksm_stat");
	char line[128], word[8];

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "ksm_rmap_items %ld", &m.scanned);
		sscanf(line, "ksm_zero_pages %ld", &m.zero_pages);
		if (sscanf(line, "ksm_mergeable: %7s", word) == 1)
			m.mergeable = strcmp(word, "yes") ? NO : YES;
	}
	if (f)
		fclose(f);
	return m;
}

/* Slow where there is much memory, so it comes last. */
static enum answer mergeable_by_smaps(pid_t pid)
{
	FILE *f = open_of(pid, "smaps");
	enum answer answer = f || errno == ENOENT ? NO : UNKNOWN;
	char line[512];

	while (f && answer == NO && fgets(line, sizeof(line), f))
		if (!strncmp(line, "VmFlags:", 8) && strstr(line, " mg"))
			answer = YES;
	if (f)
		fclose(f);
	return answer;
}

static enum answer is_mergeable(pid_t pid)
{
	struct merging m = merging_of(pid);

	if (m.scanned > 0)
		return YES;
	return m.mergeable == UNKNOWN ? mergeable_by_smaps(pid) : m.mergeable;
}

static enum answer has_zero_pages(pid_t pid)
{
	return merging_of(pid).zero_pages > 0 ? YES : NO;
}

static bool sees_all_processes(void)
{
	struct stat st;

	return !stat("/proc/self/ns/pid", &st) && st.st_ino == PID_NAMESPACE_OF_INIT;
}

static pid_t find_other(enum answer (*is_it)(pid_t pid))
{
	DIR *processes = opendir("/proc");
	pid_t found = processes && sees_all_processes() ? 0 : UNSEEN_PROCESS;
	struct dirent *entry;

	while (processes && found <= 0 && (entry = readdir(processes))) {
		pid_t pid = atoi(entry->d_name);
		enum answer answer = pid > 0 && pid != getpid() ? is_it(pid) : NO;

		if (answer == YES)
			found = pid;
		else if (answer == UNKNOWN)
			found = UNSEEN_PROCESS;
	}
	if (processes)
		closedir(processes);
	return found;
}

pid_t other_mergeable(void)
{
	return find_other(is_mergeable);
}

pid_t other_with_zero_pages(void)
{
	return find_other(has_zero_pages);
}
