// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel does to memory by itself, done to pages that have moved.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "machine/idle.h"
#include "machine/machine.h"
#include "machine/prepare.h"
#include "machine/settings.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define FEW 8
#define SOME 32
#define TRIES 500
#define MERGE_MS 3000
#define COLLAPSE_TRIES 1000

/* One of so many pages is kept: so there is something to be compacted. */
#define KEPT_OF 8
#define SCATTERED 512
#define ENOUGH 32		/* of these, migrated */
#define COMPACT_TRIES 8

/* Entries are looked for in every process when their device goes. */
void scenario_swap_taken_away(struct test *t)
{
	struct scene s;
	int error;

	stay_on_cpu(t, -1);
	scene_build(&s, t, SOME, 0);
	swap_out(&s, s.source, SOME);
	if (!prepare_has_own_swap())
		test_broken(t, "somebody else has brought swap space meanwhile");
	scene_observe_errno(&s, SOME, 0);
	error = prepare_renew_swap();
	if (error)
		machine_cannot(t, error, "the swap space could not be taken away and given back");
	test_observe(t, "swapped", "%u", count_swapped(s.destination, SOME));
	observe_contents(&s, "contents");
	scene_end(&s);
}

void scenario_swapped_read_ahead(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	swap_out(&s, s.source, FEW);
	scene_observe_errno(&s, FEW, 0);
	for (int i = 0; i < TRIES && count_cached(s.destination, FEW) < FEW; i++) {
		if (madvise(s.destination, FEW * page_size(), MADV_WILLNEED))
			machine_cannot(t, errno, "pages cannot be read in ahead");
		let_others_run();
	}
	test_observe(t, "read_ahead", "%u", count_cached(s.destination, FEW));
	observe_contents(&s, "contents");
	scene_end(&s);
}

/* Neighbours in swap are read along, and are neighbours in memory no more. */
void scenario_swapped_in_other_order(struct test *t)
{
	unsigned int right = 0;
	struct scene s;
	int error = 0;

	stay_on_cpu(t, -1);
	scene_build(&s, t, SOME, 0);
	swap_out(&s, s.source, SOME);
	for (unsigned int i = 0; i < SOME && !error; i++)
		error = scene_move(&s, destination_page(&s, SOME - 1 - i), source_page(&s, i), 1, 0,
				   NULL);
	test_observe(t, "errno", "%s", error_name(error));
	for (unsigned int i = 0; i < SOME && !error; i++)
		right += read_tag(destination_page(&s, i)) == scene_tag(SOME - 1 - i);
	test_observe(t, "contents", "%s", right == SOME ? "all" : "not all");
	scene_end(&s);
}

/* Memory that the kernel may drop whenever it likes, as long as the page is there. */
static void make_droppable(struct scene *s, size_t alignment)
{
	const size_t bytes = s->pages * page_size();
	char *room = map_aligned(s->test, bytes, alignment);

	s->source = mmap(room, bytes, PROT_READ | PROT_WRITE,
			 MAP_DROPPABLE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (s->source == MAP_FAILED)
		machine_cannot(s->test, errno, "no droppable memory");
	madvise(s->source, bytes, s->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (unsigned int i = 0; i < s->pages; i++)
		fill_page(source_page(s, i), scene_tag(i));
	if (s->huge && page_mapped(s->test, s->source) != MAPPED_HUGE)
		machine_cannot(s->test, ENOMEM, "no huge page is to be had at the moment");
	for (unsigned int i = 0; i < s->pages; i++)
		if (!page_is_there(s->test, source_page(s, i)))
			test_broken(s->test, "page %u has been dropped already", i);
}

static void observe_kept(struct scene *s)
{
	scene_observe_errno(s, s->pages, 0);
	observe_reclaim(s);
	scene_end(s);
}

void scenario_droppable_kept(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	make_droppable(&s, page_size());
	observe_kept(&s);
}

void scenario_droppable_huge_kept(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	make_droppable(&s, huge_page_size());
	observe_kept(&s);
}

static bool is_large(const char *start, size_t bytes)
{
	uint64_t flags = frame_flags(entry_frame(pagemap_entry(start)));

	return pagemap_entry(start + bytes - page_size()) & ENTRY_PRESENT &&
	       flags >> FLAG_COMPOUND_HEAD & 1;
}

/* Have large folios smaller than a huge page, in which each page has its own entry. */
static void bring_large(struct scene *s)
{
	const size_t bytes = s->pages * page_size(), large = prepare_large_size();

	s->source = map_aligned(s->test, bytes, large);
	for (size_t at = 0; at < bytes; at += large) {
		madvise(s->source + at, large, MADV_HUGEPAGE);
		s->source[at] = 1;
		madvise(s->source + at, large, MADV_NOHUGEPAGE);
		if (!is_large(s->source + at, large))
			machine_cannot(s->test, ENOMEM, "no large folio is to be had now");
	}
	for (unsigned int i = 0; i < s->pages; i++)
		fill_page(source_page(s, i), scene_tag(i));
}

static void observe_reclaimed(struct scene *s, int error)
{
	test_observe(s->test, "errno", "%s", error_name(error));
	observe_reclaim(s);
	scene_end(s);
}

void scenario_large_reclaimed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, prepare_large_size() / page_size(), 0);
	bring_large(&s);
	observe_reclaimed(&s, scene_move_all(&s));
}

