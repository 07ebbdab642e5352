// SPDX-License-Identifier: GPL-2.0-only
/*
 * All 64 bits of .len are meant: lengths that are far too large, and calls
 * over long ranges.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/waiters.h"

#define HOLES_BYTES (1UL << 30)

#define PAGES 4
#define LONG_BYTES (9UL << 20)
#define SPARSE_BYTES (64UL << 20)
#define LENGTHS 70		/* pages, beyond what a kernel may take at once */
#define FAR_BYTES (4UL << 30)	/* which takes more than 32 bits */

/* Where to look for room: low, so that a range may go on upwards for long. */
#define LOW (1UL << 24)
#define LOW_STEP (1UL << 22)

/* A scene far down, before whose end there is all of the address space. */
static void build_low(struct scene *s, struct test *t)
{
	size_t bytes = PAGES * page_size();
	char *places[2];
	unsigned int n = 0;

	scene_build(s, t, PAGES, 0);
	for (uintptr_t at = LOW; n < 2 && at < 1UL << 31; at += LOW_STEP)
		if (mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == (void *)at)
			places[n++] = (char *)at;
	if (n < 2)
		machine_cannot(t, ENOMEM, "there is no room at low addresses");
	s->source = places[0];
	s->destination = places[1];
	scene_refill(s);
	scene_register(s, s->destination, PAGES, UFFDIO_REGISTER_MODE_MISSING);
}

/* What calls have answered: the first answer, unless one differs. */
struct answers {
	char error[24], move[24];
	unsigned int n, moved;
};

static void note(char *noted, size_t size, const char *this, bool first)
{
	if (first || !*noted)
		snprintf(noted, size, "%s", this);
	else if (strncmp(noted, this, size))
		snprintf(noted, size, "some %.16s", this);
}

static void move_bytes(struct scene *s, uint64_t bytes, struct answers *a)
{
	struct uffdio_move argument = {
		.dst = (uintptr_t)s->destination,
		.src = (uintptr_t)s->source,
		.len = bytes,
		.move = MOVE_SENTINEL,
	};
	int error = pagemap_move(s->test, s->uffd, &argument);

	note(a->error, sizeof(a->error), error_name(error), !a->n);
	note(a->move, sizeof(a->move), argument.move == MOVE_SENTINEL ? "untouched" :
	     argument.move == -error ? "error" : "moved", !a->n);
	for (unsigned int i = 0; i < PAGES; i++)
		a->moved += page_is_there(s->test, destination_page(s, i));
	a->n++;
}

/* One page, and beside it each of the bits from @first to @last. */
static void move_with_bits(struct scene *s, struct answers *a, unsigned int first,
			   unsigned int last)
{
	for (unsigned int bit = first; bit <= last; bit++)
		move_bytes(s, 1ULL << bit | page_size(), a);
}

/* Of these every task has addresses enough. */
void scenario_length_past_mapping(struct test *t)
{
	struct answers a = { .n = 0 };
	struct scene s;

	build_low(&s, t);
	move_with_bits(&s, &a, 31, 37);
	test_observe(t, "errno", "%s", a.error);
	test_observe(t, "move", "%s", a.move);
	test_observe(t, "pages_moved", "%u", a.moved);
	scene_end(&s);
}

/* From some bit on the range leaves the task, or wraps around. */
void scenario_length_past_task(struct test *t)
{
	struct answers a = { .n = 0 };
	struct scene s;

	build_low(&s, t);
	move_with_bits(&s, &a, 38, 63);
	move_bytes(&s, ~0ULL << 31 | page_size(), &a);
	test_observe(t, "errno", "%s", a.error);
	test_observe(t, "pages_moved", "%u", a.moved);
	scene_end(&s);
}

static void observe_length(struct scene *s, int error, int64_t move)
{
	test_observe(s->test, "errno", "%s", error_name(error));
	if (move == (int64_t)s->pages * (int64_t)page_size())
		test_observe(s->test, "move", "all");
	else
		test_observe(s->test, "move", "%lld bytes", (long long)move);
}

static void observe_long_move(struct scene *s, uint64_t mode)
{
	bool moved_but_refused = false;
	int64_t move;
	int error = scene_move_told(s, s->destination, s->source, s->pages, mode, &move,
				    &moved_but_refused);

	observe_length(s, error, move);
	test_observe(s->test, "moved_but_refused", "%s", moved_but_refused ? "yes" : "no");
}

void scenario_long_move(struct test *t)
{
	unsigned int right = 0;
	struct scene s;

	scene_build(&s, t, LONG_BYTES / page_size(), 0);
	observe_long_move(&s, 0);
	for (unsigned int i = 0; i < s.pages; i++)
		right += !page_is_there(t, source_page(&s, i)) &&
			 page_is_there(t, destination_page(&s, i)) &&
			 read_tag(destination_page(&s, i)) == scene_tag(i);
	if (right == s.pages)
		test_observe(t, "arrived", "all");
	else
		test_observe(t, "arrived", "%u of %u", right, s.pages);
	scene_end(&s);
}

