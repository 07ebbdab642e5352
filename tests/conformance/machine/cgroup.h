/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control groups that this process is in, of either version.
 */
#ifndef UFFDIO_MOVE_CGROUP_H
#define UFFDIO_MOVE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#define CGROUP_UNLIMITED	UINT64_MAX

/**
 * cgroup_find() - the first group, from this process's own upwards, that fits
 * @controller: "memory", "pids"
 * @fits:       asked with the group's directory
 *
 * Groups above what is mounted are out of sight.  Returns whether one fits.
 */
bool cgroup_find(const char *controller, bool (*fits)(const char *directory, void *data),
		 void *data);

/**
 * cgroup_number() - the number in a file of a group
 * @names: the file's name in version 2, and in version 1, where it may be another
 *
 * CGROUP_UNLIMITED for "max".  Returns whether there is such a file.
 */
bool cgroup_number(const char *directory, const char *const names[2], uint64_t *number);

/* The number behind @word in a group's file; returns whether there is one. */
bool cgroup_word(const char *directory, const char *name, const char *word, uint64_t *number);

#endif
