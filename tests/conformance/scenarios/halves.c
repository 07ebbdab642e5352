// SPDX-License-Identifier: GPL-2.0-only
/*
 * Large folios of which one half is not passed to a forked child.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define FOLIO_TRIES 200		/* memory may be too scattered for a moment */

static bool is_one_folio(const struct scene *s)
{
	uint64_t first = entry_frame(pagemap_entry(s->source));
	uint64_t last = entry_frame(pagemap_entry(source_page(s, s->pages - 1)));

	return first && last == first + s->pages - 1 &&
	       frame_flags(first) >> FLAG_COMPOUND_HEAD & 1 &&
	       frame_flags(last) >> FLAG_COMPOUND_TAIL & 1;
}

/* A page beside it has brought the page table, so that no huge page comes in its place. */
static void bring_folio(struct scene *s)
{
	const size_t bytes = s->pages * page_size();

	for (int i = 0; i < FOLIO_TRIES; i++) {
		char *room = map_aligned(s->test, 2 * bytes, 2 * bytes);

		s->source = room;
		*(volatile char *)(room + bytes) = 1;
		madvise(s->source, bytes, MADV_HUGEPAGE);
		*(volatile char *)s->source = 1;
		madvise(s->source, bytes, MADV_NOHUGEPAGE);
		if (is_one_folio(s))
			return;
		munmap(room, 2 * bytes);
		let_others_run();
	}
	machine_cannot(s->test, ENOMEM, "no large folio is to be had at the moment");
}

static void build_large(struct scene *s, struct test *t)
{
	scene_build(s, t, this_kernel()->folio / page_size(), 0);
	bring_folio(s);
	for (unsigned int i = 0; i < s->pages; i++)
		fill_page(source_page(s, i), scene_tag(i));
}

static void build_huge(struct scene *s, struct test *t)
{
	scene_build_huge(s, t, 1, 0);
}

/* The folio is still one; its mapping is two from here on. */
static void keep_second_half(struct scene *s)
{
	if (madvise(source_page(s, s->pages / 2), s->pages / 2 * page_size(), MADV_DONTFORK))
		test_broken(s->test, "MADV_DONTFORK: %s", strerror(errno));
	if (!is_one_folio(s))
		test_broken(s->test, "the folio was split by advice");
}

static void fork_child(struct scene *s, bool stays)
{
	pid_t child = machine_fork(s->test);

	if (!child && !stays)
		_exit(0);
	while (!child)
		pause();
	if (!stays)
		test_wait(s->test, child);
}

/* A page in the midst of each half, neither the folio's first nor its last. */
static unsigned int in_first_half(const struct scene *s)
{
	return s->pages / 4;
}

static unsigned int in_second_half(const struct scene *s)
{
	return s->pages / 2 + s->pages / 4;
}

static void move_kept(struct scene *s)
{
	unsigned int i = in_second_half(s);
	int64_t move;
	int error;

	keep_second_half(s);
	fork_child(s, true);
	error = scene_move_patiently(s, destination_page(s, i), source_page(s, i), 2, 0, &move);
	test_observe_result(s->test, ".kept", error, move);
	scene_end(s);
}

static void move_cured(struct scene *s)
{
	unsigned int i = in_first_half(s);
	int64_t move;
	int error;

	keep_second_half(s);
	fork_child(s, false);
	*(volatile uint64_t *)source_page(s, i) = scene_tag(i);
	error = scene_move_patiently(s, destination_page(s, i), source_page(s, i), 1, 0, &move);
	test_observe_result(s->test, ".cured", error, move);
	scene_end(s);
}

void scenario_dontfork_half_large(struct test *t)
{
	struct scene s;

	build_large(&s, t);
	move_kept(&s);
}

void scenario_dontfork_half_huge(struct test *t)
{
	struct scene s;

	build_huge(&s, t);
	move_kept(&s);
}

void scenario_forked_half_large(struct test *t)
{
	struct scene s;

	build_large(&s, t);
	move_cured(&s);
}

void scenario_forked_half_huge(struct test *t)
{
	struct scene s;

	build_huge(&s, t);
	move_cured(&s);
}

/* Its first half is this process's alone, and is one mapping with the other half again. */
static pid_t share_second_half(struct scene *s, int *to_child)
{
	const size_t half = s->pages / 2 * page_size();
	unsigned int wrong = 0;
	int ends[2];
	pid_t child;
	char c;

	if (pipe(ends))
		test_broken(s->test, "pipe: %s", strerror(errno));
	if (madvise(s->source, half, MADV_DONTFORK))
		test_broken(s->test, "MADV_DONTFORK: %s", strerror(errno));
	child = machine_fork(s->test);
	if (!child) {
		if (read(ends[0], &c, 1) != 1)
			_exit(2);
		for (unsigned int i = s->pages / 2; i < s->pages; i++)
			wrong += read_tag(source_page(s, i)) != scene_tag(i);
		_exit(wrong ? 1 : 0);
	}
	close(ends[0]);
	*to_child = ends[1];
	if (madvise(s->source, half, MADV_DOFORK))
		test_broken(s->test, "MADV_DOFORK: %s", strerror(errno));
	if (!is_one_folio(s))
		test_broken(s->test, "the folio was split by advice, or by the fork");
	return child;
}

static char *where_it_is(struct scene *s, unsigned int i)
{
	char *there = destination_page(s, i);

	return page_is_there(s->test, there) ? there : source_page(s, i);
}

/* However far it gets, and whatever becomes of the folio. */
static void move_shared_behind(struct scene *s)
{
	unsigned int lost = 0;
	int64_t move;
	int to_child, seen, error;
	pid_t child;

	child = share_second_half(s, &to_child);
	error = scene_move_patiently(s, s->destination, s->source, s->pages, 0, &move);
	test_observe(s->test, "ended_otherwise", "%s",
		     !error || error == EAGAIN || error == EBUSY ? "no" : error_name(error));
	for (unsigned int i = 0; i < s->pages; i++) {
		char *page = where_it_is(s, i);

		lost += read_tag(page) != scene_tag(i);
		fill_page(page, ~scene_tag(i));
	}
	if (write(to_child, "", 1) != 1)
		test_broken(s->test, "write: %s", strerror(errno));
	close(to_child);
	seen = test_wait(s->test, child);
	if (seen > 1)
		test_broken(s->test, "the child ended with %d", seen);
	test_observe(s->test, "lost", "%u", lost);
	test_observe(s->test, "seen", "%s", seen ? "yes" : "no");
	scene_end(s);
}

void scenario_shared_behind_large(struct test *t)
{
	struct scene s;

	build_large(&s, t);
	move_shared_behind(&s);
}

void scenario_shared_behind_huge(struct test *t)
{
	struct scene s;

	build_huge(&s, t);
	move_shared_behind(&s);
}
