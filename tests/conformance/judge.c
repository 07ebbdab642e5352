// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "judge_internal.h"

/* "a|b" is either; "?" is whatever looks like no state. */
static bool is_one_of(const char *expected, const char *value)
{
	size_t length;

	if (!strcmp(expected, "?"))
		return *value == '?';
	for (;; expected += length + 1) {
		length = strcspn(expected, "|");
		if (strlen(value) == length && !memcmp(expected, value, length))
			return true;
		if (!expected[length])
			return false;
	}
}

bool expectation_counts(const struct contract *c, const struct expectation *x)
{
	return level_binds(c->clauses[x->clause].level);
}

bool expectation_is_met(const struct observed *seen, const struct expectation *x)
{
	const struct seen *fact;

	if (x->needs & ~seen->has)
		return true;
	fact = observed_fact(seen, x->what);
	return fact && is_one_of(x->value, fact->value);
}

bool expectation_is_seen(const struct observed *seen, const struct expectation *x)
{
	return !(x->needs & ~seen->has);
}

/* A scenario that tells more than the contract lists is not what it lists. */
const struct seen *unlisted_fact(const struct test_plan *plan, const struct observed *seen,
				   const struct ending *e)
{
	if (plan->scenario < 0)
		return NULL;
	for (size_t i = 0; i < seen->n; i++) {
		bool listed = false;

		for (size_t k = 0; k < e->n && !listed; k++)
			listed = !strcmp(seen->facts[i].what, e->expect[k].what);
		if (!listed)
			return &seen->facts[i];
	}
	return NULL;
}

static size_t mismatches(const struct contract *c, const struct test_plan *plan,
			 const struct observed *seen, const struct ending *e)
{
	size_t n = unlisted_fact(plan, seen, e) ? 1 : 0;

	for (size_t i = 0; i < e->n; i++)
		n += expectation_counts(c, &e->expect[i]) && !expectation_is_met(seen, &e->expect[i]);
	return n;
}

size_t best_ending(const struct contract *c, const struct test_plan *plan,
			  const struct observed *seen, const struct ending *endings, size_t n,
			  size_t *n_mismatches)
{
	size_t best = 0;

	*n_mismatches = SIZE_MAX;
	for (size_t i = 0; i < n; i++) {
		size_t m = mismatches(c, plan, seen, &endings[i]);

		if (m < *n_mismatches) {
			*n_mismatches = m;
			best = i;
		}
	}
	return best;
}

static void add_text(struct judgement *j, const char *what, const char *expected, const char *value)
{
	size_t n = strlen(j->text);
	char clause[200];

	snprintf(clause, sizeof(clause), "%s: expected %s, observed %s", what, expected, value);
	if (strstr(j->text, clause))
		return;
	snprintf(j->text + n, sizeof(j->text) - n, "%s%s", n ? "; " : "", clause);
}

/* Of what counts, or of what is only observed. */
static void tell_mismatches(const struct contract *c, const struct test_plan *plan,
			    const struct observed *seen, const struct ending *e, bool counting,
			    struct judgement *j)
{
	const struct seen *more = unlisted_fact(plan, seen, e);

	for (size_t i = 0; i < e->n; i++) {
		const struct expectation *x = &e->expect[i];
		const struct seen *fact = observed_fact(seen, x->what);

		if (!expectation_is_met(seen, x) && expectation_counts(c, x) == counting)
			add_text(j, x->what, x->value, fact ? fact->value : "nothing");
	}
	if (more)
		add_text(j, more->what, "nothing", more->value);
}

static void sort_clauses(const struct contract *c, const struct observed *seen,
			 const struct ending *e, struct judgement *j)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct expectation *x = &e->expect[i];

		if (!expectation_is_seen(seen, x))
			continue;
		if (expectation_is_met(seen, x))
			clause_set_add(&j->held, x->clause);
		else
			clause_set_add(expectation_counts(c, x) ? &j->broken : &j->differs, x->clause);
	}
}

