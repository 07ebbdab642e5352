// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "derive.h"

#define MAX_NAME	128

const char *const origin_names[FROM_COUNT] = {
	[FROM_CHECK] = "check",
	[FROM_ORDER] = "order",
	[FROM_CELL] = "cell",
	[FROM_VECTOR] = "vector",
	[FROM_SCENARIO] = "scenario",
};

struct derivation {
	const struct contract *contract;
	void (*take)(void *data, enum origin_kind kind, const char *name,
		     const struct test_plan *plan);
	void *data;
};

static void give(const struct derivation *d, enum origin_kind kind, char *name,
		 const struct test_plan *plan)
{
	for (char *p = name; *p; p++)
		if (*p == '-' || *p == '.')
			*p = '_';
	d->take(d->data, kind, name, plan);
}

/* Two plain pages onto two holes: what a variation is tried on. */
static struct test_plan plain_plan(void)
{
	return (struct test_plan){
		.source = "P P", .destination = ". .", .vector = -1, .scenario = -1,
	};
}

/* A variation that breaks two checks is tried where the first of them stands. */
static bool tried_here(const struct contract *c, size_t check, unsigned int variation)
{
	for (size_t i = 0; i < check; i++)
		for (size_t k = 0; k < c->checks[i].n_violate; k++)
			if (c->checks[i].violate[k] == variation)
				return false;
	return true;
}

static void derive_checks(const struct derivation *d)
{
	const struct contract *c = d->contract;

	for (size_t i = 0; i < c->n_checks; i++)
		for (size_t k = 0; k < c->checks[i].n_violate; k++) {
			struct test_plan plan = plain_plan();
			char name[MAX_NAME];

			if (!tried_here(c, i, c->checks[i].violate[k]))
				continue;
			plan.variations[plan.n_variations++] = c->checks[i].violate[k];
			snprintf(name, sizeof(name), "%s",
				 c->variations[c->checks[i].violate[k]].name);
			give(d, FROM_CHECK, name, &plan);
		}
}

static void derive_pairs_of(const struct derivation *d, size_t earlier, size_t later)
{
	const struct contract *c = d->contract;
	const struct check *a = &c->checks[earlier], *b = &c->checks[later];

	for (size_t i = 0; i < a->n_violate; i++)
		for (size_t k = 0; k < b->n_violate; k++) {
			const struct variation *first = &c->variations[a->violate[i]];
			const struct variation *second = &c->variations[b->violate[k]];
			struct test_plan plan = plain_plan();
			char name[MAX_NAME];

			if ((first->touches & second->touches) ||
			    !tried_here(c, later, b->violate[k]))
				continue;
			plan.variations[plan.n_variations++] = a->violate[i];
			plan.variations[plan.n_variations++] = b->violate[k];
			snprintf(name, sizeof(name), "%s_before_%s", first->name, second->name);
			give(d, FROM_ORDER, name, &plan);
		}
}

static bool makeable(const struct state *state, unsigned int side)
{
	return (state->sides & side) && !state->unmade;
}

/*
 * The first cell in which @row decides and always refuses; false if there is
 * none.  Only destinations that need no registration: a variation may drop it.
 */
static bool refusing_cell(const struct contract *c, const struct outcome *row,
			  char *source, char *destination)
{
	if (row->result != RESULT_ERROR || row->or_moved)
		return false;
	for (size_t i = 0; i < c->n_states; i++)
		for (size_t k = 0; k < c->n_states; k++) {
			const struct state *s = &c->states[i], *d = &c->states[k];

			if (!makeable(s, SIDE_SOURCE) || !makeable(d, SIDE_DESTINATION) ||
			    (d->blank && d->looks != '.'))
				continue;
			if (oracle_outcome(c, s->letter, d->letter, 0) != row)
				continue;
			*source = s->letter;
			*destination = d->letter;
			return true;
		}
	return false;
}

static void derive_before_pages(const struct derivation *d, size_t check)
{
	const struct contract *c = d->contract;
	const unsigned int pages = FACET_SRC_PAGES | FACET_DST_PAGES | FACET_MODE;

	for (size_t i = 0; i < c->checks[check].n_violate; i++) {
		const struct variation *v = &c->variations[c->checks[check].violate[i]];

		for (size_t k = 0; k < c->n_outcomes; k++) {
			struct test_plan plan = plain_plan();
			char source[] = "? P", destination[] = "? .", name[MAX_NAME];
			const struct outcome *row = &c->outcomes[k];

			if ((v->touches & pages) ||
			    !tried_here(c, check, c->checks[check].violate[i]) ||
			    !refusing_cell(c, row, &source[0], &destination[0]))
				continue;
			plan.source = source;
			plan.destination = destination;
			plan.variations[plan.n_variations++] = c->checks[check].violate[i];
			snprintf(name, sizeof(name), "%s_before_%s", v->name,
				 c->clauses[row->clause].id);
			give(d, FROM_ORDER, name, &plan);
		}
	}
}

