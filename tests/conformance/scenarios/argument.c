// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the structure lies.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"

#define SIDE 64			/* bytes looked at on each side of it */
#define FILLING 0xa5

/* One page is to be moved by a structure at @place. */
static void move_by(struct scene *s, const char *suffix, void *place,
		    void (*prepare)(struct scene *s, void *place))
{
	struct uffdio_move argument = {
		.dst = (uintptr_t)s->destination,
		.src = (uintptr_t)s->source,
		.len = page_size(),
		.move = MOVE_SENTINEL,
	};
	int error;

	madvise(s->destination, page_size(), MADV_DONTNEED);
	scene_refill(s);
	memcpy(place, &argument, sizeof(argument));
	if (prepare)
		prepare(s, place);
	error = test_move(s->test, s->uffd, place);
	memcpy(&argument, place, sizeof(argument));
	test_observe_result(s->test, suffix, error, argument.move);
}

void scenario_argument_over_pages(struct test *t)
{
	struct scene s;
	char *pages;

	scene_build(&s, t, 1, 0);
	pages = map_pages(t, 2);
	move_by(&s, ".in_half", pages + page_size() - sizeof(struct uffdio_move) / 2, NULL);
	move_by(&s, ".in_word", pages + page_size() - 4, NULL);
	move_by(&s, ".result", pages + page_size() - sizeof(struct uffdio_move) + 4, NULL);
	move_by(&s, ".unaligned", pages + 1, NULL);
	scene_end(&s);
}

static pid_t child;

static void share(struct scene *s, void *place)
{
	(void)place;
	madvise(s->source, page_size(), MADV_DONTFORK);
	child = machine_fork(s->test);
	if (child == 0)
		for (;;)
			pause();
}

/* .move is to be written to a page of which another process has a share, or of a file. */
void scenario_argument_shared(struct test *t)
{
	int flags = MAP_SHARED | MAP_ANONYMOUS, access = PROT_READ | PROT_WRITE;
	struct scene s;
	char *shared = mmap(NULL, page_size(), access, flags, -1, 0);

	if (shared == MAP_FAILED)
		machine_cannot(t, errno, "no shared memory could be had");
	scene_build(&s, t, 1, 0);
	test_wants_single_calls(t);	/* the page for .move is allocated last */
	move_by(&s, ".memory", shared, NULL);
	move_by(&s, ".with_child", map_pages(t, 1), share);
	kill(child, SIGKILL);
	test_wait(t, child);
	scene_end(&s);
}

static void page_out(struct scene *s, void *place)
{
	swap_out(s, place, 1);
}

void scenario_argument_swapped(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, 1, 0);
	move_by(&s, "", map_pages(t, 1), page_out);
	scene_end(&s);
}

static bool is_filling(const char *from, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (from[i] != (char)FILLING)
			return false;
	return true;
}

/* Bytes around the structure, of calls that succeed, are short, and fail. */
void scenario_argument_surroundings(struct test *t)
{
	bool before = true, behind = true;
	struct uffdio_move *argument;
	struct scene s;
	char *page;

	scene_build(&s, t, 2, 0);
	madvise(source_page(&s, 1), page_size(), MADV_DONTNEED);
	page = map_pages(t, 1);
	argument = (struct uffdio_move *)(page + SIDE);
	for (unsigned int pages = 0; pages <= 2; pages++) {
		memset(page, FILLING, page_size());
		*argument = (struct uffdio_move){
			.dst = (uintptr_t)s.destination,
			.src = (uintptr_t)s.source,
			.len = pages * page_size(),
		};
		test_move(t, s.uffd, argument);
		before &= is_filling(page, SIDE);
		behind &= is_filling((char *)(argument + 1), SIDE);
		madvise(s.destination, page_size(), MADV_DONTNEED);
		fill_page(s.source, scene_tag(0));
	}
	test_observe(t, "before", "%s", before ? "kept" : "changed");
	test_observe(t, "behind", "%s", behind ? "kept" : "changed");
	scene_end(&s);
}
