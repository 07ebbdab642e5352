// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cases of tests/kernels/contract_cases.c: those of the derived tests that a
 * plain program can set up.  What the oracle expects is written out, so that the
 * program knows no rule.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "emit.h"

/* The choice: what the program can make goes by what it needs. */
static const char *const needs_met[] = {
	"swap", "thp", "io-uring", "wp", "memlock", "hugetlb", "secretmem", "task-end",
};
#define MOST_LETTERS_OF_A_CELL	2	/* behind no page, and behind one */
#define MODE_LEFT_OUT		"DONTWAKE"	/* in cells: nobody waits there */

#define LINE_LENGTH		97
#define INDENT_LENGTH		8

struct selection {
	const struct contract *contract;
	FILE *out;
	uint64_t lacking;	/* needs that the program cannot meet */
	const char *indent;	/* of a line that goes on */
	size_t column;
	FILE *element;	/* of a case, while it is put together */
	char *text;
	size_t length;
	/* by check, then by check or outcome: is there a case for their order? */
	bool paired[MAX_ROWS][2 * MAX_ROWS];
	size_t taken[FROM_COUNT], derived[FROM_COUNT];
};

static uint64_t needs_lacking(const struct contract *c)
{
	uint64_t lacking = 0;

	for (size_t i = 0; i < c->n_needs; i++) {
		lacking |= UINT64_C(1) << i;
		for (size_t k = 0; k < sizeof(needs_met) / sizeof(needs_met[0]); k++)
			if (!strcmp(c->needs[i].name, needs_met[k]))
				lacking &= ~(UINT64_C(1) << i);
	}
	return lacking;
}

static bool is_short_cell(const struct contract *c, const struct test_plan *plan)
{
	char letters[MAX_LETTERS + 1];

	for (size_t i = 0; i < c->interface.n_modes; i++)
		if (plan->mode >> c->interface.modes[i].bit & 1 &&
		    !strcmp(mode_word(c, i), MODE_LEFT_OUT))
			return false;
	return notation_letters(plan->source, letters) <= MOST_LETTERS_OF_A_CELL;
}

static const struct outcome *last_outcome(const struct contract *c, const struct test_plan *plan)
{
	char source[MAX_LETTERS + 1], destination[MAX_LETTERS + 1];
	unsigned int n = notation_letters(plan->source, source);

	notation_letters(plan->destination, destination);
	return oracle_outcome(c, source[n - 1], destination[n - 1], plan->mode);
}

static size_t first_check(const struct contract *c, unsigned int variation)
{
	size_t i, k;

	for (i = 0; i < c->n_checks; i++)
		for (k = 0; k < c->checks[i].n_violate; k++)
			if (c->checks[i].violate[k] == variation)
				return i;
	return i;
}

/* That one check comes before another, or before a row, is shown by one case. */
static bool is_new_pair(struct selection *s, const struct test_plan *plan)
{
	const struct contract *c = s->contract;
	size_t later;
	char source[MAX_LETTERS + 1], destination[MAX_LETTERS + 1];
	bool *paired;

	if (plan->n_variations > 1) {
		later = first_check(c, plan->variations[1]);
	} else {
		notation_letters(plan->source, source);
		notation_letters(plan->destination, destination);
		later = MAX_ROWS + (oracle_outcome(c, source[0], destination[0], plan->mode) -
				    c->outcomes);
	}
	paired = &s->paired[first_check(c, plan->variations[0])][later];
	if (*paired)
		return false;
	return *paired = true;
}

static bool is_chosen(struct selection *s, enum origin_kind kind, const struct test_plan *plan)
{
	if (kind == FROM_SCENARIO || (oracle_needs(s->contract, plan) & s->lacking))
		return false;
	if (kind == FROM_CELL)
		return is_short_cell(s->contract, plan);
	if (kind == FROM_CHECK)
		return !plan->mode;
	return kind != FROM_ORDER || is_new_pair(s, plan);
}

static const char *expected(const struct ending *ending, const char *what)
{
	const struct expectation *x = ending_expects(ending, what);

	return x ? x->value : NULL;
}

/* One element of a case is put together here, */
static FILE *begin_element(struct selection *s)
{
	s->element = open_memstream(&s->text, &s->length);
	if (!s->element)
		err(1, "specgen");
	return s->element;
}

/* and put on the line where there is still room for it. */
static void end_element(struct selection *s)
{
	if (fclose(s->element))
		err(1, "specgen");
	if (s->column + s->length > LINE_LENGTH) {
		fprintf(s->out, "\n%s", s->indent);
		s->column = INDENT_LENGTH;
	} else if (s->column > INDENT_LENGTH) {
		fputc(' ', s->out);
		s->column++;
	}
	fputs(s->text, s->out);
	s->column += s->length;
	free(s->text);
}

