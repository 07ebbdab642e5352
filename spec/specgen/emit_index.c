// SPDX-License-Identifier: GPL-2.0-only
/*
 * The index: each clause with its errors, and where it was seen to hold, as XML for the site.
 */
#include "emit.h"
#include "kinds.h"
#include "records.h"
#include "shapes.h"

static void element(const char *name, const char *text, FILE *out)
{
	fprintf(out, "<%s>", name);
	emit_markup(text, out);
	fprintf(out, "</%s>\n", name);
}

static void result_error(const struct result *r, FILE *out)
{
	if (r->kind == RESULT_ERROR)
		element("error", r->error, out);
}

static void errors(const struct contract *c, unsigned int clause, FILE *out)
{
	for (size_t i = 0; i < c->n_checks; i++)
		if (c->checks[i].clause == clause)
			element("error", c->checks[i].error, out);
	for (size_t i = 0; i < c->n_outcomes; i++) {
		if (c->outcomes[i].clause != clause)
			continue;
		result_error(&c->outcomes[i].result, out);
		result_error(&c->outcomes[i].or, out);
	}
}

static unsigned int count_releases(const struct records *records)
{
	unsigned int n = 0;

	for (size_t i = 0; i < records->n; i++)
		n += record_is_of_release(&records->all[i]);
	return n;
}

/* The released kernels on which it was looked at, and how many keep it. */
static void seen(const struct records *records, unsigned int clause, FILE *out)
{
	unsigned int holds = 0, tested = 0;

	for (size_t i = 0; i < records->n; i++) {
		const struct record *r = &records->all[i];
		enum known known = record_of_clause(r, clause);

		if (!record_is_of_release(r) || known == KNOWN_NOT || known == KNOWN_UNTESTED)
			continue;
		tested++;
		holds += known == KNOWN_HOLDS;
	}
	fprintf(out, "<seen tested=\"%u\" holds=\"%u\"/>\n", tested, holds);
}

static void deviation(const struct deviation *d, FILE *out)
{
	fprintf(out, "<deviation id=\"%s\">", d->id);
	for (size_t k = 0; k < d->n_kernels; k++) {
		fputs(k ? ", " : "", out);
		emit_markup(d->kernels[k], out);
	}
	if (d->architecture) {
		fputs(" on ", out);
		emit_markup(d->architecture, out);
	}
	fputs("</deviation>\n", out);
}

void emit_index(const struct contract *c, const struct records *records, FILE *out)
{
	fprintf(out, "<contract version=\"%s\" kernels=\"%u\">\n", c->version,
		count_releases(records));
	for (size_t i = 0; i < c->n_clauses; i++) {
		const struct clause *k = &c->clauses[i];

		fprintf(out, "<clause id=\"%s\" level=\"%s\">\n", k->id,
			word_of(level_words, k->level));
		element("rule", k->rule, out);
		errors(c, i, out);
		seen(records, i, out);
		for (size_t d = 0; d < c->n_deviations; d++)
			if (c->deviations[d].clause == i)
				deviation(&c->deviations[d], out);
		fputs("</clause>\n", out);
	}
	fputs("</contract>\n", out);
}
