// SPDX-License-Identifier: GPL-2.0-only
/*
 * uffdio-move-conformance - which clauses of UFFDIO_MOVE's contract hold here?
 */
#include <fnmatch.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/streams.h"
#include "report.h"

#define EXIT_USAGE	2
#define EXIT_NO_MOVE	4	/* kselftest's code for a skip */

enum form { FORM_TABLE, FORM_JSON, FORM_TAP };

struct options {
	enum form form;
	bool list, check_oracles;
	unsigned int patience;
	const char *clauses[64];
	size_t n_clauses;
	const char *tests[64];	/* patterns */
	size_t n_tests;
};

static const char usage[] =
	"Usage: uffdio-move-conformance [--json | --tap] [--clause ID]... [--test NAME]...\n"
	"       uffdio-move-conformance --list [--clause ID]... [--test NAME]...\n"
	"       uffdio-move-conformance --check-oracles [--clause ID]... [--test NAME]...\n"
	"\n"
	"Runs the tests that follow from the contract of UFFDIO_MOVE on the running\n"
	"kernel and reports, clause by clause, what holds.\n"
	"\n"
	"  --json           the report as JSON\n"
	"  --tap            one line a test, as TAP\n"
	"  --clause ID      only the tests that look at this clause; may be repeated\n"
	"  --test NAME      only this test, and all that it expected and observed; a\n"
	"                   pattern as a shell has them; may be repeated\n"
	"  --list           the tests, each with the clauses it looks at; run nothing\n"
	"  --check-oracles  turn each thing that a test expects into its contrary, and\n"
	"                   show that it would fail then\n"
	"  --patience N     give each test N times 5 seconds; for emulated machines\n"
	"  --help           this text\n"
	"\n"
	"As root, swap, same-page merging and huge pages are switched on as far as they\n"
	"are off, and put back afterwards.\n"
	"\n"
	"Exit status: 0 every clause that must hold holds, or deviates in a known way;\n"
	"1 one does not; 2 usage; 3 nothing is known to be wrong, but tests are broken,\n"
	"which is no fault of the kernel's, or too few could be run; 4 nothing could be\n"
	"tested: the kernel lacks UFFDIO_MOVE, or it is forbidden here.\n";

static _Noreturn void refuse(const char *message, const char *word)
{
	fprintf(stderr, "uffdio-move-conformance: %s%s; --help tells the usage\n", message, word);
	exit(EXIT_USAGE);
}

static void check_clause(const char *id)
{
	for (size_t i = 0; i < uffdio_move_contract.n_clauses; i++)
		if (!strcmp(uffdio_move_contract.clauses[i].id, id))
			return;
	refuse("no clause is called ", id);
}

static int number(const char *text, int least, int most)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end || n < least || n > most)
		refuse("not a number, or too large or small a one: ", text);
	return n;
}

static void read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "tap", no_argument, NULL, 't' },
		{ "list", no_argument, NULL, 'l' },
		{ "clause", required_argument, NULL, 'c' },
		{ "check-oracles", no_argument, NULL, 'o' },
		{ "test", required_argument, NULL, 'n' },
		{ "patience", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int option;

	*o = (struct options){ .patience = 1 };
	while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		switch (option) {
		case 'j':
		case 't':
			if (o->form != FORM_TABLE)
				refuse("--json and --tap exclude each other", "");
			o->form = option == 'j' ? FORM_JSON : FORM_TAP;
			break;
		case 'l':
			o->list = true;
			break;
		case 'c':
			check_clause(optarg);
			if (o->n_clauses == sizeof(o->clauses) / sizeof(o->clauses[0]))
				refuse("too many --clause", "");
			o->clauses[o->n_clauses++] = optarg;
			break;
		case 'o':
			o->check_oracles = true;
			break;
		case 'n':
			if (o->n_tests == sizeof(o->tests) / sizeof(o->tests[0]))
				refuse("too many --test", "");
			o->tests[o->n_tests++] = optarg;
			break;
		case 'p':
			o->patience = number(optarg, 1, 100);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			exit(EXIT_USAGE);
		}
	}
	if (optind != argc)
		refuse("unexpected argument ", argv[optind]);
}

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
		if (!fnmatch(o->tests[k], name, 0))
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

static void select_tests(struct run *run, const struct options *o)
{
	size_t n = 0;

	for (size_t i = 0; i < run->n_tests; i++) {
		run->selected[i] = is_named(o, run->tests[i].name) &&
				   looks_at(o, &run->tests[i].plan);
		n += run->selected[i];
	}
	if (!n)
		refuse("no test is chosen; --list names them all", "");
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
		refuse("no memory", "");
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
		return 1;
	}
	return report_outcome(&report);
}

int main(int argc, char **argv)
{
	const char *sentence;
	struct options options;
	struct run run = {};
	int result;

	streams_secure();
	read_options(argc, argv, &options);
	run_prepare(&run);
	select_tests(&run, &options);
	if (options.list) {
		list_tests(&run);
		return 0;
	}
	if (machine_operation(&sentence) != OPERATION_WORKS) {
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
	machine_prepare();
	kernel_look();
	run.patience = options.patience;
	run.explain = options.n_tests;
	run.progress = isatty(STDERR_FILENO) ? stderr : NULL;
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