static void put(struct selection *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct selection *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(begin_element(s), format, args);
	va_end(args);
	end_element(s);
}

static void break_line(struct selection *s)
{
	s->column = LINE_LENGTH;
}

static void put_shown(struct selection *s, const struct test_plan *plan,
		      const struct ending *ending)
{
	const struct contract *c = s->contract;
	const struct vector *v;
	FILE *ids;

	if (plan->vector < 0) {
		put(s, "\"%s\",", c->clauses[ending->refused_by ? ending->refused_by->clause :
					     last_outcome(c, plan)->clause].id);
		return;
	}
	v = &c->vectors[plan->vector];
	ids = begin_element(s);
	for (size_t i = 0; i < v->n_shows; i++)
		fprintf(ids, "%s%s", i ? " " : "\"", c->clauses[v->shows[i]].id);
	fprintf(ids, "\",");
	end_element(s);
}

/* Both ranges, the mode, and how the call differs: one element. */
static void put_call(struct selection *s, const struct test_plan *plan)
{
	const struct contract *c = s->contract;
	FILE *call = begin_element(s);
	const char *between = "";

	if (plan->range)
		fprintf(call, "\"%s\", NULL, ", plan->range);
	else
		fprintf(call, "\"%s\", \"%s\", ", plan->source, plan->destination);
	for (size_t i = 0; i < c->interface.n_modes; i++) {
		if (!(plan->mode >> c->interface.modes[i].bit & 1))
			continue;
		fprintf(call, "%s%s", between, mode_word(c, i));
		between = " | ";
	}
	fprintf(call, "%s, \"", plan->mode ? "" : "0");
	for (unsigned int i = 0; i < plan->n_variations; i++)
		fprintf(call, "%s%s", i ? " " : "", c->variations[plan->variations[i]].name);
	fprintf(call, "\"");
	end_element(s);
}

/*
 * "P:s0 . T:d2", or NULL where nothing is expected.  Of the alternatives that there
 * are for a letter, the one of this number; returns how many there are.
 */
static unsigned int put_pages(struct selection *s, const struct ending *ending, const char *side,
			      unsigned int number)
{
	unsigned int alternatives = 1;
	char what[MAX_WHAT];
	const char *value, *bar;
	FILE *pages = begin_element(s);

	for (unsigned int i = 0; i < MAX_LETTERS; i++) {
		snprintf(what, sizeof(what), "%s[%u]", side, i);
		value = expected(ending, what);
		if (!value)
			break;
		bar = strchr(value, '|');
		if (bar)
			alternatives = 2;
		if (bar && number)
			value = bar + 1;
		/* a letter and its contents are one word here */
		fprintf(pages, "%s%c", i ? " " : "\"", *value);
		if (value[1] == ' ')
			fprintf(pages, ":%.*s", (int)strcspn(value + 2, "|"), value + 2);
	}
	fputs(ftell(pages) ? "\"," : "NULL,", pages);
	end_element(s);
	return alternatives;
}

static void put_move(struct selection *s, const char *move)
{
	if (!move)
		put(s, "UNSEEN,");
	else if (!strcmp(move, "error"))
		put(s, "NEGATED,");
	else if (!strcmp(move, "untouched"))
		put(s, "UNTOUCHED,");
	else
		put(s, "%s,", move);
}

static const char *cure_words(const struct outcome *row)
{
	switch (row ? row->cure : CURE_NONE) {
	case CURE_STORE:
		return "STORE";
	case CURE_REPEAT:
		return "REPEAT";
	default:
		return "NO_CURE";
	}
}

/* One of the alternatives of both errnos, of which one at most has some. */
struct errnos {
	const char *error, *cause;
};

static const char *behind_bar(const char *value)
{
	const char *bar = value ? strchr(value, '|') : NULL;

	return bar ? bar + 1 : NULL;
}

static bool next_errnos(struct errnos *e)
{
	const char *error = behind_bar(e->error), *cause = behind_bar(e->cause);

	if (error)
		e->error = error;
	else if (cause)
		e->cause = cause;
	return error || cause;
}

static void put_error(struct selection *s, const char *before, const char *value)
{
	put(s, "%s%.*s,", before, (int)strcspn(value, "|"), value);
}

/* One for each alternative in which the source's letters may be found, and the destination's. */
static void put_ending_with(struct selection *s, const struct test_plan *plan,
			    const struct ending *ending, const struct errnos *e)
{
	unsigned int sources = 1, destinations = 1;

	for (unsigned int i = 0; i < sources; i++)
		for (unsigned int k = 0; k < destinations; k++) {
			fputc(',', s->out);
			break_line(s);
			put_error(s, "{ ", e->error);
			put_move(s, expected(ending, "move"));
			sources = put_pages(s, ending, plan->range ? "range" : "source", i);
			destinations = put_pages(s, ending, "destination", k);
			put_error(s, "", e->cause ? e->cause : "0");
			put(s, "%s }", cure_words(ending->stopped_by));
		}
}

