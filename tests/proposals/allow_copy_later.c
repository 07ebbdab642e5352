// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of pages that a call with the mode has brought over, and of their old place:
 * scenarios of spec/proposals/allow_copy.yaml.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "allow_copy.h"
#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"

#define FEW	8
#define MANY	12	/* more than a call's tries at one page */

static void end(struct scene *s, pid_t child)
{
	kill(child, SIGKILL);
	test_wait(s->test, child);
}

/* All pages at once, which a child shares; no share is left then. */
static void copy_all(struct scene *s)
{
	pid_t child = share_and_keep(s);

	scene_observe_errno(s, s->pages, UFFDIO_MOVE_MODE_ALLOW_COPY);
	end(s, child);
}

void scenario_copy_reclaimed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	copy_all(&s);
	observe_reclaim(&s);
	scene_end(&s);
}

/* Behind a swap entry of its own each is in memory still, in a large folio. */
void scenario_copy_cached_huge(struct test *t)
{
	struct scene s;

	test_wants_single_calls(t);
	scene_build_huge(&s, t, 1, 0);
	swap_out_while_read(&s);
	stay_on_cpu(t, -1);
	scene_observe_errno(&s, s.pages, UFFDIO_MOVE_MODE_ALLOW_COPY);
	observe_reclaim(&s);
	scene_end(&s);
}

/* What refers to a page keeps it in memory, from where it is read when it has been swapped out. */
void scenario_copy_held_reclaimed(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, 1, 0);
	copy_all(&s);
	refer_by_pipes(t, s.destination, 1);
	observe_reclaim(&s);
	scene_end(&s);
}

void scenario_copy_is_dirty(struct test *t)
{
	struct scene s;

	scene_build(&s, t, FEW, 0);
	copy_all(&s);
	test_observe(t, "dirty", "%lu", smaps_pages(t, s.destination, "Private_Dirty"));
	test_observe(t, "clean", "%lu", smaps_pages(t, s.destination, "Private_Clean"));
	scene_end(&s);
}

/* Nobody shares them any more, but each has to be made this process's own. */
void scenario_copy_many(struct test *t)
{
	struct scene s;

	test_wants_single_calls(t);
	scene_build(&s, t, MANY, 0);
	end(&s, share_and_keep(&s));
	scene_observe_move(&s, "", MANY, UFFDIO_MOVE_MODE_ALLOW_COPY);
	observe_contents(&s, "contents");
	scene_end(&s);
}

void scenario_copy_many_references(struct test *t)
{
	struct scene s;
	uint64_t word;
	int pipe;

	scene_build(&s, t, 1, 0);
	pipe = refer_by_pipes(t, s.source, MANY_TIMES);
	copy_all(&s);
	observe_contents(&s, "contents");
	if (read(pipe, &word, sizeof(word)) != sizeof(word))
		test_broken(t, "the pipe cannot be read: %s", strerror(errno));
	test_observe(t, "pipe", "%s", word == scene_tag(0) ? "contents" : "other");
	scene_end(&s);
}

/* Behind each page that is shared an entry of swap, which is shared as well. */
void scenario_copy_swap_between(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	for (unsigned int i = 1; i < FEW; i += 2)
		swap_out(&s, source_page(&s, i), 1);
	copy_all(&s);
	observe_contents(&s, "contents");
	scene_end(&s);
}

/* By addresses that this CPU has in its TLB: what is not registered reads as zeroes. */
static bool meets_any(struct scene *s)
{
	uint64_t met = 0;

	for (unsigned int i = 0; i < s->pages; i++)
		met |= *(volatile uint64_t *)source_page(s, i);
	return met;
}

static void observe_old_place(struct test *t, bool upwards)
{
	struct scene s;
	pid_t child;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	scene_adjoin(&s, upwards);
	child = share_and_keep(&s);
	if (!meets_any(&s))
		test_broken(t, "the pages are not there");
	scene_observe_errno(&s, FEW, UFFDIO_MOVE_MODE_ALLOW_COPY);
	test_observe(t, "met", "%s", meets_any(&s) ? "yes" : "no");
	end(&s, child);
	scene_end(&s);
}

void scenario_copy_old_place_below(struct test *t)
{
	observe_old_place(t, true);
}

void scenario_copy_old_place_above(struct test *t)
{
	observe_old_place(t, false);
}
