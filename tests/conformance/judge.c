// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

#define MAX_ROWS	64

/* The contract as a kernel with certain deviations would have it. */
struct altered {
	struct contract contract;
	struct outcome outcomes[MAX_ROWS];
	struct check checks[MAX_ROWS];
	struct effect effects[MAX_ROWS];
	const struct deviation *deviations[2];
	size_t n_deviations;
};

static const struct seen *find_seen(const struct observed *seen, const char *what)
{
	for (size_t i = 0; i < seen->n; i++)
		if (!strcmp(seen->facts[i].what, what))
			return &seen->facts[i];
	return NULL;
}

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

static bool counts(const struct contract *c, const struct expectation *x)
{
	return level_binds(c->clauses[x->clause].level);
}

static bool is_met(const struct observed *seen, const struct expectation *x)
{
	const struct seen *fact;

	if (x->needs & ~seen->has)
		return true;
	fact = find_seen(seen, x->what);
	return fact && is_one_of(x->value, fact->value);
}

static bool was_looked_at(const struct observed *seen, const struct expectation *x)
{
	return !(x->needs & ~seen->has);
}

/* A scenario that tells more than the contract lists is not what it lists. */
static const struct seen *unlisted(const struct test_plan *plan, const struct observed *seen,
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
	size_t n = unlisted(plan, seen, e) ? 1 : 0;

	for (size_t i = 0; i < e->n; i++)
		n += counts(c, &e->expect[i]) && !is_met(seen, &e->expect[i]);
	return n;
}

static size_t best_ending(const struct contract *c, const struct test_plan *plan,
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

static bool alter(struct altered *a, const struct deviation *d)
{
	struct contract *c = &a->contract;
	bool done = false;

	for (size_t k = 0; k < d->n_instead; k++) {
		for (size_t i = 0; i < c->n_outcomes; i++)
			if (a->outcomes[i].clause == d->clause)
				done |= alter_outcome(&a->outcomes[i], &d->instead[k]);
		for (size_t i = 0; i < c->n_checks; i++)
			if (a->checks[i].clause == d->clause)
				done |= alter_check(&a->checks[i], &d->instead[k]);
		for (size_t i = 0; i < c->n_effects; i++)
			if (a->effects[i].clause == d->clause && a->effects[i].value) {
				a->effects[i].value = d->instead[k].value;
				done = true;
			}
	}
	return done;
}

static void alter_contract(struct altered *a, const struct contract *c,
			   const struct deviation *const *deviations, size_t n)
{
	a->contract = *c;
	if (c->n_outcomes > MAX_ROWS || c->n_checks > MAX_ROWS || c->n_effects > MAX_ROWS)
		abort();
	memcpy(a->outcomes, c->outcomes, c->n_outcomes * sizeof(*c->outcomes));
	memcpy(a->checks, c->checks, c->n_checks * sizeof(*c->checks));
	memcpy(a->effects, c->effects, c->n_effects * sizeof(*c->effects));
	a->contract.outcomes = a->outcomes;
	a->contract.checks = a->checks;
	a->contract.effects = a->effects;
	a->n_deviations = 0;
	/* those that no table can express are put into the endings instead */
	for (size_t i = 0; i < n; i++)
		if (!alter(a, deviations[i]))
			a->deviations[a->n_deviations++] = deviations[i];
}

static bool expects_for(const struct ending *e, unsigned int clause, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->expect[i].clause == clause && same_name(e->expect[i].what, name))
			return true;
	return false;
}

static void alter_ending(const struct altered *a, struct ending *e)
{
	for (size_t i = 0; i < a->n_deviations; i++) {
		const struct deviation *d = a->deviations[i];

		for (size_t k = 0; k < d->n_instead; k++) {
			if (!expects_for(e, d->clause, d->instead[k].what))
				continue;
			for (size_t j = 0; j < e->n; j++)
				if (same_name(e->expect[j].what, d->instead[k].what))
					snprintf(e->expect[j].value, MAX_VALUE, "%s",
						 d->instead[k].value);
		}
	}
}

/* A call that never came back has told nothing else. */
static void forget_all_but_returns(struct ending *e)
{
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++)
		if (!strcmp(e->expect[i].what, "returns"))
			e->expect[n++] = e->expect[i];
	e->n = n;
}

static bool holds_altered(const struct contract *c, const struct test_plan *plan,
			  const struct observed *seen,
			  const struct deviation *const *deviations, size_t n_deviations)
{
	const struct seen *returns = find_seen(seen, "returns");
	struct ending endings[MAX_ENDINGS];
	struct altered a;
	size_t n, m;

	alter_contract(&a, c, deviations, n_deviations);
	n = oracle_endings(&a.contract, plan, endings);
	for (size_t i = 0; i < n; i++) {
		alter_ending(&a, &endings[i]);
		if (returns && !strcmp(returns->value, "never"))
			forget_all_but_returns(&endings[i]);
	}
	best_ending(c, plan, seen, endings, n, &m);
	return m == 0;
}

/* The deviation under which the test holds; the first of two if it takes two. */
static int find_deviation(const struct contract *c, const struct test_plan *plan,
			  const struct observed *seen)
{
	for (size_t i = 0; i < c->n_deviations; i++)
		if (holds_altered(c, plan, seen,
				  (const struct deviation *[]){ &c->deviations[i] }, 1))
			return i;
	for (size_t i = 0; i < c->n_deviations; i++)
		for (size_t k = i + 1; k < c->n_deviations; k++)
			if (holds_altered(c, plan, seen,
					  (const struct deviation *[]){ &c->deviations[i],
									&c->deviations[k] }, 2))
				return i;
	return -1;
}

