// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where a range begins and ends: against pages, page tables, huge pages, mappings and
 * the end of what a task may address.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "machine/machine.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define PAGES 4
#define MANY 620		/* more than a page table has */
#define BEHIND 5		/* pages of the last page table */
#define STORES 1000		/* to a page that is refused, before that counts */

static struct uffdio_move values_of(const struct scene *s, unsigned int pages)
{
	return (struct uffdio_move){
		.dst = (uintptr_t)s->destination,
		.src = (uintptr_t)s->source,
		.len = pages * page_size(),
		.move = MOVE_SENTINEL,
	};
}

/* Of several calls: the first answer, unless one differs; and the pages that have moved. */
struct answers {
	int error;
	bool begun, differ, written;
	unsigned int moved;
};

static void call(struct scene *s, struct answers *a, struct uffdio_move values)
{
	int error = pagemap_move(s->test, s->uffd, &values);

	a->differ |= a->begun && error != a->error;
	a->error = error;
	a->begun = true;
	a->written |= values.move != MOVE_SENTINEL;
	for (unsigned int i = 0; i < s->pages; i++)
		a->moved += page_is_there(s->test, destination_page(s, i));
}

static void observe_answers(struct test *t, const struct answers *a)
{
	test_observe(t, "errno", "%s", a->differ ? "several" : error_name(a->error));
	test_observe(t, "move", "%s", a->written ? "written" : "untouched");
	test_observe(t, "pages_moved", "%u", a->moved);
}

/* Each of the bits below a page's size, which no page's address and no length has. */
void scenario_unaligned_dst(struct test *t)
{
	struct answers a = { .begun = false };
	struct uffdio_move values;
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	for (uint64_t bit = 1; bit < page_size(); bit <<= 1) {
		values = values_of(&s, 2);
		values.dst |= bit;
		call(&s, &a, values);
		values = values_of(&s, 2);
		values.len |= bit;
		call(&s, &a, values);
		values.dst |= bit;
		call(&s, &a, values);
	}
	observe_answers(t, &a);
	scene_end(&s);
}

void scenario_unaligned_src(struct test *t)
{
	struct answers a = { .begun = false };
	struct uffdio_move values;
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	for (uint64_t bit = 1; bit < page_size(); bit <<= 1) {
		values = values_of(&s, 2);
		values.src |= bit;
		call(&s, &a, values);
	}
	observe_answers(t, &a);
	scene_end(&s);
}

static bool may_be_mapped(uint64_t address)
{
	void *p = mmap((void *)(uintptr_t)address, page_size(), PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != MAP_FAILED)
		munmap(p, page_size());
	return p != MAP_FAILED || errno == EEXIST;
}

/* The last page that a task may have, where its addresses end. */
static uint64_t last_page_of_task(struct test *t)
{
	uint64_t end = address_beyond_task();

	for (unsigned int i = 1; i <= 16; i++)
		if (may_be_mapped(end - i * page_size()))
			return end - i * page_size();
	test_broken(t, "the last page that may be mapped is not found");
}

/* It begins within the task's address space, and ends one page or far past it. */
void scenario_dst_ends_past_task(struct test *t)
{
	struct answers a = { .begun = false };
	struct uffdio_move values;
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	for (unsigned int i = 0; i < 3; i++) {
		values = values_of(&s, i + 2);
		values.dst = last_page_of_task(t) - i * page_size();
		call(&s, &a, values);
		values.len = 1ULL << 45;
		call(&s, &a, values);
	}
	observe_answers(t, &a);
	scene_end(&s);
}

/* The same of the source, with as much room behind the destination. */
void scenario_src_ends_past_task(struct test *t)
{
	struct answers a = { .begun = false };
	struct uffdio_move values;
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	for (unsigned int i = 0; i < 3; i++) {
		values = values_of(&s, i + 2);
		values.src = last_page_of_task(t) - i * page_size();
		call(&s, &a, values);
	}
	observe_answers(t, &a);
	scene_end(&s);
}

