/* SPDX-License-Identifier: GPL-2.0-only */
/* What a running test is made of: for test.c and run.c. */
#ifndef UFFDIO_MOVE_TEST_INTERNAL_H
#define UFFDIO_MOVE_TEST_INTERNAL_H

#include "oracle.h"
#include "test/observed.h"
#include "test/record.h"
#include "test/test.h"

#define EXIT_SKIP	255	/* what kselftest_harness.h takes for a skip */

struct test {
	const struct test_plan *plan;
	struct record *record;
	struct observed observed;
};

#endif
