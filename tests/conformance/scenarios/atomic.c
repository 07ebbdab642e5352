// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that read from pages, and store to them, while these are moved.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define COUNTERS 16		/* pages with a counter each */
#define LINE 64

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

struct reader {
	struct crew crew;
	struct scene *scene;
	unsigned long rounds, pages, wrong;
};

static sigjmp_buf at_hole;

/* So this descriptor has the kernel answer who touches a hole. */
static void meet_hole(int number)
{
	(void)number;
	siglongjmp(at_hole, 1);
}

/* Read a page, or as much of it as is there before it goes. */
static void read_page(struct reader *r, const char *page, uint64_t tag)
{
	if (sigsetjmp(at_hole, 0))
		return;
	for (size_t at = 0; at < page_size(); at += LINE)
		r->wrong += *(const volatile uint64_t *)(page + at) != tag;
	r->pages++;
}

static void *keep_reading(void *argument)
{
	/* Left by a jump, the handler would otherwise leave its signal blocked. */
	struct sigaction action = { .sa_handler = meet_hole, .sa_flags = SA_NODEFER };
	struct reader *r = argument;
	struct scene *s = r->scene;

	sigaction(SIGBUS, &action, NULL);
	while (!__atomic_load_n(&r->crew.stop, __ATOMIC_ACQUIRE)) {
		unsigned int i = r->rounds * 7 % s->pages;

		read_page(r, source_page(s, i), scene_tag(i));
		read_page(r, destination_page(s, i), scene_tag(i));
		__atomic_fetch_add(&r->rounds, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void play_reader(struct scene *s)
{
	struct reader r = { .scene = s };
	int error;

	scene_register(s, s->source, s->pages, UFFDIO_REGISTER_MODE_MISSING);
	crew_add(s, &r.crew, keep_reading, &r);
	error = move_to_and_fro(s, &r.rounds);
	crew_end(&r.crew);
	test_observe(s->test, "errno", "%s", error_name(error));
	test_observe(s->test, "wrong_reads", "%lu", r.wrong);
	scene_end(s);
}

void scenario_reader_during_moves(struct test *t)
{
	struct scene s;

	scene_build(&s, t, COUNTERS, UFFD_FEATURE_SIGBUS);
	play_reader(&s);
}

void scenario_reader_during_huge_moves(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, UFFD_FEATURE_SIGBUS);
	play_reader(&s);
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
