// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hazards.h"
#include "machine/limits.h"
#include "machine/settings.h"
#include "run.h"
#include "runner.h"
#include "test/compat.h"
#include "test/status.h"
#include "watch.h"

#define MOST_AT_ONCE	8
#define TRIES		3	/* of a test that is broken */
#define FORK_TRIES	100
#define MOST_LOST	16
#define NAME_SHOWN	36	/* of a name, in a line of 80 */
#define WITNESSES	1	/* a test that is stuck for its full time, of each deviation */

/* One place in which a test runs. */
struct lane {
	struct slot *slot;	/* shared with its process */
	pid_t pid;		/* 0: free */
	int pidfd;
	size_t test;
	struct watch watch;
	struct housekeeping before;
};

struct runner {
	struct run *run;
	struct lane lanes[MOST_AT_ONCE];
	size_t n_lanes, n_busy;
	size_t *queue, n_queued, next;
	size_t *again, n_again;		/* broken, to be run once more */
	bool retries;			/* it runs those that were */
	bool crowded;			/* no process could be had when one was wanted last */
	unsigned int *stuck;		/* tests that were, of each deviation */
	double progress_at;		/* it is to be shown next */
	bool progress_shown;
};

/* Children that are not of a test: they have other work to do. */
static pid_t before[16];
static size_t n_before;

/* Those of tests that no signal ends. */
static pid_t lost[MOST_LOST];
static size_t n_lost;

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "uffdio-move-conformance: %s: %s\n", what, strerror(errno));
	exit(EXIT_UNSURE);
}

static void *zeroed(size_t n, size_t size)
{
	void *array = calloc(n, size);

	if (!array)
		give_up("no memory for the tests");
	return array;
}

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
	run->tests = plans_list(&run->n_tests);
	run->judgements = zeroed(run->n_tests, sizeof(*run->judgements));
	run->selected = zeroed(run->n_tests, sizeof(*run->selected));
}

