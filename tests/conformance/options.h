/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the caller asks for.
 */
#ifndef UFFDIO_MOVE_OPTIONS_H
#define UFFDIO_MOVE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "runner.h"

#define MOST_NAMED	64	/* clauses, tests, and tests at which the kernel went down */

enum form { FORM_TABLE, FORM_JSON, FORM_TAP };

struct options {
	enum form form;
	bool list, check_oracles, hazards, stop;
	const char *hazard[MOST_NAMED];	/* deviations whose hazard is run */
	size_t n_hazard;
	unsigned int patience, tries;
	const char *announce;	/* a file, or NULL */
	const char *clauses[MOST_NAMED];
	size_t n_clauses;
	const char *tests[MOST_NAMED];	/* patterns */
	size_t n_tests;
	const char *behind;	/* the name of a test, or NULL */
	unsigned int part, parts;	/* of those that are asked for the part-th, from 1 */
	struct down downs[MOST_NAMED];
	size_t n_downs;
};

/* Ends the program, with a sentence, if they make no sense, and after --help. */
void options_read(int argc, char **argv, struct options *o);

/* Ends the program as options_read() does: @message and @word are the sentence. */
_Noreturn void options_refuse(const char *message, const char *word);

/* Likewise, where no test is called @name. */
_Noreturn void options_refuse_test(const char *name);

#endif