static void derive_order(const struct derivation *d)
{
	for (size_t i = 0; i < d->contract->n_checks; i++) {
		for (size_t k = i + 1; k < d->contract->n_checks; k++)
			derive_pairs_of(d, i, k);
		derive_before_pages(d, i);
	}
}

/* Can these two lie opposite each other behind @good further pages? */
static bool placeable(const struct state *s, const struct state *d, unsigned int good)
{
	bool shifted = s->huge && s->arrives != s->looks && s->looks == 'T';

	if (!shifted)
		return true;
	/* one page off a huge boundary there is no room for a huge page of the destination's */
	return !d->huge && !(d->edge && good);
}

static void derive_cell(const struct derivation *d, const struct state *s,
			const struct state *t, uint64_t mode, unsigned int good)
{
	const struct interface *in = &d->contract->interface;
	struct test_plan plan = plain_plan();
	char source[2 * MAX_LETTERS] = "", destination[2 * MAX_LETTERS] = "";
	char name[MAX_NAME];
	int n;

	for (unsigned int i = 0; i < good; i++) {
		strcat(source, "P ");
		strcat(destination, ". ");
	}
	strncat(source, &s->letter, 1);
	strncat(destination, &t->letter, 1);
	plan.source = source;
	plan.destination = destination;
	plan.mode = mode;
	n = snprintf(name, sizeof(name), "%s_over_%s", s->name, t->name);
	if (good)
		n += snprintf(name + n, sizeof(name) - n, "_behind_%u", good);
	for (size_t i = 0; i < in->n_modes; i++)
		if (mode >> in->modes[i].bit & 1)
			n += snprintf(name + n, sizeof(name) - n, "_%s",
				      in->modes[i].name + strlen(in->ioctl) + strlen("_MODE_"));
	give(d, FROM_CELL, name, &plan);
}

static void derive_cells(const struct derivation *d)
{
	const struct contract *c = d->contract;
	uint64_t modes = 0;

	for (size_t i = 0; i < c->interface.n_modes; i++)
		modes |= 1ull << c->interface.modes[i].bit;
	for (size_t i = 0; i < c->n_states; i++)
		for (size_t k = 0; k < c->n_states; k++) {
			const struct state *s = &c->states[i], *t = &c->states[k];

			if (!makeable(s, SIDE_SOURCE) || !makeable(t, SIDE_DESTINATION))
				continue;
			for (unsigned int good = 0; good <= 3; good++)
				for (uint64_t mode = 0; mode <= modes; mode++)
					if (!(mode & ~modes) && placeable(s, t, good))
						derive_cell(d, s, t, mode, good);
		}
}

static void derive_vectors(const struct derivation *d)
{
	const struct contract *c = d->contract;

	for (size_t i = 0; i < c->n_vectors; i++) {
		const struct vector *v = &c->vectors[i];
		char name[MAX_NAME];
		struct test_plan plan = {
			.source = v->source, .destination = v->destination, .range = v->range,
			.from = v->from, .to = v->to, .length = v->length, .mode = v->mode,
			.vector = i, .scenario = -1,
		};

		for (size_t k = 0; k < v->n_with && k < 4; k++)
			plan.variations[plan.n_variations++] = v->with[k];
		snprintf(name, sizeof(name), "%s", v->id);
		give(d, FROM_VECTOR, name, &plan);
	}
}

static void derive_scenarios(const struct derivation *d)
{
	const struct contract *c = d->contract;

	for (size_t i = 0; i < c->n_scenarios; i++) {
		struct test_plan plan = { .vector = -1, .scenario = i };
		char name[MAX_NAME];

		snprintf(name, sizeof(name), "%s", c->scenarios[i].id);
		give(d, FROM_SCENARIO, name, &plan);
	}
}

void derive_tests(const struct contract *c,
		  void (*take)(void *data, enum origin_kind kind, const char *name,
			       const struct test_plan *plan),
		  void *data)
{
	const struct derivation d = { .contract = c, .take = take, .data = data };

	derive_checks(&d);
	derive_order(&d);
	derive_cells(&d);
	derive_vectors(&d);
	derive_scenarios(&d);
}
