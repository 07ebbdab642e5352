// SPDX-License-Identifier: GPL-2.0-only
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define EXIT_USAGE	2

static const char usage[] =
	"Usage: uffdio-move-conformance [--json | --tap] [OPTION]... [TESTS]...\n"
	"       uffdio-move-conformance --list [TESTS]...\n"
	"       uffdio-move-conformance --check-oracles [TESTS]...\n"
	"\n"
	"TESTS are --clause, --test, --part and --behind: of which tests it is about; all,\n"
	"if none is given.\n"
	"\n"
	"Runs the tests that follow from the contract of UFFDIO_MOVE on the running\n"
	"kernel and reports, clause by clause, what holds.\n"
	"\n"
	"  --json           the report as JSON\n"
	"  --tap            one line a test, as TAP\n"
	"  --clause ID      only the tests that look at this clause; may be repeated\n"
	"  --test NAME      only this test, and all that it expected and observed; a\n"
	"                   pattern as bash has them, !(NAME|NAME) included; may be\n"
	"                   repeated\n"
	"  --part K/N       of the tests that are asked for the K-th of N shares; a run\n"
	"                   that takes long can be made in several\n"
	"  --behind NAME    of these only the tests that are run after that one: what\n"
	"                   --stop has ended goes on behind the test that has ended it\n"
	"  --list           the tests, each with the clauses it looks at; run nothing\n"
	"  --check-oracles  turn each thing that a test expects into its contrary, and\n"
	"                   show that it would fail then\n"
	"  --hazards        run the tests, too, that take the whole machine down if the\n"
	"                   kernel has a certain fault, and those that take memory from\n"
	"                   it until it is booted again; otherwise they are skipped\n"
	"  --hazard ID      of those that may take the machine down only the ones that\n"
	"                   meet this deviation; may be repeated\n"
	"  --announce FILE  write a line to FILE before each test, and run one at a time,\n"
	"                   so that the last one is to blame if the machine goes down\n"
	"  --down NAME:WHY  do not run this test: the kernel went down at it, and WHY is\n"
	"                   what it said; may be repeated\n"
	"  --tries N        a test that fails holds if it does so at one of N tries: where\n"
	"                   something refuses now and then, as uffdio-move-refuse(1) does\n"
	"  --stop           end with the first test that fails or deviates; the others are\n"
	"                   not run\n"
	"  --patience N     give each test N times 5 seconds; for emulated machines\n"
	"  --help           this text\n"
	"\n"
	"As root, swap, same-page merging and huge pages are switched on as far as they\n"
	"are off, and put back afterwards.\n"
	"\n"
	"Exit status: 0 every clause that must hold holds, or deviates in a known way;\n"
	"1 one does not; 2 usage; 3 nothing is known to be wrong, but tests are broken,\n"
	"which is no fault of the kernel's, or too few could be run, or the report could\n"
	"not be written; 4 nothing could be tested: the kernel lacks UFFDIO_MOVE, or\n"
	"what is proposed for it, or it is forbidden here.\n";

_Noreturn void options_refuse(const char *message, const char *word)
{
	fprintf(stderr, "uffdio-move-conformance: %s%s; --help tells the usage\n", message, word);
	exit(EXIT_USAGE);
}

_Noreturn void options_refuse_test(const char *name)
{
	fprintf(stderr, "uffdio-move-conformance: no test is called '%s'; --list names them\n",
		name);
	exit(EXIT_USAGE);
}

static void check_clause(const char *id)
{
	for (size_t i = 0; i < uffdio_move_contract.n_clauses; i++)
		if (!strcmp(uffdio_move_contract.clauses[i].id, id))
			return;
	options_refuse("no clause is called ", *id ? id : "''");
}

static int number(const char *text, int least, int most)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (!*text || *end || n < least || n > most)
		options_refuse("not a number, or too large or small a one: ", text);
	return n;
}

