/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stage on which scenarios play: two ranges of pages, a descriptor, and
 * threads that wait for a page.
 */
#ifndef UFFDIO_MOVE_SCENE_H
#define UFFDIO_MOVE_SCENE_H

#include <pthread.h>

#include "test/compat.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/uffd.h"
#include "test/test.h"

/*
 * A source, populated with a tag in each page, and a destination that is
 * registered for missing pages and empty.  Each is a mapping of its own.
 */
struct scene {
	struct test *test;
	int uffd;
	unsigned int pages;	/* of each range */
	char *source, *destination;
	unsigned int n_waiters;
	struct waiter *waiters[2];	/* threads to be joined at the end */
};

/**
 * scene_build() - set the stage
 * @pages:    in each range
 * @features: UFFD_FEATURE_* to ask for
 */
void scene_build(struct scene *s, struct test *t, unsigned int pages, uint64_t features);

/* Close the descriptor, which lets sleeping threads go on, and join them. */
void scene_end(struct scene *s);

/* The first byte of page @i of a range. */
char *source_page(const struct scene *s, unsigned int i);
char *destination_page(const struct scene *s, unsigned int i);

/* A mapping of @pages small pages, private and anonymous, nothing there yet. */
char *map_pages(struct test *t, unsigned int pages);

/* Register on the scene's descriptor. */
void scene_register(struct scene *s, void *start, unsigned int pages, uint64_t mode);

/* Tags fill a page, once in each 64-byte line.  An untouched page's tag is 0. */
#define TAG_TORN UINT64_MAX	/* the lines differ */
uint64_t scene_tag(unsigned int i);
void fill_page(void *page, uint64_t tag);
uint64_t read_tag(const void *page);

/**
 * look_at() - what is at a place, without a fault
 *
 * Returns "hole", "contents" (the page of @tag), "zero" or "other".
 */
const char *look_at(struct scene *s, const void *page, uint64_t tag);

/* Which of @pages pages are present or swapped; faults nothing. */
void pages_there(struct test *t, const void *start, unsigned int pages, bool there[]);

/**
 * scene_move() - move pages from one address to another
 * @move: set to .move, which is preset to MOVE_SENTINEL; may be NULL
 *
 * Returns 0 or the errno.
 */
int scene_move(struct scene *s, void *to, void *from, unsigned int pages, uint64_t mode,
	       int64_t *move);

/**
 * test_observe_result() - observe "errno" and "move" of a call
 * @suffix: appended to both names: "" or, say, ".second"
 * @error:  what test_move() returned
 * @move:   .move afterwards
 *
 * errno is told by name ("0", "EAGAIN"), .move as "untouched" (the sentinel),
 * "error" (the negated @error), or a count of pages ("2").
 */
void test_observe_result(struct test *t, const char *suffix, int error, int64_t move);

/* Move the first @pages pages of the source, and observe errno and .move with @suffix. */
void scene_observe_move(struct scene *s, const char *suffix, unsigned int pages, uint64_t mode);

/* The same, and observe errno alone. */
void scene_observe_errno(struct scene *s, unsigned int pages, uint64_t mode);

/* UFFDIO_WAKE, UFFDIO_WRITEPROTECT, UFFDIO_COPY; the latter returns 0 or the errno. */
void scene_wake(struct scene *s, void *start, unsigned int pages);
void scene_protect(struct scene *s, void *start, unsigned int pages);
int scene_copy(struct scene *s, void *to, const void *from, uint64_t mode);

/* The next event, waited for up to @ms milliseconds; false if there is none. */
bool next_event(struct scene *s, struct uffd_msg *event, int ms);

/* An event's name as the contract has it; "none" is for the caller. */
const char *event_name(const struct uffd_msg *event);

/* A thread that reads or stores to a page and sleeps until it is there. */
struct waiter {
	pthread_t thread;
	volatile uint64_t *address;
	bool store;
	uint64_t read;		/* what it read, once it is done */
	int tid, done;
};

/* Start it without waiting for anything; at most two in a scene. */
void waiter_touch(struct scene *s, struct waiter *w, void *address, bool store);

/* Start it, read its fault event, and see it asleep. */
void waiter_start(struct scene *s, struct waiter *w, void *address);

/**
 * waiter_woken() - was it woken?
 *
 * "yes" when it has gone on, however long that takes on a busy machine; "no"
 * when it is still seen asleep after some milliseconds.
 */
const char *waiter_woken(struct scene *s, struct waiter *w);

/* Did it go on, or make another event?  "done", "event" (read into it) or "asleep". */
const char *waiter_next(struct scene *s, struct waiter *w, struct uffd_msg *event);

/* Give way for a moment, where another thread has to come further first. */
void let_others_run(void);

/* Keep the calling thread on a CPU: the @n'th that it may use, or the one it is on if -1. */
void stay_on_cpu(struct test *t, int n);

/* Threads that run until told to stop, all of them started at once. */
struct crew {
	int stop;
	unsigned int n;
	pthread_t threads[4];
};

void crew_add(struct scene *s, struct crew *c, void *(*run)(void *), void *argument);
void crew_end(struct crew *c);

#endif
