// SPDX-License-Identifier: GPL-2.0-only
/*
 * One test for a reader: where it stands, what was expected, what was observed.
 */
#include <stdio.h>
#include <string.h>

#include "judge_internal.h"

/* A fact of one page is the name of what is looked at, and the page: source[2]. */
static bool is_of_page(const char *what, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(what, name, n) && what[n] == '[';
}

static void print_clauses(const struct contract *c, const struct ending *e, const char *what,
			  FILE *out)
{
	struct clause_set told = { 0 };

	for (size_t i = 0; i < e->n; i++) {
		unsigned int clause = e->expect[i].clause;

		if (strcmp(e->expect[i].what, what) || clause_set_has(&told, clause))
			continue;
		clause_set_add(&told, clause);
		fprintf(out, " %s", c->clauses[clause].id);
	}
}

/* One line for each thing that is expected; what is not met is marked. */
static void print_expectations(const struct contract *c, const struct observed *seen,
			       const struct ending *e, FILE *out)
{
	fprintf(out, "    %-20s %-16s %-24s %s\n", "what", "expected", "observed", "by");
	for (size_t i = 0; i < e->n; i++) {
		const struct expectation *x = &e->expect[i];
		const struct seen *fact = observed_fact(seen, x->what);
		bool repeated = false;

		for (size_t k = 0; k < i && !repeated; k++)
			repeated = !strcmp(e->expect[k].what, x->what);
		if (repeated)
			continue;
		fprintf(out, "  %c %-20s %-16s %-24s", expectation_is_met(seen, x) ? ' ' : '*', x->what,
			x->value, !expectation_is_seen(seen, x) ? "(not to be seen here)" :
			fact ? fact->value : "nothing");
		print_clauses(c, e, x->what, out);
		fputc('\n', out);
	}
}

static void print_place(const struct contract *c, bool proposed, int line, const char *kind,
			const char *id, FILE *out)
{
	fprintf(out, "  %s:%d: %s %s\n", proposed ? c->proposal.file : c->file, line, kind, id);
}

/* Once for each clause. */
static void print_clause_place(const struct contract *c, unsigned int clause,
			       struct clause_set *told, FILE *out)
{
	static const char *const kinds[] = {
		[SECTION_RULE] = "rule", [SECTION_CHECK] = "check",
		[SECTION_OUTCOME] = "outcome", [SECTION_EFFECT] = "effect",
	};
	const struct clause *k = &c->clauses[clause];

	if (clause_set_has(told, clause))
		return;
	clause_set_add(told, clause);
	print_place(c, k->proposed, k->line, kinds[k->section], k->id, out);
}

/* Where that stands in the contract from which the test follows. */
static void print_origin(const struct contract *c, const struct test_plan *plan,
			 const struct ending *e, struct clause_set *told, FILE *out)
{
	char source[MAX_LETTERS + 1], destination[MAX_LETTERS + 1];
	const struct outcome *row;

	if (plan->scenario >= 0) {
		const struct scenario *s = &c->scenarios[plan->scenario];

		print_place(c, s->proposed, s->line, "scenario", s->id, out);
		return;
	}
	if (plan->vector >= 0) {
		const struct vector *v = &c->vectors[plan->vector];

		print_place(c, v->proposed, v->line, "vector", v->id, out);
	}
	if (e->refused_by)
		print_clause_place(c, e->refused_by->clause, told, out);
	if (plan->range || e->refused_by)
		return;
	notation_letters(plan->source, source);
	notation_letters(plan->destination, destination);
	for (size_t i = plan->from; source[i] && destination[i]; i++) {
		row = oracle_outcome(c, source[i], destination[i], plan->mode);
		if (row)
			print_clause_place(c, row->clause, told, out);
	}
}