static void check_hazard(const char *id)
{
	char known[200] = "the deviations that may take the machine down are";

	for (size_t i = 0; i < uffdio_move_contract.n_deviations; i++)
		if (!strcmp(uffdio_move_contract.deviations[i].id, id) &&
		    uffdio_move_contract.deviations[i].hazard)
			return;
	for (size_t i = 0; i < uffdio_move_contract.n_deviations; i++)
		if (uffdio_move_contract.deviations[i].hazard)
			snprintf(known + strlen(known), sizeof(known) - strlen(known), " %s",
				 uffdio_move_contract.deviations[i].id);
	strcat(known, ", and not ");
	options_refuse(known, id);
}

static void set_form(struct options *o, enum form form)
{
	if (o->form != FORM_TABLE && o->form != form)
		options_refuse("--json and --tap exclude each other", "");
	o->form = form;
}

static void add_name(const char *names[], size_t *n, const char *name, const char *option)
{
	if (*n == MOST_NAMED)
		options_refuse("too many ", option);
	names[(*n)++] = name;
}

static void add_down(struct options *o, char *text)
{
	char *colon = strchr(text, ':');

	if (!colon || colon == text || !colon[1])
		options_refuse("--down wants NAME:WHY, not ", text);
	if (o->n_downs == MOST_NAMED)
		options_refuse("too many ", "--down");
	*colon = '\0';
	o->downs[o->n_downs++] = (struct down){ text, colon + 1 };
}

static void read_part(struct options *o, char *text)
{
	char *slash = strchr(text, '/');

	if (!slash)
		options_refuse("--part wants K/N, not ", text);
	*slash = '\0';
	o->parts = number(slash + 1, 1, 1000);
	o->part = number(text, 1, o->parts);
}

void options_read(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "tap", no_argument, NULL, 't' },
		{ "list", no_argument, NULL, 'l' },
		{ "clause", required_argument, NULL, 'c' },
		{ "check-oracles", no_argument, NULL, 'o' },
		{ "test", required_argument, NULL, 'n' },
		{ "part", required_argument, NULL, 'P' },
		{ "behind", required_argument, NULL, 'b' },
		{ "hazards", no_argument, NULL, 'z' },
		{ "hazard", required_argument, NULL, 'Z' },
		{ "announce", required_argument, NULL, 'a' },
		{ "down", required_argument, NULL, 'd' },
		{ "tries", required_argument, NULL, 'r' },
		{ "stop", no_argument, NULL, 's' },
		{ "patience", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int option;

	*o = (struct options){ .patience = 1, .tries = 1, .part = 1, .parts = 1 };
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
		switch (option) {
		case 'j':
			set_form(o, FORM_JSON);
			break;
		case 't':
			set_form(o, FORM_TAP);
			break;
		case 'l':
			o->list = true;
			break;
		case 'c':
			check_clause(optarg);
			add_name(o->clauses, &o->n_clauses, optarg, "--clause");
			break;
		case 'o':
			o->check_oracles = true;
			break;
		case 'n':
			add_name(o->tests, &o->n_tests, optarg, "--test");
			break;
		case 'P':
			read_part(o, optarg);
			break;
		case 'b':
			o->behind = optarg;
			break;
		case 'z':
			o->hazards = true;
			break;
		case 'Z':
			check_hazard(optarg);
			add_name(o->hazard, &o->n_hazard, optarg, "--hazard");
			break;
		case 'a':
			o->announce = optarg;
			break;
		case 'd':
			add_down(o, optarg);
			break;
		case 'r':
			o->tries = number(optarg, 1, 1000);
			break;
		case 's':
			o->stop = true;
			break;
		case 'p':
			o->patience = number(optarg, 1, 100);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case ':':
			options_refuse("a word is missing after ", argv[optind - 1]);
		default:
			options_refuse("there is no such option, or it takes no word: ",
				       argv[optind - 1]);
		}
	}
	if (o->list + o->check_oracles + (o->form != FORM_TABLE) > 1)
		options_refuse("--list, --check-oracles, --json and --tap exclude each other", "");
	if (optind != argc)
		options_refuse("unexpected argument ", argv[optind]);
}
