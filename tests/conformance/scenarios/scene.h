/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stage on which scenarios play: two ranges of pages, and a descriptor.
 */
#ifndef UFFDIO_MOVE_SCENE_H
#define UFFDIO_MOVE_SCENE_H

#include <pthread.h>

#include "test/compat.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/uffd.h"
#include "test/test.h"

#define MOST_WAITERS 12

/*
 * A source, populated with a tag in each page, and a destination that is
 * registered for missing pages and empty.  Each is a mapping of its own.
 */
struct scene {
	struct test *test;
	int uffd;
	unsigned int pages;	/* of each range */
	unsigned int huge;	/* huge pages that these are, or 0 */
	char *source, *destination;
	unsigned int n_waiters;
	struct waiter *waiters[MOST_WAITERS];	/* threads to be joined at the end */
};

/**
 * scene_build() - set the stage
 * @pages:    in each range
 * @features: UFFD_FEATURE_* to ask for
 */
void scene_build(struct scene *s, struct test *t, unsigned int pages, uint64_t features);

/**
 * scene_build_huge() - the same with huge pages
 * @huge: in each range, which is aligned to them
 *
 * The source's are mapped whole.  The destination is advised MADV_HUGEPAGE: so a
 * thread that waits for a page of it leaves no page table there, which would be in
 * the way of a huge page that is to move whole.
 */
void scene_build_huge(struct scene *s, struct test *t, unsigned int huge, uint64_t features);

/* Have the huge zero page at each place of such a source, which must not be registered. */
void scene_make_huge_zero(struct scene *s);

/* Fill the source anew; it must not be registered. */
void scene_refill(struct scene *s);

/* Have the two ranges touch: a destination right behind the source, or right before it. */
void scene_adjoin(struct scene *s, bool upwards);

/*
 * Have pipes refer to a page, MANY_TIMES: so often as [page.pinned] speaks of.  Returns an
 * end at which it can be read; closed, it lets go of up to 256 of the references.
 */
#define MANY_TIMES 1280
int refer_by_pipes(struct test *t, char *page, unsigned int times);

/* Have pipes refer once to each of so many pages, until the process ends. */
void hold_by_pipes(struct test *t, char *pages, unsigned int n);

/* Small pages in a huge one. */
unsigned int pages_per_huge(void);

/* Close the descriptor, which lets sleeping threads go on, and join them. */
void scene_end(struct scene *s);

/* The first byte of page @i of a range. */
char *source_page(const struct scene *s, unsigned int i);
char *destination_page(const struct scene *s, unsigned int i);

/* A mapping of @pages small pages, private and anonymous, nothing there yet. */
char *map_pages(struct test *t, unsigned int pages);

/* The same of @bytes that begin at a multiple of @alignment, without advice against huge pages. */
char *map_aligned(struct test *t, size_t bytes, size_t alignment);

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

/* The same, again while pages are busy, as a huge page that is to be split may be for a moment. */
int scene_move_patiently(struct scene *s, void *to, void *from, unsigned int pages, uint64_t mode,
			 int64_t *move);

/**
 * scene_move_told() - the same as scene_move(), and go on behind pages that have moved all the same
 * @moved_but_refused: set if a call failed with EEXIST, or was short, at such a page; else left
 *
 * Only where nobody else moves these pages to these places.
 */
int scene_move_told(struct scene *s, char *to, char *from, unsigned int pages, uint64_t mode,
		    int64_t *move, bool *moved_but_refused);

/**
 * scene_move_in_halves() - move huge pages, each in two calls, so that it is split
 *
 * From then on the destination is not open to huge pages, which the kernel might
 * make of the small ones by itself.  Returns 0 or the errno.
 */
int scene_move_in_halves(struct scene *s);

/* Move all pages, on and on while some are busy.  Returns 0 or the errno. */
int scene_move_all(struct scene *s);

/* Is each page there?  Whoever touched a missing one of the destination would sleep. */
bool scene_is_all_at(struct scene *s, const char *place);

/*
 * Have empty page tables at the destination, or small entries map the source's huge pages.  Either
 * way small entries map them after the move, though a folio may have stayed one.  Both close the
 * destination to huge pages as above.
 */
void scene_make_tables(struct scene *s);
void scene_map_by_small(struct scene *s);

/* Move huge pages to such page tables.  Returns 0 or the errno. */
int scene_move_over_tables(struct scene *s);

/* A child that shares all pages that are there by now, and keeps them. */
pid_t sharing_child(struct test *t);

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

/* Read the next event; false if there is none. */
bool next_event(struct scene *s, struct uffd_msg *event);

/* An event's name as the contract has it; "none" is for the caller. */
const char *event_name(const struct uffd_msg *event);

/* Give way for a moment, where another thread has to come further first. */
void let_others_run(void);

/*
 * The same where it may be about to: looked for some @turns, from 0 on, and only
 * then given way to.  Not by sched_yield(), which on a busy machine gives way to
 * everybody else first.
 */
void wait_a_turn(unsigned int *turns);

/* Keep the calling thread on a CPU: the @n'th that it may use, or the one it is on if -1. */
void stay_on_cpu(struct test *t, int n);

/*
 * How many rounds: as many as prove something, however slow the machine is, and
 * of those that would prove more as many as there is time for.
 */
struct pace {
	unsigned int least, most, begun;
	int64_t until;
};

struct pace pace_of(unsigned int least, unsigned int most, int64_t ms);

/* One more?  Counts it as begun. */
bool pace_goes_on(struct pace *p);

/* Threads that run until told to stop, all of them started at once. */
struct crew {
	int stop;
	unsigned int n;
	pthread_t threads[4];
};

void crew_add(struct scene *s, struct crew *c, void *(*run)(void *), void *argument);
void crew_end(struct crew *c);

#endif
