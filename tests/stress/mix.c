// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process that has the pages, and its threads.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "pages.h"

#define WRITERS		2
#define DISTURBERS	2

__thread struct actor *me;

static struct actor actors[MAX_ACTORS];
static unsigned int n_actors;
static atomic_bool stop_serving;

void broken(enum property which, const char *format, ...)
{
	unsigned int n = atomic_fetch_add(&mix->broken[which].count, 1);
	va_list arguments;

	if (n >= SENTENCES)
		return;
	va_start(arguments, format);
	vsnprintf(mix->broken[which].first[n], SENTENCE, format, arguments);
	va_end(arguments);
}

size_t below(size_t limit)
{
	return nrand48(me->random) % limit;
}

bool one_in(size_t n)
{
	return below(n) == 0;
}

void nap(unsigned int most_us)
{
	struct timespec ts = { .tv_nsec = 1000L * below(most_us) };

	nanosleep(&ts, NULL);
}

static void *live(void *actor)
{
	atomic_bool *stop;

	me = actor;
	stop = me->act == server ? &stop_serving : &mix->stop;
	me->pulse->tid = syscall(SYS_gettid);
	while (!*stop) {
		me->act();
		me->pulse->beats++;
	}
	me->pulse->ended = true;
	return NULL;
}

static struct actor *add_actor(const char *name, unsigned int number, void (*act)(void))
{
	struct actor *a = &actors[n_actors];

	a->pulse = &mix->pulses[n_actors];
	snprintf(a->pulse->name, sizeof(a->pulse->name), "%s %u", name, number);
	a->pulse->doing = "its start";
	a->number = number;
	a->random[0] = n_actors;
	a->random[1] = mix->seed;
	a->random[2] = mix->seed >> 16;
	a->act = act;
	a->buffer = mmap(NULL, BUFFER_PAGES * page_size(), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a->buffer == MAP_FAILED || pipe2(a->pipe, O_NONBLOCK | O_CLOEXEC)) {
		perror("stress: no memory or pipe for a thread");
		_exit(1);
	}
	n_actors++;
	return a;
}

static void start(const char *name, unsigned int number, void (*act)(void))
{
	struct actor *a = add_actor(name, number, act);

	if (pthread_create(&a->thread, NULL, live, a)) {
		fputs("stress: a thread could not be started\n", stderr);
		_exit(1);
	}
	mix->n_pulses = n_actors;
}

static void start_all(void)
{
	start("server", 0, server);
	for (unsigned int i = 0; i < LANES * movers_per_lane(); i++)
		start("mover", i, mover);
	for (unsigned int i = 0; i < WRITERS; i++)
		start("writer", i, writer);
	for (unsigned int i = 0; i < DISTURBERS; i++)
		start("disturber", i, disturber);
}

/* The server last: the others may wait for it. */
static void join_all(void)
{
	for (unsigned int i = n_actors; i-- > 0; ) {
		if (actors[i].act == server)
			stop_serving = true;
		if (actors[i].thread)
			pthread_join(actors[i].thread, NULL);
	}
}

_Noreturn void mix_run(void)
{
	struct timespec ts = { .tv_nsec = 50000000 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	guard_install();
	regions_build();
	stock_prepare();
	mix->huge_told = slot_pages * page_size() == huge_page_size() && frames_shown();
	/* Opened by the first who reads it, which must not be two at once. */
	count_pages(regions[NEAR].start, 1);
	start_all();
	me = add_actor("judge", 0, NULL);
	me->pulse->doing = "taking stock";
	while (!mix->stop)
		nanosleep(&ts, NULL);
	join_all();
	mix->n_pulses = n_actors;
	if (mix->fault < FAULT_CHILD && !spoil())
		fputs("stress: no page is there for the fault\n", stderr);
	stock_at_end();
	mix->judged = true;
	_exit(0);
}
