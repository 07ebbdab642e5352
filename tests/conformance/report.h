/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run has shown, clause by clause.
 */
#ifndef UFFDIO_MOVE_REPORT_H
#define UFFDIO_MOVE_REPORT_H

#include <stdio.h>

#include "runner.h"

/* What became of a clause. */
enum standing {
	STANDING_UNTESTED,	/* nothing that was run looked at it */
	STANDING_HOLDS,
	STANDING_DIFFERS,	/* of level observed: this kernel does otherwise */
	STANDING_DEVIATES,	/* in a way that the contract knows */
	STANDING_FAILS,
};

struct clause_report {
	enum standing standing;
	unsigned int tests;	/* that looked at it */
	unsigned int skipped;	/* that would have */
	const char *note;	/* why it is as it is, or NULL */
};

struct report {
	const struct run *run;
	bool whole;		/* all tests were selected */
	struct clause_report *clauses;	/* as many as the contract has */
	unsigned int standing[STANDING_FAILS + 1];	/* clauses of each */
	unsigned int verdict[5];	/* selected tests of each enum verdict */
};

/* Sum up a finished run.  Ends the program if there is no memory. */
void report_make(struct report *report, const struct run *run);

/* Does every clause of level must and may hold, deviate in a known way, or go untested? */
bool report_passes(const struct report *report);

void report_table(const struct report *report, FILE *out);

/* spec/README.md documents the shape. */
void report_json(const struct report *report, FILE *out);

/* On standard output, one line a test. */
void report_tap(const struct report *report);

#endif
