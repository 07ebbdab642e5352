/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running many tests, each in a process of its own, a few at a time.
 */
#ifndef UFFDIO_MOVE_RUNNER_H
#define UFFDIO_MOVE_RUNNER_H

#include <stdio.h>

#include "judge.h"
#include "plans.h"

/* A test at which this kernel went down in an earlier run. */
struct down {
	const char *test, *line;	/* its name; what the kernel said last */
};

struct run {
	const struct listed_test *tests;
	size_t n_tests;
	bool *selected;			/* n_tests of them */
	struct judgement *judgements;	/* n_tests of them */
	struct flips *flips;		/* n_tests of them, or NULL: nothing is flipped */
	bool explain;			/* each selected test; otherwise what fails */
	unsigned int patience;		/* times the usual time for each test */
	unsigned int tries;		/* of a test that fails; 1: what fails does so */
	bool hazards;			/* run what may take the machine down, too */
	const char *const *hazard;	/* or what may by these deviations */
	size_t n_hazard;
	int announce;			/* gets each test's name before it begins; -1: none */
	bool stop;			/* with the first test that fails or deviates */
	const char *stopped_by;		/* that one, or NULL; what had not begun is not run */
	const struct down *downs;	/* are not run again */
	size_t n_downs;
	double seconds;			/* of wall time */
	size_t again;			/* tests that were set up only at a further try */
	char again_why[320];		/* the first of them, and what was in its way */
	double progress_interval;	/* seconds from one line on standard error to the next */
};

/* Is a test, where both are run, run after the other one? */
bool is_run_later(const struct run *run, size_t test, size_t other);

/* All tests, none of them selected.  Ends the program if there is no memory. */
void run_prepare(struct run *run);

/**
 * run_selected() - run the selected tests, and judge them
 *
 * Tests with a hazard are run before all others, one after the other, so that a
 * machine that goes down has not run much in vain.  Scenarios are run after the
 * others and one after the other, since some look at counters of the whole system.  A test that is broken is run again, alone.
 * Where tests are announced, each is run alone, so that the last one announced is
 * the one to blame if the kernel goes down.
 * When it returns, every selected test has its verdict, unless it was to stop before, and
 * no process of theirs is left; children that this process had before are left alone.
 */
void run_selected(struct run *run);

#endif
