// SPDX-License-Identifier: GPL-2.0-only
/*
 * The matrix: what the records tell, clauses by kernels, as a page of HTML.
 */
#include <string.h>

#include "emit.h"
#include "records.h"

static void escape(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '"')
			fputs("&quot;", out);
		else
			fputc(*text, out);
	}
}

static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1.0\">\n"
	"<link rel=\"stylesheet\" href=\"pages.css\">\n"
	"<title>UFFDIO_MOVE: what holds on which kernel</title>\n"
	"<style>\n"
	"h2 { font-size: 1.25em; margin-top: 1.6em; border-bottom: 1px solid var(--edge); }\n"
	".matrix { overflow-x: auto; margin: 0.5em 0 1.5em; }\n"
	".matrix table { border-collapse: collapse; font-size: 0.8em; line-height: 1.3; }\n"
	".matrix th, .matrix td { padding: 0.1em 0.35em; text-align: center; white-space: nowrap; }\n"
	".matrix thead th { vertical-align: bottom; font-weight: normal; writing-mode: vertical-rl; }\n"
	".matrix th:first-child { text-align: left; font-weight: normal; position: sticky; left: 0;\n"
	"  background: Canvas; writing-mode: horizontal-tb; }\n"
	".matrix tr:hover td { background: #8882; }\n"
	".holds { color: #2a7d2a; } .deviates { background: #d9a40055; } .fails { background: #d33; color: #fff; }\n"
	".unknown { opacity: 0.45; }\n"
	"</style>\n</head>\n<body>\n<nav><a href=\"index.html\">Contents</a></nav>\n<header><h1>What holds on which kernel</h1></header>\n";

static void print_cell(const struct record *r, unsigned int clause, FILE *out)
{
	int deviation = record_deviation(r, clause);

	switch (record_of_clause(r, clause)) {
	case KNOWN_HOLDS:
		fputs("<td class=\"holds\">&#10003;</td>", out);
		break;
	case KNOWN_DEVIATES:
		fprintf(out, "<td class=\"deviates\"><a href=\"#deviation-%d\">D%d</a></td>", deviation + 1,
			deviation + 1);
		break;
	case KNOWN_DIFFERS:
		fputs("<td class=\"deviates\">&ne;</td>", out);
		break;
	case KNOWN_FAILS:
		fputs("<td class=\"fails\">&#10007;</td>", out);
		break;
	case KNOWN_UNTESTED:
		fputs("<td class=\"unknown\">&ndash;</td>", out);
		break;
	case KNOWN_NOT:
		fputs("<td class=\"unknown\">?</td>", out);
		break;
	}
}

static bool is_shown(const struct record *r, const char *architecture)
{
	return !strcmp(r->architecture, architecture);
}

static void print_rows(const struct contract *c, const struct records *records,
		       const char *architecture, FILE *out)
{
	for (size_t k = 0; k < c->n_clauses; k++) {
		fprintf(out, "<tr><th><a href=\"#%s\">%s</a></th>", c->clauses[k].id, c->clauses[k].id);
		for (size_t i = 0; i < records->n; i++)
			if (is_shown(&records->all[i], architecture))
				print_cell(&records->all[i], k, out);
		fputs("</tr>\n", out);
	}
}

