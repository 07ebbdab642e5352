// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tests that follow from the contract: what each expects has to fit into its
 * tables, and together they have to look at every clause and every deviation.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "validate_parts.h"

/* What the tests tell of one fact of a deviation. */
struct told {
	bool as_stated, otherwise;
};

struct derived {
	const struct contract *contract;
	const char *tests[MAX_CLAUSES];	/* one that looks at the clause, or NULL */
	bool open[MAX_CLAUSES];	/* is there one that may end in several ways? */
	struct told (*told)[MAX_FACTS];	/* by deviation */
	struct name *names;
	size_t n, room;
	const void *last;	/* what the last test is derived from */
};

/* From what, to name the place of what is wrong with a test. */
static const void *part_of(const struct contract *c, const struct test_plan *plan)
{
	if (plan->scenario >= 0)
		return &c->scenarios[plan->scenario];
	if (plan->vector >= 0)
		return &c->vectors[plan->vector];
	if (plan->n_variations)
		return &c->variations[plan->variations[0]];
	return contract_state(c, plan->source[strlen(plan->source) - 1]);
}

static bool same_name(const char *what, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(what, name, n) && (!what[n] || what[n] == '[');
}

/* Of a check that leaves .move alone another clause tells so. */
static bool speaks_of(const struct ending *e, const struct expectation *x, unsigned int clause)
{
	return x->clause == clause ||
	       (e->refused_by && e->refused_by->clause == clause && !strcmp(x->what, "move"));
}

static void look_for_deviations(struct derived *d, const struct ending *e,
				const struct expectation *x)
{
	const struct contract *c = d->contract;

	for (size_t i = 0; i < c->n_deviations; i++) {
		const struct deviation *deviation = &c->deviations[i];

		if (!speaks_of(e, x, deviation->clause))
			continue;
		for (size_t k = 0; k < deviation->n_instead; k++) {
			if (!same_name(x->what, deviation->instead[k].what))
				continue;
			if (value_allows(x->value, deviation->instead[k].value))
				d->told[i][k].as_stated = true;
			else
				d->told[i][k].otherwise = true;
		}
	}
}

static void take(void *data, enum origin_kind kind, const char *name,
		 const struct test_plan *plan)
{
	static struct ending endings[MAX_ENDINGS];
	struct derived *d = data;
	const struct contract *c = d->contract;
	size_t n = oracle_endings(c, plan, endings);

	d->last = part_of(c, plan);
	if (!n)
		error_at(c, d->last, "the tables do not decide the test %s.%s",
			 origin_names[kind], name);
	name = origin_text(c->origin, name, strlen(name));
	if (d->n == d->room) {
		d->room = d->room ? 2 * d->room : 1024;
		d->names = reallocarray(d->names, d->room, sizeof(*d->names));
		if (!d->names)
			err(1, "specgen");
	}
	d->names[d->n++] = (struct name){ name, kind, origin_of(c->origin, d->last) };
	for (size_t i = 0; i < n; i++) {
		if (endings[i].overrun)
			error_at(c, d->last, "the test %s.%s expects more than %d facts",
				 origin_names[kind], name, MAX_EXPECTATIONS);
		for (size_t k = 0; k < endings[i].n; k++) {
			const struct expectation *x = &endings[i].expect[k];

			d->tests[x->clause] = name;
			d->open[x->clause] |= n > 1 || strchr(x->value, '|');
			look_for_deviations(d, &endings[i], x);
		}
	}
}

/* Each clause has a test, or says why there can be none. */
static void validate_clause(const struct derived *d, size_t i)
{
	const struct contract *c = d->contract;
	const struct clause *clause = &c->clauses[i];

	if (!d->tests[i] && !clause->untested)
		error_at(c, &clause->id, "nothing tests `%s`, and it has no `untested`",
			 clause->id);
	else if (d->tests[i] && clause->untested)
		error_at(c, &clause->untested, "`%s` is untested, yet the test `%s` looks at it",
			 clause->id, d->tests[i]);
	else if (d->tests[i] && clause->level == LEVEL_MAY && !d->open[i])
		error_at(c, &clause->level, "`level: may`: no test of `%s` has alternatives",
			 clause->id);
}

/* Is it what a row says, alone or as the alternative? */
static bool row_says(const struct contract *c, unsigned int clause, const struct fact *f)
{
	for (const struct outcome *o = c->outcomes; o < c->outcomes + c->n_outcomes; o++) {
		const char *error = row_error(o);

		if (o->clause == clause && !strcmp(f->what, "errno") &&
		    ((error && !strcmp(error, f->value)) ||
		     (row_may_move(o) && !strcmp(f->value, "0"))))
			return true;
	}
	return false;
}

/* A deviation is told by facts that some test of its clause tells, and not so. */
static void validate_told(const struct contract *c, const struct deviation *d,
			  const struct told *told)
{
	const char *clause = c->clauses[d->clause].id;

	for (size_t i = 0; i < d->n_instead; i++) {
		const struct fact *f = &d->instead[i];

		if (!told[i].as_stated && !told[i].otherwise)
			error_at(c, &f->what, "no test of `%s` tells `%s`", clause, f->what);
		else if (!told[i].otherwise || row_says(c, d->clause, f))
			error_at(c, &f->value, "`%s` is what is expected of `%s`", f->value,
				 clause);
	}
}

void validate_tests(const struct contract *c)
{
	struct derived d = { .contract = c };

	d.told = origin_alloc(c->origin, c->n_deviations * sizeof(*d.told));
	if (!derive_tests(c, take, &d)) {
		if (d.n < MAX_TESTS)
			errx(1, "no memory");
		error_at(c, c->proposal.name ? (const void *)&c->proposal.name : d.last,
			 "more than %d tests follow from the contract", MAX_TESTS);
		free(d.names);
		return;
	}
	validate_names(c, "name of a test", d.names, d.n);
	for (size_t i = 0; i < c->n_clauses; i++)
		validate_clause(&d, i);
	for (size_t i = 0; i < c->n_deviations; i++)
		validate_told(c, &c->deviations[i], d.told[i]);
	free(d.names);
}
