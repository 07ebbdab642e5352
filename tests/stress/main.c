// SPDX-License-Identifier: GPL-2.0-only
/*
 * stress - shows that UFFDIO_MOVE loses, doubles and spoils no page, and no store
 * to one, whatever else is done to the same pages meanwhile.
 *
 * The mix runs in a process of its own, so that this one can tell of a call that
 * never returns, and puts the system's settings back in any case.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"

#include "machine/machine.h"
#include "machine/pagemap.h"
#include "machine/prepare.h"
#include "machine/settings.h"
#include "machine/streams.h"
#include "machine/uffd.h"
#include "mix.h"
#include "test/compat.h"

#define EXIT_USAGE	2
#define EXIT_NO_MOVE	4
#define PATIENCE_MS	60000
#define MOST_TIMES	3	/* as long as was asked for */
#define LINE_SECONDS	30	/* between lines of progress that nobody watches */

static const char usage[] =
	"Usage: stress [OPTION]...\n"
	"\n"
	"Moves tagged pages by UFFDIO_MOVE while other threads store to them, swap them\n"
	"out, merge them, fork, and more; then looks whether each page is there once.\n"
	"\n"
	"  --seconds N   how long (600); three times as long at most until each kind of\n"
	"                move and of disturbance has come about, for want of which it fails\n"
	"  --seed N      for the choice of what is done; the order of threads is the kernel's\n"
	"  --overlap     two movers for the same pages.  Not the default: releases of Linux,\n"
	"                6.18 among them, may then never return from a call that allows holes\n"
	"  --allow-copy  each move with UFFDIO_MOVE_MODE_ALLOW_COPY, which is proposed; EBUSY\n"
	"                is wrong then, unless something is pinned\n"
	"  --patience N  give a thread N times 60 seconds to return; for slow machines\n"
	"  --fault WHAT  do one wrong thing, so that a property fails.  To a page, after the\n"
	"                mix: lose, double, stale (a store undone), swap (with another),\n"
	"                damage; in the mix: child (a page is lost in a forked child), answer\n"
	"                (.move is wrong once), stuck (a mover does not return), idle (a kind\n"
	"                of disturbance is left out), busy (no move has the mode that\n"
	"                --allow-copy asks for)\n"
	"  --help        this text\n"
	"\n"
	"As root, swap, same-page merging and huge pages are switched on as far as they\n"
	"are off, and put back afterwards.  SIGINT and SIGTERM end the mix before its time;\n"
	"what it did is judged all the same.\n"
	"\n"
	"Exit status: 0 every property holds; 1 one does not; 2 usage; 3 the result\n"
	"could not be written; 4 the kernel lacks UFFDIO_MOVE or the mode, or it is\n"
	"forbidden here.\n";

static const char *const faults[FAULTS] = {
	"none", "lose", "double", "stale", "swap", "damage", "child", "answer", "stuck", "idle",
	"busy",
};

static const char *const properties[PROPERTIES] = {
	[RETURNS]	= "every thread returns from every call",
	[ONCE]		= "each page is there exactly once",
	[STORES]	= "no store is lost",
	[INTACT]	= "each page is whole, whoever reads it",
	[OFFSETS]	= "each page is where it has been moved to",
	[CHILDREN]	= "each forked child finds each page once",
	[ANSWERS]	= "each answer is one that the contract knows, and .move fits it",
	[MOVES]		= "each kind of move came about",
	[DISTURBANCES]	= "each kind of disturbance came about",
};

static const char *const answers[ANSWER_COUNT] = {
	[MOVED] = "0", [SHORT] = "EAGAIN, short", [AGAIN] = "EAGAIN", [BUSY] = "EBUSY",
	[EXISTS] = "EEXIST", [NONE_THERE] = "ENOENT", [INVALID] = "EINVAL",
	[NO_MEMORY] = "ENOMEM", [OTHER] = "any other",
};

static const char *const kinds[KINDS] = {
	[SINGLE] = "of one page", [RUN] = "of several pages",
	[SLOT] = "of an aligned range as large as a huge page",
	[HUGE_WHOLE] = "of a huge page, whole", [NEAR_TO_FAR] = "from the near to the far region",
	[FAR_TO_NEAR] = "from the far to the near region", [WITHIN] = "within one of them",
	[PLAIN] = "with no mode", [DONTWAKE] = "with DONTWAKE",
	[HOLES] = "with ALLOW_SRC_HOLES", [HOLES_DONTWAKE] = "with both modes",
	[FOR_FAULT] = "to where a thread waits", [INTO_PIT] = "to where the mapping goes away",
	[SHARED] = "of a page that others share",
};