static void print_table(const struct contract *c, const struct records *records,
			const char *architecture, FILE *out)
{
	fputs("<h2 id=\"", out);
	escape(architecture, out);
	fputs("\">", out);
	escape(architecture, out);
	fputs("</h2>\n<div class=\"matrix\">\n<table>\n<thead><tr><th>clause</th>", out);
	for (size_t i = 0; i < records->n; i++) {
		const struct record *r = &records->all[i];

		if (!is_shown(r, architecture))
			continue;
		fputs("<th title=\"", out);
		escape(r->release, out);
		fprintf(out, ", pages of %u bytes, ", r->page);
		escape(r->date, out);
		fputs("\">", out);
		escape(r->kernel, out);
		fputs("</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	print_rows(c, records, architecture, out);
	fputs("</tbody>\n</table>\n</div>\n", out);
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
	fputs("<h2 id=\"deviations\">Deviations</h2>\n<dl>\n", out);
	for (size_t d = 0; d < c->n_deviations; d++) {
		const struct deviation *deviation = &c->deviations[d];

		fprintf(out, "<dt id=\"deviation-%zu\">D%zu %s</dt>\n<dd>", d + 1, d + 1, deviation->id);
		escape(deviation->is, out);
		fputs("\nKernels: ", out);
		for (size_t k = 0; k < deviation->n_kernels; k++)
			fprintf(out, "%s%s", k ? ", " : "", deviation->kernels[k]);
		if (deviation->architecture)
			fprintf(out, "; on %s", deviation->architecture);
		fprintf(out, "%s.\n", deviation->by_chance ? "; met now and then" : "");
		if (!records_print_seen(records, c, d, "<br>", escape, out) && records->n)
			fputs("<br>No kernel that is recorded here has met it.\n", out);
		if (deviation->seen) {
			fputs("<br>", out);
			escape(deviation->seen, out);
			fputc('\n', out);
		}
		if (deviation->hazard == HAZARD_MACHINE)
			fputs("<br><strong>It may take the whole machine down.</strong>\n", out);
		if (deviation->fixed)
			fprintf(out, "<br>Fixed by %s.\n", deviation->fixed);
		fputs("</dd>\n", out);
	}
	fputs("</dl>\n", out);
}

/* What took a kernel down, what it complained of, what its machine lacked. */
static void print_record(const struct record *r, FILE *out)
{
	fputs("<dt>", out);
	escape(r->kernel, out);
	fputs(", ", out);
	escape(r->architecture, out);
	fputs("</dt>\n<dd>", out);
	escape(r->release, out);
	fputs(": ", out);
	fprintf(out, "%u tests hold, %u deviate, %u fail, %u were skipped, %u broken.\n", r->tests.holds,
		r->tests.deviates, r->tests.fails, r->tests.skipped, r->tests.broken);
	for (size_t i = 0; i < r->n_down; i++) {
		fputs("<br><strong>It went down</strong> at ", out);
		escape(r->down[i].test, out);
		if (r->down[i].deviation)
			fprintf(out, " (%s)", r->down[i].deviation);
		fputs(": ", out);
		escape(r->down[i].said, out);
		fputc('\n', out);
	}
	for (size_t i = 0; i < r->n_complaints; i++) {
		fputs("<br>It complained: ", out);
		escape(r->complaints[i], out);
		fputc('\n', out);
	}
	for (size_t i = 0; i < r->n_lacking; i++) {
		fprintf(out, "<br>%u skipped: ", r->lacking[i].tests);
		escape(r->lacking[i].why, out);
		fputc('\n', out);
	}
	fputs("</dd>\n", out);
}

static void print_clauses(const struct contract *c, FILE *out)
{
	fputs("<h2 id=\"clauses\">Clauses</h2>\n<dl>\n", out);
	for (size_t k = 0; k < c->n_clauses; k++) {
		fprintf(out, "<dt id=\"%s\">%s</dt>\n<dd>", c->clauses[k].id, c->clauses[k].id);
		escape(c->clauses[k].rule, out);
		fputs("</dd>\n", out);
	}
	fputs("</dl>\n", out);
}

void emit_matrix(const struct contract *c, const struct records *records, FILE *out)
{
	fputs(head, out);
	fprintf(out, "<p>Version %s of the contract, clauses by kernels, the newest first. "
		"Each column is a run of all tests on that kernel.\n"
		"<p><span class=\"holds\">&#10003;</span> holds &middot; "
		"<span class=\"deviates\">D1</span> deviates in a way that is known &middot; "
		"<span class=\"deviates\">&ne;</span> does otherwise than was observed elsewhere &middot; "
		"<span class=\"fails\">&#10007;</span> does not hold &middot; "
		"<span class=\"unknown\">&ndash;</span> was not tested there &middot; "
		"<span class=\"unknown\">?</span> is not in the record\n"
		"<p>A deviation stands at one clause, the one that tells it; what it is tells which "
		"others it breaks where it is met: a call that never returns breaks call.returns.\n",
		c->version);
	if (!records->n)
		fputs("<p>No kernel has been run on this version yet.\n", out);
	if (records->n_others)
		fprintf(out, "<p>%zu records are of other versions, and not shown.\n", records->n_others);
	fputs("<nav>", out);
	for (size_t i = 0; i < records->n; i++)
		if (is_first_of_architecture(records, i))
			fprintf(out, "<a href=\"#%s\">%s</a> ", records->all[i].architecture,
				records->all[i].architecture);
	fputs("<a href=\"#deviations\">Deviations</a> <a href=\"#kernels\">Kernels</a> "
	      "<a href=\"#clauses\">Clauses</a></nav>\n", out);
	for (size_t i = 0; i < records->n; i++)
		if (is_first_of_architecture(records, i))
			print_table(c, records, records->all[i].architecture, out);
	print_deviations(c, records, out);
	fputs("<h2 id=\"kernels\">Kernels</h2>\n<dl>\n", out);
	for (size_t i = 0; i < records->n; i++)
		print_record(&records->all[i], out);
	fputs("</dl>\n", out);
	print_clauses(c, out);
	fputs("</body>\n</html>\n", out);
}

/* Those on which a test with a hazard was seen to do no harm. */
void emit_clean_kernels(const struct contract *c, const struct records *records, FILE *out)
{
	emit_head("//", "", "GPL-2.0-only", out);
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
