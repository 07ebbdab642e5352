// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract as kernels with known deviations have it.
 */
#include <stdio.h>
#include <string.h>

#include "judge_internal.h"
#include "machine/kernel.h"

/* The contract as a kernel with certain deviations would have it. */
struct altered {
	struct contract contract;
	struct outcome outcomes[MAX_ROWS];
	struct check checks[MAX_ROWS];
	struct effect effects[MAX_ROWS];
	/* what no table can express; it is put into the endings */
	struct altered_fact {
		unsigned int clause;
		const struct fact *fact;
	} others[2 * MAX_FACTS];
	size_t n_others;
};

static bool same_name(const char *what, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(what, name, n) && (!what[n] || what[n] == '[');
}

static bool alter_outcome(struct outcome *row, const struct fact *fact)
{
	if (strcmp(fact->what, "errno"))
		return false;
	row->result = (struct result){ RESULT_ERROR, fact->value };
	row->or = (struct result){ RESULT_NONE, NULL };
	return true;
}

static bool alter_check(struct check *check, const struct fact *fact)
{
	if (!strcmp(fact->what, "errno"))
		check->error = fact->value;
	else if (!strcmp(fact->what, "move"))
		check->move = strcmp(fact->value, "untouched") ? MOVE_ERROR : MOVE_UNTOUCHED;
	else
		return false;
	return true;
}

/* In the tables, where they can express it. */
static bool alter_tables(struct altered *a, unsigned int clause, const struct fact *fact)
{
	struct contract *c = &a->contract;
	bool done = false;

	for (size_t i = 0; i < c->n_outcomes; i++)
		if (a->outcomes[i].clause == clause)
			done |= alter_outcome(&a->outcomes[i], fact);
	for (size_t i = 0; i < c->n_checks; i++)
		if (a->checks[i].clause == clause)
			done |= alter_check(&a->checks[i], fact);
	for (size_t i = 0; i < c->n_effects; i++)
		if (a->effects[i].clause == clause && a->effects[i].value) {
			a->effects[i].value = fact->value;
			done = true;
		}
	return done;
}

/* A scenario's facts are no results of the tables. */
static void alter_contract(struct altered *a, const struct contract *c, bool is_scenario,
			   const struct deviation *const *deviations, size_t n)
{
	a->contract = *c;
	memcpy(a->outcomes, c->outcomes, c->n_outcomes * sizeof(*c->outcomes));
	memcpy(a->checks, c->checks, c->n_checks * sizeof(*c->checks));
	memcpy(a->effects, c->effects, c->n_effects * sizeof(*c->effects));
	a->contract.outcomes = a->outcomes;
	a->contract.checks = a->checks;
	a->contract.effects = a->effects;
	a->n_others = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < deviations[i]->n_instead; k++) {
			const struct fact *fact = &deviations[i]->instead[k];

			if (is_scenario || !alter_tables(a, deviations[i]->clause, fact))
				a->others[a->n_others++] = (struct altered_fact){
					deviations[i]->clause, fact
				};
		}
}

/* Put a deviation's fact in the place of what the clause itself expects, nowhere else. */
static void alter_fact(struct ending *e, unsigned int clause, const struct fact *fact)
{
	for (size_t i = 0; i < e->n; i++) {
		const char *what = e->expect[i].what;

		if (e->expect[i].clause != clause || !same_name(what, fact->what))
			continue;
		for (size_t k = 0; k < e->n; k++)
			if (!strcmp(e->expect[k].what, what))
				snprintf(e->expect[k].value, MAX_VALUE, "%s", fact->value);
	}
}

static void alter_ending(const struct altered *a, struct ending *e)
{
	for (size_t i = 0; i < a->n_others; i++)
		alter_fact(e, a->others[i].clause, a->others[i].fact);
}

static bool holds_altered(const struct contract *c, const struct test_plan *plan,
			  const struct observed *seen,
			  const struct deviation *const *deviations, size_t n_deviations)
{
	static struct ending endings[MAX_ENDINGS];
	struct altered a;
	size_t n, m;

	alter_contract(&a, c, plan->scenario >= 0, deviations, n_deviations);
	n = oracle_endings(&a.contract, plan, endings);
	for (size_t i = 0; i < n; i++)
		alter_ending(&a, &endings[i]);
	best_ending(c, plan, seen, endings, n, &m);
	return m == 0;
}

bool can_be_met(const struct deviation *d)
{
	return !d->architecture || !strcmp(d->architecture, architecture());
}

/* The deviation under which the test holds; the first of two if it takes two. */
int find_deviation(const struct contract *c, const struct test_plan *plan,
			  const struct observed *seen)
{
	for (size_t i = 0; i < c->n_deviations; i++)
		if (can_be_met(&c->deviations[i]) &&
		    holds_altered(c, plan, seen,
				  (const struct deviation *[]){ &c->deviations[i] }, 1))
			return i;
	for (size_t i = 0; i < c->n_deviations; i++)
		for (size_t k = i + 1; k < c->n_deviations; k++)
			if (can_be_met(&c->deviations[i]) && can_be_met(&c->deviations[k]) &&
			    holds_altered(c, plan, seen,
					  (const struct deviation *[]){ &c->deviations[i],
									&c->deviations[k] }, 2))
				return i;
	return -1;
}

