// SPDX-License-Identifier: GPL-2.0-only
/*
 * The report for machines, as JSON.
 */
#include <sys/utsname.h>
#include <unistd.h>

#include <jansson.h>

#include "machine/privilege.h"
#include "report.h"

static const struct contract *const contract = &uffdio_move_contract;

static json_t *clauses_as_json(const struct report *report)
{
	json_t *clauses = json_array();

	for (size_t k = 0; k < contract->n_clauses; k++) {
		const struct clause_report *c = &report->clauses[k];

		if (!report_has_clause(report, k))
			continue;
		json_array_append_new(clauses,
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s?}",
				  "id", contract->clauses[k].id,
				  "level", level_word(k),
				  "rule", contract->clauses[k].rule,
				  "standing", standing_word(report, k),
				  "tests", c->tests, "skipped", c->skipped, "note", c->note));
	}
	return clauses;
}

static json_t *tests_as_json(const struct run *run)
{
	json_t *tests = json_array();

	for (size_t i = 0; i < run->n_tests; i++) {
		const struct judgement *j = &run->judgements[i];

		if (!run->selected[i])
			continue;
		json_array_append_new(tests,
			json_pack("{s:s, s:s, s:s?, s:s?, s:s?}",
				  "name", run->tests[i].name,
				  "verdict", verdict_word(j->verdict),
				  "deviation", j->verdict == VERDICT_DEVIATES ?
					contract->deviations[j->deviation].id : NULL,
				  "note", *j->text ? j->text : NULL,
				  "details", j->details));
	}
	return tests;
}

void report_json(const struct report *report, FILE *out)
{
	struct utsname system;
	json_t *whole;

	uname(&system);
	whole = json_pack("{s:s, s:s, s:{s:s, s:s, s:I, s:b}, s:f, s:b, s:i, s:{s:i, s:i, s:i}, s:o, s:o}",
			  "contract", contract->title, "version", contract->version,
			  "machine", "kernel", system.release, "architecture", system.machine,
			  "page_bytes", (json_int_t)sysconf(_SC_PAGESIZE),
			  "privileged", !privilege_lacking(),
			  "seconds", report->run->seconds,
			  "passes", report_outcome(report) == RUN_PASSES,
			  "status", report_outcome(report),
			  "floor", "percent", contract->floor.tested,
			  "clauses", report->to_test, "tested", report->tested,
			  "clauses", clauses_as_json(report),
			  "tests", tests_as_json(report->run));
	if (!whole)
		fprintf(stderr, "uffdio-move-conformance: no memory for the report as JSON\n");
	/* what cannot be written main() finds */
	json_dumpf(whole, out, JSON_INDENT(1) | JSON_REAL_PRECISION(4));
	json_decref(whole);
	fputc('\n', out);
}
