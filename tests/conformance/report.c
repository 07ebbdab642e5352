// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/machine.h"
#include "report.h"

static const struct contract *const contract = &uffdio_move_contract;

const char *level_word(size_t clause)
{
	static const char *const words[] = {
		[LEVEL_MUST] = "must",
		[LEVEL_MAY] = "may",
		[LEVEL_OBSERVED] = "observed",
		[LEVEL_UNSPECIFIED] = "unspecified",
		[LEVEL_ADVICE] = "advice",
	};

	return words[contract->clauses[clause].level];
}

const char *standing_word(const struct report *report, size_t clause)
{
	static const char *const words[] = {
		[STANDING_UNTESTED] = "not tested",
		[STANDING_HOLDS] = "holds",
		[STANDING_DIFFERS] = "differs",
		[STANDING_DEVIATES] = "deviates",
		[STANDING_FAILS] = "FAILS",
	};
	enum standing standing = report->clauses[clause].standing;

	/* What callers do is nothing for a kernel to keep. */
	if (standing == STANDING_HOLDS && contract->clauses[clause].level == LEVEL_ADVICE)
		return "works";
	return words[standing];
}

const char *verdict_word(enum verdict verdict)
{
	static const char *const words[] = {
		[VERDICT_NONE] = "not run",
		[VERDICT_HOLDS] = "holds",
		[VERDICT_DEVIATES] = "deviates",
		[VERDICT_SKIPPED] = "skipped",
		[VERDICT_BROKEN] = "broken",
		[VERDICT_FAILS] = "fails",
	};

	return words[verdict];
}

static void note(struct clause_report *c, enum standing standing, const char *text)
{
	if (standing > c->standing || !c->note)
		c->note = text;
	if (standing > c->standing)
		c->standing = standing;
}

static void add_looked_at(struct report *report, const struct judgement *j)
{
	for (unsigned int k = 0; k < contract->n_clauses; k++) {
		struct clause_report *c = &report->clauses[k];

		if (clause_set_has(&j->held, k) || clause_set_has(&j->broken, k) ||
		    clause_set_has(&j->differs, k))
			c->tests++;
		if (clause_set_has(&j->broken, k)) {
			if (j->verdict == VERDICT_DEVIATES)
				note(c, STANDING_DEVIATES, contract->deviations[j->deviation].id);
			else
				note(c, STANDING_FAILS, j->text);
		} else if (clause_set_has(&j->differs, k)) {
			note(c, STANDING_DIFFERS, j->text);
		} else if (clause_set_has(&j->held, k) && c->standing == STANDING_UNTESTED) {
			c->standing = STANDING_HOLDS;
			c->note = NULL;
		}
	}
}

static void add_unseen(struct report *report, const struct clause_set *expected,
		       const struct judgement *j)
{
	for (unsigned int k = 0; k < contract->n_clauses; k++) {
		struct clause_report *c = &report->clauses[k];

		if (!clause_set_has(expected, k))
			continue;
		c->skipped++;
		if (c->standing == STANDING_UNTESTED)
			c->note = j->text;
	}
}

bool report_has_clause(const struct report *report, size_t clause)
{
	return report->whole || clause_set_has(&report->chosen, clause);
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

/* Its tests were run, and none came to where it is looked at. */
static void note_unreached(struct report *report)
{
	for (size_t k = 0; k < contract->n_clauses; k++) {
		struct clause_report *c = &report->clauses[k];

		if (clause_set_has(&report->chosen, k) && !c->tests && !c->note)
			c->note = "looked at only after a result that did not come";
	}
}

static void add_test(struct report *report, size_t i)
{
	const struct judgement *j = &report->run->judgements[i];
	struct clause_set expected;

	judge_expected(contract, &report->run->tests[i].plan, &expected);
	for (size_t word = 0; word < sizeof(expected.words) / sizeof(expected.words[0]); word++)
		report->chosen.words[word] |= expected.words[word];
	report->verdict[j->verdict]++;
	if (j->verdict == VERDICT_SKIPPED || j->verdict == VERDICT_BROKEN ||
	    j->verdict == VERDICT_NONE)
		add_unseen(report, &expected, j);
	else
		add_looked_at(report, j);
}

void report_make(struct report *report, const struct run *run)
{
	memset(report, 0, sizeof(*report));
	report->run = run;
	report->whole = true;
	report->clauses = calloc(contract->n_clauses, sizeof(*report->clauses));
	if (!report->clauses) {
		perror("uffdio-move-conformance: no memory for the report");
		exit(EXIT_UNSURE);
	}
	for (size_t i = 0; i < run->n_tests; i++)
		if (run->selected[i])
			add_test(report, i);
		else
			report->whole = false;
	note_lacking(report);
	note_unreached(report);
	for (size_t k = 0; k < contract->n_clauses; k++) {
		if (contract->clauses[k].untested && !report->clauses[k].note)
			report->clauses[k].note = contract->clauses[k].untested;
		if (report_has_clause(report, k))
			report->standing[report->clauses[k].standing]++;
		if (level_binds(contract->clauses[k].level) && clause_set_has(&report->chosen, k)) {
			report->to_test++;
			report->tested += report->clauses[k].standing != STANDING_UNTESTED;
		}
	}
}

bool report_is_below_floor(const struct report *report)
{
	return report->whole && 100 * report->tested < contract->floor.tested * report->to_test;
}

enum outcome_of_run report_outcome(const struct report *report)
{
	if (report->standing[STANDING_FAILS] || report->verdict[VERDICT_FAILS])
		return RUN_FAILS;
	if (report->verdict[VERDICT_BROKEN] || report->verdict[VERDICT_NONE] ||
	    report_is_below_floor(report))
		return RUN_UNSURE;
	return RUN_PASSES;
}