/* Of each length, up to one that a kernel takes in more than one go. */
void scenario_each_length(struct test *t)
{
	unsigned int right = 0;
	struct scene s;
	int error = 0;

	scene_build(&s, t, LENGTHS, 0);
	for (unsigned int length = 1; !error && length <= LENGTHS; length++) {
		unsigned int arrived, left;
		int64_t move;

		error = scene_move(&s, s.destination, s.source, length, 0, &move);
		arrived = count_right(&s, s.destination);
		left = count_right(&s, s.source);
		right += arrived == length && left == LENGTHS - length &&
			 move == (int64_t)(length * page_size());
		madvise(s.destination, LENGTHS * page_size(), MADV_DONTNEED);
		scene_refill(&s);
	}
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "right", "%u", right);
	scene_end(&s);
}

/* A scene of so many pages, nothing there. */
static void build_empty(struct scene *s, struct test *t, size_t bytes)
{
	scene_build(s, t, 1, WAITERS_FEATURES);
	s->pages = bytes / page_size();
	s->source = map_aligned(t, bytes, table_span());
	s->destination = map_aligned(t, bytes, table_span());
	madvise(s->source, bytes, MADV_NOHUGEPAGE);
	madvise(s->destination, bytes, MADV_NOHUGEPAGE);
	scene_register(s, s->destination, s->pages, UFFDIO_REGISTER_MODE_MISSING);
}

/* Cut to 32 bits, the length would end where the pages do, and all be well. */
void scenario_short_of_far_end(struct test *t)
{
	struct scene s;

	build_empty(&s, t, FAR_BYTES + 2 * page_size());
	fill_page(s.source, scene_tag(0));
	fill_page(source_page(&s, 1), scene_tag(1));
	scene_observe_move(&s, "", s.pages, 0);
	scene_end(&s);
}

static void observe_ends(struct scene *s)
{
	char *last = destination_page(s, s->pages - 1);

	test_observe(s->test, "first", "%s", look_at(s, s->destination, scene_tag(0)));
	test_observe(s->test, "last", "%s", look_at(s, last, scene_tag(1)));
	test_observe(s->test, "old_first", "%s", look_at(s, s->source, scene_tag(0)));
	test_observe(s->test, "old_last", "%s",
		     look_at(s, source_page(s, s->pages - 1), scene_tag(1)));
	scene_end(s);
}

static void fill_ends(struct scene *s)
{
	fill_page(s->source, scene_tag(0));
	fill_page(source_page(s, s->pages - 1), scene_tag(1));
}

void scenario_sparse_move(struct test *t)
{
	struct scene s;

	build_empty(&s, t, SPARSE_BYTES + page_size());
	fill_ends(&s);
	observe_long_move(&s, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	observe_ends(&s);
}

/* On either side, kept for the case of a split, or made for holes; and some room. */
static void require_far_tables(struct test *t)
{
	machine_require_memory(t, 3 * FAR_BYTES / table_span() * page_size());
}

/*
 * Holes are gone over page by page, which takes long for so many; the huge zero
 * page takes their place, but for the first table.
 */
static void build_far(struct scene *s, struct test *t)
{
	require_far_tables(t);
	build_empty(s, t, FAR_BYTES + table_span() + page_size());
	fill_ends(s);
	madvise(s->source, s->pages * page_size(), MADV_HUGEPAGE);
	for (size_t at = table_span(); at <= FAR_BYTES; at += table_span())
		(void)*(volatile char *)(s->source + at);
}

void scenario_far_move(struct test *t)
{
	struct scene s;

	build_far(&s, t);
	observe_long_move(&s, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	observe_ends(&s);
}

void scenario_wake_far(struct test *t)
{
	struct waiter first, last;
	struct scene s;
	int64_t move;
	int error;

	/* holes only: some kernels do not survive the move of a huge zero page */
	require_far_tables(t);
	build_empty(&s, t, FAR_BYTES + page_size());
	fill_ends(&s);
	waiter_touch(&s, &first, s.destination, false);
	waiter_await(&s, &first);
	waiter_touch(&s, &last, destination_page(&s, s.pages - 1), false);
	waiter_await(&s, &last);
	error = scene_move(&s, s.destination, s.source, s.pages, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES,
			   &move);
	observe_length(&s, error, move);
	test_observe(t, "first", "%s", waiter_became(&s, &first));
	test_observe(t, "last", "%s", waiter_became(&s, &last));
	scene_end(&s);
}

/* Does unmapping a range take page tables along? */
static const char *had_tables(struct test *t, char *start, size_t bytes, long least)
{
	long before = status_pages(t, "VmPTE");

	munmap(start, bytes);
	return before - status_pages(t, "VmPTE") >= least ? "yes" : "no";
}

void scenario_holes_cost_tables(struct test *t)
{
	const long least = HOLES_BYTES / table_span() / 2;
	char *from = map_aligned(t, HOLES_BYTES, table_span());
	char *to = map_aligned(t, HOLES_BYTES, table_span());
	struct scene s;
	int error;

	scene_build(&s, t, 1, 0);
	scene_register(&s, to, HOLES_BYTES / page_size(), UFFDIO_REGISTER_MODE_MISSING);
	error = scene_move(&s, to, from, HOLES_BYTES / page_size(),
			   UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, NULL);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "tables.source", "%s", had_tables(t, from, HOLES_BYTES, least));
	test_observe(t, "tables.destination", "%s", had_tables(t, to, HOLES_BYTES, least));
	scene_end(&s);
}
