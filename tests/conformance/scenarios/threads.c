// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that run at the same time as each other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define ROUNDS 400
#define HUGE_ROUNDS 16
#define APART_ROUNDS 25
#define APART_PAGES 256		/* of a call, so that two of them meet */
#define LEAST_ROUNDS 10		/* on a busy machine */
#define DUEL_MS 1000		/* for those beyond */

/* Two threads that move page after page, each pair of calls at the same time. */
struct duel {
	struct scene *scene;
	char *from[2], *to[2];	/* first pages of @rounds times @pages */
	unsigned int pages;	/* of each call */
	uint64_t mode;
	bool alike;		/* both make the same call, so that what has moved tells of neither */
	unsigned int arrived;	/* at all meeting points so far */
	unsigned int rounds;	/* that are fought; cut before the last one's meeting */
	int64_t deadline;
	int errors[2][ROUNDS];
	bool moved_but_refused[2];
};

struct duellist {
	struct duel *duel;
	unsigned int who;
};

static void meet(struct duel *d, unsigned int round)
{
	unsigned int turns = 0;

	__atomic_fetch_add(&d->arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&d->arrived, __ATOMIC_ACQUIRE) < 2 * (round + 1))
		wait_a_turn(&turns);
}

static void *fight(void *argument)
{
	struct duellist *me = argument;
	struct duel *d = me->duel;

	for (unsigned int round = 0; round < __atomic_load_n(&d->rounds, __ATOMIC_ACQUIRE); round++) {
		size_t at = round * d->pages * page_size();
		int64_t move;
		int error;

		if (me->who == 0 && round + 1 >= LEAST_ROUNDS && now_ms() > d->deadline)
			__atomic_store_n(&d->rounds, round + 1, __ATOMIC_RELEASE);
		meet(d, round);
		if (d->alike)
			error = scene_move(d->scene, d->to[me->who] + at, d->from[me->who] + at,
					   d->pages, d->mode, &move);
		else
			error = scene_move_told(d->scene, d->to[me->who] + at, d->from[me->who] + at,
						d->pages, d->mode, &move,
						&d->moved_but_refused[me->who]);
		d->errors[me->who][round] = error;
	}
	return NULL;
}

static void fight_out(struct duel *d)
{
	struct duellist duellists[2] = { { d, 0 }, { d, 1 } };
	struct crew crew = { 0 };

	d->deadline = now_ms() + DUEL_MS;
	crew_add(d->scene, &crew, fight, &duellists[0]);
	crew_add(d->scene, &crew, fight, &duellists[1]);
	crew_end(&crew);
}

static unsigned int winners(const struct duel *d, unsigned int round)
{
	return !d->errors[0][round] + !d->errors[1][round];
}

/* The number of winners in each round: the first, unless one differs. */
static void observe_winners(struct test *t, const struct duel *d)
{
	unsigned int round = 1;

	while (round < d->rounds && winners(d, round) == winners(d, 0))
		round++;
	if (round >= d->rounds)
		test_observe(t, "winners_each_round", "%u", winners(d, 0));
	else
		test_observe(t, "winners_each_round", "%u and %u", winners(d, 0), winners(d, round));
}

/* The losers' error: the first one, unless one differs. */
static void observe_loser(struct test *t, const struct duel *d)
{
	int error = 0;

	for (unsigned int i = 0; i < 2 * d->rounds; i++) {
		int this = d->errors[i & 1][i / 2];

		if (!this || this == error)
			continue;
		if (error) {
			test_observe(t, "loser", "%s and %s", error_name(error), error_name(this));
			return;
		}
		error = this;
	}
	test_observe(t, "loser", "%s", error_name(error));
}

/* Those count as winners, where they moved what they say they did not. */
static void observe_refused(struct test *t, const struct duel *d)
{
	test_observe(t, "moved_but_refused", "%s",
		     d->moved_but_refused[0] || d->moved_but_refused[1] ? "yes" : "no");
}

static bool holds(struct scene *s, const char *first, unsigned int i, uint64_t tag)
{
	return !strcmp(look_at(s, first + i * page_size(), tag), "contents");
}

void scenario_movers_to_one_place(struct test *t)
{
	struct duel *d = calloc(1, sizeof(*d));
	unsigned int lost = 0;
	struct scene s;
	char *second;

	scene_build(&s, t, ROUNDS, 0);
	second = map_pages(t, ROUNDS);
	for (unsigned int i = 0; i < ROUNDS; i++)
		fill_page(second + i * page_size(), scene_tag(ROUNDS + i));
	*d = (struct duel){
		.scene = &s,
		.from = { s.source, second },
		.to = { s.destination, s.destination },
		.pages = 1,
		.rounds = ROUNDS,
	};
	fight_out(d);
	observe_winners(t, d);
	observe_refused(t, d);
	observe_loser(t, d);
	for (unsigned int i = 0; i < d->rounds; i++) {
		bool first = !d->errors[0][i];

		/* The winner's page has arrived, the loser's is where it was. */
		lost += !holds(&s, s.destination, i, scene_tag(first ? i : ROUNDS + i));
		lost += !holds(&s, first ? second : s.source, i, scene_tag(first ? ROUNDS + i : i));
	}
	test_observe(t, "lost", "%u", lost);
	scene_end(&s);
	free(d);
}