/* How many of the pages [@from, @to) are not where they should be alone? */
static unsigned int misplaced(struct scene *s, unsigned int from, unsigned int to, bool moved)
{
	unsigned int wrong = 0;

	for (unsigned int i = from; i < to; i++) {
		const char *here = moved ? destination_page(s, i) : source_page(s, i);
		const char *there = moved ? source_page(s, i) : destination_page(s, i);

		wrong += page_is_there(s->test, there) || !page_is_there(s->test, here) ||
			 read_tag(here) != scene_tag(i);
	}
	return wrong;
}

/* Up to a boundary of whatever is taken together, and beyond. */
static const unsigned int stops[] = {
	1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511,
	512, 513, 600,
};

static void empty(struct scene *s)
{
	madvise(s->destination, s->pages * page_size(), MADV_DONTNEED);
}

static void stop_short(struct test *t, bool occupied)
{
	unsigned int miscounted = 0, wrong = 0;
	int error = EAGAIN;
	struct scene s;
	int64_t move;

	scene_build(&s, t, MANY, 0);
	for (unsigned int i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		int this;

		empty(&s);
		scene_refill(&s);
		if (!occupied)
			madvise(source_page(&s, stops[i]), page_size(), MADV_DONTNEED);
		else if (scene_copy(&s, destination_page(&s, stops[i]), s.source, 0))
			test_broken(t, "UFFDIO_COPY: %s", strerror(errno));
		this = scene_move(&s, s.destination, s.source, MANY, 0, &move);
		error = this == EAGAIN ? error : this;
		miscounted += move != (int64_t)(stops[i] * page_size());
		wrong += misplaced(&s, 0, stops[i], true);
		wrong += misplaced(&s, stops[i] + 1, MANY, false);
	}
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "miscounted", "%u", miscounted);
	test_observe(t, "misplaced", "%u", wrong);
	scene_end(&s);
}

void scenario_short_of_hole(struct test *t)
{
	stop_short(t, false);
}

void scenario_short_of_occupied(struct test *t)
{
	stop_short(t, true);
}

/* A huge page and a part of the next, or a part alone. */
void scenario_huge_in_part(struct test *t)
{
	const unsigned int huge = pages_per_huge();
	const unsigned int parts[] = {
		1, huge / 2, huge / 2 + 1, huge - 1, huge, huge + 1, huge + huge / 2 + 1, 2 * huge - 1,
	};
	unsigned int miscounted = 0, wrong = 0;
	int error = 0;
	int64_t move;

	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]) && !error; i++) {
		struct scene s;

		scene_build_huge(&s, t, 2, 0);
		for (unsigned int done = 0; done < parts[i] && !error; done += move / page_size()) {
			error = scene_move_patiently(&s, destination_page(&s, done),
						     source_page(&s, done), parts[i] - done, 0,
						     &move);
			/* The second page may be busy for a moment, which makes the call short. */
			if (error == EAGAIN && move == (int64_t)huge_page_size())
				error = 0;
		}
		wrong += misplaced(&s, 0, parts[i], true);
		wrong += misplaced(&s, parts[i], s.pages, false);
		miscounted += !error && move <= 0;
		scene_end(&s);
		munmap(s.source, s.pages * page_size());
		munmap(s.destination, s.pages * page_size());
	}
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "miscounted", "%u", miscounted);
	test_observe(t, "misplaced", "%u", wrong);
}

/* Beside the range each page of the source is to be where it was, and none at the destination. */
static unsigned int touched_beside(struct test *t, char *source, char *destination, unsigned int from,
				   unsigned int to, unsigned int moved)
{
	const unsigned int all = 2 * pages_per_huge();
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < all; i++) {
		const char *here = source + i * page_size(), *there = destination + i * page_size();

		if (i < from || i >= from + moved)
			wrong += !page_is_there(t, here) || read_tag(here) != scene_tag(i);
		if (i < to || i >= to + moved)
			wrong += page_is_there(t, there);
	}
	return wrong;
}

