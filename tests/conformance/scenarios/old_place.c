// SPDX-License-Identifier: GPL-2.0-only
/*
 * What another CPU meets at a page's old place, which it has in its TLB, while
 * the page is moved and when it has been.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define RUN 512			/* pages of a long call: its first ones wait for its last */
#define HOLES 3			/* before them */
#define FEW 8			/* each address of which is forgotten by itself */
#define LEAST_ROUNDS 4
#define MOST_ROUNDS 300
#define ROUNDS_MS 50
#define WATCH_MS 3		/* without a pause */

/* Words that are stored to, in a page's first line behind the tag. */
enum word { DURING = 1, AFTER };

/* A round's course: each side waits for the other's step before it takes its own. */
enum step { LAID_OUT, WARM, RETURNED, LOOKED, STEPS };

struct watch {
	struct scene *scene;
	unsigned int pages;	/* of a call */
	unsigned int holes;	/* of these, the first ones */
	unsigned int steps;	/* taken, in all rounds */
	int ended;
	int doze[2];		/* a pipe to sleep at while the call runs; -1: watch it */
	uint64_t stored;	/* what the watcher stores in this round */
	bool stored_during;
	bool met;		/* at the old place of any page, afterwards */
};

static volatile uint64_t *word_of(char *page, enum word word)
{
	return (volatile uint64_t *)page + word;
}

static void take_step(struct watch *w)
{
	__atomic_fetch_add(&w->steps, 1, __ATOMIC_ACQ_REL);
}

static bool is_taken(const struct watch *w, unsigned int round, enum step step)
{
	return __atomic_load_n(&w->steps, __ATOMIC_ACQUIRE) > round * STEPS + step;
}

/* False if there are no more rounds. */
static bool await(struct watch *w, unsigned int round, enum step step)
{
	unsigned int turns = 0;

	while (!is_taken(w, round, step)) {
		if (__atomic_load_n(&w->ended, __ATOMIC_ACQUIRE))
			return false;
		wait_a_turn(&turns);
	}
	return true;
}

/*
 * The kernel reads the set before it refuses what it shall do with it.  For a
 * hole this descriptor has it answer EFAULT, and wait for nobody.
 */
static bool is_visible(const void *page)
{
	return syscall(__NR_rt_sigprocmask, -1, page, NULL, _NSIG / 8) && errno == EINVAL;
}

/* The first that is no hole. */
static char *first_source(struct watch *w)
{
	return source_page(w->scene, w->holes);
}

static char *first_destination(struct watch *w)
{
	return destination_page(w->scene, w->holes);
}

/*
 * As soon as the first page is seen at its new place, store to it at its old one.
 * Every other round does not look, for some machines empty the TLB on their way
 * into the kernel.
 */
static void watch_call(struct watch *w, unsigned int round)
{
	int64_t end = now_ms() + WATCH_MS;
	bool may_look = !(round & 1);

	while (!is_taken(w, round, RETURNED)) {
		/* Nor does the TLB outlast another task; but the call has to come about. */
		if (now_ms() > end)
			let_others_run();
		if (!may_look || !is_visible(first_destination(w)))
			continue;
		*word_of(first_source(w), DURING) = w->stored;
		w->stored_during = true;
		may_look = false;
	}
}

static void sleep_through(struct watch *w, unsigned int round)
{
	char byte;

	if (read(w->doze[0], &byte, 1) != 1)
		test_broken(w->scene->test, "nothing ends the watcher's sleep");
	await(w, round, RETURNED);
}

/* All are looked at before any is stored to, which may have the TLB emptied. */
static bool meets_any(struct watch *w)
{
	uint64_t met = 0;

	for (unsigned int i = w->holes; i < w->pages; i++)
		met |= *(volatile uint64_t *)source_page(w->scene, i);
	return met;
}

static void store_to_each(struct watch *w, uint64_t value)
{
	for (unsigned int i = w->holes; i < w->pages; i++)
		*word_of(source_page(w->scene, i), AFTER) = value;
}

static void *watch(void *argument)
{
	struct watch *w = argument;

	stay_on_cpu(w->scene->test, 1);
	for (unsigned int round = 0; await(w, round, LAID_OUT); round++) {
		*word_of(first_source(w), DURING) = 0;
		store_to_each(w, 0);
		take_step(w);
		if (w->doze[0] < 0)
			watch_call(w, round);
		else
			sleep_through(w, round);
		w->met = meets_any(w);
		store_to_each(w, w->stored);
		take_step(w);
	}
	return NULL;
}

static bool holds(struct scene *s, char *page, enum word word, uint64_t value)
{
	return page_is_there(s->test, page) && *word_of(page, word) == value;
}