void judge(const struct contract *c, const struct test_plan *plan,
	   const struct observed *seen, struct judgement *j)
{
	static struct ending endings[MAX_ENDINGS];
	size_t n = oracle_endings(c, plan, endings), m;
	size_t best = best_ending(c, plan, seen, endings, n, &m);

	sort_clauses(c, seen, &endings[best], j);
	tell_mismatches(c, plan, seen, &endings[best], m > 0, j);
	if (!m) {
		j->verdict = VERDICT_HOLDS;
		return;
	}
	j->deviation = find_deviation(c, plan, seen);
	j->verdict = j->deviation < 0 ? VERDICT_FAILS : VERDICT_DEVIATES;
	if (j->verdict == VERDICT_DEVIATES) {
		memset(&j->broken, 0, sizeof(j->broken));
		clause_set_add(&j->broken, c->deviations[j->deviation].clause);
	}
}

static bool is_stuck_deviation(const struct deviation *d)
{
	for (size_t i = 0; i < d->n_instead; i++)
		if (!strcmp(d->instead[i].what, "returns") && !strcmp(d->instead[i].value, "never"))
			return true;
	return false;
}

static bool expects_return(const struct ending *endings, size_t n, unsigned int clause)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < endings[i].n; k++)
			if (endings[i].expect[k].clause == clause &&
			    !strcmp(endings[i].expect[k].what, "returns"))
				return true;
	return false;
}

static int stuck_deviation(const struct contract *c, const struct ending *endings, size_t n)
{
	for (size_t i = 0; i < c->n_deviations; i++)
		if (can_be_met(&c->deviations[i]) && is_stuck_deviation(&c->deviations[i]) &&
		    expects_return(endings, n, c->deviations[i].clause))
			return i;
	return -1;
}

int judge_may_be_stuck(const struct contract *c, const struct test_plan *plan)
{
	static struct ending endings[MAX_ENDINGS];

	return stuck_deviation(c, endings, oracle_endings(c, plan, endings));
}

void judge_stuck(const struct contract *c, const struct test_plan *plan, struct judgement *j)
{
	static struct ending endings[MAX_ENDINGS];
	size_t n = oracle_endings(c, plan, endings);

	snprintf(j->text, sizeof(j->text), "the call never returned");
	j->deviation = stuck_deviation(c, endings, n);
	if (j->deviation >= 0) {
		j->verdict = VERDICT_DEVIATES;
		clause_set_add(&j->broken, c->deviations[j->deviation].clause);
		return;
	}
	j->verdict = VERDICT_FAILS;
	for (unsigned int k = 0; k < c->n_clauses; k++)
		if (expects_return(endings, n, k))
			clause_set_add(&j->broken, k);
}

int judge_hazard(const struct contract *c, const struct test_plan *plan)
{
	struct clause_set expected;

	judge_expected(c, plan, &expected);
	for (size_t i = 0; i < c->n_deviations; i++)
		if (can_be_met(&c->deviations[i]) && c->deviations[i].hazard &&
		    clause_set_has(&expected, c->deviations[i].clause))
			return i;
	return -1;
}

void judge_down(const struct contract *c, const struct test_plan *plan, const char *line,
		struct judgement *j)
{
	*j = (struct judgement){ .deviation = judge_hazard(c, plan) };
	snprintf(j->text, sizeof(j->text), "the kernel went down: %s", line);
	if (j->deviation >= 0) {
		j->verdict = VERDICT_DEVIATES;
		clause_set_add(&j->broken, c->deviations[j->deviation].clause);
		return;
	}
	j->verdict = VERDICT_FAILS;
	judge_expected(c, plan, &j->broken);
}

void judge_expected(const struct contract *c, const struct test_plan *plan,
		    struct clause_set *set)
{
	static struct ending endings[MAX_ENDINGS];
	size_t n = oracle_endings(c, plan, endings);

	memset(set, 0, sizeof(*set));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < endings[i].n; k++)
			clause_set_add(set, endings[i].expect[k].clause);
}

