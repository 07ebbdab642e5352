// SPDX-License-Identifier: GPL-2.0-only
/*
 * uffdio-move-conformance - which clauses of UFFDIO_MOVE's contract hold here?
 */
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
	int flip;
	unsigned int patience;
	const char *clauses[64];
	size_t n_clauses;
};

static const char usage[] =
	"Usage: uffdio-move-conformance [--json | --tap] [--clause ID]...\n"
	"       uffdio-move-conformance --list [--clause ID]...\n"
	"       uffdio-move-conformance --check-oracles [--clause ID]...\n"
	"\n"
	"Runs the tests generated from the contract of UFFDIO_MOVE on the running\n"
	"kernel and reports, clause by clause, what holds.\n"
	"\n"
	"  --json           the report as JSON\n"
	"  --tap            one line a test, as TAP\n"
	"  --clause ID      only the tests that look at this clause; may be repeated\n"
	"  --list           the tests, each with the clauses it looks at; run nothing\n"
	"  --check-oracles  turn each expectation into its contrary, and show that the\n"
	"                   test then fails\n"
	"  --flip N         run with each test's expectation number N (from 0) turned\n"
	"                   into its contrary: a test that holds then looks at nothing\n"
	"  --patience N     give each test N times 5 seconds; for slow machines\n"
	"  --help           this text\n"
	"\n"
	"As root, swap, same-page merging and huge pages are switched on as far as they\n"
	"are off, and put back afterwards.\n"
	"\n"
	"Exit status: 0 every clause that must hold holds, or deviates in a known way;\n"
	"1 one does not; 2 usage; 4 nothing could be tested: the kernel lacks\n"
	"UFFDIO_MOVE, or it is forbidden here.\n";

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
		{ "flip", required_argument, NULL, 'f' },
		{ "patience", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int option;

	*o = (struct options){ .flip = -1, .patience = 1 };
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
		case 'f':
			o->flip = number(optarg, 0, MAX_EXPECTATIONS);
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

static bool expects(const struct ending *endings, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < endings[i].n; k++)
			if (!strcmp(uffdio_move_contract.clauses[endings[i].expect[k].clause].id, id))
				return true;
	return false;
}

static void select_tests(struct run *run, const struct options *o)
{
	static struct ending endings[MAX_ENDINGS];

	for (size_t i = 0; i < run->n_tests; i++) {
		size_t n = oracle_endings(&uffdio_move_contract, run->tests[i].plan, endings);

		run->selected[i] = !o->n_clauses;
		for (size_t k = 0; k < o->n_clauses; k++)
			run->selected[i] |= expects(endings, n, o->clauses[k]);
	}
}

static void list_tests(const struct run *run)
{
	static struct ending endings[MAX_ENDINGS];
	const struct contract *c = &uffdio_move_contract;

	for (size_t i = 0; i < run->n_tests; i++) {
		size_t n = oracle_endings(c, run->tests[i].plan, endings);

		if (!run->selected[i])
			continue;
		printf("%s", run->tests[i].name);
		for (size_t k = 0; k < c->n_clauses; k++)
			if (expects(endings, n, c->clauses[k].id))
				printf(" %s", c->clauses[k].id);
		printf("\n");
	}
}

/* Flip the first expectation of every test, then the second, until none has so many. */
static int check_oracles(struct run *run)
{
	size_t flips = 0, undetected = 0, flipped;
	int flip = 0;

	do {
		flipped = 0;
		run_selected(run, flip);
		/* what ended without being judged has nothing more to flip either */
		for (size_t i = 0; i < run->n_tests; i++) {
			const struct record *r = &run->records[i];

			if (!run->selected[i] || !r->flipped)
				continue;
			flipped++;
			if (r->verdict == VERDICT_FAILS)
				continue;
			undetected++;
			printf("undetected: %s: %s\n", run->tests[i].name, r->text);
		}
		printf("expectation %d: %zu tests have it\n", flip, flipped);
		fflush(stdout);
		flips += flipped;
		flip++;
	} while (flipped);
	printf("%zu expectations flipped, %zu undetected\n", flips, undetected);
	return undetected || !flips ? 1 : 0;
}

static int report(struct run *run, const struct options *o)
{
	struct report report;

	report_make(&report, run);
	switch (o->form) {
	case FORM_TABLE:
		report_table(&report, stdout);
		break;
	case FORM_JSON:
		report_json(&report, stdout);
		break;
	case FORM_TAP:
		report_tap(&report);
		break;
	}
	free(report.clauses);
	if (fflush(stdout) || ferror(stdout)) {
		perror("uffdio-move-conformance: the report could not be written");
		return 1;
	}
	return report_passes(&report) ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *sentence;
	struct options options;
	struct run run = {};
	int result;

	streams_secure();
	read_options(argc, argv, &options);
	if (options.list) {
		run_prepare(&run);
		select_tests(&run, &options);
		list_tests(&run);
		return 0;
	}
	if (machine_operation(&sentence) != OPERATION_WORKS) {
		fprintf(stderr, "uffdio-move-conformance: %s\n", sentence);
		return EXIT_NO_MOVE;
	}
	test_be_patient(options.patience);
	machine_prepare();
	run_prepare(&run);
	select_tests(&run, &options);
	kernel_look();
	harness_be_patient(options.patience);
	run.progress = isatty(STDERR_FILENO) ? stderr : NULL;
	if (options.check_oracles) {
		result = check_oracles(&run);
	} else {
		run_selected(&run, options.flip);
		machine_restore();
		result = report(&run, &options);
	}
	machine_restore();
	return result;
}
