// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <jansson.h>

#include "kselftest.h"
#include "machine/machine.h"
#include "report.h"

static const struct contract *const contract = &uffdio_move_contract;

static const char *const level_words[] = {
	[LEVEL_MUST] = "must",
	[LEVEL_MAY] = "may",
	[LEVEL_OBSERVED] = "observed",
	[LEVEL_UNSPECIFIED] = "unspecified",
};

static const char *const standing_words[] = {
	[STANDING_UNTESTED] = "not tested",
	[STANDING_HOLDS] = "holds",
	[STANDING_DIFFERS] = "differs",
	[STANDING_DEVIATES] = "deviates",
	[STANDING_FAILS] = "FAILS",
};

static const char *const verdict_words[] = {
	[VERDICT_NONE] = "not run",
	[VERDICT_HOLDS] = "holds",
	[VERDICT_DEVIATES] = "deviates",
	[VERDICT_SKIPPED] = "skipped",
	[VERDICT_FAILS] = "fails",
};

static void expected_clauses(const struct test_plan *plan, struct clause_set *set)
{
	static struct ending endings[MAX_ENDINGS];
	size_t n = oracle_endings(contract, plan, endings);

	memset(set, 0, sizeof(*set));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < endings[i].n; k++)
			clause_set_add(set, endings[i].expect[k].clause);
}

static void note(struct clause_report *c, enum standing standing, const char *text)
{
	if (standing > c->standing || !c->note)
		c->note = text;
	if (standing > c->standing)
		c->standing = standing;
}

static void add_looked_at(struct report *report, const struct record *r)
{
	for (unsigned int k = 0; k < contract->n_clauses; k++) {
		struct clause_report *c = &report->clauses[k];

		if (clause_set_has(&r->held, k) || clause_set_has(&r->broken, k) ||
		    clause_set_has(&r->differs, k))
			c->tests++;
		if (clause_set_has(&r->broken, k)) {
			if (r->verdict == VERDICT_DEVIATES)
				note(c, STANDING_DEVIATES, contract->deviations[r->deviation].id);
			else
				note(c, STANDING_FAILS, r->text);
		} else if (clause_set_has(&r->differs, k)) {
			note(c, STANDING_DIFFERS, r->text);
		} else if (clause_set_has(&r->held, k) && c->standing == STANDING_UNTESTED) {
			c->standing = STANDING_HOLDS;
			c->note = NULL;
		}
	}
}

/* A test that failed without looking at anything fails all that it was to show. */
static void add_unseen(struct report *report, const struct test_plan *plan,
		       const struct record *r)
{
	struct clause_set expected;

	expected_clauses(plan, &expected);
	for (unsigned int k = 0; k < contract->n_clauses; k++) {
		struct clause_report *c = &report->clauses[k];

		if (!clause_set_has(&expected, k))
			continue;
		if (r->verdict == VERDICT_SKIPPED) {
			c->skipped++;
			if (c->standing == STANDING_UNTESTED)
				c->note = r->text;
		} else {
			c->tests++;
			note(c, STANDING_FAILS, r->text);
		}
	}
}

static bool looked_at_nothing(const struct record *r)
{
	static const struct clause_set none;

	return !memcmp(&r->held, &none, sizeof(none)) && !memcmp(&r->broken, &none, sizeof(none)) &&
	       !memcmp(&r->differs, &none, sizeof(none));
}

/* With --clause only what the chosen tests look at is of interest. */
static bool is_selected(const struct report *report, size_t clause)
{
	const struct clause_report *c = &report->clauses[clause];

	return report->whole || c->tests || c->skipped;
}

/* An effect that no test could look at, for what the machine lacks. */
static void note_lacking(struct report *report)
{
	for (size_t i = 0; i < contract->n_effects; i++) {
		const struct effect *e = &contract->effects[i];
		struct clause_report *c = &report->clauses[e->clause];
		const char *lacking;

		for (unsigned int k = 0; k < contract->n_needs && !c->tests; k++)
			if (e->needs >> k & 1 && !machine_has(k, &lacking))
				c->note = lacking;
	}
}