static void print_broken(const struct contract *c, const struct observed *seen,
			 const struct ending *e, struct clause_set *told, FILE *out)
{
	for (size_t i = 0; i < e->n; i++)
		if (!expectation_is_met(seen, &e->expect[i]))
			print_clause_place(c, e->expect[i].clause, told, out);
}

static void print_range(const char *name, const char *before, const struct observed *seen,
			FILE *out)
{
	char letters[MAX_LETTERS + 1], what[24];
	unsigned int n;

	if (!before)
		return;
	n = notation_letters(before, letters);
	fprintf(out, "    %-20s %s  ->", name, before);
	for (unsigned int i = 0; i < n; i++) {
		const struct seen *fact;

		snprintf(what, sizeof(what), "%s[%u]", name, i);
		fact = observed_fact(seen, what);
		fprintf(out, " %c", fact ? fact->value[0] : '/');
	}
	fputc('\n', out);
}

/* What is called in C for it. */
static void print_functions(const struct contract *c, const struct test_plan *plan, FILE *out)
{
	if (plan->scenario >= 0)
		fprintf(out, "    %-20s %s()\n", "function", c->scenarios[plan->scenario].function);
	for (unsigned int i = 0; i < plan->n_variations; i++) {
		const char *name = c->variations[plan->variations[i]].name;

		fprintf(out, "    %-20s %s: variation_", "variation", name);
		for (const char *p = name; *p; p++)
			fputc(*p == '-' ? '_' : *p, out);
		fprintf(out, "()\n");
	}
}

static void print_modes(const struct contract *c, uint64_t mode, FILE *out)
{
	fprintf(out, "    %-19s", "mode");
	for (size_t i = 0; i < c->interface.n_modes; i++)
		if (mode >> c->interface.modes[i].bit & 1)
			fprintf(out, " %s", c->interface.modes[i].name);
	fputc('\n', out);
}

static bool shows_letter(const struct test_plan *plan, const struct observed *seen, char letter)
{
	const char *const ranges[] = { plan->source, plan->destination, plan->range };

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (ranges[i] && strchr(ranges[i], letter))
			return true;
	for (size_t i = 0; i < seen->n; i++) {
		const struct seen *fact = &seen->facts[i];
		bool page = is_of_page(fact->what, "source") || is_of_page(fact->what, "destination") ||
			    is_of_page(fact->what, "range");

		if (page && fact->value[0] == letter)
			return true;
	}
	return false;
}

static void print_legend(const struct contract *c, const struct test_plan *plan,
			 const struct observed *seen, FILE *out)
{
	if (plan->scenario >= 0)
		return;
	for (size_t i = 0; i < c->n_states; i++)
		if (shows_letter(plan, seen, c->states[i].letter))
			fprintf(out, "    %-20c %s\n", c->states[i].letter, c->states[i].is);
	fprintf(out, "    %-20s %s\n", "s0, d1",
		"the contents put at the source's first letter, at the destination's second");
}

void judge_explain(const struct contract *c, const struct test_plan *plan,
		   const struct observed *seen, const char *call, FILE *out)
{
	static struct ending endings[MAX_ENDINGS];
	size_t n = oracle_endings(c, plan, endings), m;
	const struct ending *e = &endings[best_ending(c, plan, seen, endings, n, &m)];
	const struct seen *more = unlisted_fact(plan, seen, e);
	struct clause_set told = { 0 };

	print_origin(c, plan, e, &told, out);
	print_range("source", plan->source, seen, out);
	print_range("destination", plan->destination, seen, out);
	print_range("range", plan->range, seen, out);
	print_functions(c, plan, out);
	if (plan->mode)
		print_modes(c, plan->mode, out);
	if (call && *call)
		fprintf(out, "    %-20s %s\n", "call", call);
	print_legend(c, plan, seen, out);
	print_expectations(c, seen, e, out);
	if (more)
		fprintf(out, "  * %-20s %-16s %s\n", more->what, "nothing", more->value);
	if (m)
		print_broken(c, seen, e, &told, out);
}