/* Two huge pages from their page @from on, to page @to of as large a place. */
static int move_from_inside(struct test *t, unsigned int from, unsigned int to, bool tables,
			    unsigned int *wrong)
{
	char *source, *destination;
	struct scene s;
	int error;

	scene_build_huge(&s, t, 2, 0);
	if (tables)
		scene_make_tables(&s);
	source = s.source;
	destination = s.destination;
	s.source += from * page_size();
	s.destination += to * page_size();
	s.pages -= from > to ? from : to;
	error = scene_move_all(&s);
	for (unsigned int i = 0; i < s.pages; i++) {
		const char *here = source_page(&s, i), *there = destination_page(&s, i);

		*wrong += page_is_there(t, here) || !page_is_there(t, there) ||
			  read_tag(there) != scene_tag(from + i);
	}
	*wrong += touched_beside(t, source, destination, from, to, s.pages);
	scene_end(&s);
	munmap(source, 2 * huge_page_size());
	munmap(destination, 2 * huge_page_size());
	return error;
}

/* One of the two places, or both, are not aligned as huge pages are. */
void scenario_huge_from_inside(struct test *t)
{
	const unsigned int last = pages_per_huge() - 1;
	const unsigned int offsets[][2] = { { 1, 0 }, { 0, 1 }, { 1, 1 }, { last, 0 }, { 0, last } };
	unsigned int wrong = 0;
	int error = 0;

	for (unsigned int i = 0; i < 5 && !error; i++)
		for (unsigned int tables = 0; tables < 2 && !error; tables++)
			error = move_from_inside(t, offsets[i][0], offsets[i][1], tables, &wrong);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "misplaced", "%u", wrong);
}

/*
 * A source without a page table, from its page @from on; the destination's first table,
 * of which the range begins at page @to, is there or not, and behind it a page is.
 */
static int move_hole_against(struct test *t, unsigned int from, unsigned int to, bool table,
			     bool upwards, unsigned int *miscounted)
{
	const unsigned int pages = table_span() / page_size();
	char *room[2], *copied = map_pages(t, 1);
	unsigned int source;
	struct scene s;
	int64_t move;
	int error;

	scene_build(&s, t, 1, 0);
	for (unsigned int i = 0; i < 2; i++) {
		room[i] = map_aligned(t, 3 * table_span(), table_span());
		madvise(room[i], 3 * table_span(), MADV_NOHUGEPAGE);
	}
	source = room[0] < room[1] ? !upwards : upwards;
	s.source = room[source] + from * page_size();
	s.destination = room[!source] + to * page_size();
	s.pages = 2 * pages;
	scene_register(&s, s.destination, s.pages, UFFDIO_REGISTER_MODE_MISSING);
	fill_page(copied, scene_tag(0));
	if (scene_copy(&s, destination_page(&s, pages - to), copied, 0) ||
	    (table && scene_copy(&s, s.destination, copied, 0)))
		test_broken(t, "UFFDIO_COPY: %s", strerror(errno));
	if (table)
		madvise(s.destination, page_size(), MADV_DONTNEED);
	error = scene_move(&s, s.destination, s.source, s.pages, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES,
			   &move);
	*miscounted += move != (int64_t)((pages - to) * page_size());
	scene_end(&s);
	for (unsigned int i = 0; i < 2; i++)
		munmap(room[i], 3 * table_span());
	return error;
}

/* What is counted as a hole must not go past the end of the destination's page table. */
void scenario_holes_short_of_occupied(struct test *t)
{
	const unsigned int pages = table_span() / page_size();
	const unsigned int offsets[] = { 0, 1, pages / 2, pages - 1 };
	unsigned int miscounted = 0;
	int error = EAGAIN;

	for (unsigned int i = 0; i < 4 * 4 && error == EAGAIN; i++)
		for (unsigned int ways = 0; ways < 4 && error == EAGAIN; ways++)
			error = move_hole_against(t, offsets[i / 4], offsets[i % 4], ways & 1,
						  ways & 2, &miscounted);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "miscounted", "%u", miscounted);
}

