/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which limit of the machine is behind a failure?
 *
 * What is looked at is the state just after the failure, by reading alone: nothing
 * is forked, as that could block where a descriptor has the fork event.
 */
#ifndef UFFDIO_MOVE_LIMITS_H
#define UFFDIO_MOVE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/reason.h"

/**
 * limit_reached() - does a limit explain that a call failed?
 * @error: the call's errno
 * @bytes: memory it asked for; 0: as much as any test asks for at once
 * @why:   gets a clause without full stop that names the limit
 *
 * Returns the clause, or NULL if no limit is reached that leads to this errno.
 */
const char *limit_reached(int error, size_t bytes, struct reason *why);

/* The clause of limit_reached(), or else what strerror() says. */
const char *limit_or_error(int error, struct reason *why);

/* What the kernel has done to processes and pages so far that nobody asked for. */
struct housekeeping {
	bool grouped;		/* counted for this process's own control group */
	uint64_t killed;	/* processes */
	uint64_t hit;		/* limits that were, and nothing could be reclaimed */
	uint64_t reclaimed;	/* limits that were, and pages looked at for that; counted before */
	uint64_t swapped;	/* pages, for that or at a process's own wish */
	uint64_t migrated;	/* pages, mostly where memory was compacted; counted after */
	uint64_t isolated;	/* pages, for that; counted before */
	uint64_t scanned;	/* objects that could go or be made smaller, as parts of huge pages */
};

void housekeeping_look(struct housekeeping *count);

/**
 * limit_killed() - does a limit explain that a process was killed?
 * @signal: that ended it
 * @before: as housekeeping_look() set it before the process was started
 * @why:    as for limit_reached()
 *
 * Returns the clause, or NULL.
 */
const char *limit_killed(int signal, const struct housekeeping *before, struct reason *why);

/**
 * limit_disturbed() - may pages have been swapped out, migrated or split that nobody had asked to be?
 *
 * As limit_killed(), of what was since @before.
 */
const char *limit_disturbed(const struct housekeeping *before, struct reason *why);

#endif
