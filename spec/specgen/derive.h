/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests that follow from the contract without anybody writing them.
 */
#ifndef UFFDIO_MOVE_DERIVE_H
#define UFFDIO_MOVE_DERIVE_H

#include "oracle.h"

#define MAX_TESTS	65536

/* From what a test is derived. */
enum origin_kind {
	FROM_CHECK,	/* one check violated, in one way */
	FROM_ORDER,	/* two violated at once: the earlier wins */
	FROM_CELL,	/* one cell of the outcome table, behind 0 to 3 good pages */
	FROM_VECTOR,
	FROM_SCENARIO,
	FROM_COUNT
};

extern const char *const origin_names[FROM_COUNT];

/**
 * derive_tests() - call back for each test of the contract, in a fixed order
 * @take: gets the test's name (of ids and names of the contract, unique within
 *        @kind) and its plan;
 *        the plan and its strings last until @take returns
 *
 * Returns false if it ended early: more than MAX_TESTS follow, which specgen
 * refuses, or there was no memory.
 */
bool derive_tests(const struct contract *c,
		  void (*take)(void *data, enum origin_kind kind, const char *name,
			       const struct test_plan *plan),
		  void *data);

#endif
