// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes of a call's own mappings, begun while the call is inside: never is it found half
 * done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define PAGES 2048		/* of a call, long enough to be met */
#define LEAST_ROUNDS 6
#define MOST_ROUNDS 60
#define ROUNDS_MS 120		/* for those beyond the least */
#define MOST_TRIES 600		/* to come upon a call, on a busy machine */

struct mover {
	struct scene *scene;
	pthread_t thread;
	int error, done;
	int64_t move;
};

static void *move_all(void *argument)
{
	struct mover *m = argument;
	struct scene *s = m->scene;

	m->error = scene_move(s, s->destination, s->source, PAGES, 0, &m->move);
	__atomic_store_n(&m->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static unsigned int count_there(struct test *t, const char *start)
{
	bool there[PAGES];
	unsigned int n = 0;

	pages_there(t, start, PAGES, there);
	for (unsigned int i = 0; i < PAGES; i++)
		n += there[i];
	return n;
}

/* The call is inside as soon as its first page has arrived. */
static void await_first_page(struct mover *m)
{
	while (!__atomic_load_n(&m->done, __ATOMIC_ACQUIRE) &&
	       !page_is_there(m->scene->test, m->scene->destination))
		;
}

/* Change a mapping of the call's; returns whether that came upon a call that was half done. */
typedef bool change_mapping(struct scene *s);

/* What is @left at the source tells, too. */
static bool is_half_done(const struct mover *m, unsigned int left)
{
	if (!m->error)
		return m->move != PAGES * (int64_t)page_size() || left;
	return m->move != -m->error || left != PAGES;
}

struct rounds {
	unsigned int met;	/* the call was inside when the change began */
	unsigned int half_done;
};

static void play_round(struct test *t, change_mapping *change, struct rounds *r)
{
	struct scene s;
	struct mover m = { .scene = &s };

	scene_build(&s, t, PAGES, 0);
	machine_thread(t, &m.thread, move_all, &m);
	await_first_page(&m);
	r->met += !__atomic_load_n(&m.done, __ATOMIC_ACQUIRE);
	r->half_done += change(&s);
	pthread_join(m.thread, NULL);
	r->half_done += is_half_done(&m, count_there(t, s.source));
	scene_clear(&s);
}

static void play(struct test *t, change_mapping *change)
{
	struct pace pace = pace_of(LEAST_ROUNDS, MOST_ROUNDS, ROUNDS_MS);
	struct rounds rounds = { 0 };

	test_wants_single_calls(t);
	while (pace_goes_on(&pace) || (!rounds.met && pace.begun++ < MOST_TRIES))
		play_round(t, change, &rounds);
	if (!rounds.met)
		test_broken(t, "each of %u calls was over before its mapping could be changed",
			    pace.begun);
	test_observe(t, "half_done", "%u", rounds.half_done);
}

static bool protect(struct scene *s)
{
	if (mprotect(s->destination, PAGES * page_size(), PROT_READ))
		machine_cannot(s->test, errno, "a mapping cannot be made read-only");
	return false;
}

static bool unmap(struct scene *s)
{
	munmap(s->destination, PAGES * page_size());
	return false;
}

/* Where its pages have gone, or where they still are. */
static bool remap(struct scene *s)
{
	const size_t bytes = PAGES * page_size();
	char *to = map_pages(s->test, PAGES);

	if (mremap(s->source, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		machine_cannot(s->test, errno, "a mapping cannot be moved");
	s->source = to;
	return false;
}

/* The child has of the two ranges what they were at one moment. */
static bool fork_now(struct scene *s)
{
	pid_t child = machine_fork(s->test);

	if (child == 0) {
		unsigned int left = count_there(s->test, s->source);

		_exit(left + count_there(s->test, s->destination) != PAGES ||
		      (left && left != PAGES));
	}
	return test_wait(s->test, child);
}

void scenario_protected_meanwhile(struct test *t)
{
	play(t, protect);
}

void scenario_unmapped_meanwhile(struct test *t)
{
	play(t, unmap);
}

void scenario_remapped_meanwhile(struct test *t)
{
	play(t, remap);
}

void scenario_forked_meanwhile(struct test *t)
{
	play(t, fork_now);
}
