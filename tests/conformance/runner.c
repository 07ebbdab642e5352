// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "judge.h"
#include "runner.h"

#define MAX_WORKERS	8

/* One process with a harness, and what it has printed so far. */
struct worker {
	struct run *run;
	bool *mine;
	size_t next;		/* test whose result comes next */
	pid_t pid;
	int output;
	char line[512];
	size_t length;
	char remark[200];	/* of the harness, about a test that did not end well */
};

static struct worker *current;	/* in the worker's own process */

/* Children that are not of a test: they have other work to do. */
static pid_t before[16];
static size_t n_before;

/* The children of this process, as many as fit; it reads no more than it lists. */
static size_t list_children(pid_t *children, size_t max)
{
	char path[64];
	size_t n = 0;
	FILE *list;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	list = fopen(path, "r");
	if (!list)
		return 0;
	while (n < max && fscanf(list, "%d", &children[n]) == 1)
		n++;
	fclose(list);
	return n;
}

void run_prepare(struct run *run)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	n_before = list_children(before, 16);
	run->tests = harness_list(&run->n_tests);
	run->records = records_new(run->n_tests);
	run->selected = calloc(run->n_tests, sizeof(*run->selected));
	if (!run->selected) {
		perror("uffdio-move-conformance: no memory for the list of tests");
		exit(1);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static bool is_scenario(const struct run *run, size_t i)
{
	return run->tests[i].plan->scenario >= 0;
}

static bool is_mine(size_t i)
{
	return current->mine[i];
}

static void start(struct worker *w, int flip)
{
	pid_t parent = getpid();
	int ends[2];

	if (pipe(ends)) {
		perror("uffdio-move-conformance: pipe");
		exit(1);
	}
	fflush(NULL);
	w->pid = fork();
	if (w->pid < 0) {
		perror("uffdio-move-conformance: fork");
		exit(1);
	}
	if (!w->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		/* the program's own handlers put settings back; that is not for this one to do */
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		current = w;
		harness_run(is_mine, flip, w->run->records);
	}
	close(ends[1]);
	w->output = ends[0];
}

static void next_mine(struct worker *w)
{
	while (w->next < w->run->n_tests && !w->mine[w->next])
		w->next++;
}

static void take_result(struct worker *w)
{
	struct record *r;

	next_mine(w);
	if (w->next == w->run->n_tests)
		return;
	r = &w->run->records[w->next];
	if (r->verdict == VERDICT_NONE) {
		r->killed = r->in_call;
		judge_killed(&uffdio_move_contract, w->run->tests[w->next].plan, r);
		if (!r->killed && *w->remark)
			snprintf(r->text, sizeof(r->text), "%s", w->remark);
	}
	w->remark[0] = '\0';
	w->next++;
}

/* The harness's TAP: "ok", "not ok", "# name: remark". */
static void take_line(struct worker *w)
{
	const char *remark;

	if (!strncmp(w->line, "ok ", 3) || !strncmp(w->line, "not ok ", 7)) {
		take_result(w);
		return;
	}
	remark = strstr(w->line, ": Test ");
	if (*w->line == '#' && remark)
		snprintf(w->remark, sizeof(w->remark), "%.190s", remark + 2);
}

static void take_output(struct worker *w, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] != '\n') {
			if (w->length < sizeof(w->line) - 1)
				w->line[w->length++] = text[i];
			continue;
		}
		w->line[w->length] = '\0';
		take_line(w);
		w->length = 0;
	}
}

static void show_progress(const struct run *run)
{
	static double last;
	size_t done = 0, failed = 0, all = 0;

	if (!run->progress || now() - last < 0.1)
		return;
	last = now();
	for (size_t i = 0; i < run->n_tests; i++) {
		all += run->selected[i];
		done += run->selected[i] && run->records[i].verdict != VERDICT_NONE;
		failed += run->selected[i] && run->records[i].verdict == VERDICT_FAILS;
	}
	fprintf(run->progress, "\r%zu of %zu tests, %zu failed ", done, all, failed);
	fflush(run->progress);
}

static void listen_to(struct run *run, struct worker *workers, size_t n)
{
	struct pollfd polled[MAX_WORKERS];
	size_t open = n;

	for (size_t i = 0; i < n; i++)
		polled[i] = (struct pollfd){ .fd = workers[i].output, .events = POLLIN };
	while (open) {
		if (poll(polled, n, 200) < 0 && errno != EINTR)
			return;
		for (size_t i = 0; i < n; i++) {
			char text[4096];
			ssize_t got;

			if (polled[i].fd < 0 || !polled[i].revents)
				continue;
			got = read(polled[i].fd, text, sizeof(text));
			if (got > 0) {
				take_output(&workers[i], text, got);
			} else if (!got || errno != EINTR) {
				close(polled[i].fd);
				polled[i].fd = -1;
				open--;
			}
		}
		show_progress(run);
	}
}

static void judge_unheard(struct worker *w)
{
	for (next_mine(w); w->next < w->run->n_tests; next_mine(w))
		take_result(w);
}

/* Deal the tests of one phase out to @n workers, and wait for them. */
static void run_phase(struct run *run, bool scenarios, size_t n, int flip)
{
	struct worker workers[MAX_WORKERS] = {};
	size_t dealt = 0;

	for (size_t i = 0; i < n; i++) {
		workers[i].run = run;
		workers[i].mine = calloc(run->n_tests, sizeof(bool));
		if (!workers[i].mine) {
			perror("uffdio-move-conformance: no memory for the list of tests");
			exit(1);
		}
	}
	for (size_t i = 0; i < run->n_tests; i++)
		if (run->selected[i] && is_scenario(run, i) == scenarios)
			workers[dealt++ % n].mine[i] = true;
	if (dealt < n)
		n = dealt;
	for (size_t i = 0; i < n; i++)
		start(&workers[i], flip);
	listen_to(run, workers, n);
	for (size_t i = 0; i < n; i++) {
		waitpid(workers[i].pid, NULL, 0);
		judge_unheard(&workers[i]);
	}
	for (size_t i = 0; i < MAX_WORKERS; i++)
		free(workers[i].mine);
}

static bool was_there_before(pid_t pid)
{
	for (size_t i = 0; i < n_before; i++)
		if (before[i] == pid)
			return true;
	return false;
}

/* Orphans of tests come to this process one generation at a time. */
static void reap(void)
{
	pid_t children[64];
	size_t n, killed;

	do {
		n = list_children(children, 64);
		killed = 0;
		for (size_t i = 0; i < n; i++) {
			if (was_there_before(children[i]))
				continue;
			kill(children[i], SIGKILL);
			waitpid(children[i], NULL, 0);
			killed++;
		}
	} while (killed);
}

void run_selected(struct run *run, int flip)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	double begin = now();

	for (size_t i = 0; i < run->n_tests; i++)
		memset(&run->records[i], 0, sizeof(run->records[i]));
	run_phase(run, false, cpus < 1 ? 1 : cpus > MAX_WORKERS ? MAX_WORKERS : cpus, flip);
	run_phase(run, true, 1, flip);
	reap();
	run->seconds = now() - begin;
	if (run->progress)
		fprintf(run->progress, "\r%*s\r", 60, "");
}
