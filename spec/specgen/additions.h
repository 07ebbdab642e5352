/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a proposal adds to the lists of a contract: the entries of both become one
 * list, which is then read as if it stood so in one file.
 */
#ifndef UFFDIO_MOVE_ADDITIONS_H
#define UFFDIO_MOVE_ADDITIONS_H

#include "kinds.h"

#define MAX_ADDITIONS	16	/* lists of one proposal */

/* What an entry of a proposal says of its place in the contract's list. */
struct placing {
	const char *replaces;	/* the entry whose place it takes, or NULL */
	const char *before;	/* the one that it stands before, or NULL */
	const char *const *contradicts;	/* must-clauses of the contract */
	size_t n_contradicts;
	const char *overrules;	/* a must-clause that it replaces by another, or NULL */
	const struct field *fields;	/* the keys that say so */
};

/* A scenario of the contract in whose place another stands. */
struct replaced_scenario {
	struct value original;
	struct placing *by;
	const struct replaced_scenario *next;
};

struct additions {
	struct {
		const void *of;	/* the list's, as its field has it */
		struct value list;
	} all[MAX_ADDITIONS];
	size_t n;
	const struct replaced_scenario *replaced;
};

/* The keys of a proposal (shapes.h): each of its lists is kept for the contract's. */
extern const struct kind kind_additions;

/* Is it a key that says where an entry of a proposal has its place? */
bool is_placing_key(const struct placing *placing, const char *key);

/**
 * with_additions() - a list of the contract, and what a proposal adds to it
 * @list:   the contract's
 * @merged: set to all entries in their order, where there is an addition
 *
 * Returns the list to be read: @list or @merged.
 */
const struct value *with_additions(struct reader *r, const struct value *list,
				   const struct field *f, struct value *merged);

/**
 * look_at_replaced_scenarios() - does each name the musts that it shows otherwise?
 * @contract: without the proposal
 *
 * A vector need not: it agrees with the tables, in which the musts are.
 */
void look_at_replaced_scenarios(struct reader *r, const struct contract *contract);

/* What to blame where an entry makes a list too long: it, or the proposal that adds to it. */
const struct value *too_much(const struct reader *r, const struct value *entry);

#endif