static void make_slot(struct lane *lane)
{
	lane->slot = mmap(NULL, sizeof(struct slot), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lane->slot == MAP_FAILED)
		give_up("no memory for what tests tell");
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static _Noreturn void be_test(const struct lane *lane, const struct test_plan *plan, pid_t parent)
{
	/* With it goes all that it has started. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* where memory runs out it is this one that goes, and not the program */
	setting_write("/proc/self/oom_score_adj", "1000");
	/* the program's own handlers put settings back; that is not for this one to do */
	for (int number = 1; number < 32; number++)
		signal(number, SIG_DFL);
	test_run(plan, lane->slot);
	_exit(0);
}

static void skip(struct judgement *j, const char *why)
{
	j->verdict = VERDICT_SKIPPED;
	snprintf(j->text, sizeof(j->text), "%s", why);
}

static void say_broken(struct judgement *j, const char *why)
{
	j->verdict = VERDICT_BROKEN;
	snprintf(j->text, sizeof(j->text), "%s", why);
}

/* In one write: where it goes, others may write as well. */
static void announce(const struct run *run, size_t test)
{
	char line[200];
	bool hazard = judge_hazard(&uffdio_move_contract, &run->tests[test].plan) >= 0;
	int n = snprintf(line, sizeof(line), "uffdio-move-conformance: %s begins%s\n",
			 run->tests[test].name,
			 hazard ? ", and may take the machine down" : "");

	if (run->announce >= 0 && write(run->announce, line, n) != n)
		give_up("a test could not be announced");
}

/* What the test beside it has made the kernel begin with may still go on. */
static void look_before(struct runner *r, struct lane *lane)
{
	housekeeping_look(&lane->before);
	for (size_t i = 0; i < r->n_lanes; i++) {
		const struct lane *other = &r->lanes[i];

		if (other != lane && other->pid &&
		    other->before.reclaimed < lane->before.reclaimed)
			lane->before.reclaimed = other->before.reclaimed;
	}
}

/* A machine that is full for a moment may have room when a test has ended. */
static bool start(struct runner *r, struct lane *lane, size_t test)
{
	struct timespec pause = { .tv_nsec = 10000000 };
	pid_t parent = getpid(), pid = -1;
	int may_be_stuck;

	memset(lane->slot, 0, sizeof(*lane->slot));
	look_before(r, lane);
	fflush(NULL);
	announce(r->run, test);
	for (int i = 0; i < (r->crowded ? 1 : FORK_TRIES) && pid < 0; i++) {
		pid = fork();
		if (pid < 0 && r->n_busy)
			return false;
		if (pid < 0)
			nanosleep(&pause, NULL);
	}
	if (!pid)
		be_test(lane, &r->run->tests[test].plan, parent);
	r->crowded = pid < 0;
	if (pid < 0) {
		struct reason why;
		const char *limit = limit_reached(errno, 0, &why);

		if (limit)
			skip(&r->run->judgements[test], limit);
		else
			say_broken(&r->run->judgements[test], "no process could be had for it");
		return true;
	}
	setpgid(pid, pid);
	lane->pid = pid;
	lane->pidfd = syscall(__NR_pidfd_open, pid, 0);
	lane->test = test;
	may_be_stuck = judge_may_be_stuck(&uffdio_move_contract, &r->run->tests[test].plan);
	watch_begin(&lane->watch, pid, r->run->patience,
		    may_be_stuck >= 0 && r->stuck[may_be_stuck] >= WITNESSES);
	r->n_busy++;
	return true;
}

/* Children of the test, now of this process, since it is their subreaper. */
static void end_group(pid_t pid)
{
	kill(-pid, SIGKILL);
	while (waitpid(-pid, NULL, WNOHANG) > 0)
		;
}

static void note_details(struct runner *r, const struct lane *lane, struct judgement *j)
{
	const struct test_plan *plan = &r->run->tests[lane->test].plan;
	size_t size;
	FILE *out;

	if (j->verdict != VERDICT_FAILS && !r->run->explain)
		return;
	out = open_memstream(&j->details, &size);
	if (!out)
		return;
	judge_explain(&uffdio_move_contract, plan, &lane->slot->observed, lane->slot->call, out);
	fclose(out);
}

/* It was killed, though not for its time, or died of what it met. */
static void judge_death(struct runner *r, const struct lane *lane, int number,
			struct judgement *j)
{
	struct reason why;
	const char *limit = limit_killed(number, &lane->before, &why);
	char text[160];

	if (limit) {
		skip(j, limit);
		return;
	}
	snprintf(text, sizeof(text), "its process was ended by signal %d (%s)", number,
		 strsignal(number));
	if (number == SIGKILL || number == SIGTERM || number == SIGINT || number == SIGHUP) {
		say_broken(j, text);
		return;
	}
	/* It stores to no place of which it does not know that a page is there. */
	j->verdict = VERDICT_FAILS;
	snprintf(j->text, sizeof(j->text), "%s", text);
	judge_expected(&uffdio_move_contract, &r->run->tests[lane->test].plan, &j->broken);
}

/* Does a test itself have memory compacted, or looked for? */
static bool disturbs_itself(const struct test_plan *plan)
{
	const struct contract *c = &uffdio_move_contract;
	uint64_t needs = plan->scenario >= 0 ? c->scenarios[plan->scenario].needs : 0;

	for (unsigned int i = 0; i < c->n_needs; i++)
		if (needs >> i & 1 && (!strcmp(c->needs[i].name, "compaction") ||
				       !strcmp(c->needs[i].name, "memcg-limit")))
			return true;
	return false;
}

/*
 * What a test sees of its pages is no doing of the call's if they were reclaimed, split or
 * migrated beside it.  Not so with a deviation that is met by chance: it may be just
 * that which leads to it, and what it does is known.
 */
static void blame_housekeeping(const struct runner *r, const struct lane *lane,
			       struct judgement *j)
{
	struct reason why;
	const char *disturbed = limit_disturbed(&lane->before, &why);

	if (!disturbed || disturbs_itself(&r->run->tests[lane->test].plan))
		return;
	memset(j, 0, sizeof(*j));
	j->deviation = -1;
	j->disturbed = true;
	say_broken(j, disturbed);
}

static void judge_told(struct runner *r, const struct lane *lane, struct judgement *j)
{
	const struct contract *c = &uffdio_move_contract;
	const struct test_plan *plan = &r->run->tests[lane->test].plan;

	judge(c, plan, &lane->slot->observed, j);
	if (r->run->flips && j->verdict == VERDICT_HOLDS)
		judge_flips(c, plan, &lane->slot->observed, &r->run->flips[lane->test]);
}

static void note_stuck(struct runner *r, const struct lane *lane, struct judgement *j)
{
	judge_stuck(&uffdio_move_contract, &r->run->tests[lane->test].plan, j);
	if (j->deviation >= 0)
		r->stuck[j->deviation]++;
}

static void judge_ended(struct runner *r, struct lane *lane, int status)
{
	struct judgement *j = &r->run->judgements[lane->test];
	const struct slot *slot = lane->slot;

	memset(j, 0, sizeof(*j));
	j->deviation = -1;
	if (lane->watch.killed && watch_is_stuck(&lane->watch))
		note_stuck(r, lane, j);
	else if (lane->watch.killed)
		say_broken(j, "took longer than its time, and was in no call that did not return");
	else if (WIFSIGNALED(status))
		judge_death(r, lane, WTERMSIG(status), j);
	else if (slot->word == WORD_SKIPPED)
		skip(j, slot->why);
	else if (slot->word == WORD_BROKEN)
		say_broken(j, slot->why);
	else if (slot->word == WORD_DONE)
		judge_told(r, lane, j);
	else
		say_broken(j, "its process ended without a word");
	if (j->verdict == VERDICT_FAILS || j->verdict == VERDICT_BROKEN ||
	    (j->verdict == VERDICT_DEVIATES &&
	     !uffdio_move_contract.deviations[j->deviation].by_chance))
		blame_housekeeping(r, lane, j);
	/* Which other processes may lead to: one that always does so fails again. */
	j->by_chance = j->verdict == VERDICT_FAILS &&
		       (slot->moved_but_refused || r->run->tries > 1);
	note_details(r, lane, j);
}

/* Is this what one that is to stop waits for? */
static void note_stop(struct runner *r, size_t test)
{
	enum verdict verdict = r->run->judgements[test].verdict;

	if (r->run->stop && !r->run->stopped_by &&
	    (verdict == VERDICT_FAILS || verdict == VERDICT_DEVIATES))
		r->run->stopped_by = r->run->tests[test].name;
}

/* The innermost functions of the kernel, if it tells them. */
static void where_it_waits(pid_t pid, char *text, size_t size)
{
	char path[64], function[64];
	size_t used = 0;
	FILE *stack;

	snprintf(text, size, "a place that is not told");
	snprintf(path, sizeof(path), "/proc/%d/stack", (int)pid);
	stack = fopen(path, "re");
	while (stack && used + sizeof(function) < size &&
	       fscanf(stack, " [<%*[^>]>] %63[^+ ]%*[^\n]", function) == 1)
		used += snprintf(text + used, size - used, "%s%s", used ? " < " : "", function);
	if (stack)
		fclose(stack);
}

static void free_lane(struct runner *r, struct lane *lane)
{
	if (lane->pidfd >= 0)
		close(lane->pidfd);
	lane->pid = 0;
	r->n_busy--;
}

/*
 * A process that no signal ends is the kernel's fault, whatever it waits for there.  It is
 * left behind, with the memory in which it tells what it sees.
 */
static void abandon(struct runner *r, struct lane *lane)
{
	struct judgement *j = &r->run->judgements[lane->test];
	const char *called = watch_is_stuck(&lane->watch) ? "the call never returned" :
							    "in no call that did not return";
	char where[128];

	memset(j, 0, sizeof(*j));
	j->deviation = -1;
	if (watch_is_stuck(&lane->watch))
		note_stuck(r, lane, j);
	else
		say_broken(j, called);
	where_it_waits(lane->pid, where, sizeof(where));
	snprintf(j->text, sizeof(j->text), "%s, and its process, %d, cannot be killed: it waits in %s",
		 called, (int)lane->pid, where);
	note_details(r, lane, j);
	kill(-lane->pid, SIGKILL);
	lost[n_lost++] = lane->pid;
	free_lane(r, lane);
	make_slot(lane);
	note_stop(r, lane->test);
}

static void finish(struct runner *r, struct lane *lane)
{
	int status;

	if (waitpid(lane->pid, &status, 0) != lane->pid)
		give_up("a test's process was lost");
	end_group(lane->pid);
	judge_ended(r, lane, status);
	if (r->run->judgements[lane->test].verdict == VERDICT_BROKEN ||
	    r->run->judgements[lane->test].by_chance) {
		r->again[r->n_again++] = lane->test;
		if (!*r->run->again_why)
			snprintf(r->run->again_why, sizeof(r->run->again_why), "%s: %s",
				 r->run->tests[lane->test].name,
				 r->run->judgements[lane->test].text);
	} else {
		note_stop(r, lane->test);
	}
	free_lane(r, lane);
}

static bool has_ended(const struct lane *lane)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, lane->pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid;
}

