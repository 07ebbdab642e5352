/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run changes in the system so that every page state can be made.
 */
#ifndef UFFDIO_MOVE_PREPARE_H
#define UFFDIO_MOVE_PREPARE_H

#include <stdbool.h>
#include <stddef.h>

enum preparation {
	PREPARE_SETTINGS,	/* anything at all */
	PREPARE_SWAP,
	PREPARE_KSM,
	PREPARE_KSM_ZERO,	/* zero pages that KSM places */
	PREPARE_HUGE,		/* transparent huge pages, the huge zero page */
	PREPARE_LARGE,		/* one size of large folios below them */
	PREPARE_HUGETLB,
	PREPARE_MEMCG,
	PREPARE_COUNT
};

/* Make all of them available, as far as permitted; settings.h undoes it. */
void prepare_all(void);

/* The same of those alone whose bit is set: 1U << PREPARE_SWAP, say. */
void prepare_these(unsigned int which);

/* Why one of them could not be prepared: a clause, or NULL if it was. */
const char *prepare_hindrance(enum preparation what);

/* Has the run brought swap space of its own, to which everything is swapped out at first? */
bool prepare_has_own_swap(void);

/* Take it away, which brings all of its pages into memory, and give it back; 0 or an errno. */
int prepare_renew_swap(void);

/* Bytes of the large folios below a huge page that are enabled, 0 if none. */
size_t prepare_large_size(void);

#endif
