// SPDX-License-Identifier: GPL-2.0-only
/*
 * The outcome table as a reader wants it: states of the source by states of the
 * destination.  Letters whose results are the same throughout share a row or a column.
 */
#include <string.h>

#include "emit.h"
#include "oracle.h"

#define MAX_CELL	64
#define PLAIN		0	/* no mode bit */

/* "EBUSY or moved" */
static void describe(const struct contract *c, size_t source, size_t destination, uint64_t mode,
		     char text[MAX_CELL])
{
	const struct outcome *o = oracle_outcome(c, c->states[source].letter,
						 c->states[destination].letter, mode);

	snprintf(text, MAX_CELL, "%s%s%s", result_word(&o->result), o->or.kind ? " or " : "",
		 o->or.kind ? result_word(&o->or) : "");
}

static bool is_on(const struct contract *c, unsigned int side, size_t state)
{
	return c->states[state].sides & side;
}

static bool give_the_same(const struct contract *c, size_t source, size_t destination,
			  uint64_t mode, size_t other_source, size_t other_destination,
			  uint64_t other_mode)
{
	char one[MAX_CELL], other[MAX_CELL];

	describe(c, source, destination, mode, one);
	describe(c, other_source, other_destination, other_mode, other);
	return !strcmp(one, other);
}

/* Do both sources, in their modes, give the same over each destination? */
static bool are_one_row(const struct contract *c, size_t one, uint64_t mode, size_t other,
			uint64_t other_mode)
{
	for (size_t d = 0; d < c->n_states; d++)
		if (is_on(c, SIDE_DESTINATION, d) &&
		    !give_the_same(c, one, d, mode, other, d, other_mode))
			return false;
	return true;
}

static bool are_one_column(const struct contract *c, size_t one, size_t other)
{
	for (size_t s = 0; s < c->n_states; s++)
		for (unsigned int m = 0; is_on(c, SIDE_SOURCE, s) && m < contract_n_modes(c); m++)
			if (!give_the_same(c, s, one, contract_mode(c, m), s, other,
					   contract_mode(c, m)))
				return false;
	return true;
}

/* A row of a mode is for what that mode makes a difference to. */
static bool is_in_rows(const struct contract *c, size_t source, uint64_t mode)
{
	return is_on(c, SIDE_SOURCE, source) &&
	       (mode == PLAIN || !are_one_row(c, source, mode, source, PLAIN));
}

static bool begins_row(const struct contract *c, size_t source, uint64_t mode)
{
	if (!is_in_rows(c, source, mode))
		return false;
	for (size_t i = 0; i < source; i++)
		if (is_in_rows(c, i, mode) && are_one_row(c, i, mode, source, mode))
			return false;
	return true;
}

static bool begins_column(const struct contract *c, size_t destination)
{
	if (!is_on(c, SIDE_DESTINATION, destination))
		return false;
	for (size_t i = 0; i < destination; i++)
		if (is_on(c, SIDE_DESTINATION, i) && are_one_column(c, i, destination))
			return false;
	return true;
}

/* Alone, a letter may mean something to tbl. */
static void print_letter(char letter, FILE *out)
{
	if (letter == '~')
		fputs("\\(ti", out);
	else if (letter == '^')
		fputs("\\(ha", out);
	else
		fprintf(out, "\\&%c", letter);
}

static void print_row(const struct contract *c, size_t source, uint64_t mode, const char *with,
		      FILE *out)
{
	fputs("T{\n.na\n", out);
	for (size_t s = source; s < c->n_states; s++) {
		if (!is_in_rows(c, s, mode) || !are_one_row(c, source, mode, s, mode))
			continue;
		fputs(s == source ? "" : " ", out);
		print_letter(c->states[s].letter, out);
	}
	if (with)
		fprintf(out, "\nwith \\%%%s", with);
	fputs("\nT}", out);
	for (size_t d = 0; d < c->n_states; d++) {
		char text[MAX_CELL];

		if (!begins_column(c, d))
			continue;
		describe(c, source, d, mode, text);
		fprintf(out, "@%s", text);
	}
	fputc('\n', out);
}

static void print_rows(const struct contract *c, uint64_t mode, const char *with, FILE *out)
{
	for (size_t s = 0; s < c->n_states; s++)
		if (begins_row(c, s, mode))
			print_row(c, s, mode, with, out);
}

/* "lb2 lb2 lb": what stands between columns is 2 wide, so that 80 characters are enough. */
static void print_columns(const struct contract *c, const char *first, const char *other, FILE *out)
{
	fputs(first, out);
	for (size_t d = 0; d < c->n_states; d++)
		if (begins_column(c, d))
			fprintf(out, "2 %s", other);
}

static void print_head(const struct contract *c, FILE *out)
{
	fputs(".TS\ntab(@);\n", out);
	print_columns(c, "lb", "lb", out);
	fputc('\n', out);
	print_columns(c, "lx", "l", out);
	fputs(".\nSource onto", out);
	for (size_t d = 0; d < c->n_states; d++) {
		if (!begins_column(c, d))
			continue;
		fputc('@', out);
		for (size_t i = d; i < c->n_states; i++) {
			if (!is_on(c, SIDE_DESTINATION, i) || !are_one_column(c, d, i))
				continue;
			fputs(i == d ? "" : " ", out);
			print_letter(c->states[i].letter, out);
		}
	}
	fputs("\n_\n", out);
}

void emit_outcome_table(const struct contract *c, FILE *out)
{
	print_head(c, out);
	print_rows(c, PLAIN, NULL, out);
	for (size_t i = 0; i < c->interface.n_modes; i++)
		print_rows(c, (uint64_t)1 << c->interface.modes[i].bit, mode_word(c, i), out);
	fputs(".TE\n", out);
}
