/* SPDX-License-Identifier: GPL-2.0-only */
/* What a running test is made of: for those who run tests, and play faulty kernels. */
#ifndef UFFDIO_MOVE_TEST_INTERNAL_H
#define UFFDIO_MOVE_TEST_INTERNAL_H

#include "oracle.h"
#include "test/slot.h"
#include "test/test.h"

struct test {
	const struct test_plan *plan;
	struct slot *slot;
	bool single_calls;	/* test_wants_single_calls() */
};

#endif