void scenario_split_reclaimed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	observe_reclaimed(&s, scene_move_in_halves(&s));
}

void scenario_over_table_reclaimed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	observe_reclaimed(&s, scene_move_over_tables(&s));
}

void scenario_by_small_reclaimed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	scene_map_by_small(&s);
	observe_reclaimed(&s, scene_move_all(&s));
}

/* What this CPU has just brought reclaim may not know yet, and then it cannot be marked. */
static void make_known(struct test *t)
{
	char *other = map_pages(t, 1);

	*other = 1;
	madvise(other, page_size(), MADV_COLD);
}

/* Of a few pages: each look is at 64 frames, and finds who maps them. */
static uint64_t frame_at(const struct scene *s, unsigned int i)
{
	return entry_frame(pagemap_entry(destination_page(s, i * ((s->pages - 1) / (FEW - 1)))));
}

static unsigned int count_idle(const struct scene *s)
{
	unsigned int idle = 0;

	for (unsigned int i = 0; i < FEW; i++)
		idle += is_idle(frame_at(s, i));
	return idle;
}

/*
 * Of a huge page the first frame is marked for all.  One that somebody else has at that
 * moment is left out.
 */
static bool are_marked(struct scene *s)
{
	for (int i = 0; i < TRIES; i++) {
		unsigned int marked = 0;

		make_known(s->test);
		for (unsigned int page = 0; page < FEW; page++)
			marked += idle_mark(frame_at(s, page));
		if (!marked)
			machine_cannot(s->test, ENODATA, "none of the pages' frames can be marked");
		if (count_idle(s) >= (s->huge ? 1 : marked))
			return true;
		let_others_run();
	}
	return false;
}

static unsigned int count_left_idle(struct scene *s)
{
	unsigned int idle = count_idle(s);

	for (int i = 0; i < TRIES && idle; i++) {
		let_others_run();
		idle = count_idle(s);
	}
	return idle;
}

/* A processor that has a page's entry at hand does not tell again that it is accessed. */
static void forget_entries(struct scene *s)
{
	const size_t bytes = s->pages * page_size();

	if (mprotect(s->destination, bytes, PROT_READ) ||
	    mprotect(s->destination, bytes, PROT_READ | PROT_WRITE))
		machine_cannot(s->test, errno, "the access of a mapping cannot be changed");
}

/* Marked, read, and moved back: whoever looks for accesses locks the page, and lets go of it. */
static void observe_idle(struct scene *s, int error)
{
	test_observe(s->test, "errno", "%s", error_name(error));
	if (error || !scene_is_all_at(s, s->destination))
		return;
	test_observe(s->test, "marked", "%s", are_marked(s) ? "yes" : "no");
	forget_entries(s);
	for (unsigned int i = 0; i < s->pages; i++)
		(void)read_tag(destination_page(s, i));
	test_observe(s->test, "idle", "%u", count_left_idle(s));
	scene_register(s, s->source, s->pages, UFFDIO_REGISTER_MODE_MISSING);
	error = scene_move_patiently(s, s->source, s->destination, s->pages, 0, NULL);
	test_observe(s->test, "errno.back", "%s", error_name(error));
	scene_end(s);
}

void scenario_idle_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	observe_idle(&s, scene_move_all(&s));
}

void scenario_idle_huge_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	observe_idle(&s, scene_move_all(&s));
}

void scenario_idle_over_table_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	observe_idle(&s, scene_move_over_tables(&s));
}

/* The same contents at two places, until KSM has come by. */
static bool are_merged(const struct scene *s)
{
	uint64_t first = entry_frame(pagemap_entry(s->destination));

	for (unsigned int i = 1; i < s->pages; i++)
		if (entry_frame(pagemap_entry(destination_page(s, i))) != first)
			return false;
	return first;
}

void scenario_merged_later(struct test *t)
{
	int64_t end = now_ms() + patient_ms(MERGE_MS);
	unsigned int right = 0;
	struct scene s;

	scene_build(&s, t, FEW, 0);
	for (unsigned int i = 0; i < FEW; i++)
		fill_page(source_page(&s, i), scene_tag(0));
	scene_observe_errno(&s, FEW, 0);
	if (madvise(s.destination, FEW * page_size(), MADV_MERGEABLE))
		machine_cannot(t, errno, "pages cannot be merged");
	while (!are_merged(&s) && now_ms() < end)
		let_others_run();
	test_observe(t, "merged", "%s", are_merged(&s) ? "yes" : "no");
	/* A store gives one of them its own contents again. */
	fill_page(destination_page(&s, 1), scene_tag(1));
	for (unsigned int i = 0; i < FEW; i++)
		right += read_tag(destination_page(&s, i)) == scene_tag(i == 1);
	test_observe(t, "contents", "%s", right == FEW ? "all" : "not all");
	scene_end(&s);
}

