/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The judge: holds what a test observed against what the oracle expects.
 */
#ifndef UFFDIO_MOVE_JUDGE_H
#define UFFDIO_MOVE_JUDGE_H

#include <stdio.h>

#include "oracle.h"
#include "test/observed.h"

enum verdict {
	VERDICT_NONE,		/* not run */
	VERDICT_HOLDS,
	VERDICT_DEVIATES,	/* in a way that the contract knows */
	VERDICT_SKIPPED,	/* the machine cannot set it up */
	VERDICT_BROKEN,		/* something of the tests' own went wrong */
	VERDICT_FAILS,
	VERDICTS
};

/* A set of the contract's clauses. */
struct clause_set {
	uint64_t words[MAX_CLAUSES / 64];
};

static inline void clause_set_add(struct clause_set *set, unsigned int clause)
{
	set->words[clause / 64] |= 1ull << clause % 64;
}

static inline bool clause_set_has(const struct clause_set *set, unsigned int clause)
{
	return set->words[clause / 64] >> clause % 64 & 1;
}

/* What is found of one test. */
struct judgement {
	enum verdict verdict;
	int deviation;			/* index, if it deviates */
	bool disturbed;			/* if it is broken: by what the kernel did besides */
	bool by_chance;			/* it fails by what kernels are known to do now and then */
	struct clause_set held, broken, differs;	/* differs: of level observed */
	char text[240];			/* why it was skipped, or what was seen instead */
	char *details;			/* all that was expected and observed, or NULL */
};

/**
 * judge() - give the verdict on a test that has told everything
 *
 * A test holds if everything that one of its endings expects was observed, but for
 * clauses of level observed.  If not, it deviates if that is so under the contract
 * with one or two known deviations put in.
 */
void judge(const struct contract *c, const struct test_plan *plan,
	   const struct observed *seen, struct judgement *j);

/* The deviation whose calls never return that a test would meet; -1 if there is none. */
int judge_may_be_stuck(const struct contract *c, const struct test_plan *plan);

/*
 * The verdict on a test of which a call did not return: as if it had told that, and
 * nothing else.
 */
void judge_stuck(const struct contract *c, const struct test_plan *plan, struct judgement *j);

/*
 * The deviation with a hazard that a test would meet on a kernel that has it; -1 if
 * there is none.
 */
int judge_hazard(const struct contract *c, const struct test_plan *plan);

/**
 * judge_down() - give the verdict on a test at which the kernel went down
 * @line: what the kernel said last, or what else is known of its end
 *
 * It is the deviation whose hazard the test meets; without one the test fails.
 */
void judge_down(const struct contract *c, const struct test_plan *plan, const char *line,
		struct judgement *j);

/* How many expectations were turned into their contrary, and what nobody noticed. */
struct flips {
	size_t flipped, unnoticed;
	char first[64];		/* of those unnoticed */
};

/**
 * judge_flips() - turn each thing that the test expects into its contrary in turn
 *
 * Only for a test that holds.  One that holds all the same looks at nothing there.
 */
void judge_flips(const struct contract *c, const struct test_plan *plan,
		 const struct observed *seen, struct flips *flips);

/**
 * judge_explain() - print what was expected and observed, side by side
 * @call: what was passed, or NULL
 */
void judge_explain(const struct contract *c, const struct test_plan *plan,
		   const struct observed *seen, const char *call, FILE *out);

/* Every clause that some ending of a plan expects something for. */
void judge_expected(const struct contract *c, const struct test_plan *plan,
		    struct clause_set *set);

#endif
