// SPDX-License-Identifier: GPL-2.0-only
/*
 * uffdio-move-conformance - which clauses of UFFDIO_MOVE's contract hold here?
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/settings.h"
#include "machine/streams.h"
#include "options.h"
#include "report.h"

#define LEAST_FILES	16
#define EXIT_NO_MOVE	4	/* kselftest's code for a skip */

static unsigned int clause_index(const char *id)
{
	unsigned int i = 0;

	while (strcmp(uffdio_move_contract.clauses[i].id, id))
		i++;
	return i;
}

static bool is_named(const struct options *o, const char *name)
{
	for (size_t k = 0; k < o->n_tests; k++)
		if (!fnmatch(o->tests[k], name, FNM_EXTMATCH))
			return true;
	return !o->n_tests;
}

static bool looks_at(const struct options *o, const struct test_plan *plan)
{
	struct clause_set expected;

	if (!o->n_clauses)
		return true;
	judge_expected(&uffdio_move_contract, plan, &expected);
	for (size_t k = 0; k < o->n_clauses; k++)
		if (clause_set_has(&expected, clause_index(o->clauses[k])))
			return true;
	return false;
}

static void check_pattern(const struct run *run, const char *pattern)
{
	for (size_t i = 0; i < run->n_tests; i++)
		if (!fnmatch(pattern, run->tests[i].name, FNM_EXTMATCH))
			return;
	options_refuse_test(pattern);
}

/* The test behind which to go on. */
static size_t test_before(const struct run *run, const struct options *o)
{
	size_t i = 0;

	while (i < run->n_tests && strcmp(run->tests[i].name, o->behind))
		i++;
	if (i == run->n_tests)
		options_refuse_test(o->behind);
	return i;
}

static _Noreturn void refuse_choice(const struct options *o)
{
	char why[240];

	for (size_t k = 0; k < o->n_clauses; k++) {
		const char *untested =
			uffdio_move_contract.clauses[clause_index(o->clauses[k])].untested;

		if (!untested)
			continue;
		snprintf(why, sizeof(why), "%s: %s", o->clauses[k], untested);
		options_refuse("nothing can be run for the clause ", why);
	}
	options_refuse("no test of that name looks at that clause", "");
}

static void select_tests(struct run *run, const struct options *o)
{
	const size_t before = o->behind ? test_before(run, o) : 0;
	size_t n = 0;

	for (size_t k = 0; k < o->n_tests; k++)
		check_pattern(run, o->tests[k]);
	for (size_t i = 0; i < run->n_tests; i++) {
		bool asked_for = (!o->behind || is_run_later(run, i, before)) &&
				 is_named(o, run->tests[i].name) &&
				 looks_at(o, &run->tests[i].plan);

		/* In turn, so that each share has some of each kind. */
		run->selected[i] = asked_for && n % o->parts == o->part - 1;
		n += asked_for;
	}
	if (!n && o->behind)
		options_refuse("no test that is asked for is behind ", o->behind);
	if (!n)
		refuse_choice(o);
	if (n < o->part)
		options_refuse("--part: there are fewer tests than that", "");
}

static void list_tests(const struct run *run)
{
	const struct contract *c = &uffdio_move_contract;

	for (size_t i = 0; i < run->n_tests; i++) {
		struct clause_set expected;

		if (!run->selected[i])
			continue;
		judge_expected(c, &run->tests[i].plan, &expected);
		printf("%s", run->tests[i].name);
		for (size_t k = 0; k < c->n_clauses; k++)
			if (clause_set_has(&expected, k))
				printf(" %s", c->clauses[k].id);
		printf("\n");
	}
}

static int check_oracles(struct run *run)
{
	size_t flipped = 0, unnoticed = 0, held = 0;

	run->flips = calloc(run->n_tests, sizeof(*run->flips));
	if (!run->flips)
		options_refuse("no memory", "");
	run_selected(run);
	for (size_t i = 0; i < run->n_tests; i++) {
		const struct flips *f = &run->flips[i];

		held += f->flipped > 0;
		flipped += f->flipped;
		unnoticed += f->unnoticed;
		if (f->unnoticed)
			printf("undetected: %s: %s flipped, and %zu more\n", run->tests[i].name,
			       f->first, f->unnoticed - 1);
	}
	printf("%zu tests that hold, %zu expectations flipped, %zu undetected\n", held, flipped,
	       unnoticed);
	free(run->flips);
	return unnoticed || !flipped ? 1 : 0;
}

