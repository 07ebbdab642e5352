// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process that is killed while it moves memory which it shares with this one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/scenarios.h"
#include "scenarios/waiters.h"

#define PAGES 2048		/* a call over them makes several steps, as of a page table */
#define LEAST_KILLS 2
#define MOST_KILLS 12
#define ENOUGH_INSIDE 4		/* kills that ended a call with some of its pages moved */
#define LEAST_TRIES 40		/* to have one of these */
#define MOST_TRIES 400
#define KILLS_MS 1000		/* for those beyond the least */
#define SPIN_MS 3		/* without a pause, for a process that is about to call */
#define STACK_BYTES (64UL << 10)
#define HOLES UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES

struct doomed {
	struct scene *scene;
	void (*moves)(struct doomed *d);
	int begun;		/* it is about to call */
	unsigned int calls;	/* that have returned */
	struct uffdio_move argument;	/* of the call, for all who share the memory */
	unsigned int inside;	/* calls that were ended with some pages moved, and not all */
	pid_t parent;
	char *stack;
};

static int run_doomed(void *argument)
{
	struct doomed *d = argument;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() == d->parent)
		d->moves(d);
	_exit(0);
}

static pid_t start(struct doomed *d)
{
	pid_t child;

	d->begun = d->calls = 0;
	d->parent = getpid();
	child = clone(run_doomed, d->stack + STACK_BYTES, CLONE_VM | CLONE_FILES | SIGCHLD, d);
	if (child < 0)
		machine_cannot(d->scene->test, errno, "no process could be had");
	return child;
}

static void end(struct doomed *d, pid_t child)
{
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	test_callers_ended(d->scene->test);
}

static void move_to_and_fro(struct doomed *d)
{
	struct scene *s = d->scene;

	for (;;) {
		scene_move(s, s->destination, s->source, PAGES, HOLES, NULL);
		__atomic_fetch_add(&d->calls, 1, __ATOMIC_RELEASE);
		scene_move(s, s->source, s->destination, PAGES, HOLES, NULL);
	}
}

/* At a different point of a call each time. */
static void kill_one(struct doomed *d, unsigned int round)
{
	struct timespec a_little = { .tv_nsec = 37000L * round };
	pid_t child = start(d);
	unsigned int turns = 0;

	while (!__atomic_load_n(&d->calls, __ATOMIC_ACQUIRE))
		wait_a_turn(&turns);
	nanosleep(&a_little, NULL);
	end(d, child);
}

static void count_places(struct scene *s, unsigned int *lost, unsigned int *doubled)
{
	static bool at_source[PAGES], at_destination[PAGES];

	pages_there(s->test, s->source, PAGES, at_source);
	pages_there(s->test, s->destination, PAGES, at_destination);
	for (unsigned int i = 0; i < PAGES; i++) {
		unsigned int places = 0;

		if (at_source[i])
			places += read_tag(source_page(s, i)) == scene_tag(i);
		if (at_destination[i])
			places += read_tag(destination_page(s, i)) == scene_tag(i);
		*lost += !places;
		*doubled += places > 1;
	}
	/* Bring back what was left on the way, for the next round. */
	for (unsigned int i = 0; i < PAGES; i++)
		if (at_destination[i])
			scene_move(s, source_page(s, i), destination_page(s, i), 1, 0, NULL);
}

void scenario_fatal_signal(struct test *t)
{
	struct pace pace = pace_of(LEAST_KILLS, MOST_KILLS, KILLS_MS);
	unsigned int lost = 0, doubled = 0;
	struct doomed d = { .moves = move_to_and_fro };
	struct scene s;

	d.scene = &s;
	d.stack = map_pages(t, STACK_BYTES / page_size() + 1);
	scene_build(&s, t, PAGES, 0);
	scene_register(&s, s.source, PAGES, UFFDIO_REGISTER_MODE_MISSING);
	while (pace_goes_on(&pace)) {
		kill_one(&d, pace.begun);
		count_places(&s, &lost, &doubled);
	}
	test_observe(t, "lost", "%u", lost);
	test_observe(t, "doubled", "%u", doubled);
	scene_end(&s);
}

static void move_once(struct doomed *d)
{
	struct scene *s = d->scene;

	__atomic_store_n(&d->begun, 1, __ATOMIC_RELEASE);
	scene_move(s, s->destination, s->source, PAGES, 0, NULL);
}

