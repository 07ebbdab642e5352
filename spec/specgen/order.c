// SPDX-License-Identifier: GPL-2.0-only
#include "order.h"

#include <inttypes.h>
#include <string.h>

#include "oracle.h"

/* A cell that both of two rows fit, and of which they say different things. */
struct overlap {
	char source, destination;	/* source 0: there is none */
	uint64_t mode;
};

static char arrival(const struct outcome *row, const struct state *source)
{
	if (!row_may_move(row))
		return 0;
	return row->arrives ? row->arrives : source->arrives;
}

static bool same_result(const struct result *a, const struct result *b)
{
	return a->kind == b->kind && !strcmp(result_word(a), result_word(b));
}

static bool differ(const struct outcome *a, const struct outcome *b, const struct state *source)
{
	return !same_result(&a->result, &b->result) || !same_result(&a->or, &b->or) ||
	       a->cure != b->cure || arrival(a, source) != arrival(b, source);
}

static void look_at_cell(const struct contract *c, const struct state *source, char destination,
			 uint64_t mode, struct overlap overlaps[MAX_ROWS][MAX_ROWS])
{
	const struct outcome *row = oracle_outcome(c, source->letter, destination, mode);

	for (const struct outcome *o = row + 1; o < c->outcomes + c->n_outcomes; o++) {
		struct overlap *overlap = &overlaps[row - c->outcomes][o - c->outcomes];

		if (!overlap->source && differ(row, o, source) &&
		    row_fits(o, source->letter, destination, mode))
			*overlap = (struct overlap){ source->letter, destination, mode };
	}
}

static void print_result(const struct contract *c, const struct outcome *row, char source,
			 FILE *out)
{
	char arrives = arrival(row, contract_state(c, source));

	fprintf(out, "%s", result_word(&row->result));
	if (row->or.kind)
		fprintf(out, " or %s", result_word(&row->or));
	if (arrives)
		fprintf(out, " (%c)", arrives);
}

void print_order(const struct contract *c, FILE *out)
{
	static struct overlap overlaps[MAX_ROWS][MAX_ROWS];

	memset(overlaps, 0, sizeof(overlaps));
	for (size_t i = 0; i < c->n_states; i++)
		for (size_t k = 0; k < c->n_states; k++)
			for (unsigned int m = 0; m < contract_n_modes(c); m++)
				if ((c->states[i].sides & SIDE_SOURCE) &&
				    (c->states[k].sides & SIDE_DESTINATION))
					look_at_cell(c, &c->states[i], c->states[k].letter,
						     contract_mode(c, m), overlaps);
	for (size_t i = 0; i < c->n_outcomes; i++)
		for (size_t k = i + 1; k < c->n_outcomes; k++) {
			const struct overlap *o = &overlaps[i][k];

			if (!o->source)
				continue;
			fprintf(out, "%s before %s: %c onto %c with mode 0x%" PRIx64 " is ",
				c->clauses[c->outcomes[i].clause].id,
				c->clauses[c->outcomes[k].clause].id, o->source, o->destination,
				o->mode);
			print_result(c, &c->outcomes[i], o->source, out);
			fprintf(out, " and not ");
			print_result(c, &c->outcomes[k], o->source, out);
			fprintf(out, "\n");
		}
}