void scenario_huge_by_small(struct test *t)
{
	const unsigned int parts[] = { 1, 3, pages_per_huge() };
	unsigned int wrong = 0;
	int error = 0;

	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]) && !error; i++) {
		struct scene s;

		scene_build_huge(&s, t, 1, 0);
		scene_map_by_small(&s);
		error = scene_move_patiently(&s, s.destination, s.source, parts[i], 0, NULL);
		wrong += misplaced(&s, 0, parts[i], true);
		wrong += misplaced(&s, parts[i], s.pages, false);
		scene_end(&s);
	}
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "misplaced", "%u", wrong);
}

/* Where the place of a page that goes elsewhere in its table is a hole in that of the source. */
void scenario_huge_by_small_elsewhere(struct test *t)
{
	const unsigned int from = 5, parts = 3;
	struct scene s;
	int error;

	scene_build_huge(&s, t, 1, 0);
	scene_map_by_small(&s);
	madvise(s.source, from * page_size(), MADV_DONTNEED);
	s.destination -= from * page_size();	/* so that numbers match */
	error = scene_move_patiently(&s, destination_page(&s, from), source_page(&s, from), parts, 0,
				     NULL);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "misplaced", "%u", misplaced(&s, from, from + parts, true) +
		     misplaced(&s, from + parts, s.pages, false));
	s.destination += from * page_size();
	scene_end(&s);
}

/* Are the pages at the destination one folio, or each one by itself? */
static const char *left_of_folio(struct scene *s)
{
	const uint64_t compound = 1ULL << FLAG_COMPOUND_HEAD | 1ULL << FLAG_COMPOUND_TAIL;
	unsigned int within = 0;

	for (unsigned int i = 0; i < s->pages; i++)
		within += !!(frame_flags(entry_frame(pagemap_entry(destination_page(s, i)))) &
			     compound);
	return within == s->pages ? "one" : within ? "something else" : "apart";
}

void scenario_huge_by_small_apart(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	scene_map_by_small(&s);
	test_observe(t, "errno", "%s", error_name(scene_move_all(&s)));
	test_observe(t, "left", "%s", left_of_folio(&s));
	scene_end(&s);
}

/* What is wrong with one page of a huge one that small entries map. */
enum odd { DROPPED, OCCUPIED, REPLACED };

static void make_odd(struct scene *s, unsigned int i, enum odd odd)
{
	if (odd == OCCUPIED) {
		if (scene_copy(s, destination_page(s, i), source_page(s, i), 0))
			test_broken(s->test, "UFFDIO_COPY: %s", strerror(errno));
		return;
	}
	if (madvise(source_page(s, i), page_size(), MADV_DONTNEED))
		machine_cannot(s->test, errno, "a page cannot be dropped");
	if (odd == REPLACED)
		fill_page(source_page(s, i), scene_tag(i));
}

/* One page of it, @i, has something in the way; the others are to move as far as that. */
static int move_with_odd(struct test *t, unsigned int i, enum odd odd, unsigned int *wrong)
{
	unsigned int moved;
	struct scene s;
	int64_t move;
	int error;

	scene_build_huge(&s, t, 1, 0);
	scene_map_by_small(&s);
	make_odd(&s, i, odd);
	moved = odd == REPLACED ? s.pages : i;
	error = scene_move_patiently(&s, s.destination, s.source, s.pages, 0, &move);
	*wrong += move != (int64_t)(moved * page_size());
	*wrong += misplaced(&s, 0, moved, true);
	if (odd != REPLACED)
		*wrong += misplaced(&s, i + 1, s.pages, false);
	scene_end(&s);
	munmap(s.source, huge_page_size());
	munmap(s.destination, huge_page_size());
	return error;
}

static void observe_odd(struct test *t, enum odd odd)
{
	const unsigned int pages[] = { 1, pages_per_huge() / 2, pages_per_huge() - 1 };
	int error = odd == REPLACED ? 0 : EAGAIN;
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		int this = move_with_odd(t, pages[i], odd, &wrong);

		error = this == (odd == REPLACED ? 0 : EAGAIN) ? error : this;
	}
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "misplaced", "%u", wrong);
}