void report_make(struct report *report, const struct run *run)
{
	memset(report, 0, sizeof(*report));
	report->run = run;
	report->whole = true;
	report->clauses = calloc(contract->n_clauses, sizeof(*report->clauses));
	if (!report->clauses) {
		perror("uffdio-move-conformance: no memory for the report");
		exit(1);
	}
	for (size_t i = 0; i < run->n_tests; i++) {
		const struct record *r = &run->records[i];

		if (!run->selected[i]) {
			report->whole = false;
			continue;
		}
		report->verdict[r->verdict]++;
		if (looked_at_nothing(r))
			add_unseen(report, run->tests[i].plan, r);
		else
			add_looked_at(report, r);
	}
	note_lacking(report);
	for (size_t k = 0; k < contract->n_clauses; k++) {
		if (contract->clauses[k].untested && !report->clauses[k].note)
			report->clauses[k].note = contract->clauses[k].untested;
		if (is_selected(report, k))
			report->standing[report->clauses[k].standing]++;
	}
}

bool report_passes(const struct report *report)
{
	return !report->standing[STANDING_FAILS] && !report->verdict[VERDICT_FAILS] &&
	       !report->verdict[VERDICT_NONE];
}

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
	fprintf(out, "%-38s%-13s%-11s%6s\n", "clause", "level", "here it", "tests");
	for (size_t k = 0; k < contract->n_clauses; k++) {
		const struct clause_report *c = &report->clauses[k];

		if (!is_selected(report, k))
			continue;
		fprintf(out, "%-38s%-13s", contract->clauses[k].id,
			level_words[contract->clauses[k].level]);
		print_word(standing_words[c->standing], colour_of(c->standing), out);
		fprintf(out, "%6u%s%s\n", c->tests, c->note ? "  " : "", c->note ? c->note : "");
	}
}

/* What was skipped, once for each reason, with the number of tests. */
static void print_skips(const struct report *report, FILE *out)
{
	const struct run *run = report->run;
	bool first = true;

	for (size_t i = 0; i < run->n_tests; i++) {
		const struct record *r = &run->records[i];
		unsigned int n = 0;
		bool repeated = false;

		if (!run->selected[i] || r->verdict != VERDICT_SKIPPED)
			continue;
		for (size_t k = 0; k < run->n_tests; k++) {
			if (!run->selected[k] || run->records[k].verdict != VERDICT_SKIPPED ||
			    strcmp(run->records[k].text, r->text))
				continue;
			repeated |= k < i;
			n++;
		}
		if (repeated)
			continue;
		if (first)
			fprintf(out, "\nSkipped:\n");
		first = false;
		fprintf(out, "%6u test%s  %s\n", n, n == 1 ? " " : "s", r->text);
	}
}

static void print_failures(const struct report *report, FILE *out)
{
	const struct run *run = report->run;
	unsigned int shown = 0;

	for (size_t i = 0; i < run->n_tests; i++) {
		if (!run->selected[i] || run->records[i].verdict != VERDICT_FAILS)
			continue;
		if (!shown)
			fprintf(out, "\nFailures:\n");
		if (shown++ < 20)
			fprintf(out, "  %s: %s\n", run->tests[i].name, run->records[i].text);
	}
	if (shown > 20)
		fprintf(out, "  and %u more; --tap lists them all\n", shown - 20);
}

static void print_deviations(const struct report *report, FILE *out)
{
	bool first = true;

	for (size_t d = 0; d < contract->n_deviations; d++) {
		unsigned int n = 0;

		for (size_t i = 0; i < report->run->n_tests; i++)
			n += report->run->selected[i] &&
			     report->run->records[i].verdict == VERDICT_DEVIATES &&
			     report->run->records[i].deviation == (int)d;
		if (!n)
			continue;
		if (first)
			fprintf(out, "\nKnown deviations of this kernel:\n");
		first = false;
		fprintf(out, "  %s: %s\n", contract->deviations[d].id, contract->deviations[d].is);
	}
}

