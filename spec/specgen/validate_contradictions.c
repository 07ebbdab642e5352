// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a proposal says otherwise than a clause of level must of the contract that it
 * extends, it has to name: a reader who knows the contract relies upon such a clause.
 */
#include <string.h>

#include "oracle.h"
#include "validate_parts.h"

/* Which of the clauses that a proposal's clause names are found to be contradicted. */
struct admitted {
	const struct contract *contract;
	bool met[MAX_CLAUSES][MAX_CLAUSES];	/* by the clause, and by the number in its list */
};

static bool admits(struct admitted *a, unsigned int clause, const char *id)
{
	const struct clause *k = &a->contract->clauses[clause];

	for (size_t i = 0; i < k->n_contradicts; i++)
		if (!strcmp(k->contradicts[i], id)) {
			a->met[clause][i] = true;
			return true;
		}
	return false;
}

static bool is_proposed(const struct contract *c, unsigned int clause)
{
	return c->clauses[clause].proposed;
}

static bool same_result(const struct result *a, const struct result *b)
{
	return a->kind == b->kind && (a->kind != RESULT_ERROR || !strcmp(a->error, b->error));
}

/* Does a page come to the same by both rows? */
static bool says_the_same(const struct outcome *a, const struct outcome *b)
{
	return same_result(&a->result, &b->result) && same_result(&a->or, &b->or) &&
	       a->arrives == b->arrives;
}

static void look_at_cell(struct admitted *a, char source, char destination, uint64_t mode)
{
	const struct contract *c = a->contract;
	const struct outcome *row = oracle_outcome(c, source, destination, mode);
	const struct outcome *stated = oracle_outcome(c->extended, source, destination, mode);
	const struct clause *must = stated ? &c->extended->clauses[stated->clause] : NULL;

	if (!must || must->level != LEVEL_MUST || !is_proposed(c, row->clause) ||
	    says_the_same(row, stated) || admits(a, row->clause, must->id))
		return;
	error_at(c, &c->clauses[row->clause],
		 "`%s` contradicts `%s`, a must of the contract, of `%c` onto `%c`: name it in `contradicts`",
		 c->clauses[row->clause].id, must->id, source, destination);
}

static void look_at_table(struct admitted *a)
{
	const struct contract *c = a->contract;

	for (const struct state *s = c->states; s < c->states + c->n_states; s++)
		for (const struct state *d = c->states; d < c->states + c->n_states; d++) {
			if (!(s->sides & SIDE_SOURCE) || !(d->sides & SIDE_DESTINATION))
				continue;
			for (unsigned int m = 0; m < contract_n_modes(c); m++)
				look_at_cell(a, s->letter, d->letter, contract_mode(c, m));
		}
}

static const struct clause *find_must(const struct contract *c, const char *id)
{
	const struct contract *extended = c->extended;

	for (size_t i = 0; i < extended->n_clauses; i++)
		if (extended->clauses[i].level == LEVEL_MUST && !strcmp(extended->clauses[i].id, id))
			return &extended->clauses[i];
	return NULL;
}

/* Of what is no row no more is known than that there is such a clause. */
static void look_at_named(struct admitted *a, unsigned int clause)
{
	const struct contract *c = a->contract;
	const struct clause *k = &c->clauses[clause];
	for (size_t i = 0; i < k->n_contradicts; i++) {
		const char *id = k->contradicts[i];
		const struct clause *other = find_must(c, id);

		if (k->overrules && !strcmp(k->overrules, id))
			continue;
		if (!other)
			error_at(c, &k->contradicts[i], "`contradicts`: the contract has no must `%.60s`", id);
		else if (k->section == SECTION_OUTCOME && other->section == k->section &&
			 !a->met[clause][i])
			error_at(c, &k->contradicts[i], "`%s` is not contradicted by `%s`", id, k->id);
	}
}

void validate_contradictions(const struct contract *c)
{
	static struct admitted admitted;

	if (!c->proposal.name)
		return;
	memset(&admitted, 0, sizeof(admitted));
	admitted.contract = c;
	look_at_table(&admitted);
	for (size_t i = 0; i < c->n_clauses; i++)
		if (is_proposed(c, i))
			look_at_named(&admitted, i);
}
