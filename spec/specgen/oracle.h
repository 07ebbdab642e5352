/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The oracle: what the contract expects of one test.
 *
 * It interprets the contract's tables and knows no rule of its own beyond the
 * two that give the tables their meaning: the first check that is violated
 * decides, and a move walks upwards and stops at the first page that fails.
 * specgen uses it to hold the vectors against the outcome table, the programs
 * in tests/ use it to judge a kernel.
 */
#ifndef UFFDIO_MOVE_ORACLE_H
#define UFFDIO_MOVE_ORACLE_H

#include "contract.h"

#define MAX_EXPECTATIONS	512	/* of one ending; specgen holds each test against it */
#define MAX_ENDINGS		(MAX_LETTERS + 1)	/* a refusal ends a walk */

/* One test, whatever it was derived from.  Generated tests are these. */
struct test_plan {
	const char *source, *destination;	/* letters with spaces; NULL if range or scenario */
	const char *range;			/* both in one mapping, or NULL */
	unsigned int from, to, length;		/* letters; length 0: the whole range */
	uint64_t mode;
	unsigned int variations[MAX_TOGETHER];
	unsigned int n_variations;
	int vector;				/* index, or -1 */
	int scenario;				/* index, or -1 */
};

/* One expected observation, and the clause that expects it. */
struct expectation {
	unsigned int clause;
	uint64_t needs;		/* not looked at where the machine lacks these */
	char what[MAX_WHAT];
	char value[MAX_VALUE];	/* "a|b": either */
};

/* One way in which a test may end: all of its expectations hold. */
struct ending {
	struct expectation expect[MAX_EXPECTATIONS];
	size_t n;
	bool overrun;		/* it expects more than there is room for */
	unsigned int moved;	/* letters */
	const struct outcome *stopped_by;	/* NULL: whole length, or refused by a check */
	const struct check *refused_by;
};

/* A letter's place during the walk: what is there, and whose contents. */
struct place {
	char letter;
	char whose;		/* 's', 'd', or 0 for none */
	unsigned int index;	/* letter that the contents came from */
};

/**
 * oracle_outcome() - the first row of the outcome table that fits
 * @source, @destination: letters of states
 * @mode: mode bits
 *
 * Returns NULL if no row fits, which specgen refuses as an incomplete table.
 */
const struct outcome *oracle_outcome(const struct contract *c, char source,
				     char destination, uint64_t mode);

/**
 * oracle_check() - the check that decides among several that are violated
 *
 * Returns NULL if none of the plan's variations violates a check.
 */
const struct check *oracle_check(const struct contract *c, const struct test_plan *plan);

/**
 * oracle_endings() - everything the contract allows a test to end with
 * @endings: filled, at least one
 *
 * Returns their number; 0 if the tables do not decide (specgen refuses such).
 * More than one only where an outcome has an "or".
 */
size_t oracle_endings(const struct contract *c, const struct test_plan *plan,
		      struct ending endings[MAX_ENDINGS]);

/* May the pages of SIDE_* be looked at after a call that a check refuses? */
bool oracle_sees(const struct contract *c, const struct test_plan *plan, unsigned int side);

/* What a test's plan needs of the machine: its states', variations' and scenario's needs. */
uint64_t oracle_needs(const struct contract *c, const struct test_plan *plan);

/* Is it the value that is expected, or one of "a|b"? */
bool value_allows(const char *expected, const char *value);

/* The first expectation of that name, or NULL. */
const struct expectation *ending_expects(const struct ending *e, const char *what);

/* Does a test fail that does not find what a clause of this level says? */
bool level_binds(enum level level);

/* Does the row fit these letters and mode? */
bool row_fits(const struct outcome *row, char source, char destination, uint64_t mode);

/* Is the effect expected of calls with this mode? */
bool effect_fits(const struct effect *effect, uint64_t mode);

/* May a page that the row decides be moved? */
bool row_may_move(const struct outcome *row);

/* "moved", "counted", or an errno's name. */
const char *result_word(const struct result *result);

/* The errno's name with which it may be refused, or NULL. */
const char *row_error(const struct outcome *row);

/* The state with this letter, or NULL. */
const struct state *contract_state(const struct contract *c, char letter);

/* The state that has a role, or NULL. */
const struct state *contract_role(const struct contract *c, enum role role);

/* One of the combinations of mode bits, by its number, from 0. */
uint64_t contract_mode(const struct contract *c, unsigned int number);

/* How many of these there are. */
unsigned int contract_n_modes(const struct contract *c);

/* What a mode's constant has behind "UFFDIO_MOVE_MODE_". */
const char *mode_word(const struct contract *c, size_t mode);

/* The effect that claims an observation, or NULL. */
const struct effect *contract_effect(const struct contract *c, enum observation o);

/* Copy @notation without its spaces; returns the number of letters, 0 if over MAX_LETTERS. */
unsigned int notation_letters(const char *notation, char letters[MAX_LETTERS + 1]);

#endif