static void show_progress(struct runner *r)
{
	size_t done = 0, failed = 0, all = 0;
	const struct run *run = r->run;

	if (now() < r->progress_at)
		return;
	r->progress_at = now() + run->progress_interval;
	r->progress_shown = true;
	for (size_t i = 0; i < run->n_tests; i++) {
		all += run->selected[i];
		done += run->judgements[i].verdict != VERDICT_NONE;
		failed += run->judgements[i].verdict == VERDICT_FAILS;
	}
	fprintf(stderr, "\r%zu of %zu tests, %zu failed ", done, all, failed);
	if (r->n_lanes == 1 && r->lanes[0].pid)
		fprintf(stderr, "%s%-*.*s ", r->retries ? "again: " : "",
			NAME_SHOWN, NAME_SHOWN, run->tests[r->lanes[0].test].name);
	fflush(stderr);
}

static bool has_more(const struct runner *r)
{
	return r->next < r->n_queued && !r->run->stopped_by;
}

static void fill_lanes(struct runner *r)
{
	for (size_t i = 0; i < r->n_lanes; i++)
		while (!r->lanes[i].pid && has_more(r)) {
			if (!start(r, &r->lanes[i], r->queue[r->next]))
				return;
			r->next++;
		}
}

static void wait_for_end(struct runner *r)
{
	struct pollfd ended[MOST_AT_ONCE];
	nfds_t n = 0;

	for (size_t i = 0; i < r->n_lanes; i++)
		if (r->lanes[i].pid && r->lanes[i].pidfd >= 0)
			ended[n++] = (struct pollfd){ r->lanes[i].pidfd, POLLIN, 0 };
	/* Without descriptors to wait for, look often. */
	poll(ended, n, n ? WATCH_EVERY_MS : 1);
	for (size_t i = 0; i < r->n_lanes; i++) {
		struct lane *lane = &r->lanes[i];

		if (!lane->pid)
			continue;
		if (has_ended(lane))
			finish(r, lane);
		else if (watch_is_lost(&lane->watch) && n_lost < MOST_LOST)
			abandon(r, lane);
		else
			watch_look(&lane->watch, lane->slot);
	}
}

