// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"

#define MAX_GOOD	3	/* pages before the one of a cell */

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
	char page, hole;	/* letters */
	char pages[4], holes[4];	/* two of each, with a space between them */
	size_t n;	/* tests so far */
	bool stopped;
};

static void give(struct derivation *d, enum origin_kind kind, const struct test_plan *plan,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

static void give(struct derivation *d, enum origin_kind kind, const struct test_plan *plan,
		 const char *format, ...)
{
	va_list args;
	char *name;
	int length;

	if (d->n == MAX_TESTS)
		d->stopped = true;
	if (d->stopped)
		return;
	va_start(args, format);
	length = vasprintf(&name, format, args);
	va_end(args);
	if (length < 0) {
		d->stopped = true;
		return;
	}
	d->take(d->data, kind, name, plan);
	d->n++;
	free(name);
}

/* "_DONTWAKE_ALLOW_SRC_HOLES" of each combination; false if there is no memory. */
static bool name_modes(const struct contract *c, char *names[1 << MAX_MODES])
{
	names[0] = strdup("");
	for (unsigned int m = 1, last = 0; m < contract_n_modes(c); m++) {
		/* its last bit's name follows those of the others */
		last += m >> (last + 1) & 1;
		if (!names[m ^ 1u << last] ||
		    asprintf(&names[m], "%s_%s", names[m ^ 1u << last], mode_word(c, last)) < 0) {
			names[m] = NULL;
			return false;
		}
	}
	return names[0];
}

/* Two plain pages onto two holes: what a variation is tried on. */
static struct test_plan plain_plan(const struct derivation *d)
{
	return (struct test_plan){
		.source = d->pages, .destination = d->holes, .vector = -1, .scenario = -1,
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

/* In each mode, unless the variation is one of the mode. */
static void derive_check(struct derivation *d, unsigned int variation, char *mode_names[])
{
	const struct contract *c = d->contract;
	const struct variation *v = &c->variations[variation];
	unsigned int modes = v->touches & FACET_MODE ? 1 : contract_n_modes(c);

	for (unsigned int m = 0; m < modes && !d->stopped; m++) {
		struct test_plan plan = plain_plan(d);

		plan.mode = contract_mode(c, m);
		plan.variations[plan.n_variations++] = variation;
		give(d, FROM_CHECK, &plan, "%s%s", v->name, mode_names[m]);
	}
}

static void derive_checks(struct derivation *d, char *mode_names[])
{
	const struct contract *c = d->contract;

	for (size_t i = 0; i < c->n_checks; i++)
		for (size_t k = 0; k < c->checks[i].n_violate; k++)
			if (tried_here(c, i, c->checks[i].violate[k]))
				derive_check(d, c->checks[i].violate[k], mode_names);
}

static void derive_pairs_of(struct derivation *d, size_t earlier, size_t later)
{
	const struct contract *c = d->contract;
	const struct check *a = &c->checks[earlier], *b = &c->checks[later];

	for (size_t i = 0; i < a->n_violate; i++)
		for (size_t k = 0; k < b->n_violate; k++) {
			const struct variation *first = &c->variations[a->violate[i]];
			const struct variation *second = &c->variations[b->violate[k]];
			struct test_plan plan = plain_plan(d);

			if ((first->touches & second->touches) ||
			    !tried_here(c, later, b->violate[k]))
				continue;
			plan.variations[plan.n_variations++] = a->violate[i];
			plan.variations[plan.n_variations++] = b->violate[k];
			give(d, FROM_ORDER, &plan, "%s_before_%s", first->name, second->name);
		}
}

static bool makeable(const struct state *state, unsigned int side)
{
	return (state->sides & side) && !state->unmade;
}

/* Letters opposite each other; source 0: there are none. */
struct cell {
	char source, destination;
};

/*
 * For each row the first cell in which it decides and always refuses.  Only
 * destinations that need no registration: a variation may drop it.
 */
static void find_refusing_cells(const struct contract *c, struct cell cells[MAX_ROWS])
{
	memset(cells, 0, MAX_ROWS * sizeof(*cells));
	for (size_t i = 0; i < c->n_states; i++)
		for (size_t k = 0; k < c->n_states; k++) {
			const struct state *s = &c->states[i], *d = &c->states[k];
			const struct outcome *row;

			if (!makeable(s, SIDE_SOURCE) || !makeable(d, SIDE_DESTINATION) ||
			    (d->blank && d->looks != contract_role(c, ROLE_HOLE)->letter))
				continue;
			row = oracle_outcome(c, s->letter, d->letter, 0);
			if (row && row_error(row) && !row_may_move(row) &&
			    !cells[row - c->outcomes].source)
				cells[row - c->outcomes] = (struct cell){ s->letter, d->letter };
		}
}

static void derive_before_page(struct derivation *d, unsigned int variation, size_t row,
			       struct cell cell)
{
	const struct contract *c = d->contract;
	struct test_plan plan = plain_plan(d);
	const char source[] = { cell.source, ' ', d->page, '\0' };
	const char destination[] = { cell.destination, ' ', d->hole, '\0' };

	plan.source = source;
	plan.destination = destination;
	plan.variations[plan.n_variations++] = variation;
	give(d, FROM_ORDER, &plan, "%s_before_%s", c->variations[variation].name,
	     c->clauses[c->outcomes[row].clause].id);
}

static void derive_before_pages(struct derivation *d, size_t check,
				const struct cell cells[MAX_ROWS])
{
	const struct contract *c = d->contract;
	const unsigned int pages = FACET_SRC_PAGES | FACET_DST_PAGES | FACET_MODE;

	for (size_t i = 0; i < c->checks[check].n_violate; i++) {
		unsigned int variation = c->checks[check].violate[i];

		if ((c->variations[variation].touches & pages) ||
		    !tried_here(c, check, variation))
			continue;
		for (size_t k = 0; k < c->n_outcomes; k++)
			if (cells[k].source)
				derive_before_page(d, variation, k, cells[k]);
	}
}

static void derive_order(struct derivation *d)
{
	struct cell cells[MAX_ROWS];

	find_refusing_cells(d->contract, cells);
	for (size_t i = 0; i < d->contract->n_checks; i++) {
		for (size_t k = i + 1; k < d->contract->n_checks; k++)
			derive_pairs_of(d, i, k);
		derive_before_pages(d, i, cells);
	}
}

/* Can these two lie opposite each other behind @good further pages? */
static bool placeable(const struct state *s, const struct state *d, unsigned int good)
{
	/* what is not first in its folio is not first in its page table either */
	if (s->inner && d->edge)
		return false;
	/* one page off a huge boundary there is no room for a huge page of the destination's */
	return !s->shifted || (!d->huge && !(d->edge && good));
}

/* A letter behind @good others. */
static void write_cell(char *notation, char other, unsigned int good, char letter)
{
	for (; good; good--, notation += 2)
		memcpy(notation, (const char[]){ other, ' ' }, 2);
	memcpy(notation, (const char[]){ letter, '\0' }, 2);
}

static void derive_cell(struct derivation *d, const struct state *s, const struct state *t,
			uint64_t mode, const char *mode_name, unsigned int good)
{
	struct test_plan plan = plain_plan(d);
	char source[2 * (MAX_GOOD + 1)], destination[2 * (MAX_GOOD + 1)];
	char behind[] = "_behind_?";

	write_cell(source, d->page, good, s->letter);
	write_cell(destination, d->hole, good, t->letter);
	plan.source = source;
	plan.destination = destination;
	plan.mode = mode;
	behind[strlen(behind) - 1] = '0' + good;
	give(d, FROM_CELL, &plan, "%s_over_%s%s%s", s->name, t->name, good ? behind : "",
	     mode_name);
}

static void derive_cells_of(struct derivation *d, const struct state *s, const struct state *t,
			    char *mode_names[])
{
	const struct contract *c = d->contract;

	for (unsigned int good = 0; good <= MAX_GOOD; good++)
		for (unsigned int m = 0; m < contract_n_modes(c); m++)
			if (placeable(s, t, good) && !d->stopped)
				derive_cell(d, s, t, contract_mode(c, m), mode_names[m], good);
}

static void derive_cells(struct derivation *d, char *mode_names[])
{
	const struct contract *c = d->contract;

	for (size_t i = 0; i < c->n_states; i++)
		for (size_t k = 0; k < c->n_states; k++)
			if (makeable(&c->states[i], SIDE_SOURCE) &&
			    makeable(&c->states[k], SIDE_DESTINATION))
				derive_cells_of(d, &c->states[i], &c->states[k], mode_names);
}

static void derive_vectors(struct derivation *d)
{
	const struct contract *c = d->contract;

	for (size_t i = 0; i < c->n_vectors; i++) {
		const struct vector *v = &c->vectors[i];
		struct test_plan plan = {
			.source = v->source, .destination = v->destination, .range = v->range,
			.from = v->from, .to = v->to, .length = v->length, .mode = v->mode,
			.vector = i, .scenario = -1,
		};

		for (size_t k = 0; k < v->n_with; k++)
			plan.variations[plan.n_variations++] = v->with[k];
		give(d, FROM_VECTOR, &plan, "%s", v->id);
	}
}

static void derive_scenarios(struct derivation *d)
{
	const struct contract *c = d->contract;

	for (size_t i = 0; i < c->n_scenarios; i++) {
		struct test_plan plan = { .vector = -1, .scenario = i };

		give(d, FROM_SCENARIO, &plan, "%s", c->scenarios[i].id);
	}
}

bool derive_tests(const struct contract *c,
		  void (*take)(void *data, enum origin_kind kind, const char *name,
			       const struct test_plan *plan),
		  void *data)
{
	struct derivation d = {
		.contract = c, .take = take, .data = data,
		.page = contract_role(c, ROLE_PAGE)->letter,
		.hole = contract_role(c, ROLE_HOLE)->letter,
	};
	char *mode_names[1 << MAX_MODES] = { NULL };

	write_cell(d.pages, d.page, 1, d.page);
	write_cell(d.holes, d.hole, 1, d.hole);
	if (!name_modes(c, mode_names))
		d.stopped = true;
	derive_checks(&d, mode_names);
	derive_order(&d);
	derive_cells(&d, mode_names);
	derive_vectors(&d);
	derive_scenarios(&d);
	for (unsigned int m = 0; m < contract_n_modes(c); m++)
		free(mode_names[m]);
	return !d.stopped;
}
