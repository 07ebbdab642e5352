// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel counts: pages that are resident, swapped, locked.
 *
 * Its counters are sums of each CPU's part, read without those that a CPU has
 * yet to hand in.  So pages are moved to and fro, so many in all that it would
 * show if one in twenty-five were counted wrongly.  Huge pages that come apart on
 * the way cannot go back and forth as such: of these it shows if one of four is
 * counted as none, on up to 128 CPUs; ending.c has what is exact.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define PAGES 512
#define HUGE 4
#define LOCKED 8		/* pages on each side, within the smallest limit */
#define ONE_IN 25
#define TRIES 10		/* while others make the kernel swap out these pages too */
#define FLAG_LOCKED 33

struct figures {
	long resident, swapped;
};

static struct figures read_figures(struct test *t)
{
	return (struct figures){
		.resident = status_pages(t, "RssAnon"),
		.swapped = status_pages(t, "VmSwap"),
	};
}

/*
 * What one CPU may keep to itself, at the first reading and at the second, as in
 * lib/percpu_counter.c; other CPUs take no part.  Some pages are the test's own.
 */
static long tolerance(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	return 2 * (cpus > 32 ? 2 * cpus : 64) + 32;
}

static const char *change(long before, long after)
{
	if (labs(after - before) <= tolerance())
		return "same";
	return after > before ? "more" : "less";
}

/* So often that @units a time, each of them counted wrongly by one, would show. */
static int move_to_and_fro(struct scene *s, unsigned int units)
{
	long times = 2 * (1 + tolerance() * ONE_IN / units / 2);
	int error = 0;

	for (long i = 0; i < times && !error; i++)
		error = scene_move(s, i & 1 ? s->source : s->destination,
				   i & 1 ? s->destination : s->source, s->pages, 0, NULL);
	return error;
}

/* One reading before the scene is built, one before it is played, one after. */
struct account {
	struct scene scene;
	struct figures at_first, before, after;
	int error;
};

struct play {
	void (*build)(struct scene *s, struct test *t);
	int (*move)(struct scene *s);
	bool swapped;		/* the pages are meant to be */
};

/* Where others make memory scarce, these pages may be swapped out in between. */
static void play(struct account *a, struct test *t, const struct play *p)
{
	struct scene *s = &a->scene;

	stay_on_cpu(t, -1);
	/* The first reading brings pages of this program's own. */
	read_figures(t);
	for (int i = 0; i < TRIES; i++) {
		a->at_first = read_figures(t);
		p->build(s, t);
		a->before = read_figures(t);
		a->error = p->move(s);
		a->after = read_figures(t);
		if (a->error || count_present(s) == (p->swapped ? 0 : s->pages))
			return;
		scene_clear(s);
	}
	machine_cannot(t, ENOMEM, "pages do not stay as they are");
}

static void observe_account(struct account *a)
{
	struct scene *s = &a->scene;
	struct test *t = s->test;

	test_observe(t, "errno", "%s", error_name(a->error));
	test_observe(t, "resident", "%s", change(a->before.resident, a->after.resident));
	test_observe(t, "swap", "%s", change(a->before.swapped, a->after.swapped));
	scene_clear(s);
	a->after = read_figures(t);
	test_observe(t, "resident.unmapped", "%s",
		     change(a->at_first.resident, a->after.resident));
	test_observe(t, "swap.unmapped", "%s", change(a->at_first.swapped, a->after.swapped));
}

static void register_source(struct scene *s)
{
	scene_register(s, s->source, s->pages, UFFDIO_REGISTER_MODE_MISSING);
}

static void build_small(struct scene *s, struct test *t)
{
	scene_build(s, t, PAGES, 0);
	register_source(s);
}

static int move_small(struct scene *s)
{
	return move_to_and_fro(s, PAGES);
}

void scenario_accounting(struct test *t)
{
	const struct play small = { build_small, move_small, false };
	struct account a;

	play(&a, t, &small);
	observe_account(&a);
}

static void build_huge(struct scene *s, struct test *t)
{
	scene_build_huge(s, t, HUGE, 0);
	register_source(s);
}

static int move_huge(struct scene *s)
{
	return move_to_and_fro(s, HUGE);
}

static void observe_huge_pages(struct scene *s, const char *where)
{
	test_observe(s->test, "huge_pages", "%lu",
		     smaps_pages(s->test, where, "AnonHugePages") / pages_per_huge());
}

void scenario_accounting_huge(struct test *t)
{
	const struct play huge = { build_huge, move_huge, false };
	struct account a;

	play(&a, t, &huge);
	observe_huge_pages(&a.scene, a.scene.source);
	observe_account(&a);
}

void scenario_accounting_split(struct test *t)
{
	const struct play split = { build_huge, scene_move_in_halves, false };
	struct account a;

	play(&a, t, &split);
	observe_huge_pages(&a.scene, a.scene.destination);
	observe_account(&a);
}

void scenario_accounting_over_table(struct test *t)
{
	const struct play over = { build_huge, scene_move_over_tables, false };
	struct account a;

	play(&a, t, &over);
	observe_huge_pages(&a.scene, a.scene.destination);
	observe_account(&a);
}