void report_table(const struct report *report, FILE *out)
{
	const unsigned int *s = report->standing, *v = report->verdict;
	struct utsname system;

	uname(&system);
	fprintf(out, "UFFDIO_MOVE on %s %s (%s), pages of %ld bytes%s\n\n", system.sysname,
		system.release, system.machine, sysconf(_SC_PAGESIZE),
		machine_privileged() ? "" : ", without privilege");
	print_clauses(report, out);
	print_deviations(report, out);
	print_skips(report, out);
	print_failures(report, out);
	fprintf(out, "\n%u clauses: %u hold, %u deviate in a known way, %u differ from what was observed, "
		"%u fail, %u not tested here\n",
		s[STANDING_HOLDS] + s[STANDING_DEVIATES] + s[STANDING_DIFFERS] +
		s[STANDING_FAILS] + s[STANDING_UNTESTED], s[STANDING_HOLDS],
		s[STANDING_DEVIATES], s[STANDING_DIFFERS], s[STANDING_FAILS], s[STANDING_UNTESTED]);
	fprintf(out, "%u tests in %.1f s: %u hold, %u deviate in a known way, %u fail, %u skipped\n",
		v[VERDICT_HOLDS] + v[VERDICT_DEVIATES] + v[VERDICT_FAILS] + v[VERDICT_SKIPPED] +
		v[VERDICT_NONE], report->run->seconds, v[VERDICT_HOLDS], v[VERDICT_DEVIATES],
		v[VERDICT_FAILS] + v[VERDICT_NONE], v[VERDICT_SKIPPED]);
}

static json_t *clauses_as_json(const struct report *report)
{
	json_t *clauses = json_array();

	for (size_t k = 0; k < contract->n_clauses; k++) {
		const struct clause_report *c = &report->clauses[k];

		if (!is_selected(report, k))
			continue;
		json_array_append_new(clauses,
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s?}",
				  "id", contract->clauses[k].id,
				  "level", level_words[contract->clauses[k].level],
				  "rule", contract->clauses[k].rule,
				  "standing", standing_words[c->standing],
				  "tests", c->tests, "skipped", c->skipped, "note", c->note));
	}
	return clauses;
}

static json_t *tests_as_json(const struct run *run)
{
	json_t *tests = json_array();

	for (size_t i = 0; i < run->n_tests; i++) {
		const struct record *r = &run->records[i];

		if (!run->selected[i])
			continue;
		json_array_append_new(tests,
			json_pack("{s:s, s:s, s:s?, s:s?}",
				  "name", run->tests[i].name,
				  "verdict", verdict_words[r->verdict],
				  "deviation", r->verdict == VERDICT_DEVIATES ?
					contract->deviations[r->deviation].id : NULL,
				  "note", *r->text ? r->text : NULL));
	}
	return tests;
}

void report_json(const struct report *report, FILE *out)
{
	struct utsname system;
	json_t *whole;

	uname(&system);
	whole = json_pack("{s:s, s:{s:s, s:s, s:I, s:b}, s:f, s:b, s:o, s:o}",
			  "contract", contract->title,
			  "machine", "kernel", system.release, "architecture", system.machine,
			  "page_bytes", (json_int_t)sysconf(_SC_PAGESIZE),
			  "privileged", machine_privileged(),
			  "seconds", report->run->seconds,
			  "passes", report_passes(report),
			  "clauses", clauses_as_json(report),
			  "tests", tests_as_json(report->run));
	if (!whole || json_dumpf(whole, out, JSON_INDENT(1) | JSON_REAL_PRECISION(4)))
		fprintf(stderr, "uffdio-move-conformance: the report could not be written as JSON\n");
	json_decref(whole);
	fputc('\n', out);
}

void report_tap(const struct report *report)
{
	const struct run *run = report->run;
	size_t n = 0;

	for (size_t i = 0; i < run->n_tests; i++)
		n += run->selected[i];
	ksft_print_header();
	ksft_set_plan(n);
	for (size_t i = 0; i < run->n_tests; i++) {
		const struct record *r = &run->records[i];
		const char *name = run->tests[i].name;

		if (!run->selected[i])
			continue;
		switch (r->verdict) {
		case VERDICT_HOLDS:
			ksft_test_result_pass("%s\n", name);
			break;
		case VERDICT_DEVIATES:
			ksft_test_result_xfail("%s: %s\n", name,
					       contract->deviations[r->deviation].id);
			break;
		case VERDICT_SKIPPED:
			ksft_test_result_skip("%s: %s\n", name, r->text);
			break;
		default:
			ksft_test_result_fail("%s\n", name);
			ksft_print_msg("%s\n", *r->text ? r->text : "not run");
		}
	}
	ksft_print_cnts();
}
