// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "run.h"

#define ROUNDS_LEAST	5
#define ROUNDS_QUICK	3
#define ROUNDS_COUNTED	2	/* instructions hardly differ */
#define PATIENCE	60	/* seconds beyond a row's share */
#define PATIENCE_COUNTED 3600	/* of a guest whose seconds are instructions */
#define LINE_SECONDS	30	/* between lines of progress that nobody watches */

static struct shared {
	int sections;
	struct record records[];
} *shared;

/* Of the row that this process runs. */
static struct {
	const struct row *row;
	struct record *records;
	unsigned int begun;
	uint64_t until;
} trial;

static cpu_set_t cpus;

unsigned int count_cpus(void)
{
	return CPU_COUNT(&cpus);
}

void stay_on(unsigned int n)
{
	cpu_set_t one;
	int cpu = 0;

	n %= count_cpus();
	while (!CPU_ISSET(cpu, &cpus) || n--)
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static unsigned int least_rounds(void)
{
	if (options.counted)
		return ROUNDS_COUNTED;
	return options.quick ? ROUNDS_QUICK : ROUNDS_LEAST;
}

bool round_begins(void)
{
	unsigned int done = trial.records->rounds;

	if (trial.begun++ == 0 || done < least_rounds())
		return true;
	return !options.counted && done < MOST_ROUNDS && clock_ns() < trial.until;
}

void round_ends(void)
{
	for (size_t part = 0; trial.begun > 1 && part < parts_of(trial.row); part++)
		trial.records[part].rounds++;
}

void sample_begins(void)
{
	if (trial.begun == 2)
		profile_begin();
}

void sample_ends(unsigned int part, enum way way, double value)
{
	struct record *record = &trial.records[part];

	record->samples[way][record->rounds] = value;
	if (profile_end())
		record->section[way] = ++shared->sections;
}

static _Noreturn void end_with(char *sentence, const char *format, va_list arguments)
{
	char text[SENTENCE];

	vsnprintf(text, sizeof(text), format, arguments);
	memcpy(sentence, text, sizeof(text));
	_exit(0);
}

_Noreturn void skip_row(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	end_with(trial.records->reason, format, arguments);
}

void skip_part_unless_positive(unsigned int part, const char *reason)
{
	struct record *record = &trial.records[part];

	for (enum way way = 0; way < WAYS; way++)
		for (unsigned int i = 0; i < record->rounds; i++)
			if (trial.row->ways & WAY(way) && record->samples[way][i] <= 0)
				snprintf(record->reason, SENTENCE, "%s", reason);
}

_Noreturn void fail_row(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	end_with(trial.records->error, format, arguments);
}

bool plays(enum fault fault)
{
	static bool played;

	if (options.fault != fault || __atomic_exchange_n(&played, true, __ATOMIC_RELAXED))
		return false;
	return true;
}

static _Noreturn void run_here(const struct row *row, uint64_t share_ns, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	trial.row = row;
	trial.records = &shared->records[row - rows];
	trial.until = clock_ns() + share_ns;
	signal(SIGALRM, SIG_DFL);
	alarm(options.counted ? PATIENCE_COUNTED : share_ns / 1000000000 + PATIENCE);
	/* The first CPU has most of the machine's interrupts. */
	stay_on(count_cpus() - 1);
	clock_learn();
	row->run(row);
	_exit(0);
}

/* What a process that ended by itself has not said. */
static void judge_end(struct record *record, int status)
{
	if (*record->reason || *record->error)
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(record->error, SENTENCE, "it did not end in its time");
	else if (WIFSIGNALED(status))
		snprintf(record->error, SENTENCE, "it was ended by a signal: %s",
			 strsignal(WTERMSIG(status)));
	else if (status || !record->rounds)
		snprintf(record->error, SENTENCE, "it ended before it was measured");
}

static void run_row(const struct row *row, uint64_t share_ns)
{
	struct record *record = &shared->records[row - rows];
	pid_t parent = getpid(), pid = fork();
	int status = 0;

	if (pid == 0)
		run_here(row, share_ns, parent);
	if (pid < 0) {
		snprintf(record->error, SENTENCE, "no process to be had: %s", strerror(errno));
		return;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	judge_end(record, status);
}

static bool is_selected(const struct row *row)
{
	for (size_t part = 0; part < parts_of(row); part++)
		if (options.selected[row - rows + part])
			return true;
	return false;
}

static void share_sentences(const struct row *row)
{
	struct record *records = &shared->records[row - rows];

	if (!*records->reason && !*records->error)
		return;
	for (size_t part = 1; part < parts_of(row); part++) {
		memcpy(records[part].reason, records->reason, SENTENCE);
		memcpy(records[part].error, records->error, SENTENCE);
	}
}

static void show_progress(unsigned int n, unsigned int all, const struct row *row, uint64_t begun)
{
	static uint64_t shown;
	unsigned long seconds = (clock_ns() - begun) / 1000000000;
	bool watched = isatty(STDERR_FILENO);

	if (!watched && seconds - shown < LINE_SECONDS)
		return;
	shown = seconds;
	fprintf(stderr, "%sbench: %u of %u, %lu s: %s%s", watched ? "\r\033[K" : "", n, all, seconds,
		row->title, watched ? "" : "\n");
}

static unsigned int weight_of(const struct row *row)
{
	return row->weight ? row->weight : 1;
}

/* A row that could not be had leaves its share to those behind it. */
static void run_selected(unsigned int all, unsigned int weights)
{
	uint64_t begun = clock_ns(), budget = options.seconds * 1000000000ULL;
	unsigned int n = 0;

	for (const struct row *row = rows; row < rows + n_rows; row++) {
		uint64_t spent = clock_ns() - begun, left = spent < budget ? budget - spent : 0;

		if (row->part || !is_selected(row))
			continue;
		show_progress(++n, all, row, begun);
		run_row(row, left * weight_of(row) / weights);
		share_sentences(row);
		weights -= weight_of(row);
	}
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
}

struct record *run_rows(void)
{
	size_t size = sizeof(*shared) + n_rows * sizeof(shared->records[0]);
	unsigned int all = 0, weights = 0;

	/* Of more CPUs than it has room for the call says nothing. */
	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		CPU_SET(0, &cpus);
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("bench: no memory");
		exit(1);
	}
	for (const struct row *row = rows; row < rows + n_rows; row++)
		if (!row->part && is_selected(row)) {
			all++;
			weights += weight_of(row);
		}
	run_selected(all, weights);
	return shared->records;
}
