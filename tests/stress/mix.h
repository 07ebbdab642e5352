/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mix: threads (actors) that move tagged pages, store to them and disturb
 * them, in a process of its own, which the program watches over.
 */
#ifndef UFFDIO_MOVE_STRESS_MIX_H
#define UFFDIO_MOVE_STRESS_MIX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "test/proposed.h"

/* What must hold of the whole run; each is a line of the report. */
enum property {
	RETURNS, ONCE, STORES, INTACT, OFFSETS, CHILDREN, ANSWERS, MOVES, DISTURBANCES,
	PROPERTIES
};

/* Wrong things that the program does itself on request. */
enum fault {
	FAULT_NONE, FAULT_LOSE, FAULT_DOUBLE, FAULT_STALE, FAULT_SWAP, FAULT_DAMAGE,
	FAULT_CHILD, FAULT_ANSWER, FAULT_STUCK, FAULT_IDLE, FAULT_BUSY,
	FAULTS
};

/* What a call of UFFDIO_MOVE can answer. */
enum answer {
	MOVED, SHORT, AGAIN, BUSY, EXISTS, NONE_THERE, INVALID, NO_MEMORY, OTHER,
	ANSWER_COUNT
};

/* Kinds of calls; one call is of several.  Those that moved something are counted. */
enum kind {
	SINGLE, RUN, SLOT, HUGE_WHOLE, NEAR_TO_FAR, FAR_TO_NEAR, WITHIN, PLAIN, DONTWAKE,
	HOLES, HOLES_DONTWAKE, FOR_FAULT, INTO_PIT,
	SHARED,		/* can only move with ALLOW_COPY */
	KINDS
};

enum disturbance {
	FORK, SWAP_OUT, COLD, MERGE, COLLAPSE, COMPACT, PROTECT, REMAP, COPY, WRITE_PROTECT,
	READ, SPLICE, PAGEMAP, SMAPS, CLEAR_REFS, IDLE,	/* by threads that do nothing else */
	DROP, UNMAP, RENEW,				/* by movers, of their own pages */
	DISTURBANCE_COUNT
};

#define MAX_ACTORS	16
#define SENTENCES	4
#define SENTENCE	160

/* A thread as the watch sees it. */
struct pulse {
	char name[16];
	_Atomic pid_t tid;
	_Atomic unsigned long beats;
	const char *_Atomic doing;	/* a constant: the same in both processes */
	atomic_bool ended;
};

struct tally {
	atomic_ulong tries, effects;
};

/* In memory that the watch, the mix and its children share. */
struct mix {
	uint32_t seed;
	bool overlap, allow_copy;
	enum fault fault;
	const char *lacking[DISTURBANCE_COUNT];	/* why it cannot be had here, or NULL */
	bool huge_told;		/* can a huge page that has moved whole be told? */

	atomic_bool stop, judged;
	struct pulse pulses[MAX_ACTORS];
	atomic_uint n_pulses;
	struct {
		atomic_uint count;
		char first[SENTENCES][SENTENCE];
	} broken[PROPERTIES];
	atomic_ulong answers[ANSWER_COUNT], pages_moved, stores, faults_served;
	atomic_ulong kinds[KINDS];
	struct tally disturbances[DISTURBANCE_COUNT];
};

extern struct mix *mix;

/* A property does not hold: a sentence that says where. */
void broken(enum property which, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Run it until mix->stop; judge; end the process. */
_Noreturn void mix_run(void);

/* One thread of the mix. */
struct actor {
	struct pulse *pulse;
	unsigned int number;	/* among those that do the same */
	unsigned short random[3];	/* as nrand48() wants it */
	char *buffer;		/* BUFFER_PAGES */
	int pipe[2];
	void (*act)(void);
	pthread_t thread;
};

#define BUFFER_PAGES 16

#define IDLE_BITMAP "/sys/kernel/mm/page_idle/bitmap"

extern __thread struct actor *me;

size_t below(size_t limit);		/* a random number; @limit up to 2^31 */
bool one_in(size_t n);
void nap(unsigned int most_us);

/* What actors do, again and again. */
void mover(void);		/* within lane me->number % LANES */
void writer(void);
void server(void);		/* of threads that wait for a page */
void disturber(void);

#endif
