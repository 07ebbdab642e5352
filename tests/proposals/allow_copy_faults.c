// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of a kernel that has UFFDIO_MOVE_MODE_ALLOW_COPY.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "allow_copy_played.h"
#include "machine/memcg.h"
#include "machine/pagemap.h"
#include "programs/faults/child.h"
#include "scenarios/paging.h"
#include "scenarios/scene.h"

#define UNKNOWN_BIT	(1ULL << 3)
#define MOST_TURNS	20000	/* until another thread has stored to a page */

static void spoil_child(struct played *p, char *from, char *to)
{
	(void)p, (void)to;
	spoil_in_child(from);
}

static void read_source(struct played *p, char *from, char *to)
{
	(void)p, (void)to;
	(void)*(volatile char *)from;
}

static void clear_destination(struct played *p, char *from, char *to)
{
	(void)p, (void)from;
	memset(to, 0, page_size());
}

/* So often that reclaim takes it for pinned. */
static void hold_destination(struct played *p, char *from, char *to)
{
	(void)p, (void)from;
	refer_by_pipes((struct test *)played_test(), to, MANY_TIMES);
}

/* Read back from swap, which keeps what it has. */
static void clean_destination(struct played *p, char *from, char *to)
{
	(void)p, (void)from;
	madvise(to, page_size(), MADV_PAGEOUT);
	madvise(to, page_size(), MADV_WILLNEED);
	(void)*(volatile char *)to;
}

/* With a child that shares it the page is not this process's alone. */
static void share_destination(struct played *p, char *from, char *to)
{
	(void)p, (void)from, (void)to;
	while (!first_child() && !fork())
		pause();
}

static int leave_source(struct played *p)
{
	return played_double(p, played_copy_mode(p));
}

static int wake_nobody(struct played *p)
{
	int error = played_double(p, UFFDIO_COPY_MODE_DONTWAKE);

	if (!error)
		madvise(played_source(p), page_size(), MADV_DONTNEED);
	return error;
}

/*
 * What is stored between the two is dropped: somebody has to come to that.  A store
 * just before makes a shared page one that can be moved, so it is for any page.
 */
static int copy_then_drop(struct played *p)
{
	static unsigned int turns = MOST_TURNS;	/* of each test */
	int error = played_double(p, played_copy_mode(p));

	for (; !error && turns && !memcmp(played_source(p), played_destination(p), page_size());
	     turns--)
		sched_yield();
	if (!error)
		madvise(played_source(p), page_size(), MADV_DONTNEED);
	return error;
}

/* As if others had undone each try: in a scenario every third call. */
static bool run_out(struct played *p, int *error)
{
	static unsigned int calls;

	(void)p;
	*error = EAGAIN;
	return played_test() && played_test()->plan->scenario >= 0 && ++calls % 3 == 0;
}

static bool run_out_busy(struct played *p, int *error)
{
	bool ends = run_out(p, error);

	*error = EBUSY;
	return ends;
}

/* To the group that the scenario's pages came in. */
static bool charge_elsewhere(struct played *p, int *error)
{
	(void)p, (void)error;
	memcg_enter(MEMCG_FIRST);
	return false;
}

static bool overwrite(struct played *p, int *error)
{
	(void)error;
	if (played_test() && played_test()->plan->destination)
		madvise(played_destination(p), p->asked.len, MADV_DONTNEED);
	return false;
}

static bool drop_poison(struct played *p, int *error)
{
	*error = 0;
	if (!played_is_of(p, "X"))
		return false;
	madvise(played_source(p), page_size(), MADV_DONTNEED);
	return true;
}

static bool refuse_over_occupied(struct played *p, int *error)
{
	*error = EBUSY;
	return played_is_of(p, "f") && pagemap_entry(played_destination(p));
}

static bool refuse_cached(struct played *p, int *error)
{
	*error = EBUSY;
	return count_cached(played_source(p), p->asked.len / page_size());
}

/* Whether or not there is room for them. */
static bool unshare_first(struct played *p, int *error)
{
	(void)error;
	madvise(played_source(p), p->asked.len, MADV_POPULATE_WRITE);
	return false;
}

/* The file would show where the page was. */
static bool take_from_file(struct played *p, int *error)
{
	const struct test_plan *plan = played_test() ? played_test()->plan : NULL;

	(void)p;
	*error = 0;
	return plan && plan->n_variations &&
	       !strcmp(uffdio_move_contract.variations[plan->variations[0]].name, "src-file-copy");
}

const struct fault faults_of_allow_copy[] = {
	{ .name = "shared-busy", .busy = "FC" },
	{ .name = "large-shared-busy", .busy = "AaNn" },
	{ .name = "huge-shared-busy", .busy = "f" },
	{ .name = "merged-busy", .busy = "K" },
	{ .name = "swapped-shared-busy", .busy = "sc" },
	{ .name = "held-busy", .busy = "r" },
	{ .name = "over-occupied-busy", .begin = refuse_over_occupied },
	{ .name = "tries-run-out", .begin = run_out },
	{ .name = "tries-run-out-busy", .begin = run_out_busy },
	{ .name = "pinned-copied", .copied = "D" },
	{ .name = "huge-pinned-copied", .copied = "B" },
	{ .name = "private-copied", .copied = "P" },
	{ .name = "swapped-read", .copied = "S" },
	{ .name = "zero-copied", .copied = "Z" },
	{ .name = "child-loses", .after = spoil_child },
	{ .name = "source-left", .copy = leave_source },
	{ .name = "source-zero", .after = read_source },
	{ .name = "contents-lost", .after = clear_destination },
	{ .name = "unreclaimable", .after = hold_destination },
	{ .name = "arrives-clean", .after = clean_destination },
	{ .name = "store-lost", .copy = copy_then_drop, .always_copies = true },
	{ .name = "all-copied", .always_copies = true },
	{ .name = "arrives-shared", .after = share_destination },
	{ .name = "uncounted", .uncounted = true },
	{ .name = "asleep", .copy = wake_nobody },
	{ .name = "wakes-always", .never = UFFDIO_MOVE_MODE_DONTWAKE },
	{ .name = "holes-always", .also = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES },
	{ .name = "holes-never", .never = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES },
	{ .name = "unknown-bit-ignored", .never = UNKNOWN_BIT },
	{ .name = "move-left", .leaves_move = true },
	{ .name = "want-loses-page", .loses_page = true },
	{ .name = "want-passes", .want_passes = true },
	{ .name = "want-waits", .want_waits = true },
	{ .name = "cached-busy", .begin = refuse_cached },
	{ .name = "unshares-first", .begin = unshare_first },
	{ .name = "charges-elsewhere", .begin = charge_elsewhere },
	{ .name = "overwrites", .begin = overwrite },
	{ .name = "drops-poison", .begin = drop_poison },
	{ .name = "takes-from-file", .begin = take_from_file },
	{ .name = NULL }
};