void scenario_huge_by_small_short_of_hole(struct test *t)
{
	observe_odd(t, DROPPED);
}

void scenario_huge_by_small_short_of_occupied(struct test *t)
{
	observe_odd(t, OCCUPIED);
}

void scenario_huge_by_small_with_another(struct test *t)
{
	observe_odd(t, REPLACED);
}

/*
 * Over several page tables, of which some are not there: ranges of which each lies
 * against its tables in another way.
 */
struct tables {
	struct scene scene;
	char *room[2];		/* of source and destination, aligned to a table */
	unsigned int absent;	/* bit i: table i of the source has no page */
	uint64_t *before;	/* entries of the source's pages */
	uint64_t *after;	/* of the destination's */
	int error;
	unsigned int miscounted, misplaced, other_frames;
};

#define TABLES 3

static bool is_filled(const struct tables *w, unsigned int i)
{
	unsigned int per_table = table_span() / page_size();
	unsigned int at = (w->scene.source - w->room[0]) / page_size() + i;
	unsigned int to = (w->scene.destination - w->room[1]) / page_size() + i;
	unsigned int in_table = at % per_table, in_other = to % per_table;

	if (w->absent >> at / per_table & 1)
		return false;
	return in_table <= 1 || in_table == per_table - 1 || in_other <= 1 ||
	       in_other == per_table - 1 || i == 0 || i == w->scene.pages - 1;
}

/* New mappings, for one keeps the page tables that it had. */
static void map_tables(struct tables *w, unsigned int from, unsigned int to)
{
	size_t bytes = (TABLES + 2) * table_span();
	struct scene *s = &w->scene;

	for (unsigned int i = 0; i < 2; i++) {
		w->room[i] = map_aligned(s->test, bytes, table_span());
		madvise(w->room[i], bytes, MADV_NOHUGEPAGE);
	}
	s->source = w->room[0] + from * page_size();
	s->destination = w->room[1] + to * page_size();
	scene_register(s, s->destination, s->pages, UFFDIO_REGISTER_MODE_MISSING);
	for (unsigned int i = 0; i < s->pages; i++)
		if (is_filled(w, i))
			fill_page(source_page(s, i), scene_tag(i));
	pagemap_read(s->test, s->source, s->pages, w->before);
}

static void unmap_tables(struct tables *w)
{
	for (unsigned int i = 0; i < 2; i++)
		munmap(w->room[i], (TABLES + 2) * table_span());
}

static void move_tables(struct tables *w)
{
	struct scene *s = &w->scene;
	int64_t move;
	int error = scene_move(s, s->destination, s->source, s->pages,
			       UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, &move);

	w->error = error ? error : w->error;
	w->miscounted += move != (int64_t)(s->pages * page_size());
	pagemap_read(s->test, s->destination, s->pages, w->after);
	for (unsigned int i = 0; i < s->pages; i++) {
		if (is_filled(w, i)) {
			w->misplaced += misplaced(s, i, i + 1, true);
			w->other_frames += entry_frame(w->after[i]) != entry_frame(w->before[i]);
		} else {
			w->misplaced += !!(w->after[i] & ENTRY_PRESENT);
		}
	}
}

static void try_tables(struct tables *w, struct test *t)
{
	const unsigned int per_table = table_span() / page_size();
	const unsigned int offsets[] = { 0, 1, per_table / 2, per_table - 1 };
	static const unsigned int absent[] = { 0, 1, 2, 4, 5 };

	*w = (struct tables){ .error = 0 };
	scene_build(&w->scene, t, 1, 0);
	w->scene.pages = TABLES * per_table + BEHIND;
	w->before = calloc(w->scene.pages, sizeof(*w->before));
	w->after = calloc(w->scene.pages, sizeof(*w->after));
	if (!w->before || !w->after)
		test_broken(t, "no memory");
	for (unsigned int i = 0; i < 4 * 4 * 5; i++) {
		w->absent = absent[i / 16];
		map_tables(w, offsets[i / 4 % 4], offsets[i % 4]);
		move_tables(w);
		unmap_tables(w);
	}
	scene_end(&w->scene);
}

