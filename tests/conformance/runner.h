/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running many tests: a few processes, each with a harness of its own.
 */
#ifndef UFFDIO_MOVE_RUNNER_H
#define UFFDIO_MOVE_RUNNER_H

#include <stdio.h>

#include "harness.h"

struct run {
	const struct listed_test *tests;
	size_t n_tests;
	bool *selected;			/* n_tests of them */
	struct record *records;		/* shared, n_tests of them */
	double seconds;			/* of wall time */
	FILE *progress;			/* NULL: none */
};

/**
 * run_prepare() - all tests, none of them selected
 *
 * Children that the process has by now are left alone when those of the tests
 * are killed.  Ends the program if there is no memory.
 */
void run_prepare(struct run *run);

/**
 * run_selected() - run the selected tests
 * @flip: as for judge()
 *
 * Scenarios are run after the others and one after the other, since some look
 * at counters of the whole system.  When it returns, every selected test has
 * its verdict and no process of theirs is left.
 */
void run_selected(struct run *run, int flip);

#endif
