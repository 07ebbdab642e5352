// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define EXIT_USAGE	2
#define SECONDS		80
#define SECONDS_QUICK	5
#define MOST_SECONDS	100000

static const char usage[] =
	"Usage: bench [OPTION]...\n"
	"\n"
	"What a move costs on the running kernel, beside UFFDIO_COPY, mremap(2) and memcpy(3):\n"
	"medians of rounds in which each way does the same work in turn.\n"
	"\n"
	"  --row NAME    only this row; a pattern as a shell has them; may be repeated;\n"
	"                alone.*, shared.*, left.* and swapped-shared.*, of the mode ALLOW_COPY,\n"
	"                which is proposed, only if named\n"
	"  --list        the rows; measure nothing\n"
	"  --seconds N   how long it takes, about (80); each row has at least 5 rounds\n"
	"  --quick       a look in some seconds: 3 rounds at least, a smaller heap\n"
	"  --csv         the figures as CSV, on standard output\n"
	"  --json        the figures as JSON, on standard output\n"
	"  --save DIR    write bench.csv and bench.json into DIR, too\n"
	"  --count       count instructions in place of time: in a guest of QEMU's with\n"
	"                -icount shift=0,sleep=off, where they are what its clock tells\n"
	"  --fault WHAT  do one wrong thing, so that what is claimed does not hold: unmoved\n"
	"                (a call is left out), spoiled (a page arrives as another), stayed\n"
	"                (a page is at the source as well), store (one of the application's\n"
	"                is lost)\n"
	"  --help        this text\n"
	"\n"
	"Each row makes sure that the pages have arrived, outside of what is measured; if they\n"
	"have not, it is an error and no figure.  As root, swap space on zram and huge pages are\n"
	"switched on as far as they are off, and put back afterwards.\n"
	"\n"
	"Exit status: 0 each row has its figures, or a reason why they cannot be had here;\n"
	"1 a row did not do what it claims; 2 usage; 3 the figures could not be written;\n"
	"4 the kernel lacks UFFDIO_MOVE, or it is forbidden here.\n";

struct options options;

const char *const fault_names[FAULTS] = {
	"none", "unmoved", "spoiled", "stayed", "store",
};

static _Noreturn void refuse(const char *message, const char *word)
{
	fprintf(stderr, "bench: %s%s; --help tells the usage\n", message, word);
	exit(EXIT_USAGE);
}

static unsigned int number(const char *text)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n < 1 || n > MOST_SECONDS)
		refuse("not a number of seconds, or too large or small a one: ", text);
	return n;
}

static enum fault fault_named(const char *name)
{
	for (enum fault i = FAULT_NONE + 1; i < FAULTS; i++)
		if (!strcmp(fault_names[i], name))
			return i;
	refuse("no fault is called ", *name ? name : "''");
}

static void set_form(enum form form)
{
	if (options.form != FORM_TABLE && options.form != form)
		refuse("--csv and --json exclude each other", "");
	options.form = form;
}

static void select_rows(const char *pattern)
{
	bool any = false;

	for (size_t i = 0; i < n_rows; i++)
		if (!fnmatch(pattern, rows[i].name, 0))
			any = options.selected[i] = true;
	if (!any)
		refuse("no row is called ", *pattern ? pattern : "''");
}

static void take_option(int option, char **argv)
{
	switch (option) {
	case 'r':
		select_rows(optarg);
		break;
	case 'l':
		options.list = true;
		break;
	case 's':
		options.seconds = number(optarg);
		break;
	case 'q':
		options.quick = true;
		break;
	case 'c':
		set_form(FORM_CSV);
		break;
	case 'j':
		set_form(FORM_JSON);
		break;
	case 'd':
		options.save = optarg;
		break;
	case 'n':
		options.counted = true;
		break;
	case 'f':
		options.fault = fault_named(optarg);
		break;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	case ':':
		refuse("a word is missing after ", argv[optind - 1]);
	default:
		refuse("there is no such option, or it takes no word: ", argv[optind - 1]);
	}
}

static void select_all_if_none(void)
{
	for (size_t i = 0; i < n_rows; i++)
		if (options.selected[i])
			return;
	for (size_t i = 0; i < n_rows; i++)
		options.selected[i] = !rows[i].allow_copy;
}

void read_options(int argc, char **argv)
{
	static const struct option known[] = {
		{ "row", required_argument, NULL, 'r' },
		{ "list", no_argument, NULL, 'l' },
		{ "seconds", required_argument, NULL, 's' },
		{ "quick", no_argument, NULL, 'q' },
		{ "csv", no_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "save", required_argument, NULL, 'd' },
		{ "count", no_argument, NULL, 'n' },
		{ "fault", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int option;

	options.selected = calloc(n_rows, sizeof(*options.selected));
	if (!options.selected)
		refuse("no memory", "");
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":h", known, NULL)) != -1)
		take_option(option, argv);
	if (optind != argc)
		refuse("unexpected argument ", *argv[optind] ? argv[optind] : "''");
	if (options.list && options.form != FORM_TABLE)
		refuse("--list measures nothing, which --csv and --json cannot tell", "");
	if (!options.seconds)
		options.seconds = options.quick ? SECONDS_QUICK : SECONDS;
	select_all_if_none();
}