void scenario_every_alignment(struct test *t)
{
	struct tables w;

	try_tables(&w, t);
	test_observe(t, "errno", "%s", error_name(w.error));
	test_observe(t, "miscounted", "%u", w.miscounted);
	test_observe(t, "misplaced", "%u", w.misplaced);
}

void scenario_every_alignment_frames(struct test *t)
{
	struct tables w;

	try_tables(&w, t);
	test_observe(t, "other_frames", "%u", w.other_frames);
}

/* As many as a kernel might take together, and more. */
void scenario_long_move_frames(struct test *t)
{
	unsigned int other = 0;
	uint64_t frames[MANY];
	struct scene s;

	scene_build(&s, t, MANY, 0);
	for (unsigned int i = 0; i < MANY; i++)
		frames[i] = entry_frame(pagemap_entry(source_page(&s, i)));
	scene_observe_errno(&s, MANY, 0);
	for (unsigned int i = 0; i < MANY; i++)
		other += entry_frame(pagemap_entry(destination_page(&s, i))) != frames[i];
	test_observe(t, "other_frames", "%u", other);
	scene_end(&s);
}

/* Of a mapping the first pages, the last, and all. */
void scenario_fills_mappings(struct test *t)
{
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	scene_observe_move(&s, "", PAGES, 0);
	scene_end(&s);
}

/* A range that is registered in part is two mappings. */
void scenario_dst_registered_in_part(struct test *t)
{
	struct uffdio_range tail;
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	tail = (struct uffdio_range){ (uintptr_t)destination_page(&s, 2), 2 * page_size() };
	if (ioctl(s.uffd, UFFDIO_UNREGISTER, &tail))
		test_broken(t, "UFFDIO_UNREGISTER: %s", strerror(errno));
	scene_observe_move(&s, "", PAGES, 0);
	scene_observe_move(&s, ".holes", PAGES, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	scene_end(&s);
}

void scenario_src_registered_in_part(struct test *t)
{
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	scene_register(&s, s.source, 2, UFFDIO_REGISTER_MODE_MISSING);
	scene_observe_move(&s, "", PAGES, 0);
	scene_observe_move(&s, ".holes", PAGES, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	scene_end(&s);
}

/*
 * Page by page: one that is mergeable may be merged in the meantime, with that of another
 * test, and moves once it was stored to.
 */
static int move_stored_to(struct scene *s)
{
	int error = 0;

	for (unsigned int i = 0; i < s->pages && !error; i++) {
		volatile char *page = source_page(s, i);

		error = EBUSY;
		for (int tries = 0; tries < STORES && error == EBUSY; tries++) {
			*page = *page;
			error = scene_move(s, destination_page(s, i), source_page(s, i), 1, 0, NULL);
		}
	}
	return error;
}

/* What does not matter of two mappings: advice that one of them alone has been given. */
void scenario_other_advice(struct test *t)
{
	static const int advice[] = {
		MADV_DONTDUMP, MADV_DONTFORK, MADV_WIPEONFORK, MADV_RANDOM, MADV_SEQUENTIAL,
		MADV_MERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
	};
	unsigned int refused = 0;
	int error, last = 0;

	for (unsigned int i = 0; i < 2 * sizeof(advice) / sizeof(advice[0]); i++) {
		struct scene s;

		scene_build(&s, t, PAGES, 0);
		/* Which a kernel may lack; then nothing differs. */
		madvise(i & 1 ? s.source : s.destination, PAGES * page_size(), advice[i / 2]);
		error = move_stored_to(&s);
		if (error)
			last = error;
		refused += !!error;
		scene_end(&s);
	}
	if (refused)
		test_observe(t, "refused", "%u, %s", refused, error_name(last));
	else
		test_observe(t, "refused", "0");
}
