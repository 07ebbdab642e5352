// SPDX-License-Identifier: GPL-2.0-only
/*
 * The matrix: what the records tell, clauses by kernels, as sections of a page in XHTML.
 */
#include <string.h>

#include "emit.h"
#include "records.h"

void emit_markup(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>')	/* for "]]>" is no text in XML */
			fputs("&gt;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else
			fputc(*text, out);
	}
}

static void print_number(size_t deviation, FILE *out)
{
	fprintf(out, "<a href=\"#deviation-%zu\">D%zu</a>", deviation + 1, deviation + 1);
}

static bool has(const struct record *r, const struct contract *c, unsigned int deviation)
{
	return record_has_met(r, c, deviation) || record_is_said_to_deviate(r, c, deviation);
}

static const struct {
	const char *class, *mark;
} cells[] = {
	[KNOWN_HOLDS] = { "holds", "&#10003;" },
	[KNOWN_DEVIATES] = { "deviates", "" },
	[KNOWN_DIFFERS] = { "deviates", "&#8800;" },
	[KNOWN_FAILS] = { "fails", "&#10007;" },
	[KNOWN_UNTESTED] = { "unknown", "&#8211;" },
	[KNOWN_NOT] = { "unknown", "?" },
};

/* A run need not meet what is met now and then, or where the machine lacks what it takes. */
static void print_cell(const struct contract *c, const struct record *r, unsigned int clause, FILE *out)
{
	enum known known = record_of_clause(r, clause);
	const char *before = *cells[known].mark ? " " : "";

	fprintf(out, "<td class=\"%s\">%s", cells[known].class, cells[known].mark);
	for (size_t d = 0; d < c->n_deviations; d++) {
		if (c->deviations[d].clause != clause || !has(r, c, d))
			continue;
		fputs(before, out);
		print_number(d, out);
		before = " ";
	}
	fputs("</td>", out);
}

static bool is_shown(const struct record *r, const char *architecture)
{
	return !strcmp(r->architecture, architecture);
}

/* What leads to a clause finds its row in the first table. */
static void print_row_head(const char *id, bool is_first_table, FILE *out)
{
	fputs("<tr", out);
	if (is_first_table)
		fprintf(out, " id=\"%s\"", id);
	fprintf(out, "><th scope=\"row\"><a href=\"uffdio_move_contract.7.html#%s\">%s</a></th>",
		id, id);
}

static void print_rows(const struct contract *c, const struct records *records,
		       const char *architecture, FILE *out)
{
	for (size_t k = 0; k < c->n_clauses; k++) {
		print_row_head(c->clauses[k].id, is_shown(&records->all[0], architecture), out);
		for (size_t i = 0; i < records->n; i++)
			if (is_shown(&records->all[i], architecture))
				print_cell(c, &records->all[i], k, out);
		fputs("</tr>\n", out);
	}
}

static void print_table(const struct contract *c, const struct records *records,
			const char *architecture, FILE *out)
{
	fputs("<section><h2 id=\"", out);
	emit_markup(architecture, out);
	fputs("\">", out);
	emit_markup(architecture, out);
	fputs("</h2>\n<table class=\"matrix\">\n<thead><tr><th scope=\"col\">clause</th>", out);
	for (size_t i = 0; i < records->n; i++) {
		const struct record *r = &records->all[i];

		if (!is_shown(r, architecture))
			continue;
		fputs("<th scope=\"col\" title=\"", out);
		emit_markup(r->release, out);
		fprintf(out, ", pages of %u bytes, ", r->page);
		emit_markup(r->date, out);
		fputs("\">", out);
		emit_markup(r->kernel, out);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	print_rows(c, records, architecture, out);
	fputs("</tbody>\n</table>\n</section>\n", out);
}

/* Each architecture once, in the order of the records. */
static bool is_first_of_architecture(const struct records *records, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_shown(&records->all[k], records->all[i].architecture))
			return false;
	return true;
}

static void print_deviations(const struct contract *c, const struct records *records, FILE *out)
{
	fputs("<section><h2 id=\"deviations\">Deviations</h2>\n<dl>\n", out);
	for (size_t d = 0; d < c->n_deviations; d++) {
		const struct deviation *deviation = &c->deviations[d];

		fprintf(out, "<dt id=\"deviation-%zu\">D%zu %s</dt>\n<dd>", d + 1, d + 1, deviation->id);
		emit_markup(deviation->is, out);
		fputs("\nKernels: ", out);
		for (size_t k = 0; k < deviation->n_kernels; k++)
			fprintf(out, "%s%s", k ? ", " : "", deviation->kernels[k]);
		if (deviation->architecture)
			fprintf(out, "; on %s", deviation->architecture);
		fprintf(out, "%s.\n", deviation->by_chance ? "; met now and then" : "");
		if (!records_print_seen(records, c, d, "<br/>", emit_markup, out) && records->n)
			fputs("<br/>No kernel that is recorded here has met it.\n", out);
		if (deviation->seen) {
			fputs("<br/>", out);
			emit_markup(deviation->seen, out);
			fputc('\n', out);
		}
		if (deviation->hazard == HAZARD_MACHINE)
			fputs("<br/><strong>It may take the whole machine down.</strong>\n", out);
		if (deviation->fixed)
			fprintf(out, "<br/>Fixed by %s.\n", deviation->fixed);
		fputs("</dd>\n", out);
	}
	fputs("</dl>\n</section>\n", out);
}