static void build_by_small(struct scene *s, struct test *t)
{
	scene_build_huge(s, t, HUGE, 0);
	scene_map_by_small(s);
}

void scenario_accounting_by_small(struct test *t)
{
	const struct play small = { build_by_small, scene_move_all, false };
	struct account a;

	play(&a, t, &small);
	observe_huge_pages(&a.scene, a.scene.destination);
	observe_account(&a);
}

/* Which is nobody's, and not counted. */
static void build_zero(struct scene *s, struct test *t)
{
	scene_build(s, t, PAGES, 0);
	madvise(s->source, PAGES * page_size(), MADV_DONTNEED);
	for (unsigned int i = 0; i < PAGES; i++)
		(void)*(volatile char *)source_page(s, i);
	register_source(s);
}

void scenario_accounting_zero(struct test *t)
{
	const struct play zero = { build_zero, move_small, false };
	struct account a;

	play(&a, t, &zero);
	observe_account(&a);
}

static void build_huge_zero(struct scene *s, struct test *t)
{
	scene_build_huge(s, t, HUGE, 0);
	scene_make_huge_zero(s);
	register_source(s);
}

void scenario_accounting_huge_zero(struct test *t)
{
	const struct play huge_zero = { build_huge_zero, move_huge, false };
	struct account a;

	play(&a, t, &huge_zero);
	observe_account(&a);
}

static void build_swapped(struct scene *s, struct test *t)
{
	build_small(s, t);
	swap_out(s, s->source, PAGES);
}

void scenario_accounting_swap(struct test *t)
{
	const struct play swapped = { build_swapped, move_small, true };
	struct account a;

	play(&a, t, &swapped);
	observe_account(&a);
}

/* Locked from the start, and empty; what comes then is locked as it comes. */
static void lock(struct test *t, void *start, unsigned int pages)
{
	if (mlock2(start, pages * page_size(), MLOCK_ONFAULT))
		machine_cannot(t, errno, "memory cannot be locked");
}

static void build_locked(struct scene *s, struct test *t)
{
	scene_build(s, t, LOCKED, 0);
	madvise(s->source, LOCKED * page_size(), MADV_DONTNEED);
	lock(t, s->source, LOCKED);
	lock(t, s->destination, LOCKED);
	for (unsigned int i = 0; i < LOCKED; i++)
		fill_page(source_page(s, i), scene_tag(i));
}

/* These are counted by mapping, and to the page. */
void scenario_accounting_locked(struct test *t)
{
	struct scene s;
	long before;

	build_locked(&s, t);
	before = status_pages(t, "VmLck");
	scene_observe_errno(&s, LOCKED, 0);
	test_observe(t, "locked", "%ld", status_pages(t, "VmLck") - before);
	test_observe(t, "locked.source", "%lu", smaps_pages(t, s.source, "Locked"));
	test_observe(t, "locked.destination", "%lu", smaps_pages(t, s.destination, "Locked"));
	scene_end(&s);
}

/* Pages that reclaim leaves alone because they are marked as locked. */
static unsigned int count_marked(const char *start)
{
	unsigned int marked = 0;

	for (unsigned int i = 0; i < LOCKED; i++) {
		uint64_t entry = pagemap_entry(start + i * page_size());

		marked += frame_flags(entry_frame(entry)) >> FLAG_LOCKED & 1;
	}
	return marked;
}

void scenario_locked_stay_marked(struct test *t)
{
	struct scene s;

	build_locked(&s, t);
	if (count_marked(s.source) != LOCKED)
		test_broken(t, "of %u locked pages %u are marked", LOCKED, count_marked(s.source));
	scene_observe_errno(&s, LOCKED, 0);
	test_observe(t, "marked", "%u", count_marked(s.destination));
	scene_end(&s);
}

/* They are locked no more, and so are as any others to reclaim. */
static void observe_unlocked(struct scene *s)
{
	test_observe(s->test, "errno", "%s", error_name(scene_move_all(s)));
	if (munlock(s->destination, s->pages * page_size()))
		test_broken(s->test, "memory cannot be unlocked");
	observe_reclaim(s);
	scene_end(s);
}

void scenario_unlocked_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	build_locked(&s, t);
	observe_unlocked(&s);
}

/* @prepare is called before the destination is locked, where MADV_DONTNEED would fail; or NULL. */
static void unlock_huge(struct test *t, void (*prepare)(struct scene *s))
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	lock(t, s.source, s.pages);
	if (page_mapped(t, s.source) != MAPPED_HUGE)
		test_broken(t, "the huge page has been split");
	if (prepare)
		prepare(&s);
	lock(t, s.destination, s.pages);
	observe_unlocked(&s);
}

void scenario_unlocked_huge_later(struct test *t)
{
	unlock_huge(t, NULL);
}

void scenario_unlocked_over_table_later(struct test *t)
{
	unlock_huge(t, scene_make_tables);
}

void scenario_unlocked_by_small_later(struct test *t)
{
	unlock_huge(t, scene_map_by_small);
}
