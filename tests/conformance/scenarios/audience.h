/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that wait at places which the contract names, while a call is made.
 */
#ifndef UFFDIO_MOVE_AUDIENCE_H
#define UFFDIO_MOVE_AUDIENCE_H

#include "scenarios/waiters.h"

struct audience {
	struct scene scene;	/* to be built with WAITERS_FEATURES */
	unsigned int n, awaited;
	struct waiter waiters[MOST_WAITERS];
	const char *places[MOST_WAITERS];
};

/* A thread that is to wait for the page at @address, to read it or to store. */
void audience_add(struct audience *a, const char *place, void *address, bool store);

/*
 * Around the destination's pages [@from, @from + @n): "first", "middle" and "last"
 * wait for pages of it, "before" and "behind" for those beside it.
 */
void audience_around(struct audience *a, unsigned int from, unsigned int n);

/* See all of them asleep that have not been seen so. */
void audience_await(struct audience *a);

/**
 * audience_tell() - observe what has become of each
 * @suffix: appended to the places' names
 * @result: put before what has become of it, if not NULL: where it hangs together
 */
void audience_tell(struct audience *a, const char *suffix, const char *result);

/* Those that are done and have read something else than the source's page of their place. */
unsigned int audience_misread(const struct audience *a);

#endif
