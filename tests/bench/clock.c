// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "clock.h"
#include "mark.h"

#define LOOKS	101
#define TURNS	10000
#define SLACK	100	/* instructions around a loop */

static double overhead;
static bool profiled;

uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

uint64_t clock_of_thread(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static uint64_t now(void)
{
#ifdef __x86_64__
	/* QEMU's -icount shift=0 has one nanosecond, and one tick, an instruction. */
	if (options.counted)
		return __builtin_ia32_rdtsc();
#endif
	return clock_ns();
}

#ifdef __x86_64__
/* @n nothings more in each turn of a loop that has two instructions. */
#define TICKS_OF_LOOP(n) ({ \
	uint64_t begun = __builtin_ia32_rdtsc(), turns = TURNS; \
	asm volatile("1: .rept %c1; nop; .endr; dec %0; jnz 1b" : "+r"(turns) : "i"(n)); \
	__builtin_ia32_rdtsc() - begun; })

static bool is_about(uint64_t ticks, uint64_t instructions)
{
	return ticks >= instructions && ticks < instructions + SLACK;
}

/* Processors take no longer for some nothings; and one try may be interrupted. */
bool clock_counts(void)
{
	for (int i = 0; i < LOOKS; i++)
		if (is_about(TICKS_OF_LOOP(0), 2 * TURNS) && is_about(TICKS_OF_LOOP(8), 10 * TURNS))
			return true;
	return false;
}
#else
bool clock_counts(void)
{
	return false;
}
#endif

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void clock_learn(void)
{
	uint64_t looks[LOOKS];

	for (int i = 0; i < LOOKS; i++) {
		uint64_t begun = now();

		looks[i] = now() - begun;
	}
	qsort(looks, LOOKS, sizeof(looks[0]), compare);
	overhead = looks[LOOKS / 2];
}

uint64_t span_begin(void)
{
	if (profiled)
		MARK(MARK_ON);
	return now();
}

double span_end(uint64_t begun)
{
	double took = now() - begun;

	if (profiled)
		MARK(MARK_OFF);
	return took > overhead ? took - overhead : 0;
}

void profile_begin(void)
{
	profiled = options.counted;
}

bool profile_end(void)
{
	bool was = profiled;

	profiled = false;
	if (was)
		MARK(MARK_SECTION);
	return was;
}
