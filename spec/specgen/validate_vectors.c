// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "oracle.h"
#include "validate_parts.h"

/* One range's notation before and after. */
static bool validate_range(const struct contract *c, const char *const *before,
			   const char *const *after)
{
	size_t errors = origin_errors(c->origin);
	char letters[MAX_LETTERS + 1], seen[MAX_LETTERS + 1];

	if (!notation_letters(*before, letters)) {
		error_at(c, before, "more than %d letters", MAX_LETTERS);
		return false;
	}
	if (!notation_letters(*after, seen) || strlen(seen) != strlen(letters)) {
		error_at(c, after, "as many letters are expected as there are before: %zu",
			 strlen(letters));
		return false;
	}
	for (const char *l = letters; *l; l++) {
		const struct state *s = contract_state(c, *l);

		if (!s)
			error_at(c, before, "letter `%c` is not in the alphabet", *l);
		else if (s->unmade)
			error_at(c, before, "letter `%c` is a state that no test can make", *l);
	}
	for (const char *l = seen; *l; l++)
		if (!contract_state(c, *l))
			error_at(c, after, "letter `%c` is not in the alphabet", *l);
		else if (!letter_is_seen(c, *l))
			error_at(c, after, "letter `%c` is seen as `%c`", *l,
				 contract_state(c, *l)->looks);
	return origin_errors(c->origin) == errors;
}

/*
 * The letters from @from on, as many as are moved, are states of that side, and so
 * are the others where the side is a range of its own.
 */
static bool validate_side(const struct contract *c, const struct vector *v,
			  const char *const *notation, unsigned int from,
			  const unsigned int *where, unsigned int side)
{
	size_t errors = origin_errors(c->origin);
	char letters[MAX_LETTERS + 1];
	unsigned int n = notation_letters(*notation, letters);
	const char *side_name = side == SIDE_SOURCE ? "source" : "destination";

	if (from >= n || from + v->length > n) {
		error_at(c, where, "a move of %u letters from letter %u on goes past the %u there are",
			 v->length, from, n);
		return false;
	}
	for (unsigned int i = 0; i < n; i++)
		if ((!v->range || (i >= from && i < from + v->length)) &&
		    !letter_is_on(c, letters[i], side))
			error_at(c, notation, "letter `%c` is no state of the %s", letters[i],
				 side_name);
	return origin_errors(c->origin) == errors;
}

static bool validate_vector_ranges(const struct contract *c, const struct vector *v)
{
	const unsigned int *from = v->from ? &v->from : &v->length;
	const unsigned int *to = v->to ? &v->to : &v->length;
	char letters[MAX_LETTERS + 1];

	if (v->range)
		return validate_range(c, &v->range, &v->range_after) &&
		       validate_side(c, v, &v->range, v->from, from, SIDE_SOURCE) &&
		       validate_side(c, v, &v->range, v->to, to, SIDE_DESTINATION);
	if (!validate_range(c, &v->source, &v->source_after) ||
	    !validate_range(c, &v->destination, &v->destination_after))
		return false;
	if (notation_letters(v->source, letters) != notation_letters(v->destination, letters)) {
		error_at(c, &v->destination, "source and destination have unequal lengths");
		return false;
	}
	return validate_side(c, v, &v->source, v->from, from, SIDE_SOURCE) &&
	       validate_side(c, v, &v->destination, v->to, to, SIDE_DESTINATION);
}

static bool validate_vector_with(const struct contract *c, const struct vector *v,
				 struct test_plan *plan)
{
	size_t errors = origin_errors(c->origin);
	unsigned int touched = 0;

	for (size_t i = 0; i < v->n_with; i++) {
		const struct variation *variation = &c->variations[v->with[i]];

		if (touched & variation->touches)
			error_at(c, &v->with[i], "`%s` touches what an earlier variation does",
				 variation->name);
		touched |= variation->touches;
		plan->variations[plan->n_variations++] = v->with[i];
	}
	return origin_errors(c->origin) == errors;
}

/* What a vector says that an ending does not: how often, and the first such thing. */
struct contradiction {
	size_t n;
	const void *part;
	const struct expectation *expected;
	char letter[2];		/* what the vector says, if that is a letter */
	const char *value;	/* or else this */
};

