/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests that follow from the contract this program was built with.
 */
#ifndef UFFDIO_MOVE_PLANS_H
#define UFFDIO_MOVE_PLANS_H

#include "oracle.h"

struct listed_test {
	const char *name;	/* "cell.private_over_hole" */
	struct test_plan plan;
};

/* All tests, in a fixed order.  Ends the program if there is no memory. */
const struct listed_test *plans_list(size_t *n);

#endif