/* What is wrong with it, whether this run has met it or not. */
static void print_faults(const struct contract *c, const struct record *r, FILE *out)
{
	const char *before = "<br/>Deviates: ";

	for (size_t d = 0; d < c->n_deviations; d++) {
		if (!has(r, c, d))
			continue;
		fputs(before, out);
		print_number(d, out);
		fprintf(out, " %s%s", c->deviations[d].id,
			record_has_met(r, c, d) ? "" : " (not in this run)");
		before = ", ";
	}
	if (*before == ',')
		fputs(".\n", out);
}

/* What is wrong with a kernel, what took it down, what it complained of, what its machine lacked. */
static void print_record(const struct contract *c, const struct record *r, FILE *out)
{
	fputs("<dt>", out);
	emit_markup(r->kernel, out);
	fputs(", ", out);
	emit_markup(r->architecture, out);
	fputs("</dt>\n<dd>", out);
	emit_markup(r->release, out);
	fputs(": ", out);
	fprintf(out, "%u tests hold, %u deviate, %u fail, %u were skipped, %u broken.\n", r->tests.holds,
		r->tests.deviates, r->tests.fails, r->tests.skipped, r->tests.broken);
	print_faults(c, r, out);
	for (size_t i = 0; i < r->n_down; i++) {
		fputs("<br/><strong>It went down</strong> at ", out);
		emit_markup(r->down[i].test, out);
		if (r->down[i].deviation)
			fprintf(out, " (%s)", r->down[i].deviation);
		fputs(": ", out);
		emit_markup(r->down[i].said, out);
		fputc('\n', out);
	}
	for (size_t i = 0; i < r->n_complaints; i++) {
		fputs("<br/>It complained: ", out);
		emit_markup(r->complaints[i], out);
		fputc('\n', out);
	}
	for (size_t i = 0; i < r->n_lacking; i++) {
		fprintf(out, "<br/>%u skipped: ", r->lacking[i].tests);
		emit_markup(r->lacking[i].why, out);
		fputc('\n', out);
	}
	fputs("</dd>\n", out);
}

void emit_matrix(const struct contract *c, const struct records *records, FILE *out)
{
	fputs("<kernels>\n", out);
	fprintf(out, "<p>Version %s of the contract, clauses by kernels, the newest first. "
		"Each column is a kernel, that is, a release on one architecture, and tells a run of "
		"all tests on it; <i>patched</i> is Linux 6.1 with the series in kernel-patch/, and "
		"counts as no release.</p>\n"
		"<p><span class=\"holds\">&#10003;</span> holds &#183; "
		"<span class=\"deviates\">D1</span> deviates in a way that is known &#183; "
		"<span class=\"deviates\">&#8800;</span> does otherwise than was observed elsewhere &#183; "
		"<span class=\"fails\">&#10007;</span> does not hold &#183; "
		"<span class=\"unknown\">&#8211;</span> was not tested there &#183; "
		"<span class=\"unknown\">?</span> is not in the record</p>\n"
		"<p>A number beside another mark: this release is known to deviate so, and this run has "
		"not met it. Where there are several numbers, the list of kernels tells which were met.</p>\n"
		"<p>A deviation stands at one clause, the one that tells it; what it is tells which "
		"others it breaks where it is met: a call that never returns breaks call.returns.</p>\n",
		c->version);
	if (!records->n)
		fputs("<p>No kernel has been run on this version yet.</p>\n", out);
	if (records->n_others)
		fprintf(out, "<p>%zu records are of other versions, and not shown.</p>\n",
			records->n_others);
	for (size_t i = 0; i < records->n; i++)
		if (is_first_of_architecture(records, i))
			print_table(c, records, records->all[i].architecture, out);
	print_deviations(c, records, out);
	fputs("<section><h2 id=\"kernels\">Kernels</h2>\n<dl>\n", out);
	for (size_t i = 0; i < records->n; i++)
		print_record(c, &records->all[i], out);
	fputs("</dl>\n</section>\n</kernels>\n", out);
}

/* Those on which a test with a hazard was seen to do no harm. */
void emit_clean_kernels(const struct contract *c, const struct records *records, FILE *out)
{
	emit_head(c, "//", "", "GPL-2.0-only", out);
	fputs("#include \"clean_kernels.h\"\n\nconst struct clean_kernel clean_kernels[] = {\n", out);
	for (size_t d = 0; d < c->n_deviations; d++) {
		if (!c->deviations[d].hazard)
			continue;
		for (size_t i = 0; i < records->n; i++)
			if (record_is_clean(&records->all[i], c, records, d))
				fprintf(out, "\t{ %zu, \"%s\", \"%s\" },\n", d, records->all[i].kernel,
					records->all[i].architecture);
	}
	fputs("\t{ 0, NULL, NULL }\n};\n", out);
}