static void contradict(struct contradiction *x, const void *part, const char *value,
		       char letter, const struct expectation *e)
{
	if (x->n++)
		return;
	x->part = part;
	x->expected = e;
	x->value = value;
	x->letter[0] = letter;
}

/* Is @letter what an expected value, "P s0" or "T s0|P s0", begins with? */
static bool value_has_letter(const char *value, char letter)
{
	const char *other = strchr(value + 1, '|');

	return value[0] == letter || (other && other[1] == letter);
}

static void compare_range(struct contradiction *x, const struct ending *ending,
			  const char *name, const char *const *after)
{
	char letters[MAX_LETTERS + 1];
	unsigned int n = notation_letters(*after, letters);

	for (unsigned int i = 0; i < n; i++) {
		char what[MAX_WHAT];
		const struct expectation *e;

		snprintf(what, sizeof(what), "%s[%u]", name, i);
		e = ending_expects(ending, what);
		if (e && !value_has_letter(e->value, letters[i]))
			contradict(x, after, NULL, letters[i], e);
	}
}

static struct contradiction compare_ending(const struct vector *v, const struct ending *ending)
{
	struct contradiction x = { 0 };
	const struct expectation *e;

	e = ending_expects(ending, "errno");
	if (e && !value_allows(e->value, v->error))
		contradict(&x, &v->error, v->error, 0, e);
	e = ending_expects(ending, "move");
	if (e && strcmp(e->value, v->moved))
		contradict(&x, &v->moved, v->moved, 0, e);
	if (v->range) {
		compare_range(&x, ending, "range", &v->range_after);
	} else {
		compare_range(&x, ending, "source", &v->source_after);
		compare_range(&x, ending, "destination", &v->destination_after);
	}
	return x;
}

static bool concerns(const struct ending *e, unsigned int clause)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->expect[i].clause == clause)
			return true;
	return e->stopped_by && e->stopped_by->clause == clause;
}

/* An outcome or effect that a vector shows has a part in how it ends. */
static void validate_shown(const struct contract *c, const struct vector *v,
			   const struct ending *ending)
{
	for (size_t i = 0; i < v->n_shows; i++) {
		const struct clause *clause = &c->clauses[v->shows[i]];

		if ((clause->section == SECTION_OUTCOME || clause->section == SECTION_EFFECT) &&
		    !concerns(ending, v->shows[i]))
			error_at(c, &v->shows[i], "`%s` has no part in the vector `%s`",
				 clause->id, v->id);
	}
}

/* Some ending that the tables allow is the vector's. */
static void compare_vector(const struct contract *c, const struct vector *v,
			   const struct test_plan *plan)
{
	static struct ending endings[MAX_ENDINGS];
	struct contradiction least = { 0 };
	size_t n = oracle_endings(c, plan, endings);

	if (!n)
		error_at(c, v, "the tables do not decide the vector `%s`", v->id);
	for (size_t i = 0; i < n; i++) {
		struct contradiction x = compare_ending(v, &endings[i]);

		if (!x.n) {
			validate_shown(c, v, &endings[i]);
			return;
		}
		if (!least.n || x.n < least.n)
			least = x;
	}
	if (n)
		error_at(c, least.part, "the vector `%s` contradicts the tables: %s is %s and not %s [%s]",
			 v->id, least.expected->what, least.expected->value,
			 least.value ? least.value : least.letter,
			 c->clauses[least.expected->clause].id);
}

static void validate_vector(const struct contract *c, const struct vector *v, bool tables_good)
{
	struct test_plan plan = {
		.source = v->source, .destination = v->destination, .range = v->range,
		.from = v->from, .to = v->to, .length = v->length, .mode = v->mode,
		.vector = -1, .scenario = -1,
	};
	bool good = validate_vector_ranges(c, v);

	good &= validate_vector_with(c, v, &plan);
	if (good && tables_good)
		compare_vector(c, v, &plan);
}

void validate_vectors(const struct contract *c, bool tables_good)
{
	for (size_t i = 0; i < c->n_vectors; i++)
		validate_vector(c, &c->vectors[i], tables_good);
}