static const char *const disturbances[DISTURBANCE_COUNT] = {
	[FORK] = "fork", [SWAP_OUT] = "swap-out", [COLD] = "MADV_COLD",
	[MERGE] = "merging by KSM", [COLLAPSE] = "MADV_COLLAPSE", [COMPACT] = "compaction",
	[PROTECT] = "mprotect", [REMAP] = "mremap and munmap of a destination",
	[COPY] = "UFFDIO_COPY", [WRITE_PROTECT] = "UFFDIO_WRITEPROTECT",
	[READ] = "process_vm_readv", [SPLICE] = "vmsplice", [PAGEMAP] = "reading pagemap",
	[SMAPS] = "reading smaps", [CLEAR_REFS] = "clear_refs",
	[IDLE] = "marking pages idle", [DROP] = "MADV_DONTNEED",
	[UNMAP] = "munmap of a part", [RENEW] = "mmap over an empty place",
};

struct options {
	unsigned int seconds, patience;
	uint32_t seed;
	bool overlap, allow_copy;
	enum fault fault;
};

struct mix *mix;
static volatile sig_atomic_t interrupted;

static _Noreturn void refuse(const char *message, const char *word)
{
	fprintf(stderr, "stress: %s%s; --help tells the usage\n", message, word);
	exit(EXIT_USAGE);
}

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n < least || n > most)
		refuse("not a number, or too large or small a one: ", text);
	return n;
}

static enum fault fault_named(const char *name)
{
	for (unsigned int i = FAULT_NONE + 1; i < FAULTS; i++)
		if (!strcmp(faults[i], name))
			return i;
	refuse("no fault is called ", name);
}