static void put_ending(struct selection *s, const struct test_plan *plan,
		       const struct ending *ending)
{
	struct errnos e = { expected(ending, "errno"), expected(ending, "cause.errno") };

	do
		put_ending_with(s, plan, ending, &e);
	while (next_errnos(&e));
}

/* Does the call leave out letters, or move them to others than those opposite? */
static bool is_part(const struct test_plan *plan)
{
	char letters[MAX_LETTERS + 1];
	unsigned int n = notation_letters(plan->range ? plan->range : plan->source, letters);

	return plan->from || plan->to || (plan->length && plan->length != n);
}

/* The macro and its first arguments, the last of which becomes an identifier. */
static void put_head(struct selection *s, enum origin_kind kind, const char *name,
		     const struct test_plan *plan)
{
	FILE *text = begin_element(s);

	if (is_part(plan))
		fprintf(text, "CASE_AT(%u, %u, %u, ", plan->from, plan->to, plan->length);
	else
		fprintf(text, "CASE_OF(");
	fprintf(text, "%s_", origin_names[kind]);
	for (; *name; name++)
		fputc(*name == '-' || *name == '.' ? '_' : *name, text);
	fputc(',', text);
	end_element(s);
}

static void take(void *data, enum origin_kind kind, const char *name,
		 const struct test_plan *plan)
{
	struct selection *s = data;
	static struct ending endings[MAX_ENDINGS];
	size_t n;

	s->derived[kind]++;
	if (!is_chosen(s, kind, plan))
		return;
	s->taken[kind]++;
	n = oracle_endings(s->contract, plan, endings);
	s->column = 0;
	s->indent = "\t";
	put_head(s, kind, name, plan);
	put_shown(s, plan, &endings[0]);
	put_call(s, plan);
	for (size_t i = 0; i < n; i++)
		put_ending(s, plan, &endings[i]);
	fputs(");\n", s->out);
}

static void put_state(struct selection *s, const struct state *state)
{
	const char *between = "";
	FILE *text;

	s->column = INDENT_LENGTH;
	s->indent = "\t  ";
	fputc('\t', s->out);
	put(s, "{ '%c', '%c', %s, %s,", state->letter, state->looks,
	    state->huge ? "true" : "false", state->edge ? "true" : "false");
	text = begin_element(s);
	emit_string(state->is, text);
	fputc(',', text);
	end_element(s);
	text = begin_element(s);
	fputc('"', text);
	for (size_t i = 0; i < s->contract->n_needs; i++) {
		if (!(state->needs >> i & 1))
			continue;
		fputs(between, text);
		emit_escaped(s->contract->needs[i].is, text);
		between = ", ";
	}
	fputs("\" },", text);
	end_element(s);
	fputc('\n', s->out);
}

static void print_states(struct selection *s)
{
	const struct contract *c = s->contract;

	fprintf(s->out, "\nstatic const struct state states[] = {\n");
	for (size_t i = 0; i < c->n_states; i++)
		if (!c->states[i].unmade && !(c->states[i].needs & s->lacking))
			put_state(s, &c->states[i]);
	fprintf(s->out, "};\n\n");
}

static const char explanation[] =
	"/*\n"
	" * CASE_OF(name, clauses that it shows, source and destination before the call, mode,\n"
	" *\thow the call differs from a plain one, each way in which it may end)\n"
	" *\n"
	" * Source and destination are a letter for each page, of those in states[]; a\n"
	" * destination of NULL: both are in the one range that is given. CASE_AT() has\n"
	" * the letters from and to which is moved, and how many. It ends with errno, the\n"
	" * letters that .move counts, and both ranges as they look then: behind a letter's\n"
	" * colon is whose contents are there, s0 those of the source's first letter; NULL\n"
	" * cannot be looked at. Then the errno of a call that goes on behind a short one,\n"
	" * and what makes a page move that was refused: STORE, a store to it; REPEAT, the\n"
	" * same call again, and no call goes on before.\n"
	" */\n";

void emit_cases(const struct contract *c, FILE *out)
{
	struct selection s = { .contract = c, .out = out, .lacking = needs_lacking(c) };

	emit_head(c, "/*", " */", "GPL-2.0-only", out);
	fputs(explanation, out);
	print_states(&s);
	derive_tests(c, take, &s);
	fprintf(out, "\n/*\n * Of the tests that follow from the contract these are");
	for (unsigned int i = 0; i < FROM_SCENARIO; i++)
		fprintf(out, "%s %zu of %zu %s", i ? "," : "\n *", s.taken[i], s.derived[i],
			origin_names[i]);
	/* of scenarios no number: with each new one, it alone would change the patch */
	fputs(",\n * and no scenario.\n */\n", out);
}
