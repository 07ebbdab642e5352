// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <err.h>
#include <string.h>

#include "emit.h"
#include "oracle.h"
#include "records.h"
#include "shapes.h"

/* Text that no roff request or escape can come from. */
static void prose(const char *text, FILE *out)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		switch (*text) {
		case '\\':
			fputs("\\e", out);
			break;
		case '-':
			fputs("\\-", out);
			break;
		case '~':
			fputs("\\(ti", out);
			break;
		case '^':
			fputs("\\(ha", out);
			break;
		case '\'':
			fputs("\\(aq", out);
			break;
		case '`':
			fputs("\\(ga", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

static void line(const char *text, FILE *out)
{
	prose(text, out);
	fputc('\n', out);
}

/* ".B" and the like with an argument, whatever is in it, and perhaps @more. */
static void request(const char *name, const char *text, FILE *out, const char *more)
{
	fprintf(out, ".%s \"", name);
	for (; *text; text++) {
		char one[2] = { *text, '\0' };

		if (*text == '"')
			fputs("\\(dq", out);
		else
			prose(one, out);
	}
	fprintf(out, "\"%s\n", more);
}

/* The page of a proposal has what is proposed, that of the contract all there is. */
static bool is_on_page(const struct contract *c, bool proposed)
{
	return proposed || !c->proposal.name;
}

static void contradictions(const struct clause *k, FILE *out)
{
	for (size_t i = 0; i < k->n_contradicts; i++) {
		fprintf(out, i ? ",\n.B " : ".br\nContradicts, and knows it:\n.B ");
		prose(k->contradicts[i], out);
	}
	fputs(k->n_contradicts ? "\n" : "", out);
}

static void clause(const struct clause *k, FILE *out)
{
	fprintf(out, ".\\\" [%s]\n.TP\n.B ", k->id);
	prose(k->id, out);
	fprintf(out, "\n(%s%s)\n", k->proposed ? "proposed, " : "",
		word_of(level_words, k->level));
	line(k->rule, out);
	if (k->why) {
		fprintf(out, ".br\n");
		request("I", k->why, out, "");
	}
	if (k->untested) {
		fprintf(out, ".br\nNot tested:\n");
		prose(k->untested, out);
		fprintf(out, ".\n");
	}
	contradictions(k, out);
}

/* On a line of its own, so that none is longer than a sheet of paper is wide. */
static void comment(const char *indent, const char *text, FILE *out)
{
	fprintf(out, "%s/* ", indent);
	prose(text, out);
	fprintf(out, " */\n");
}

static void mode(const struct mode_bit *m, FILE *out)
{
	comment("", m->is, out);
	fprintf(out, "#define %s  %s << %u)\n", m->name, m->bit > 30 ? "(1ULL" : "(1", m->bit);
}

static void proposed_modes(const struct interface *in, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < in->n_modes; i++) {
		if (!in->modes[i].proposed)
			continue;
		fputs(any ? "" : ".SH INTERFACE\n.nf\n", out);
		mode(&in->modes[i], out);
		any = true;
	}
	fputs(any ? ".fi\n" : "", out);
}

static void interface(const struct interface *in, FILE *out)
{
	fprintf(out, ".SH INTERFACE\n");
	line(in->is, out);
	fprintf(out, ".P\n.nf\n#define %s  0x%08X\n.P\nstruct %s {\n", in->ioctl, in->value,
		in->structure);
	for (size_t i = 0; i < in->n_members; i++) {
		comment("    ", in->members[i].is, out);
		fprintf(out, "    %s  %s;\n", in->members[i].type, in->members[i].name);
	}
	fprintf(out, "};\n.P\n");
	for (size_t i = 0; i < in->n_modes; i++)
		mode(&in->modes[i], out);
	fprintf(out, "#define %s  %s << %u)\n.fi\n", in->feature,
		in->feature_bit > 30 ? "(1ULL" : "(1", in->feature_bit);
}

static const char *side_words(unsigned int sides)
{
	switch (sides) {
	case SIDE_SOURCE:
		return "source";
	case SIDE_DESTINATION:
		return "destination";
	default:
		return "source, destination";
	}
}

static void states(const struct contract *c, FILE *out)
{
	const char *head = c->proposal.name ? ".SH PAGE STATES\n" :
		".SH PAGE STATES\nA range of pages is written as a string of letters.\n"
		"No others than those named below stand at a source, or at a destination.\n";

	for (size_t i = 0; i < c->n_states; i++) {
		char letter[2] = { c->states[i].letter, '\0' };

		if (!is_on_page(c, c->states[i].proposed))
			continue;
		fprintf(out, "%s.TP\n", head);
		head = "";
		request("B", letter, out, "");
		prose(c->states[i].name, out);
		fprintf(out, " (%s):\n", side_words(c->states[i].sides));
		line(c->states[i].is, out);
	}
}

static void modes(const struct contract *c, uint64_t mask, FILE *out);

/* In which modes an effect is expected, where it is not in all. */
static void effect_modes(const struct contract *c, const struct clause *k, FILE *out)
{
	for (size_t i = 0; i < c->n_effects; i++) {
		const struct effect *e = &c->effects[i];

		if (&c->clauses[e->clause] != k || !(e->with | e->without))
			continue;
		fprintf(out, ".br\n%s\n", e->with ? "With" : "Without");
		modes(c, e->with ? e->with : e->without, out);
		fprintf(out, "%s", e->with && e->without ? " and without\n" : ".\n");
		if (!e->with || !e->without)
			continue;
		modes(c, e->without, out);
		fprintf(out, ".\n");
	}
}

static void section(const struct contract *c, enum section which, const char *title,
		    const char *lead, FILE *out)
{
	bool any = false;

	for (size_t i = 0; i < c->n_clauses; i++) {
		const struct clause *k = &c->clauses[i];

		if (k->section != which || !is_on_page(c, k->proposed))
			continue;
		if (!any)
			fprintf(out, ".SH %s\n%s\n", title, lead);
		clause(k, out);
		effect_modes(c, k, out);
		any = true;
	}
}

static const char *move_words(const struct check *k)
{
	switch (k->move) {
	case MOVE_UNTOUCHED:
		return ".move left as it was";
	case MOVE_ERROR:
		return ".move the negated errno";
	default:
		return ".move not to be looked at";
	}
}

static void checks(const struct contract *c, FILE *out)
{
	const char *head = ".SH CHECKS\nOf the checks that are violated the first decides.\n";

	for (size_t i = 0; i < c->n_checks; i++) {
		if (!is_on_page(c, c->clauses[c->checks[i].clause].proposed))
			continue;
		fputs(head, out);
		head = "";
		clause(&c->clauses[c->checks[i].clause], out);
		fprintf(out, ".br\nOtherwise\n.BR %s ,\n", c->checks[i].error);
		prose(move_words(&c->checks[i]), out);
		fprintf(out, ".\n");
	}
}

static void spaced(const char *letters, FILE *out)
{
	char one[2] = "";

	if (*letters == '*') {
		fputs("any", out);
		return;
	}
	for (; *letters; letters++) {
		one[0] = *letters;
		fputs("\\&", out);
		prose(one, out);
		if (letters[1])
			fputc(' ', out);
	}
}

/* "ALLOW_SRC_HOLES, DONTWAKE" */
static void modes(const struct contract *c, uint64_t mask, FILE *out)
{
	const char *between = "";

	for (size_t i = 0; i < c->interface.n_modes; i++) {
		if (!(mask >> c->interface.modes[i].bit & 1))
			continue;
		fprintf(out, "%s%s", between, mode_word(c, i));
		between = ", ";
	}
}

static void condition(const struct contract *c, const char *word, uint64_t mask, FILE *out)
{
	if (!mask)
		return;
	fprintf(out, ";\n%s ", word);
	modes(c, mask, out);
}

static void outcomes(const struct contract *c, FILE *out)
{
	fprintf(out, ".SH OUTCOMES\n"
		"A move walks upwards and stops at the first page that fails.\n");
	emit_outcome_table(c, out);
	fprintf(out, ".P\nThese are the rows %s it.\n"
		"For each page the first one that fits decides.\n",
		c->proposal.name ? "that the proposal has put into" : "behind");
	for (size_t i = 0; i < c->n_outcomes; i++) {
		const struct outcome *o = &c->outcomes[i];

		if (!is_on_page(c, c->clauses[o->clause].proposed))
			continue;
		clause(&c->clauses[o->clause], out);
		fprintf(out, ".br\nSource\n");
		spaced(o->source, out);
		fprintf(out, ";\ndestination\n");
		spaced(o->destination, out);
		condition(c, "with", o->with, out);
		condition(c, "without", o->without, out);
		fprintf(out, ":\n%s", result_word(&o->result));
		if (o->or.kind)
			fprintf(out, " or %s", result_word(&o->or));
		fprintf(out, "%s.\n", o->cure == CURE_STORE ? "; a store cures it" :
			o->cure == CURE_REPEAT ? "; the call repeated moves it" : "");
	}
}

static void letters_line(const char *name, const char *before, const char *after, FILE *out)
{
	fprintf(out, "%-12s ", name);
	prose(before, out);
	fprintf(out, "  \\(->  ");
	prose(after, out);
	fputc('\n', out);
}

static bool has_vectors(const struct contract *c)
{
	for (size_t i = 0; i < c->n_vectors; i++)
		if (is_on_page(c, c->vectors[i].proposed))
			return true;
	return false;
}

static void vectors(const struct contract *c, FILE *out)
{
	if (!has_vectors(c))
		return;
	fprintf(out, ".SH WORKED CASES\nA page, or a whole huge page, is a letter, as PAGE STATES\n"
		"%shas them: both ranges before a call, and after it.\n"
		"Places, lengths, and what .move counts are in letters here.\n"
		"What holds nothing looks like a hole afterwards, with or without a page table.\n",
		c->proposal.name ? "of\n.BR uffdio_move_contract (7)\n" : "");
	for (size_t i = 0; i < c->n_vectors; i++) {
		const struct vector *v = &c->vectors[i];

		if (!is_on_page(c, v->proposed))
			continue;
		fprintf(out, ".TP\n.B ");
		prose(v->id, out);
		fputc('\n', out);
		line(v->title, out);
		for (size_t k = 0; k < v->n_with; k++) {
			fprintf(out, "Here,\n");
			prose(c->variations[v->with[k]].is, out);
			fprintf(out, ".\n");
		}
		fprintf(out, ".RS\n.nf\n");
		if (v->range) {
			letters_line("range", v->range, v->range_after, out);
		} else {
			letters_line("source", v->source, v->source_after, out);
			letters_line("destination", v->destination, v->destination_after, out);
		}
		fprintf(out, "from %u to %u, length %u, mode ", v->from, v->to, v->length);
		modes(c, v->mode, out);
		fprintf(out, "%s\nerrno %s, move %s\n.fi\n.RE\n", v->mode ? "" : "0", v->error,
			v->moved);
	}
}

static void kernels(const struct contract *c, const struct records *records, FILE *out)
{
	const char *architecture;

	fprintf(out, ".SH KERNELS\nThe tests of version %s were run on %s.\n", c->version,
		records->n ? "these releases" : "no release yet");
	for (size_t at = 0; (architecture = records_architecture(records, &at)); ) {
		const char *before = "";

		fprintf(out, ".TP\n.B %s\n", architecture);
		for (size_t i = records->n; i-- > 0; ) {
			const struct record *r = &records->all[i];

			if (!record_is_of_release(r) || strcmp(r->architecture, architecture))
				continue;
			fputs(before, out);
			prose(r->kernel, out);
			before = ", ";
		}
		fprintf(out, ".\n");
	}
	fprintf(out, ".P\nA run of the tests passes only if at least %u in 100 of the clauses of level\n"
		"must and may for which there are tests were looked at.\n", c->floor.tested);
	line(c->floor.why, out);
}

static bool is_same(const char *text, const char *other)
{
	return text && other ? !strcmp(text, other) : text == other;
}

/* Are the two in the same kernels? */
static bool is_beside(const struct deviation *d, const struct deviation *other)
{
	if (d->n_kernels != other->n_kernels || !is_same(d->architecture, other->architecture))
		return false;
	for (size_t i = 0; i < d->n_kernels; i++)
		if (strcmp(d->kernels[i], other->kernels[i]))
			return false;
	return true;
}

static bool is_in_newest(const struct deviation *d)
{
	const char *last = d->kernels[d->n_kernels - 1];
	size_t length = strlen(last);

	return length > 3 && !strcmp(last + length - 3, " on");
}

static void fixed_by(const struct deviation *d, FILE *out)
{
	if (!d->fixed)
		return;
	fprintf(out, "Fixed by commit\n");
	prose(d->fixed, out);
	fprintf(out, ".\n");
}

static void deviation(const struct contract *c, const struct deviation *d, bool with_fix, FILE *out)
{
	fprintf(out, ".TP\n.B ");
	prose(d->id, out);
	fputc('\n', out);
	line(d->is, out);
	line(d->why, out);
	if (d->by_chance)
		fprintf(out, "It depends on chance.\n");
	if (d->seen)
		line(d->seen, out);
	if (d->hazard == HAZARD_MACHINE)
		fprintf(out, "It may take the whole machine down.\n");
	if (with_fix)
		fixed_by(d, out);
	fprintf(out, "\\%%(");	/* a name, not to be hyphenated */
	prose(c->clauses[d->clause].id, out);
	fprintf(out, ")\n");
}

/* The first deviation of some kernels, and those that are beside it. */
static void deviations_beside(const struct contract *c, size_t first, FILE *out)
{
	const struct deviation *d = &c->deviations[first];
	bool one_fix = true;

	for (size_t i = 0; i < first; i++)
		if (is_beside(d, &c->deviations[i]))
			return;
	for (size_t i = first; i < c->n_deviations; i++)
		if (is_beside(d, &c->deviations[i]))
			one_fix &= is_same(d->fixed, c->deviations[i].fixed);
	fprintf(out, ".SS Linux ");
	for (size_t i = 0; i < d->n_kernels; i++) {
		fprintf(out, "%s", i ? ", " : "");
		prose(d->kernels[i], out);
	}
	if (d->architecture) {
		fprintf(out, ", on ");
		prose(d->architecture, out);
	}
	fputc('\n', out);
	if (one_fix)
		fixed_by(d, out);
	for (size_t i = first; i < c->n_deviations; i++)
		if (is_beside(d, &c->deviations[i]))
			deviation(c, &c->deviations[i], !one_fix, out);
}

/*
 * Where each was met is told by the table of kernels.  Here it would be the list of nearly all
 * of KERNELS each time: what is not by chance is met by every release of its range, or the
 * records refuse the range (records_check()).
 */
static void deviations(const struct contract *c, FILE *out)
{
	fprintf(out, ".SH KNOWN DEVIATIONS\nThe releases of Linux that break a clause, how, and why;\n"
		"those first that the newest releases have.\n"
		"No release of\n.I KERNELS\nthat is named was seen to keep the clause,\n"
		"but for those deviations that depend on chance;\n"
		"each release's record, with what it met, is beside the contract, in\n"
		".IR spec/kernels .\n"
		"What a caller has to do about them is told by BUGS and HISTORY of\n.BR %s (2const).\n",
		c->interface.ioctl);
	for (size_t i = 0; i < c->n_deviations; i++)
		if (is_in_newest(&c->deviations[i]))
			deviations_beside(c, i, out);
	for (size_t i = 0; i < c->n_deviations; i++)
		if (!is_in_newest(&c->deviations[i]))
			deviations_beside(c, i, out);
}

/* The day of the newest record, up to which the page tells of kernels. */
static const char *newest(const struct records *records)
{
	const char *date = "";

	for (size_t i = 0; i < records->n; i++)
		if (strcmp(records->all[i].date, date) > 0)
			date = records->all[i].date;
	return date;
}

static void description(const struct contract *c, FILE *out)
{
	fprintf(out, ".SH DESCRIPTION\nThis is version %s.\nEach clause has a name, a level, a rule, and why it is so.\n"
		"The levels are\n.B must\n(a kernel that breaks it is at fault),\n.B may\n"
		"(allowed; a caller has to be ready for each of the results),\n.B advice\n"
		"(what a caller does about a result; no kernel can break it, and tests show\n"
		"that it works),\n.B observed\n"
		"(what kernels do; not to be relied upon) and\n.B unspecified\n"
		"(callers must not depend on it).\n", c->version);
}

static void put_lower(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc(tolower((unsigned char)*text), out);
}

static void put_upper(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc(toupper((unsigned char)*text), out);
}

void emit_page_name(const struct contract *c, char name[MAX_PAGE_NAME])
{
	FILE *out = fmemopen(name, MAX_PAGE_NAME, "w");

	if (!out)
		err(1, "specgen");
	fputs("uffdio_move_", out);
	put_lower(c->proposal.name ? c->proposal.name : "contract", out);
	fputs(".7", out);
	if (fclose(out))
		err(1, "specgen");
}

static void head(const struct contract *c, const struct records *records, FILE *out)
{
	const char *name = c->proposal.name ? c->proposal.name : "contract";

	fprintf(out, "'\\\" t\n");	/* a table is in it */
	emit_head(c, ".\\\"", "", "GPL-2.0-only", out);
	fprintf(out, ".TH UFFDIO_MOVE_");
	put_upper(name, out);
	fprintf(out, " 7 \"%s\" \"uffdio\\-move %s\" \"%s\"\n", newest(records), c->version,
		c->proposal.name ? "A proposal" : "The contract");
	fprintf(out, ".SH NAME\nuffdio_move_");
	put_lower(name, out);
	fprintf(out, "\n\\-\n");
}

static void see_also(const struct contract *c, FILE *out)
{
	fprintf(out, ".SH SEE ALSO\n.BR ioctl_userfaultfd (2),\n.BR userfaultfd (2),\n");
	fprintf(out, ".BR %s (2const)", c->interface.ioctl);
	fprintf(out, c->proposal.name ? ",\n.BR uffdio_move_contract (7)\n" : "\n");
}

static void description_of_proposal(const struct contract *c, FILE *out)
{
	fprintf(out, ".SH DESCRIPTION\nNo release of Linux has what is told here.\n");
	line(c->proposal.is, out);
	fprintf(out, ".P\nThis is version %s of the proposal, for version %s of\n"
		".BR uffdio_move_contract (7),\n"
		"which tells what letters and levels mean, and holds for all else.\n"
		"A clause that has the name of one there stands in its place.\n"
		"Behind\n.I proposed\nis the level that a kernel which has this is held to.\n",
		c->proposal.version, c->version);
}

static void emit_proposal(const struct contract *c, const struct records *records, FILE *out)
{
	head(c, records, out);
	fprintf(out, "a proposal of a mode for ");
	line(c->title, out);
	description_of_proposal(c, out);
	proposed_modes(&c->interface, out);
	vectors(c, out);
	states(c, out);
	outcomes(c, out);
	checks(c, out);
	section(c, SECTION_RULE, "RULES", "What holds for the operation as a whole.", out);
	section(c, SECTION_EFFECT, "EFFECTS", "What holds afterwards.", out);
	see_also(c, out);
}

void emit_page(const struct contract *c, const struct records *records, FILE *out)
{
	if (c->proposal.name) {
		emit_proposal(c, records, out);
		return;
	}
	head(c, records, out);
	fprintf(out, "the contract of ");
	line(c->title, out);
	description(c, out);
	vectors(c, out);
	states(c, out);
	outcomes(c, out);
	checks(c, out);
	section(c, SECTION_RULE, "RULES", "What holds for the operation as a whole.", out);
	section(c, SECTION_EFFECT, "EFFECTS", "What holds afterwards.", out);
	interface(&c->interface, out);
	deviations(c, out);
	kernels(c, records, out);
	see_also(c, out);
}