static void read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'r' },
		{ "overlap", no_argument, NULL, 'o' },
		{ "allow-copy", no_argument, NULL, 'c' },
		{ "patience", required_argument, NULL, 'p' },
		{ "fault", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	int option;

	*o = (struct options){ .seconds = 600, .patience = 1, .seed = time(NULL) };
	while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		switch (option) {
		case 's':
			o->seconds = number(optarg, 1, 1000000);
			break;
		case 'r':
			o->seed = number(optarg, 0, UINT32_MAX);
			break;
		case 'o':
			o->overlap = true;
			break;
		case 'c':
			o->allow_copy = true;
			break;
		case 'p':
			o->patience = number(optarg, 1, 100);
			break;
		case 'f':
			o->fault = fault_named(optarg);
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
	if (o->fault == FAULT_BUSY && !o->allow_copy)
		refuse("that fault is one of --allow-copy: ", faults[o->fault]);
}

static void on_interrupt(int number)
{
	interrupted = number;
}

static void catch_interrupts(void)
{
	struct sigaction action = { .sa_handler = on_interrupt };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* What the conformance program asks of ksmd would leave the others no CPU. */
static void prepare_settings(void)
{
	prepare_all();
	if (!prepare_hindrance(PREPARE_KSM))
		setting_change("/sys/kernel/mm/ksm/sleep_millisecs", "20");
	if (!prepare_hindrance(PREPARE_HUGE))
		setting_change("/sys/kernel/mm/transparent_hugepage/khugepaged/"
			       "scan_sleep_millisecs", "100");
}

static const char *without_write_protection(void)
{
	int fd = uffd_open(UFFD_FEATURE_PAGEFAULT_FLAG_WP);

	if (fd < 0)
		return "this kernel cannot write-protect";
	close(fd);
	return NULL;
}

static void learn_what_is_lacking(void)
{
	const char *huge = prepare_hindrance(PREPARE_HUGE);

	/* An advice that is known is taken for no memory at all. */
	if (!huge && madvise(mix, 0, MADV_COLLAPSE))
		huge = "this kernel does not know the advice";
	mix->lacking[SWAP_OUT] = prepare_hindrance(PREPARE_SWAP);
	mix->lacking[MERGE] = prepare_hindrance(PREPARE_KSM);
	mix->lacking[COLLAPSE] = huge;
	mix->lacking[WRITE_PROTECT] = without_write_protection();
	if (access("/proc/sys/vm/compact_memory", W_OK))
		mix->lacking[COMPACT] = strerror(errno);
	if (access(IDLE_BITMAP, R_OK | W_OK))
		mix->lacking[IDLE] = strerror(errno);
	else if (!frames_shown())
		mix->lacking[IDLE] = "frame numbers are hidden";
}

static void make_mix(const struct options *o)
{
	mix = mmap(NULL, sizeof(*mix), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mix == MAP_FAILED) {
		perror("stress: no memory");
		exit(1);
	}
	mix->seed = o->seed;
	mix->overlap = o->overlap;
	mix->allow_copy = o->allow_copy;
	mix->fault = o->fault;
	learn_what_is_lacking();
}

/* Where in the kernel a thread is; only root is told. */
static void show_stack(pid_t process, pid_t thread)
{
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stack", process, thread);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		ksft_print_msg("%s", line);
	if (f)
		fclose(f);
}

/* Is there a thread that has shown no sign of life for that long? */
static bool any_stuck(pid_t process, int64_t patience_ms)
{
	static struct {
		unsigned long beats;
		int64_t at;
	} last[MAX_ACTORS];
	bool stuck = false;

	for (unsigned int i = 0; i < mix->n_pulses; i++) {
		const struct pulse *p = &mix->pulses[i];

		if (p->ended || p->beats != last[i].beats || !last[i].at) {
			last[i].beats = p->beats;
			last[i].at = now_ms();
		} else if (now_ms() - last[i].at > patience_ms) {
			broken(RETURNS, "%s has not returned from %s for %lld s", p->name,
			       p->doing, (long long)patience_ms / 1000);
			show_stack(process, p->tid);
			stuck = true;
		}
	}
	return stuck;
}

static void show_progress(long elapsed)
{
	static long shown;
	bool watched = isatty(STDERR_FILENO);

	if (elapsed - shown < (watched ? 1 : LINE_SECONDS))
		return;
	shown = elapsed;
	fprintf(stderr, "%sstress: %ld s, %lu pages moved, %lu stores, %lu faults served%s",
		watched ? "\r\033[K" : "", elapsed, mix->pages_moved, mix->stores,
		mix->faults_served, watched ? "" : "\n");
}

/* One that is inside a call for good cannot even be killed. */
static void end_mix(pid_t process)
{
	struct timespec ts = { .tv_nsec = 10000000 };

	kill(process, SIGKILL);
	for (int i = 0; i < 500 && waitpid(process, NULL, WNOHANG) == 0; i++)
		nanosleep(&ts, NULL);
}

static bool is_wanted(enum kind k)
{
	if (k == HUGE_WHOLE)
		return mix->huge_told && !mix->lacking[COLLAPSE];
	return k != SHARED || mix->allow_copy;
}

static bool is_missing_kind(enum kind i)
{
	return !mix->kinds[i] && is_wanted(i);
}

static bool is_missing_disturbance(enum disturbance i)
{
	return !mix->disturbances[i].effects && !mix->lacking[i];
}

static bool is_anything_missing(void)
{
	for (unsigned int i = 0; i < KINDS; i++)
		if (is_missing_kind(i))
			return true;
	for (unsigned int i = 0; i < DISTURBANCE_COUNT; i++)
		if (is_missing_disturbance(i))
			return true;
	return false;
}

/* A busy machine takes longer until everything has come about, for which no fault has to wait. */
static bool is_time_over(int64_t elapsed, const struct options *o)
{
	int64_t least = o->seconds * 1000LL;

	return elapsed >= least &&
	       (o->fault || !is_anything_missing() || elapsed >= MOST_TIMES * least);
}

static void watch(pid_t process, const struct options *o)
{
	struct timespec ts = { .tv_nsec = 200000000 };
	int64_t started = now_ms();
	int status;

	while (waitpid(process, &status, WNOHANG) == 0) {
		if (interrupted || is_time_over(now_ms() - started, o))
			mix->stop = true;
		if (any_stuck(process, patient_ms(PATIENCE_MS))) {
			end_mix(process);
			return;
		}
		show_progress((now_ms() - started) / 1000);
		nanosleep(&ts, NULL);
	}
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	if (WIFSIGNALED(status))
		broken(RETURNS, "the mix was ended by a signal: %s", strsignal(WTERMSIG(status)));
	else if (!mix->judged)
		broken(RETURNS, "the mix ended before it was judged");
}

static void require_kinds(void)
{
	for (unsigned int i = 0; i < KINDS; i++)
		if (is_missing_kind(i))
			broken(MOVES, "no move %s", kinds[i]);
	for (unsigned int i = 0; i < DISTURBANCE_COUNT; i++)
		if (is_missing_disturbance(i))
			broken(DISTURBANCES, "%s had no effect", disturbances[i]);
}

static bool is_skipped(enum property p)
{
	return interrupted && (p == MOVES || p == DISTURBANCES);
}

static bool report_property(enum property p)
{
	bool judged = mix->judged || p == RETURNS;
	bool holds = judged && !mix->broken[p].count;

	if (is_skipped(p)) {
		ksft_test_result_skip("%s: interrupted\n", properties[p]);
		return true;
	}
	if (holds)
		ksft_test_result_pass("%s\n", properties[p]);
	else
		ksft_test_result_fail("%s\n", properties[p]);
	for (unsigned int i = 0; i < mix->broken[p].count && i < SENTENCES; i++)
		ksft_print_msg("%s\n", mix->broken[p].first[i]);
	if (mix->broken[p].count > SENTENCES)
		ksft_print_msg("and %u more\n", mix->broken[p].count - SENTENCES);
	if (!judged)
		ksft_print_msg("not judged\n");
	return holds;
}

static void report_disturbance(enum disturbance d)
{
	const struct tally *t = &mix->disturbances[d];

	ksft_print_msg("%s: %lu of %lu had an effect%s%s\n", disturbances[d], t->effects, t->tries,
		       t->effects || !mix->lacking[d] ? "" : "; not to be had here: ",
		       t->effects || !mix->lacking[d] ? "" : mix->lacking[d]);
}

static bool report(const struct options *o)
{
	bool passes = true;

	ksft_print_header();
	ksft_set_plan(PROPERTIES);
	ksft_print_msg("seed %u%s%s\n", o->seed, o->overlap ? ", overlap" : "",
		       o->allow_copy ? ", ALLOW_COPY" : "");
	for (unsigned int i = 0; i < PROPERTIES; i++)
		passes &= report_property(i);
	ksft_print_msg("%lu pages moved, %lu stores, %lu faults served\n", mix->pages_moved,
		       mix->stores, mix->faults_served);
	for (unsigned int i = 0; i < ANSWER_COUNT; i++)
		ksft_print_msg("answer %s: %lu\n", answers[i], mix->answers[i]);
	for (unsigned int i = 0; i < KINDS; i++)
		if (i != SHARED || mix->allow_copy)
			ksft_print_msg("moves %s: %lu\n", kinds[i], mix->kinds[i]);
	for (unsigned int i = 0; i < DISTURBANCE_COUNT; i++)
		report_disturbance(i);
	ksft_print_cnts();
	return passes;
}

static bool has_what_is_asked_for(const struct options *o, const char **sentence)
{
	if (machine_operation(sentence) != OPERATION_WORKS)
		return false;
	return !o->allow_copy || machine_knows_modes(sentence, UFFDIO_MOVE_MODE_ALLOW_COPY,
						     "UFFDIO_MOVE_MODE_ALLOW_COPY");
}

int main(int argc, char **argv)
{
	const char *sentence;
	struct options options;
	pid_t process;

	streams_secure();
	read_options(argc, argv, &options);
	test_be_patient(options.patience);
	if (!has_what_is_asked_for(&options, &sentence)) {
		fprintf(stderr, "stress: %s\n", sentence);
		return EXIT_NO_MOVE;
	}
	/* Until then an interrupt ends the program: also while it waits for another run. */
	prepare_settings();
	catch_interrupts();
	make_mix(&options);
	process = fork();
	if (process == 0)
		mix_run();
	if (process < 0) {
		perror("stress: fork");
		return 1;
	}
	watch(process, &options);
	machine_restore();
	require_kinds();
	return report(&options) ? 0 : 1;
}