static void run_queue(struct runner *r, size_t n_lanes)
{
	r->n_lanes = n_lanes;
	r->next = 0;
	while (has_more(r) || r->n_busy) {
		fill_lanes(r);
		if (r->n_busy)
			wait_for_end(r);
		show_progress(r);
	}
}

/*
 * Those that are broken once more, alone: what was in their way may have gone.  So those
 * that fail by chance; what fails each time stays a failure.
 */
static void run_again(struct runner *r)
{
	unsigned int tries = r->run->tries > TRIES ? r->run->tries : TRIES;

	for (unsigned int i = 1; i < tries && r->n_again && !r->run->stopped_by; i++) {
		size_t n = r->n_again, *queue = r->queue;

		r->queue = r->again;
		r->n_queued = n;
		r->again = queue;
		r->n_again = 0;
		r->retries = true;
		run_queue(r, 1);
		r->run->again += n - r->n_again;
	}
	r->retries = false;
	for (size_t i = 0; i < r->n_again; i++) {
		if (r->run->judgements[r->again[i]].disturbed)
			r->run->judgements[r->again[i]].verdict = VERDICT_SKIPPED;
		note_stop(r, r->again[i]);
	}
	r->n_again = 0;
}

/* A machine that goes down is to do so before much has been run. */
enum phase { PHASE_HAZARDS, PHASE_CALLS, PHASE_SCENARIOS };

