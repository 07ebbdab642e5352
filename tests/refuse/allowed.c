// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "allowed.h"

#include <string.h>

#define MOST_MODES 8	/* of which answers are kept */

/* As what a page is seen that the contract knows by this letter. */
static const struct {
	const char *letters;
	enum sight sight;
} seen_as[] = {
	{ "PKYWQbg", SEEN_PAGE },
	{ "T", SEEN_HUGE },
	{ "ZH", SEEN_ZERO },
	{ "SXGwh", SEEN_SWAP },
	{ "._~e", SEEN_HOLE },
};

static bool may_be(const struct state *state, enum sight sight)
{
	for (size_t i = 0; i < sizeof(seen_as) / sizeof(seen_as[0]); i++)
		if (strchr(seen_as[i].letters, state->looks))
			return seen_as[i].sight == sight;
	return false;
}

static bool may_refuse(const struct outcome *row, enum cure cure)
{
	const char *error = row_error(row);

	return error && !strcmp(error, "EBUSY") && row_may_move(row) && row->cure == cure;
}

static bool ask(const struct contract *c, enum sight source, bool whole, uint64_t mode,
		enum cure cure)
{
	char place = whole ? '_' : contract_role(c, ROLE_HOLE)->letter;

	for (size_t i = 0; i < c->n_states; i++) {
		const struct state *state = &c->states[i];
		const struct outcome *row;

		if (!(state->sides & SIDE_SOURCE) || !may_be(state, source))
			continue;
		row = oracle_outcome(c, state->letter, place, mode);
		if (row && may_refuse(row, cure))
			return true;
	}
	return false;
}

/* It is asked of each page of each call, and always answers the same. */
bool allowed_busy(const struct contract *c, enum sight source, enum sight destination,
		  bool whole, uint64_t mode, enum cure cure)
{
	static struct { bool known, answer; } answers[SEEN_NOTHING + 1][2][MOST_MODES][CURE_REPEAT + 1];

	if (destination != SEEN_HOLE)
		return false;
	if (mode >= MOST_MODES)
		return ask(c, source, whole, mode, cure);
	if (!answers[source][whole][mode][cure].known) {
		answers[source][whole][mode][cure].known = true;
		answers[source][whole][mode][cure].answer = ask(c, source, whole, mode, cure);
	}
	return answers[source][whole][mode][cure].answer;
}

bool allowed_by(const struct contract *c, const char *clause)
{
	for (size_t i = 0; i < c->n_clauses; i++)
		if (!strcmp(c->clauses[i].id, clause))
			return c->clauses[i].level == LEVEL_MAY;
	return false;
}