/* Who makes a huge page of small ones finds them so, too; he may be kept from it for a moment. */
static bool collapse(struct scene *s)
{
	madvise(s->destination, s->pages * page_size(), MADV_HUGEPAGE);
	for (int i = 0; i < COLLAPSE_TRIES; i++) {
		if (!madvise(s->destination, s->pages * page_size(), MADV_COLLAPSE))
			return true;
		if (errno != EAGAIN && errno != EBUSY && errno != ENOMEM)
			break;
		let_others_run();
	}
	return false;
}

static void observe_collapsed(struct scene *s)
{
	test_observe(s->test, "collapsed", "%s", collapse(s) ? "yes" : error_name(errno));
	observe_contents(s, "contents");
	scene_end(s);
}

static void move_one_by_one(struct scene *s)
{
	int error = 0;

	for (unsigned int i = 0; i < s->pages && !error; i++)
		error = scene_move_patiently(s, destination_page(s, i), source_page(s, i), 1, 0,
					     NULL);
}

void scenario_collapsed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	move_one_by_one(&s);
	observe_collapsed(&s);
}

/* What is collapsed was no huge page before. */
void scenario_small_collapsed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	s.source = map_pages(t, s.pages);
	for (unsigned int i = 0; i < s.pages; i++)
		fill_page(source_page(&s, i), scene_tag(i));
	scene_observe_errno(&s, s.pages, 0);
	observe_collapsed(&s);
}

void scenario_large_collapsed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	bring_large(&s);
	move_one_by_one(&s);
	observe_collapsed(&s);
}

static void compact(struct test *t)
{
	int error = setting_write("/proc/sys/vm/compact_memory", "1");

	if (error)
		machine_cannot(t, error, "memory cannot be compacted");
}

/* Pages that are scattered over memory, by @stride pages of their mapping. */
struct scattered {
	char *start;
	unsigned int stride;
	uint64_t frames[SCATTERED];
};

static char *scattered_page(const struct scattered *p, unsigned int i)
{
	return p->start + i * p->stride * page_size();
}

static void note_frames(struct scattered *p)
{
	for (unsigned int i = 0; i < SCATTERED; i++)
		p->frames[i] = entry_frame(pagemap_entry(scattered_page(p, i)));
}

static unsigned int count_migrated(const struct scattered *p)
{
	unsigned int migrated = 0;

	for (unsigned int i = 0; i < SCATTERED; i++) {
		uint64_t frame = entry_frame(pagemap_entry(scattered_page(p, i)));

		migrated += frame && frame != p->frames[i];
	}
	return migrated;
}

/* One page after the other, so that those of the control lie among the source's. */
static void build_scattered(struct scene *s, struct test *t, char *control)
{
	scene_build(s, t, SCATTERED * KEPT_OF, 0);
	madvise(s->source, s->pages * page_size(), MADV_DONTNEED);
	for (unsigned int i = 0; i < s->pages; i++) {
		fill_page(source_page(s, i), scene_tag(i));
		if (i % KEPT_OF == 0)
			control[i / KEPT_OF * page_size()] = 1;
	}
}

/*
 * Whether there is anything to be compacted, and where, is the machine's affair; that pages
 * can be migrated at all is seen by those of the control, which do not move.
 */
void scenario_migrated_later(struct test *t)
{
	struct scattered moved = { .stride = KEPT_OF }, control = { .stride = 1 };
	unsigned int right = 0, migrated = 0;
	struct scene s;

	for (int i = 0; i < COMPACT_TRIES && migrated < ENOUGH; i++) {
		control.start = map_pages(t, SCATTERED);
		build_scattered(&s, t, control.start);
		if (scene_move(&s, s.destination, s.source, s.pages, 0, NULL))
			break;
		for (unsigned int k = 0; k < s.pages; k += KEPT_OF)
			madvise(destination_page(&s, k + 1), (KEPT_OF - 1) * page_size(),
				MADV_DONTNEED);
		moved.start = s.destination;
		note_frames(&moved);
		note_frames(&control);
		compact(t);
		migrated = count_migrated(&control);
	}
	if (migrated < ENOUGH)
		test_skip(t, "memory has little to be compacted: of %u pages that do not move %u "
			  "were migrated", SCATTERED, migrated);
	for (unsigned int k = 0; k < s.pages; k += KEPT_OF)
		right += read_tag(destination_page(&s, k)) == scene_tag(k);
	test_observe(t, "migrated", "%s", count_migrated(&moved) ? "some" : "none");
	test_observe(t, "contents", "%s", right == SCATTERED ? "all" : "not all");
	scene_end(&s);
}
