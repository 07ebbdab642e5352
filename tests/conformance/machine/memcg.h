/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory cgroups of the run's own, in which processes of tests may be for
 * as long as they last.  Version 1 and version 2 of cgroups will do.
 */
#ifndef UFFDIO_MOVE_MEMCG_H
#define UFFDIO_MOVE_MEMCG_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum memcg { MEMCG_FIRST, MEMCG_SECOND, MEMCG_LIMITED, MEMCG_DOOMED, MEMCG_COUNT };

/**
 * memcg_prepare() - make them, by settings.h, which removes them
 *
 * Beneath the memory cgroup of this process, or beside it where version 2 allows
 * no cgroup beneath one that has processes.  Returns 0 or an errno.
 */
int memcg_prepare(void);

/* Move the calling process there; returns 0 or an errno. */
int memcg_enter(enum memcg group);

/* Pages that are charged to it, -1 if that cannot be read. */
long memcg_pages(enum memcg group);

/*
 * Of its processes this one, and those that it forks from now on, are not killed for want
 * of memory, but refused it within a system call.  Returns 0 or an errno.
 */
int memcg_spare(enum memcg group);

/*
 * From now on so many pages may be charged to it besides, and none of it is swapped out;
 * negative: as many as there are.  Returns 0 or an errno.
 */
int memcg_limit(enum memcg group, long further);

/* Of these the ones that are not the kernel's own memory; -1 if that cannot be read. */
long memcg_pages_of_processes(enum memcg group);

/* What its memory.stat says by @name, in bytes; -1 if it does not.  It may be late by seconds. */
long long memcg_stat(enum memcg group, const char *name);

/* Have the kernel add up what each CPU has counted, as far as a kernel does so when asked. */
void memcg_add_up(enum memcg group);

/*
 * Have CPUs give back what they have charged to it in advance, once it has no processes any
 * more.  Returns 0 or an errno.
 */
int memcg_drain(enum memcg group);

/* Is a page frame charged to it?  False too if that is not told (frames_shown()). */
bool memcg_has(enum memcg group, uint64_t frame);

#endif