/* Each moves pages of its own, of the same mappings. */
void scenario_movers_apart(struct test *t)
{
	const unsigned int each = APART_ROUNDS * APART_PAGES;
	struct duel *d = calloc(1, sizeof(*d));
	unsigned int lost = 0;
	struct scene s;

	scene_build(&s, t, 2 * each, 0);
	*d = (struct duel){
		.scene = &s,
		.from = { s.source, source_page(&s, each) },
		.to = { s.destination, destination_page(&s, each) },
		.pages = APART_PAGES,
		.rounds = APART_ROUNDS,
	};
	fight_out(d);
	observe_winners(t, d);
	observe_refused(t, d);
	observe_loser(t, d);
	for (unsigned int i = 0; i < d->rounds * APART_PAGES; i++) {
		lost += !holds(&s, s.destination, i, scene_tag(i));
		lost += !holds(&s, s.destination, each + i, scene_tag(each + i));
	}
	test_observe(t, "lost", "%u", lost);
	scene_end(&s);
	free(d);
}

/* How often each page is found: the first, unless one differs. */
static void observe_copies(const struct duel *d, const char *other)
{
	unsigned int copies[ROUNDS] = { 0 }, i;
	struct scene *s = d->scene;

	for (i = 0; i < d->rounds; i++) {
		copies[i] = holds(s, s->source, i, scene_tag(i));
		copies[i] += holds(s, s->destination, i, scene_tag(i));
		copies[i] += holds(s, other, i, scene_tag(i));
		if (copies[i] != copies[0])
			break;
	}
	if (i == d->rounds)
		test_observe(s->test, "copies", "%u", copies[0]);
	else
		test_observe(s->test, "copies", "%u and %u", copies[0], copies[i]);
}

static void move_from_one_place(struct test *t, uint64_t mode, bool loser_fails)
{
	struct duel *d = calloc(1, sizeof(*d));
	struct scene s;
	char *other;

	scene_build(&s, t, ROUNDS, 0);
	other = map_pages(t, ROUNDS);
	scene_register(&s, other, ROUNDS, UFFDIO_REGISTER_MODE_MISSING);
	*d = (struct duel){
		.scene = &s,
		.from = { s.source, s.source },
		.to = { s.destination, other },
		.pages = 1,
		.rounds = ROUNDS,
		.mode = mode,
	};
	fight_out(d);
	observe_winners(t, d);
	observe_refused(t, d);
	if (loser_fails)
		observe_loser(t, d);
	observe_copies(d, other);
	scene_end(&s);
	free(d);
}

void scenario_movers_from_one_place(struct test *t)
{
	move_from_one_place(t, 0, true);
}

void scenario_movers_from_one_place_holes(struct test *t)
{
	move_from_one_place(t, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, false);
}

/* What the losers meet: the page gone, or at its new place already; which of them is chance. */
static void observe_any_loser(struct test *t, const struct duel *d)
{
	unsigned int gone = 0, there = 0, other = 0;

	for (unsigned int i = 0; i < 2 * d->rounds; i++) {
		int error = d->errors[i & 1][i / 2];

		gone += error == ENOENT;
		there += error == EEXIST;
		other += error && error != ENOENT && error != EEXIST;
	}
	test_observe(t, "losers", "%s", other ? "others" : gone && there ? "EEXIST and ENOENT" :
		     gone ? "ENOENT" : there ? "EEXIST" : "none");
}

/* A page that neither says to have moved, and that has, was moved by one of them. */
static void find_refused(struct duel *d)
{
	for (unsigned int i = 0; i < d->rounds; i++) {
		unsigned int page = i * d->pages;

		if (winners(d, i) || !holds(d->scene, d->scene->destination, page, scene_tag(page)))
			continue;
		d->errors[0][i] = 0;
		d->moved_but_refused[0] = true;
	}
}

/* As two threads do that resolve one fault from the one place where its page is. */
static void move_one_page(struct scene *s, unsigned int pages)
{
	struct duel *d = calloc(1, sizeof(*d));
	unsigned int lost = 0;

	if (!d)
		test_broken(s->test, "no memory for a duel");
	*d = (struct duel){
		.scene = s,
		.from = { s->source, s->source },
		.to = { s->destination, s->destination },
		.pages = pages,
		.rounds = s->pages / pages,
		.alike = true,
	};
	fight_out(d);
	find_refused(d);
	observe_winners(s->test, d);
	observe_refused(s->test, d);
	observe_any_loser(s->test, d);
	for (unsigned int i = 0; i < d->rounds * pages; i++) {
		lost += !holds(s, s->destination, i, scene_tag(i));
		lost += !!strcmp(look_at(s, source_page(s, i), scene_tag(i)), "hole");
	}
	test_observe(s->test, "lost", "%u", lost);
	scene_end(s);
	free(d);
}

void scenario_movers_of_one_page(struct test *t)
{
	struct scene s;

	scene_build(&s, t, ROUNDS, 0);
	move_one_page(&s, 1);
}

void scenario_movers_of_one_huge_page(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, HUGE_ROUNDS, 0);
	move_one_page(&s, pages_per_huge());
}
