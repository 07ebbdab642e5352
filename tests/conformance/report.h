/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run has shown, clause by clause.
 */
#ifndef UFFDIO_MOVE_REPORT_H
#define UFFDIO_MOVE_REPORT_H

#include <stdio.h>

#include "runner.h"
#include "test/status.h"

/* What became of a clause. */
enum standing {
	STANDING_UNTESTED,	/* nothing that was run looked at it */
	STANDING_HOLDS,
	STANDING_DIFFERS,	/* of level observed: this kernel does otherwise */
	STANDING_DEVIATES,	/* in a way that the contract knows */
	STANDING_FAILS,
	STANDINGS
};

/* What became of the whole: the program's exit status. */
enum outcome_of_run {
	RUN_PASSES = 0,		/* every clause holds, deviates as known, or was not tested */
	RUN_FAILS = 1,		/* a clause does not hold */
	RUN_UNSURE = EXIT_UNSURE,	/* nothing is known to be wrong, but tests are broken or too few,
				   or the report could not be written */
};

struct clause_report {
	enum standing standing;
	unsigned int tests;	/* that looked at it */
	unsigned int skipped;	/* that would have, broken ones too */
	const char *note;	/* why it is as it is, or NULL */
};

struct report {
	const struct run *run;
	bool whole;		/* all tests were selected */
	struct clause_report *clauses;	/* as many as the contract has */
	unsigned int standing[STANDINGS];	/* clauses of each */
	unsigned int verdict[VERDICTS];	/* selected tests of each */
	struct clause_set chosen;	/* clauses at which the selected tests may look */
	unsigned int to_test, tested;	/* clauses that bind a kernel: with tests; looked at */
};

/* Sum up a finished run.  Ends the program if there is no memory. */
void report_make(struct report *report, const struct run *run);

enum outcome_of_run report_outcome(const struct report *report);

/* Was so little looked at that it shows nothing? */
bool report_is_below_floor(const struct report *report);

/* With --clause only what the chosen tests look at is of interest. */
bool report_has_clause(const struct report *report, size_t clause);

/* Words for the level of a clause, what became of it, and of a test. */
const char *level_word(size_t clause);
const char *standing_word(const struct report *report, size_t clause);
const char *verdict_word(enum verdict verdict);

void report_table(const struct report *report, FILE *out);

/* All that is known of each selected test. */
void report_tests(const struct report *report, FILE *out);

/* spec/README.md documents the shape. */
void report_json(const struct report *report, FILE *out);

/* On standard output, one line a test. */
void report_tap(const struct report *report);

#endif