static void print_report(const struct report *report, const struct options *o)
{
	switch (o->form) {
	case FORM_TABLE:
		if (o->n_tests)
			report_tests(report, stdout);
		else
			report_table(report, stdout);
		break;
	case FORM_JSON:
		report_json(report, stdout);
		break;
	case FORM_TAP:
		report_tap(report);
		break;
	}
}

static int report(struct run *run, const struct options *o)
{
	struct report report;

	report_make(&report, run);
	print_report(&report, o);
	free(report.clauses);
	if (fflush(stdout) || ferror(stdout)) {
		perror("uffdio-move-conformance: the report could not be written");
		return RUN_UNSURE;
	}
	return report_outcome(&report);
}

static int open_announcements(const char *path)
{
	int fd;

	if (!path)
		return -1;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		options_refuse("no test can be announced there: ", path);
	return fd;
}

static void check_downs(const struct run *run, const struct options *o)
{
	for (size_t k = 0; k < o->n_downs; k++) {
		size_t i = 0;

		while (i < run->n_tests && strcmp(run->tests[i].name, o->downs[k].test))
			i++;
		if (i == run->n_tests)
			options_refuse_test(o->downs[k].test);
	}
}

/* What is proposed can be tested only where it is; a kernel without it is not at fault. */
static bool has_what_is_proposed(const char **sentence)
{
	const struct interface *in = &uffdio_move_contract.interface;
	char names[160] = "";
	uint64_t modes = 0;

	for (size_t i = 0; i < in->n_modes; i++) {
		if (!in->modes[i].proposed)
			continue;
		modes |= UINT64_C(1) << in->modes[i].bit;
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 *names ? " and " : "", in->modes[i].name);
	}
	return !modes || machine_knows_modes(sentence, modes, names);
}

/* With fewer, what a kernel has cannot be told from what cannot be opened. */
static bool may_open_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= LEAST_FILES)
		return true;
	limit.rlim_cur = LEAST_FILES;
	return limit.rlim_max >= LEAST_FILES && !setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	const char *sentence;
	struct options options;
	struct run run = {};
	int result;

	streams_secure();
	options_read(argc, argv, &options);
	run_prepare(&run);
	select_tests(&run, &options);
	check_downs(&run, &options);
	if (options.list) {
		list_tests(&run);
		return 0;
	}
	if (!may_open_files()) {
		fprintf(stderr, "uffdio-move-conformance: it may have fewer than %d open files "
			"(RLIMIT_NOFILE), which is too few to look at anything\n", LEAST_FILES);
		return EXIT_NO_MOVE;
	}
	if (machine_operation(&sentence) != OPERATION_WORKS || !has_what_is_proposed(&sentence)) {
		fprintf(stderr, "uffdio-move-conformance: %s\n", sentence);
		return EXIT_NO_MOVE;
	}
	if (!kernel_shows_pages()) {
		fprintf(stderr, "uffdio-move-conformance: /proc/self/pagemap or smaps cannot be read, by "
			"which the tests see what becomes of pages; mount /proc, and build the kernel "
			"with CONFIG_PROC_PAGE_MONITOR.\n");
		return EXIT_NO_MOVE;
	}
	test_be_patient(options.patience);
	/* it outlives a lack of memory, if it may, and so does who puts settings back */
	setting_write("/proc/self/oom_score_adj", "-1000");
	if (options.hazards)
		machine_permit_harm();
	machine_prepare();
	kernel_look();
	run.patience = options.patience;
	run.tries = options.tries;
	run.stop = options.stop;
	run.explain = options.n_tests;
	run.hazards = options.hazards;
	run.hazard = options.hazard;
	run.n_hazard = options.n_hazard;
	run.announce = open_announcements(options.announce);
	run.downs = options.downs;
	run.n_downs = options.n_downs;
	run.progress_interval = isatty(STDERR_FILENO) ? 0.1 : 30;
	if (options.check_oracles) {
		result = check_oracles(&run);
	} else {
		run_selected(&run);
		machine_restore();
		result = report(&run, &options);
	}
	machine_restore();
	return result;
}