/* In its first step, if it has got as far, and if both are run at the same time. */
static void kill_in_call(struct doomed *d)
{
	int64_t pause_from = now_ms() + SPIN_MS;
	pid_t child = start(d);

	while (!__atomic_load_n(&d->begun, __ATOMIC_ACQUIRE))
		if (now_ms() > pause_from)
			let_others_run();
	end(d, child);
}

static unsigned int count_arrived(struct scene *s)
{
	static bool there[PAGES];
	unsigned int arrived = 0;

	pages_there(s->test, s->destination, PAGES, there);
	for (unsigned int i = 0; i < PAGES; i++)
		arrived += there[i];
	return arrived;
}

static unsigned int kill_and_look(struct doomed *d)
{
	unsigned int arrived;

	kill_in_call(d);
	arrived = count_arrived(d->scene);
	d->inside += arrived && arrived < PAGES;
	return arrived;
}

/* One more?  Who never ends a call in its middle shows nothing. */
static bool goes_on(struct test *t, struct doomed *d, struct pace *pace)
{
	if (d->inside >= ENOUGH_INSIDE)
		return false;
	if (pace_goes_on(pace))
		return true;
	if (!d->inside && pace->begun++ < MOST_TRIES)
		return true;
	if (!d->inside)
		test_broken(t, "no process was killed in the middle of a call");
	return false;
}

/* Threads that sleep on although the page they wait for has come. */
static unsigned int wait_and_kill(struct test *t, struct doomed *d)
{
	struct waiter waiters[MOST_WAITERS];
	unsigned int forgotten = 0;
	struct scene s;

	d->scene = &s;
	scene_build(&s, t, PAGES, WAITERS_FEATURES);
	for (unsigned int i = 0; i < MOST_WAITERS; i++)
		waiter_touch(&s, &waiters[i], destination_page(&s, i * (PAGES / MOST_WAITERS)),
			     false);
	for (unsigned int i = 0; i < MOST_WAITERS; i++)
		waiter_await(&s, &waiters[i]);
	kill_and_look(d);
	for (unsigned int i = 0; i < MOST_WAITERS; i++)
		forgotten += !strcmp(waiter_became(&s, &waiters[i]), "asleep") &&
			     page_is_there(t, (void *)waiters[i].address);
	scene_end(&s);
	munmap(s.source, PAGES * page_size());
	munmap(s.destination, PAGES * page_size());
	return forgotten;
}

void scenario_killed_call_wakes(struct test *t)
{
	struct pace pace = pace_of(LEAST_TRIES, MOST_TRIES, KILLS_MS);
	struct doomed d = { .moves = move_once };
	unsigned int forgotten = 0;

	d.stack = map_pages(t, STACK_BYTES / page_size() + 1);
	test_wants_single_calls(t);
	while (!forgotten && goes_on(t, &d, &pace))
		forgotten = wait_and_kill(t, &d);
	test_observe(t, "left_asleep", "%s", forgotten ? "yes" : "no");
}

static void move_and_tell(struct doomed *d)
{
	__atomic_store_n(&d->begun, 1, __ATOMIC_RELEASE);
	test_move(d->scene->test, d->scene->uffd, &d->argument);
}

/* Pages that have moved and that .move does not count; it counts no others. */
static unsigned int kill_and_count(struct test *t, struct doomed *d, bool *overcounted)
{
	unsigned int counted = 0, arrived;
	struct scene s;

	d->scene = &s;
	scene_build(&s, t, PAGES, 0);
	d->argument = (struct uffdio_move){
		.dst = (uintptr_t)s.destination, .src = (uintptr_t)s.source,
		.len = PAGES * page_size(), .move = MOVE_SENTINEL,
	};
	arrived = kill_and_look(d);
	if (d->argument.move > 0 && d->argument.move != MOVE_SENTINEL)
		counted = d->argument.move / page_size();
	*overcounted |= counted > arrived;
	scene_end(&s);
	munmap(s.source, PAGES * page_size());
	munmap(s.destination, PAGES * page_size());
	return counted < arrived ? arrived - counted : 0;
}

void scenario_killed_call_counts(struct test *t)
{
	struct pace pace = pace_of(LEAST_TRIES, MOST_TRIES, KILLS_MS);
	struct doomed d = { .moves = move_and_tell };
	bool overcounted = false;
	unsigned int missing = 0;

	d.stack = map_pages(t, STACK_BYTES / page_size() + 1);
	test_wants_single_calls(t);
	while (!missing && goes_on(t, &d, &pace))
		missing = kill_and_count(t, &d, &overcounted);
	test_observe(t, "left_uncounted", "%s", missing ? "yes" : "no");
	test_observe(t, "overcounted", "%s", overcounted ? "yes" : "no");
}
