// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls over a range in which other threads fault, drop, age and copy pages.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define PAGES 512
#define LEAST_ROUNDS 2
#define MOST_ROUNDS 12
#define ROUNDS_MS 1000		/* for those beyond the least, on a busy machine */
#define OTHERS 4		/* threads that disturb */
#define COPIED_TAG scene_tag(100000)

/* Each disturbance has pages of its own, spread over the range. */
enum disturbance { COPIED = 2, AGED = 3, DROPPED = 5, FAULTED = 7, PERIOD = 8 };

struct disturbed {
	struct scene scene;
	struct crew others;
	char *copied;			/* a page to be copied from */
	unsigned int begun;		/* rounds, told to all threads */
	unsigned int ended;		/* threads' rounds */
	unsigned int unexpected;	/* errors that nobody should see */
	bool moved_but_refused;		/* a page was moved, and the call said otherwise */
};

static bool is(unsigned int page, enum disturbance d)
{
	return page % PERIOD == d;
}

static void unexpected(struct disturbed *d)
{
	__atomic_fetch_add(&d->unexpected, 1, __ATOMIC_RELAXED);
}

static void copy_into(struct disturbed *d, unsigned int i)
{
	int error = scene_copy(&d->scene, destination_page(&d->scene, i), d->copied, 0);

	if (error && error != EEXIST)
		unexpected(d);
}

static void drop(struct disturbed *d, unsigned int i)
{
	if (madvise(source_page(&d->scene, i), page_size(), MADV_DONTNEED))
		unexpected(d);
}

/* Nothing but the entry changes: it counts as not used for long. */
static void age(struct disturbed *d, unsigned int i)
{
	madvise(source_page(&d->scene, i), page_size(), MADV_COLD);
}

/* The source is not registered: where the page has gone, zeroes come. */
static void fault(struct disturbed *d, unsigned int i)
{
	uint64_t tag = *(volatile uint64_t *)source_page(&d->scene, i);

	if (tag && tag != scene_tag(i))
		unexpected(d);
}

struct disturber {
	struct disturbed *d;
	enum disturbance which;
	void (*disturb)(struct disturbed *d, unsigned int i);
};

/* False if there are no more. */
static bool round_begins(struct disturbed *d, unsigned int round)
{
	unsigned int turns = 0;

	while (__atomic_load_n(&d->begun, __ATOMIC_ACQUIRE) < round) {
		if (__atomic_load_n(&d->others.stop, __ATOMIC_ACQUIRE))
			return false;
		wait_a_turn(&turns);
	}
	return true;
}

static void *disturb(void *argument)
{
	struct disturber *me = argument;
	struct disturbed *d = me->d;

	for (unsigned int round = 1; round_begins(d, round); round++) {
		for (unsigned int i = 0; i < PAGES; i++)
			if (is(i, me->which))
				me->disturb(d, i);
		__atomic_fetch_add(&d->ended, 1, __ATOMIC_ACQ_REL);
	}
	return NULL;
}

/* Nobody else puts pages there: so it is this call that has moved it. */
static bool has_moved(struct scene *s, unsigned int i)
{
	return !page_is_there(s->test, source_page(s, i)) &&
	       page_is_there(s->test, destination_page(s, i));
}

/* Over pages that were copied in the meantime, as a caller would. */
static void move_all(struct disturbed *d)
{
	struct scene *s = &d->scene;
	unsigned int i = 0;

	while (i < PAGES) {
		int64_t move;
		int error = scene_move(s, destination_page(s, i), source_page(s, i), PAGES - i,
				       UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, &move);

		if (!error || (error == EAGAIN && move > 0)) {
			i += move / page_size();
		} else {
			if (error == EEXIST && !is(i, COPIED) && has_moved(s, i))
				d->moved_but_refused = true;
			else if (error != EEXIST || !is(i, COPIED))
				unexpected(d);
			i++;
		}
	}
}

static void count_places(struct disturbed *d, unsigned int *lost, unsigned int *doubled)
{
	struct scene *s = &d->scene;
	bool at_source[PAGES], at_destination[PAGES];

	pages_there(s->test, s->source, PAGES, at_source);
	pages_there(s->test, s->destination, PAGES, at_destination);
	for (unsigned int i = 0; i < PAGES; i++) {
		uint64_t there = at_destination[i] ? read_tag(destination_page(s, i)) : 0;
		unsigned int places = there == scene_tag(i);

		if (at_source[i])
			places += read_tag(source_page(s, i)) == scene_tag(i);
		*lost += !places && !is(i, DROPPED);
		*doubled += places > 1;
		/* Neither another page's contents nor a mixture. */
		*lost += there && there != scene_tag(i) && !(is(i, COPIED) && there == COPIED_TAG);
	}
}

static void start_afresh(struct scene *s)
{
	madvise(s->source, PAGES * page_size(), MADV_DONTNEED);
	madvise(s->destination, PAGES * page_size(), MADV_DONTNEED);
	for (unsigned int i = 0; i < PAGES; i++)
		fill_page(source_page(s, i), scene_tag(i));
}

void scenario_tables_change(struct test *t)
{
	struct disturbed d = { 0 };
	struct disturber others[OTHERS] = {
		{ &d, COPIED, copy_into }, { &d, AGED, age }, { &d, DROPPED, drop },
		{ &d, FAULTED, fault },
	};
	struct pace pace;
	unsigned int lost = 0, doubled = 0;

	scene_build(&d.scene, t, PAGES, 0);
	d.copied = map_pages(t, 1);
	fill_page(d.copied, COPIED_TAG);
	for (unsigned int i = 0; i < OTHERS; i++)
		crew_add(&d.scene, &d.others, disturb, &others[i]);
	pace = pace_of(LEAST_ROUNDS, MOST_ROUNDS, ROUNDS_MS);
	while (pace_goes_on(&pace)) {
		unsigned int turns = 0;

		start_afresh(&d.scene);
		__atomic_store_n(&d.begun, pace.begun, __ATOMIC_RELEASE);
		move_all(&d);
		while (__atomic_load_n(&d.ended, __ATOMIC_ACQUIRE) < OTHERS * pace.begun)
			wait_a_turn(&turns);
		count_places(&d, &lost, &doubled);
	}
	crew_end(&d.others);
	test_observe(t, "unexpected_errors", "%u", d.unexpected);
	test_observe(t, "moved_but_refused", "%s", d.moved_but_refused ? "yes" : "no");
	test_observe(t, "lost", "%u", lost);
	test_observe(t, "doubled", "%u", doubled);
	scene_end(&d.scene);
}
