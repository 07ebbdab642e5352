/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The judge: holds what a test observed against what the oracle expects.
 */
#ifndef UFFDIO_MOVE_JUDGE_H
#define UFFDIO_MOVE_JUDGE_H

#include "oracle.h"
#include "test/observed.h"
#include "test/record.h"

/**
 * judge() - give the verdict on one test
 * @flip:   number of the expectation to be turned into its contrary, or -1
 * @record: verdict, deviation, clause sets and text are set
 *
 * A test holds if everything that one of its endings expects of level must or
 * may was observed.  If not, it deviates if that is so under the contract with
 * one or two known deviations put in.  With a flip, only a test that holds
 * without it is judged again with it, and VERDICT_HOLDS then says that nobody
 * looks at that expectation; VERDICT_SKIPPED that there is none of that number.
 */
void judge(const struct contract *c, const struct test_plan *plan,
	   const struct observed *seen, int flip, struct record *record);

/* The verdict on a test that was killed for taking too long. */
void judge_killed(const struct contract *c, const struct test_plan *plan, struct record *record);

#endif
