// SPDX-License-Identifier: GPL-2.0-only
/*
 * The report for people.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "machine/privilege.h"
#include "report.h"

#define MOST_SHOWN	10	/* failures with all their details */

static const struct contract *const contract = &uffdio_move_contract;

static void print_word(const char *word, const char *colour, FILE *out)
{
	if (colour && isatty(fileno(out)) && !getenv("NO_COLOR"))
		fprintf(out, "\033[%sm%-11s\033[0m", colour, word);
	else
		fprintf(out, "%-11s", word);
}

static const char *colour_of(enum standing standing)
{
	switch (standing) {
	case STANDING_FAILS:
		return "1;31";
	case STANDING_DEVIATES:
	case STANDING_DIFFERS:
		return "33";
	case STANDING_UNTESTED:
		return "2";
	default:
		return NULL;
	}
}

static void print_clauses(const struct report *report, FILE *out)
{
	fprintf(out, "%-38s%-13s%-11s%6s\n", "clause", "level", "result", "tests");
	for (size_t k = 0; k < contract->n_clauses; k++) {
		const struct clause_report *c = &report->clauses[k];

		if (!report_has_clause(report, k))
			continue;
		fprintf(out, "%-38s%-13s", contract->clauses[k].id, level_word(k));
		print_word(standing_word(report, k), colour_of(c->standing), out);
		fprintf(out, "%6u%s%s\n", c->tests, c->note ? "  " : "", c->note ? c->note : "");
	}
}

/* Tests of one verdict, once for each reason, with their number and the first one's name. */
static void print_reasons(const struct report *report, enum verdict verdict, const char *title,
			  FILE *out)
{
	const struct run *run = report->run;
	bool first = true;

	for (size_t i = 0; i < run->n_tests; i++) {
		const struct judgement *j = &run->judgements[i];
		unsigned int n = 0;
		bool repeated = false;

		if (!run->selected[i] || j->verdict != verdict)
			continue;
		for (size_t k = 0; k < run->n_tests; k++) {
			if (!run->selected[k] || run->judgements[k].verdict != verdict ||
			    strcmp(run->judgements[k].text, j->text))
				continue;
			repeated |= k < i;
			n++;
		}
		if (repeated)
			continue;
		if (first)
			fprintf(out, "\n%s:\n", title);
		first = false;
		fprintf(out, "%6u test%s  %s", n, n == 1 ? " " : "s", j->text);
		if (verdict == VERDICT_BROKEN)
			fprintf(out, "  (%s)", run->tests[i].name);
		fputc('\n', out);
	}
}

static void print_test(const struct run *run, size_t i, FILE *out)
{
	const struct judgement *j = &run->judgements[i];

	fprintf(out, "%s: %s", run->tests[i].name, verdict_word(j->verdict));
	if (j->verdict == VERDICT_DEVIATES)
		fprintf(out, " (%s)", contract->deviations[j->deviation].id);
	fprintf(out, "%s%s\n", *j->text ? ": " : "", j->text);
	if (j->details)
		fputs(j->details, out);
}

static void print_end(const struct report *report, FILE *out)
{
	if (report->run->stopped_by)
		fprintf(out, "\nEnded by %s; %u tests were not run\n", report->run->stopped_by,
			report->verdict[VERDICT_NONE]);
}

void report_tests(const struct report *report, FILE *out)
{
	bool first = true;

	for (size_t i = 0; i < report->run->n_tests; i++) {
		if (!report->run->selected[i] ||
		    report->run->judgements[i].verdict == VERDICT_NONE)
			continue;
		if (!first)
			fputc('\n', out);
		first = false;
		print_test(report->run, i, out);
	}
	print_end(report, out);
}

/* Is there a clause in the one set that is not in the other?  If so, put them there. */
static bool adds_to(struct clause_set *told, const struct clause_set *broken)
{
	bool adds = false;

	for (size_t k = 0; k < contract->n_clauses; k++)
		if (clause_set_has(broken, k) && !clause_set_has(told, k)) {
			clause_set_add(told, k);
			adds = true;
		}
	return adds;
}

/* For each clause that fails a test that shows it. */
static void print_failures(const struct report *report, FILE *out)
{
	const struct run *run = report->run;
	unsigned int shown = 0, failed = report->verdict[VERDICT_FAILS];
	struct clause_set told = { 0 };

	for (size_t i = 0; i < run->n_tests && shown < MOST_SHOWN; i++) {
		const struct judgement *j = &run->judgements[i];

		if (!run->selected[i] || j->verdict != VERDICT_FAILS || !adds_to(&told, &j->broken))
			continue;
		if (!shown++)
			fprintf(out, "\nFailures:\n");
		print_test(run, i, out);
	}
	if (failed > shown)
		fprintf(out, "and %u more; --tap lists them all, --test NAME shows one\n",
			failed - shown);
}

static void print_deviations(const struct report *report, FILE *out)
{
	bool first = true;

	for (size_t d = 0; d < contract->n_deviations; d++) {
		unsigned int n = 0;

		for (size_t i = 0; i < report->run->n_tests; i++)
			n += report->run->selected[i] &&
			     report->run->judgements[i].verdict == VERDICT_DEVIATES &&
			     report->run->judgements[i].deviation == (int)d;
		if (!n)
			continue;
		if (first)
			fprintf(out, "\nKnown deviations of this kernel:\n");
		first = false;
		fprintf(out, "  %s: %s\n", contract->deviations[d].id, contract->deviations[d].is);
	}
}

static void print_sum(const struct report *report, FILE *out)
{
	const unsigned int *s = report->standing, *v = report->verdict;
	unsigned int clauses = 0, tests = 0;

	for (unsigned int i = 0; i < STANDINGS; i++)
		clauses += s[i];
	for (unsigned int i = 0; i < VERDICTS; i++)
		tests += v[i];
	fprintf(out, "\n%u clauses of version %s: %u hold, %u deviate in a known way, %u differ from what was observed, "
		"%u fail, %u not tested here\n", clauses, contract->version, s[STANDING_HOLDS], s[STANDING_DEVIATES],
		s[STANDING_DIFFERS], s[STANDING_FAILS], s[STANDING_UNTESTED]);
	fprintf(out, "%u tests in %.1f s: %u hold, %u deviate in a known way, %u fail, %u skipped, "
		"%u broken\n", tests, report->run->seconds, v[VERDICT_HOLDS], v[VERDICT_DEVIATES],
		v[VERDICT_FAILS], v[VERDICT_SKIPPED], v[VERDICT_BROKEN]);
	if (report->run->again)
		fprintf(out, "%zu of them could be set up at a further try only (%s)\n",
			report->run->again, report->run->again_why);
	if (report_is_below_floor(report))
		fprintf(out, "Too little was tested to say that this kernel keeps the contract: "
			"%u of %u clauses, where %u%% are wanted.\n", report->tested,
			report->to_test, contract->floor.tested);
}

void report_table(const struct report *report, FILE *out)
{
	struct utsname system;

	uname(&system);
	fprintf(out, "UFFDIO_MOVE on %s %s (%s), pages of %ld bytes%s\n\n", system.sysname,
		system.release, system.machine, sysconf(_SC_PAGESIZE),
		privilege_lacking() ? ", without privilege" : "");
	print_clauses(report, out);
	print_deviations(report, out);
	print_reasons(report, VERDICT_SKIPPED, "Skipped", out);
	print_reasons(report, VERDICT_BROKEN,
		      "Broken, by something of the tests' own; this says nothing of the kernel", out);
	print_failures(report, out);
	print_sum(report, out);
	print_end(report, out);
}