static enum phase phase_of(const struct run *run, size_t test)
{
	if (hazard_of(run, test) >= 0)
		return PHASE_HAZARDS;
	return run->tests[test].plan.scenario < 0 ? PHASE_CALLS : PHASE_SCENARIOS;
}

bool is_run_later(const struct run *run, size_t test, size_t other)
{
	enum phase phase = phase_of(run, test), before = phase_of(run, other);

	return phase == before ? test > other : phase > before;
}

static void run_phase(struct runner *r, enum phase phase, size_t n_lanes)
{
	const struct run *run = r->run;

	r->n_queued = 0;
	for (size_t i = 0; i < run->n_tests; i++)
		if (run->selected[i] && phase_of(run, i) == phase && !is_judged_unrun(run, i))
			r->queue[r->n_queued++] = i;
	run_queue(r, n_lanes);
	run_again(r);
}

static bool is_among(pid_t pid, const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
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
			if (is_among(children[i], before, n_before) ||
			    is_among(children[i], lost, n_lost))
				continue;
			kill(children[i], SIGKILL);
			waitpid(children[i], NULL, 0);
			killed++;
		}
	} while (killed);
}

static void make_lanes(struct runner *r)
{
	for (size_t i = 0; i < MOST_AT_ONCE; i++)
		make_slot(&r->lanes[i]);
}

void run_selected(struct run *run)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct runner r = { .run = run };
	double begin = now();

	r.progress_at = begin + run->progress_interval;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	n_before = list_children(before, 16);
	r.queue = zeroed(run->n_tests, sizeof(*r.queue));
	r.again = zeroed(run->n_tests, sizeof(*r.again));
	r.stuck = zeroed(uffdio_move_contract.n_deviations, sizeof(*r.stuck));
	make_lanes(&r);
	run_phase(&r, PHASE_HAZARDS, 1);
	run_phase(&r, PHASE_CALLS, cpus < 1 || run->announce >= 0 ? 1 :
		  cpus > MOST_AT_ONCE ? MOST_AT_ONCE : cpus);
	run_phase(&r, PHASE_SCENARIOS, 1);
	reap();
	run->seconds = now() - begin;
	for (size_t i = 0; i < MOST_AT_ONCE; i++)
		munmap(r.lanes[i].slot, sizeof(struct slot));
	free(r.queue);
	free(r.again);
	free(r.stuck);
	if (r.progress_shown)
		fprintf(stderr, "\r%*s\r", 79, "");
}