static void add_text(struct record *r, const char *what, const char *expected, const char *value)
{
	size_t n = strlen(r->text);
	char clause[200];

	snprintf(clause, sizeof(clause), "%s: expected %s, observed %s", what, expected, value);
	if (strstr(r->text, clause))
		return;
	snprintf(r->text + n, sizeof(r->text) - n, "%s%s", n ? "; " : "", clause);
}

/* Of what counts, or of what is only observed. */
static void tell_mismatches(const struct contract *c, const struct test_plan *plan,
			    const struct observed *seen, const struct ending *e, bool counting,
			    struct record *r)
{
	const struct seen *more = unlisted(plan, seen, e);

	for (size_t i = 0; i < e->n; i++) {
		const struct expectation *x = &e->expect[i];
		const struct seen *fact = find_seen(seen, x->what);

		if (!is_met(seen, x) && counts(c, x) == counting)
			add_text(r, x->what, x->value, fact ? fact->value : "nothing");
	}
	if (more)
		add_text(r, more->what, "nothing", more->value);
}

static void sort_clauses(const struct contract *c, const struct observed *seen,
			 const struct ending *e, struct record *r)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct expectation *x = &e->expect[i];

		if (!was_looked_at(seen, x))
			continue;
		if (is_met(seen, x))
			clause_set_add(&r->held, x->clause);
		else
			clause_set_add(counts(c, x) ? &r->broken : &r->differs, x->clause);
	}
}

static void flip_value(char value[MAX_VALUE])
{
	char *number_end;
	long number = strtol(value, &number_end, 10);

	if (isupper((unsigned char)value[0]) && isupper((unsigned char)value[1]))
		snprintf(value, MAX_VALUE, "0");		/* an errno */
	else if (!strcmp(value, "error"))
		snprintf(value, MAX_VALUE, "untouched");
	else if (*value && !*number_end)
		snprintf(value, MAX_VALUE, "%ld", number + 1);
	else if (!strcmp(value, "yes") || !strcmp(value, "no"))
		snprintf(value, MAX_VALUE, "%s", *value == 'y' ? "no" : "yes");
	else if (*value == '.')
		snprintf(value, MAX_VALUE, "P s0");
	else if (!value[1] || value[1] == ' ')
		snprintf(value, MAX_VALUE, ".");		/* a page */
	else
		snprintf(value, MAX_VALUE, "contrary");
}

/* The name of the @flip'th different thing that this ending expects, or NULL. */
static const char *flippable(const struct contract *c, const struct observed *seen,
			     const struct ending *e, int flip)
{
	for (size_t i = 0; i < e->n; i++) {
		bool repeated = false;

		if (!counts(c, &e->expect[i]) || !was_looked_at(seen, &e->expect[i]))
			continue;
		for (size_t k = 0; k < i && !repeated; k++)
			repeated = counts(c, &e->expect[k]) &&
				   !strcmp(e->expect[k].what, e->expect[i].what);
		if (!repeated && !flip--)
			return e->expect[i].what;
	}
	return NULL;
}

static void judge_flipped(const struct contract *c, const struct test_plan *plan,
			  const struct observed *seen, struct ending *endings, size_t n,
			  size_t best, int flip, struct record *r)
{
	const char *found = flippable(c, seen, &endings[best], flip);
	char what[sizeof(endings->expect->what)];
	size_t m;

	if (!found) {
		r->verdict = VERDICT_SKIPPED;
		return;
	}
	snprintf(what, sizeof(what), "%s", found);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < endings[i].n; k++)
			if (!strcmp(endings[i].expect[k].what, what))
				flip_value(endings[i].expect[k].value);
	best = best_ending(c, plan, seen, endings, n, &m);
	r->flipped = true;
	r->verdict = m ? VERDICT_FAILS : VERDICT_HOLDS;
	snprintf(r->text, sizeof(r->text), "%s flipped", what);
	if (m)
		tell_mismatches(c, plan, seen, &endings[best], true, r);
}

void judge(const struct contract *c, const struct test_plan *plan,
	   const struct observed *seen, int flip, struct record *record)
{
	static struct ending endings[MAX_ENDINGS];
	size_t n = oracle_endings(c, plan, endings), m;
	size_t best = best_ending(c, plan, seen, endings, n, &m);

	record->deviation = -1;
	record->text[0] = '\0';
	if (flip >= 0) {
		if (m)
			record->verdict = VERDICT_SKIPPED;
		else
			judge_flipped(c, plan, seen, endings, n, best, flip, record);
		return;
	}
	sort_clauses(c, seen, &endings[best], record);
	tell_mismatches(c, plan, seen, &endings[best], m > 0, record);
	if (!m) {
		record->verdict = VERDICT_HOLDS;
		return;
	}
	record->deviation = find_deviation(c, plan, seen);
	record->verdict = record->deviation < 0 ? VERDICT_FAILS : VERDICT_DEVIATES;
	if (record->verdict == VERDICT_DEVIATES) {
		memset(&record->broken, 0, sizeof(record->broken));
		clause_set_add(&record->broken, c->deviations[record->deviation].clause);
	}
}

void judge_killed(const struct contract *c, const struct test_plan *plan, struct record *record)
{
	struct observed seen = { .n = 1, .facts = { { "returns", "never" } } };

	if (record->in_call) {
		judge(c, plan, &seen, -1, record);
		snprintf(record->text, sizeof(record->text), "the call never returned");
		return;
	}
	record->verdict = VERDICT_FAILS;
	snprintf(record->text, sizeof(record->text),
		 record->started ? "killed at its time limit, not in the call"
				 : "ended before it began");
}
