// SPDX-License-Identifier: GPL-2.0-only
/*
 * uffdio-move-refuse - run a program whose calls of UFFDIO_MOVE meet what the contract
 * allows there, and tell whether it lives with that.
 */
#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STATUS_FAULTS	1
#define STATUS_USAGE	125

struct settings settings = { .tries = 1000, .least = 8, .stall = 10 };
struct plan plan = { .rate = 0.1 };
struct counts counts;
struct told_fault *faults;
size_t n_faults, n_told;

static const char usage[] =
	"usage: uffdio-move-refuse [OPTION]... PROGRAM [ARGUMENT]...\n"
	"Runs PROGRAM, and lets its calls of UFFDIO_MOVE meet what the contract allows there.\n"
	"\n"
	"  --rate P%        how many calls meet something new (10%)\n"
	"  --seed N         what they meet; the same seed draws the same (from the clock)\n"
	"  --plan STEPS     instead: one step a call, and nothing after the last;\n"
	"                   'EBUSY*3, short 2, EAGAIN until cured, ENOMEM at 1, delay 5, none'\n"
	"  --races          places that are filled, and pages that are taken away, as other\n"
	"                   threads of the program might (EEXIST, ENOENT)\n"
	"  --missing        the operation is not there\n"
	"  --forbidden      a filter of system calls forbids it\n"
	"  --unwritten      .move is left alone with EAGAIN, as before Linux 6.15\n"
	"  --tries N        calls for one page without progress that are a fault (1000)\n"
	"  --least N        with which a program may give up (8)\n"
	"  --stall S        seconds in which nothing runs that make a wait for a page a fault (10)\n"
	"  --log FILE       each call on a line\n"
	"  --output FILE    the report; else it goes to standard error\n"
	"  --json           the report as JSON\n"
	"\n"
	"Exit status: 1 if the program has faults, else its own (128 and more: its signal);\n"
	"125 nothing could be run, 126 the program cannot, 127 there is none.\n";

static _Noreturn void wrong(const char *format, const char *what)
{
	fputs("uffdio-move-refuse: ", stderr);
	fprintf(stderr, format, what);
	fputs("; --help tells the usage\n", stderr);
	exit(STATUS_USAGE);
}

static uint64_t number(const char *text, const char *option, uint64_t least, uint64_t most)
{
	char *end;
	uint64_t value;
	char what[128];

	errno = 0;
	value = strtoull(text, &end, 10);
	snprintf(what, sizeof(what), "%s %s", option, text);
	if (end == text || *end)
		wrong("%s: that is no number", what);
	if (errno || *text == '-' || value < least || value > most) {
		snprintf(what, sizeof(what), "%s %s: that number is out of range, which is %" PRIu64 " to %" PRIu64,
			 option, text, least, most);
		wrong("%s", what);
	}
	return value;
}

static double rate(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "%")) || !(value >= 0 && value <= 100))
		wrong("--rate %s: a percentage is wanted, 0%% to 100%%", text);
	return value / 100;
}

static FILE *open_output(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file) {
		fprintf(stderr, "uffdio-move-refuse: %s cannot be written: %s\n", path, strerror(errno));
		exit(STATUS_USAGE);
	}
	return file;
}

enum option_number {
	RATE = 256, SEED, PLAN, RACES, MISSING, FORBIDDEN, UNWRITTEN, TRIES, LEAST, STALL, LOG, OUTPUT,
	JSON, HELP,
};

static const struct option options[] = {
	{ "rate", required_argument, NULL, RATE }, { "seed", required_argument, NULL, SEED },
	{ "plan", required_argument, NULL, PLAN }, { "races", no_argument, NULL, RACES },
	{ "missing", no_argument, NULL, MISSING }, { "forbidden", no_argument, NULL, FORBIDDEN },
	{ "unwritten", no_argument, NULL, UNWRITTEN }, { "tries", required_argument, NULL, TRIES },
	{ "least", required_argument, NULL, LEAST }, { "stall", required_argument, NULL, STALL },
	{ "log", required_argument, NULL, LOG }, { "output", required_argument, NULL, OUTPUT },
	{ "json", no_argument, NULL, JSON }, { "help", no_argument, NULL, HELP }, { 0 }
};

static void take_plan(const char *text)
{
	char why[160];

	plan_free(&plan);
	if (!plan_parse(text, &plan, why)) {
		fprintf(stderr, "uffdio-move-refuse: --plan '%s': %s; --help tells the usage\n", text, why);
		exit(STATUS_USAGE);
	}
}

static FILE *read_options(int argc, char **argv)
{
	FILE *out = stderr;
	bool is_drawn = false;
	char unknown[4];
	int option;

	/* Messages of its own tell no way out. */
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		switch (option) {
		case RATE:
			plan.rate = rate(optarg);
			is_drawn = true;
			break;
		case SEED:
			plan.seed = number(optarg, "--seed", 0, INT64_MAX);
			is_drawn = true;
			break;
		case PLAN:
			take_plan(optarg);
			break;
		case RACES:
			plan.races = true;
			break;
		case MISSING:
			settings.missing = true;
			break;
		case FORBIDDEN:
			settings.forbidden = true;
			break;
		case UNWRITTEN:
			settings.unwritten = true;
			break;
		case TRIES:
			settings.tries = number(optarg, "--tries", 1, 1000000000);
			break;
		case LEAST:
			settings.least = number(optarg, "--least", 1, 1000000000);
			break;
		case STALL:
			settings.stall = number(optarg, "--stall", 1, 86400);
			break;
		case LOG:
			settings.log = open_output(optarg);
			break;
		case OUTPUT:
			out = open_output(optarg);
			break;
		case JSON:
			settings.json = true;
			break;
		case 'h':
		case HELP:
			fputs(usage, stdout);
			exit(0);
		case ':':
			wrong("%s wants a value", argv[optind - 1]);
		default:
			snprintf(unknown, sizeof(unknown), "-%c", optopt);
			wrong("%s is no option", optopt && optopt < RATE ? unknown : argv[optind - 1]);
		}
	}
	if (settings.missing + settings.forbidden + (plan.steps != NULL) > 1)
		wrong("%s", "--missing, --forbidden and --plan exclude each other");
	if (plan.steps && is_drawn)
		wrong("%s", "with --plan nothing is drawn: --rate and --seed do not go with it");
	if (plan.steps && !plan.races && (plan_has(&plan, MEETS_EXISTS) || plan_has(&plan, MEETS_HOLE)))
		wrong("%s", "EEXIST and ENOENT are met with --races only");
	return out;
}

static bool is_written(const char *what, int error)
{
	if (error)
		fprintf(stderr, "uffdio-move-refuse: %s cannot be written: %s\n", what, strerror(error));
	return !error;
}

int main(int argc, char **argv)
{
	struct timespec clock;
	FILE *out;
	int status;

	/* a report or log that nobody reads is no reason to end the program */
	signal(SIGPIPE, SIG_IGN);
	clock_gettime(CLOCK_REALTIME, &clock);
	plan.seed = clock.tv_nsec ^ clock.tv_sec;
	out = read_options(argc, argv);
	if (optind == argc)
		wrong("%s", "a program to run is wanted");
	plan.state = plan.seed;
	status = start_program(argv + optind);
	if (status < 0)
		return -status;
	report_print(out, status);
	if (!is_written("the report", ferror(out) || fflush(out) ? errno : 0) ||
	    !is_written("the log", settings.log_error))
		return STATUS_USAGE;
	return n_faults ? STATUS_FAULTS : status;
}
