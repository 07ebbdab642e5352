// SPDX-License-Identifier: GPL-2.0-only
/*
 * What memory cgroup a moved page is charged to: pages come in one, and are
 * moved when their process is in another.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/machine.h"
#include "machine/memcg.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define PAGES 1024
#define FEW 32
#define HUGE 2
#define MOVES 16
#define TRIES 10
#define CHARGED_MS 2200	/* the kernel adds up each 2 s */

/*
 * Each CPU has some pages charged in advance, and page tables and the like are
 * charged as well; of what is looked for, a page each time one is moved, there
 * would be many times as much.
 */
#define TOLERANCE 256

static const char *change(long before, long after)
{
	if (labs(after - before) <= TOLERANCE)
		return "same";
	return after > before ? "more" : "less";
}

static void enter(struct test *t, enum memcg group)
{
	int error = memcg_enter(group);

	if (error)
		machine_cannot(t, error, "a memory cgroup cannot be entered");
}

/* Pages of a range that are there and charged to another cgroup than the first. */
static unsigned int count_elsewhere(const struct scene *s, const char *range)
{
	unsigned int elsewhere = 0;

	for (unsigned int i = 0; i < s->pages; i++) {
		uint64_t frame = entry_frame(pagemap_entry(range + i * page_size()));

		elsewhere += frame && !memcg_has(MEMCG_FIRST, frame);
	}
	return elsewhere;
}

static void begin(struct test *t)
{
	stay_on_cpu(t, -1);
	enter(t, MEMCG_FIRST);
}

static void change_over(struct scene *s)
{
	unsigned int elsewhere = count_elsewhere(s, s->source);

	if (elsewhere)
		test_broken(s->test, "%u pages are not charged to where they came", elsewhere);
	enter(s->test, MEMCG_SECOND);
}

static void observe_elsewhere(struct scene *s)
{
	test_observe(s->test, "elsewhere", "%u", count_elsewhere(s, s->destination));
	scene_end(s);
}

void scenario_charge_of_pages(struct test *t)
{
	struct scene s;

	begin(t);
	scene_build(&s, t, FEW, 0);
	change_over(&s);
	scene_observe_errno(&s, s.pages, 0);
	observe_elsewhere(&s);
}

void scenario_charge_of_huge_pages(struct test *t)
{
	struct scene s;

	begin(t);
	scene_build_huge(&s, t, HUGE, 0);
	change_over(&s);
	scene_observe_errno(&s, s.pages, 0);
	observe_elsewhere(&s);
}

void scenario_charge_of_split_pages(struct test *t)
{
	struct scene s;

	begin(t);
	scene_build_huge(&s, t, 1, 0);
	change_over(&s);
	test_observe(t, "errno", "%s", error_name(scene_move_in_halves(&s)));
	observe_elsewhere(&s);
}

/* A swapped page is charged anew when it is read; to whom, its entry knows. */
void scenario_charge_of_swapped_pages(struct test *t)
{
	struct scene s;

	begin(t);
	scene_build(&s, t, FEW, 0);
	change_over(&s);
	swap_out(&s, s.source, FEW);
	scene_observe_errno(&s, FEW, 0);
	for (unsigned int i = 0; i < FEW; i++)
		(void)*(volatile char *)destination_page(&s, i);
	observe_elsewhere(&s);
}

struct totals {
	long first, second;
};

static struct totals read_totals(void)
{
	return (struct totals){ memcg_pages(MEMCG_FIRST), memcg_pages(MEMCG_SECOND) };
}

static int move_to_and_fro(struct scene *s)
{
	int error = 0;

	for (unsigned int i = 0; i < MOVES && !error; i++)
		error = scene_move(s, i & 1 ? s->source : s->destination,
				   i & 1 ? s->destination : s->source, s->pages, 0, NULL);
	return error;
}

/* Neither cgroup's total changes, nor is anything left when the pages have gone. */
void scenario_charge_in_total(struct test *t)
{
	struct totals at_first, before, after;
	struct scene s;
	int error;

	stay_on_cpu(t, -1);
	/* Where others make memory scarce, these pages may be swapped out in between. */
	for (int i = 0; i < TRIES; i++) {
		enter(t, MEMCG_FIRST);
		at_first = read_totals();
		scene_build(&s, t, PAGES, 0);
		scene_register(&s, s.source, PAGES, UFFDIO_REGISTER_MODE_MISSING);
		enter(t, MEMCG_SECOND);
		before = read_totals();
		error = move_to_and_fro(&s);
		after = read_totals();
		if (error || count_present(&s) == PAGES)
			break;
		scene_clear(&s);
		if (i == TRIES - 1)
			machine_cannot(t, ENOMEM, "pages do not stay in memory");
	}
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "first", "%s", change(before.first, after.first));
	test_observe(t, "second", "%s", change(before.second, after.second));
	scene_clear(&s);
	test_observe(t, "first.unmapped", "%s", change(at_first.first, read_totals().first));
}

/* In each way; the child ends when it is told. */
static int move_huge_pages(struct test *t)
{
	int (*const moves[])(struct scene *s) = {
		scene_move_all, scene_move_in_halves, scene_move_over_tables,
	};
	int error = 0;

	enter(t, MEMCG_FIRST);
	for (unsigned int i = 0; i < sizeof(moves) / sizeof(moves[0]) && !error; i++) {
		struct scene s;

		scene_build_huge(&s, t, HUGE, 0);
		error = moves[i](&s);
		if (!error && !scene_is_all_at(&s, s.destination))
			error = ENODATA;
	}
	return error;
}

static long long charged(struct test *t, const char *name)
{
	long long bytes = memcg_stat(MEMCG_FIRST, name);

	if (bytes < 0)
		test_skip(t, "a count of page tables in a memory cgroup: this kernel, or its version of cgroups, has none");
	return bytes;
}

/* The kernel adds up what its CPUs have counted now and then: until it does. */
static bool becomes_charged(struct test *t, bool any)
{
	const int64_t until = now_ms() + patient_ms(CHARGED_MS);

	do {
		memcg_add_up(MEMCG_FIRST);
		if (any ? charged(t, "pagetables") > 0 :
		    !charged(t, "pagetables") && !charged(t, "anon_thp"))
			return true;
		let_others_run();
	} while (now_ms() < until);
	return false;
}

void scenario_charge_left(struct test *t)
{
	int to_child[2], from_child[2], error;
	pid_t child;
	char c;

	charged(t, "anon_thp");
	charged(t, "pagetables");
	if (pipe(to_child) || pipe(from_child))
		test_broken(t, "pipe: %s", strerror(errno));
	child = machine_fork(t);
	if (child == 0) {
		close(to_child[1]);
		error = move_huge_pages(t);
		if (write(from_child[1], &error, sizeof(error)) == sizeof(error))
			(void)!read(to_child[0], &c, 1);
		_exit(0);
	}
	close(to_child[0]);
	close(from_child[1]);
	/* One that has ended has told why it could not move anything. */
	if (read(from_child[0], &error, sizeof(error)) != sizeof(error))
		_exit(test_wait(t, child));
	if (!becomes_charged(t, true))
		machine_cannot(t, ETIME, "nothing is counted in a memory cgroup");
	close(to_child[1]);
	test_wait(t, child);
	becomes_charged(t, false);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "huge", "%lld", charged(t, "anon_thp"));
	test_observe(t, "tables", "%lld", charged(t, "pagetables"));
}
