/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the judge's files share: judge.c gives the verdict, deviate.c looks for a known
 * deviation, flip.c turns expectations round, explain.c tells a reader.
 */
#ifndef UFFDIO_MOVE_JUDGE_INTERNAL_H
#define UFFDIO_MOVE_JUDGE_INTERNAL_H

#include "judge.h"

/* Does a kernel that does otherwise break the contract? */
bool expectation_counts(const struct contract *c, const struct expectation *x);

/* Does this machine show what is expected? */
bool expectation_is_seen(const struct observed *seen, const struct expectation *x);

/* Was it observed, or is it not to be seen here? */
bool expectation_is_met(const struct observed *seen, const struct expectation *x);

/* A fact that a scenario tells and the contract does not list, or NULL. */
const struct seen *unlisted_fact(const struct test_plan *plan, const struct observed *seen,
				 const struct ending *e);

/* The ending that is nearest to what was observed, and how far it is from that. */
size_t best_ending(const struct contract *c, const struct test_plan *plan,
		   const struct observed *seen, const struct ending *endings, size_t n,
		   size_t *n_mismatches);

/* Is it one of this machine's architecture? */
bool can_be_met(const struct deviation *d);

/* The deviation under which a test holds, the first of two if it takes two, or -1. */
int find_deviation(const struct contract *c, const struct test_plan *plan,
		   const struct observed *seen);

#endif
