/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How each test ended, in memory that is shared with the processes that run
 * them: a test that is killed leaves what it had told.
 */
#ifndef UFFDIO_MOVE_RECORD_H
#define UFFDIO_MOVE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_CLAUSES	256

enum verdict {
	VERDICT_NONE,		/* not run, or ended without a word */
	VERDICT_HOLDS,
	VERDICT_DEVIATES,	/* in a way that the contract knows */
	VERDICT_SKIPPED,	/* the machine cannot set it up */
	VERDICT_FAILS,
};

/* A set of the contract's clauses. */
struct clause_set {
	uint64_t words[MAX_CLAUSES / 64];
};

struct record {
	enum verdict verdict;
	bool started;
	volatile bool killed;		/* at its time limit, inside UFFDIO_MOVE */
	int in_call;			/* threads inside UFFDIO_MOVE */
	bool flipped;			/* judged with an expectation turned round */
	int deviation;			/* index, if it deviates */
	struct clause_set held, broken, differs;	/* differs: of level observed */
	char text[240];			/* why it was skipped, or what was seen instead */
};

static inline void clause_set_add(struct clause_set *set, unsigned int clause)
{
	set->words[clause / 64] |= 1ull << clause % 64;
}

static inline bool clause_set_has(const struct clause_set *set, unsigned int clause)
{
	return set->words[clause / 64] >> clause % 64 & 1;
}

/* Zeroed records for @n tests, shared over fork.  Ends the program if there is no memory. */
struct record *records_new(size_t n);

#endif
