/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose memory may KSM merge?
 */
#ifndef UFFDIO_MOVE_MERGING_H
#define UFFDIO_MOVE_MERGING_H

#include <sys/types.h>

#define UNSEEN_PROCESS	((pid_t)-1)

/**
 * other_mergeable() - another process with memory that KSM may merge
 *
 * Returns its id, 0 if there is none, or UNSEEN_PROCESS if there may be one that
 * this process cannot see.
 */
pid_t other_mergeable(void);

/* The same, with zero pages that KSM has placed. */
pid_t other_with_zero_pages(void);

#endif
