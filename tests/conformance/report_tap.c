// SPDX-License-Identifier: GPL-2.0-only
/*
 * The report for machines, as TAP.
 */
#include <string.h>

#include "kselftest.h"
#include "report.h"

static const struct contract *const contract = &uffdio_move_contract;

/* Each line of @text as a comment. */
static void print_comment(const char *text)
{
	while (text && *text) {
		size_t length = strcspn(text, "\n");

		ksft_print_msg("%.*s\n", (int)length, text);
		text += length + !!text[length];
	}
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
		const struct judgement *j = &run->judgements[i];
		const char *name = run->tests[i].name;

		if (!run->selected[i])
			continue;
		switch (j->verdict) {
		case VERDICT_HOLDS:
			ksft_test_result_pass("%s\n", name);
			break;
		case VERDICT_DEVIATES:
			ksft_test_result_xfail("%s: %s\n", name,
					       contract->deviations[j->deviation].id);
			break;
		case VERDICT_SKIPPED:
			ksft_test_result_skip("%s: %s\n", name, j->text);
			break;
		case VERDICT_NONE:
			ksft_test_result_skip("%s: not run, since %s ended the run\n", name,
					      run->stopped_by);
			break;
		case VERDICT_BROKEN:
			/* kselftest's word for a test that itself went wrong */
			ksft_test_result_error("%s: %s\n", name, j->text);
			break;
		default:
			ksft_test_result_fail("%s\n", name);
			ksft_print_msg("%s\n", j->text);
			print_comment(j->details);
		}
	}
	if (report_is_below_floor(report))
		ksft_print_msg("too little was tested: %u of %u clauses, where %u%% are wanted\n",
			       report->tested, report->to_test, contract->floor.tested);
	ksft_print_cnts();
}
