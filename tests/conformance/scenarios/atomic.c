// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that store to pages while these are moved.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define COUNTERS 16		/* pages with a counter each */

/* Calls there and back; and as often the other thread has to have come round. */
#define LEAST_ROUNDS 100
#define MOST_ROUNDS 20000
#define ROUNDS_MS 60

static bool has_enough(const unsigned long *rounds)
{
	return __atomic_load_n(rounds, __ATOMIC_ACQUIRE) >= LEAST_ROUNDS;
}

/* To and fro until both threads have done enough; returns 0 or the first errno. */
static int move_to_and_fro(struct scene *s, const unsigned long *others_rounds)
{
	struct pace pace = pace_of(LEAST_ROUNDS, MOST_ROUNDS, ROUNDS_MS);
	bool more = true;
	int error = 0;

	while (!error && (more || !has_enough(others_rounds))) {
		error = scene_move(s, s->destination, s->source, s->pages, 0, NULL);
		if (!error)
			error = scene_move(s, s->source, s->destination, s->pages, 0, NULL);
		if (!more)
			let_others_run();
		more = pace_goes_on(&pace);
	}
	return error;
}

struct writer {
	struct crew crew;
	struct scene *scene;
	unsigned long rounds;
	uint64_t steps[COUNTERS];
};

static void *count_up(void *argument)
{
	struct writer *w = argument;

	for (unsigned int i = 0; !__atomic_load_n(&w->crew.stop, __ATOMIC_ACQUIRE);
	     i = (i + 1) % COUNTERS) {
		volatile uint64_t *counter = (uint64_t *)source_page(w->scene, i);

		*counter = *counter + 1;
		w->steps[i]++;
		__atomic_fetch_add(&w->rounds, i == 0, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* The writer sleeps when it meets a hole, until the page is back. */
void scenario_writers(struct test *t)
{
	struct writer w = { 0 };
	struct scene s;
	int64_t lost = 0;
	int error;

	scene_build(&s, t, COUNTERS, 0);
	scene_register(&s, s.source, COUNTERS, UFFDIO_REGISTER_MODE_MISSING);
	for (unsigned int i = 0; i < COUNTERS; i++)
		*(uint64_t *)source_page(&s, i) = 0;
	w.scene = &s;
	crew_add(&s, &w.crew, count_up, &w);
	error = move_to_and_fro(&s, &w.rounds);
	test_observe(t, "errno", "%s", error_name(error));
	/* After an error the writer may sleep over a hole; closing lets it go on. */
	close(s.uffd);
	crew_end(&w.crew);
	for (unsigned int i = 0; i < COUNTERS; i++)
		lost += w.steps[i] - *(volatile uint64_t *)source_page(&s, i);
	test_observe(t, "lost", "%lld", (long long)lost);
}