struct seen {
	unsigned int during, after, lost;
	bool moved_but_refused;
};

/* Each store is at one of the two places; which one tells when it reached what. */
static void look_for_stores(struct watch *w, struct seen *seen)
{
	struct scene *s = w->scene;

	if (holds(s, first_destination(w), DURING, w->stored))
		seen->during++;
	else if (w->stored_during)
		seen->lost += !holds(s, first_source(w), DURING, w->stored);
	seen->after += w->met;
	for (unsigned int i = w->holes; i < w->pages; i++)
		if (holds(s, destination_page(s, i), AFTER, w->stored))
			seen->after++;
		else
			seen->lost += !holds(s, source_page(s, i), AFTER, w->stored);
}

static void lay_out(struct watch *w, unsigned int round)
{
	struct scene *s = w->scene;

	madvise(s->destination, s->pages * page_size(), MADV_DONTNEED);
	scene_refill(s);
	if (w->holes)
		madvise(s->source, w->holes * page_size(), MADV_DONTNEED);
	w->stored = scene_tag(1000000 + round);
	w->stored_during = false;
}

static int play_round(struct watch *w, unsigned int round, struct seen *seen)
{
	struct scene *s = w->scene;
	int64_t move;
	int error;

	lay_out(w, round);
	take_step(w);
	await(w, round, WARM);
	error = scene_move_told(s, s->destination, s->source, w->pages,
				w->holes ? UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES : 0, &move,
				&seen->moved_but_refused);
	take_step(w);
	if (w->doze[1] >= 0 && write(w->doze[1], "", 1) != 1)
		test_broken(s->test, "the watcher cannot be woken");
	await(w, round, LOOKED);
	if (!error)
		look_for_stores(w, seen);
	return error;
}

static void play(struct watch *w, struct seen *seen)
{
	struct pace pace = pace_of(LEAST_ROUNDS, MOST_ROUNDS, ROUNDS_MS);
	struct crew crew = { 0 };
	int error = 0;

	crew_add(w->scene, &crew, watch, w);
	stay_on_cpu(w->scene->test, 0);
	for (unsigned int round = 0; !error && pace_goes_on(&pace); round++)
		error = play_round(w, round, seen);
	__atomic_store_n(&w->ended, 1, __ATOMIC_RELEASE);
	crew_end(&crew);
	test_observe(w->scene->test, "errno", "%s", error_name(error));
	test_observe(w->scene->test, "moved_but_refused", "%s",
		     seen->moved_but_refused ? "yes" : "no");
	test_observe(w->scene->test, "after", "%s", seen->after ? "yes" : "no");
	test_observe(w->scene->test, "lost", "%u", seen->lost);
}

static void play_watched(struct scene *s, unsigned int holes)
{
	struct watch w = {
		.scene = s, .pages = s->pages, .holes = holes, .doze = { -1, -1 },
	};
	struct seen seen = { 0 };

	play(&w, &seen);
	test_observe(s->test, "during", "%s", seen.during ? "yes" : "no");
	scene_end(s);
}

void scenario_old_place_one_page(struct test *t)
{
	struct scene s;

	scene_build(&s, t, 1, UFFD_FEATURE_SIGBUS);
	play_watched(&s, 0);
}

void scenario_old_place_run(struct test *t)
{
	struct scene s;

	scene_build(&s, t, RUN, UFFD_FEATURE_SIGBUS);
	play_watched(&s, 0);
}

void scenario_old_place_behind_holes(struct test *t)
{
	struct scene s;

	scene_build(&s, t, RUN, UFFD_FEATURE_SIGBUS);
	play_watched(&s, HOLES);
}

/* Forgotten from or to an end of the range that adjoins, it is no address at all. */
static void play_adjoining(struct test *t, bool upwards)
{
	struct scene s;

	scene_build(&s, t, FEW, UFFD_FEATURE_SIGBUS);
	scene_adjoin(&s, upwards);
	play_watched(&s, 0);
}

void scenario_old_place_below(struct test *t)
{
	play_adjoining(t, true);
}

void scenario_old_place_above(struct test *t)
{
	play_adjoining(t, false);
}

void scenario_old_place_huge(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, UFFD_FEATURE_SIGBUS);
	play_watched(&s, 0);
}

void scenario_old_place_asleep(struct test *t)
{
	struct seen seen = { 0 };
	struct watch w = { 0 };
	struct scene s;

	scene_build(&s, t, RUN, UFFD_FEATURE_SIGBUS);
	w = (struct watch){ .scene = &s, .pages = RUN };
	if (pipe(w.doze))
		test_broken(t, "no pipe: %s", strerror(errno));
	play(&w, &seen);
	scene_end(&s);
}
