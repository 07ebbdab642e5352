// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moves and reclaim: pages that are swapped out, dirty, clean, or to be freed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define FEW 8
#define TRIES 500
#define STORED_TO 3		/* of the few */
#define STORED(i) scene_tag(1000 + (i))

void scenario_swapped(struct test *t)
{
	unsigned int cached, right = 0;
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	swap_out(&s, s.source, FEW);
	cached = count_cached(s.source, FEW);
	if (cached)
		machine_cannot(t, EBUSY, "%u pages stay in memory behind their swap entries",
			       cached);
	scene_observe_errno(&s, FEW, 0);
	/* A page that was read is mapped, or cached behind its entry. */
	cached = count_cached(s.destination, FEW);
	test_observe(t, "read_by_call", "%u",
		     FEW - count_swapped(s.destination, FEW) + cached);
	for (unsigned int i = 0; i < FEW; i++)
		right += !strcmp(look_at(&s, destination_page(&s, i), scene_tag(i)), "contents");
	test_observe(t, "destination", "%s", right == FEW ? "contents" : "other");
	scene_end(&s);
}

static bool have_cached(struct scene *s)
{
	for (int i = 0; i < TRIES; i++) {
		madvise(s->source, s->pages * page_size(), MADV_WILLNEED);
		if (count_cached(s->source, s->pages) == s->pages)
			return true;
		let_others_run();
	}
	return false;
}

/* With the entry moves the page that is cached behind it, which reclaim then has to find. */
void scenario_swapped_cached(struct test *t)
{
	struct scene s;
	int error;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	swap_out(&s, s.source, FEW);
	if (!have_cached(&s))
		test_broken(t, "of %u pages %u are in memory behind their swap entries", FEW,
			    count_cached(s.source, FEW));
	error = scene_move_patiently(&s, s.destination, s.source, FEW, 0, NULL);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "contents", "%u", count_right(&s, s.destination));
	swap_out(&s, s.destination, FEW);
	test_observe(t, "contents.reclaimed", "%u", count_right(&s, s.destination));
	scene_end(&s);
}

/*
 * Pages that were mapped once, and are kept in memory by pipes: what they say of their
 * place is to change, or whoever reads them there gets copies.
 */
void scenario_swapped_held(struct test *t)
{
	unsigned int stored = 0;
	struct scene s;
	int pipes[FEW], error;
	uint64_t word;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	/* Behind a page that is still mapped, so that both are taken at once. */
	swap_out_held(&s, 1, pipes);
	error = scene_move_all(&s);
	test_observe(t, "errno", "%s", error_name(error));
	if (error || !scene_is_all_at(&s, s.destination))
		return;
	test_observe(t, "contents.held", "%u", count_right(&s, s.destination));
	for (unsigned int i = 0; i < FEW; i++) {
		*(volatile uint64_t *)destination_page(&s, i) = STORED(i);
		if (read(pipes[i], &word, sizeof(word)) != sizeof(word))
			test_broken(t, "the pipe cannot be read: %s", strerror(errno));
		stored += word == STORED(i);
		*(volatile uint64_t *)destination_page(&s, i) = scene_tag(i);
	}
	test_observe(t, "stored", "%u", stored);
	observe_reclaim(&s);
	scene_end(&s);
}

void scenario_protection_dropped_swapped(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, 1, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	scene_register(&s, s.source, 1, UFFDIO_REGISTER_MODE_WP);
	scene_protect(&s, s.source, 1);
	swap_out(&s, s.source, 1);
	if (!(pagemap_entry(s.source) & ENTRY_PROTECTED))
		test_broken(t, "the swapped page is not seen to be write-protected");
	scene_observe_errno(&s, 1, 0);
	test_observe(t, "protected", "%s",
		     pagemap_entry(s.destination) & ENTRY_PROTECTED ? "yes" : "no");
	scene_end(&s);
}

/*
 * A scene of pages that are dirty or not, and how they are moved; the latter
 * returns 0 or the errno.
 */
struct marked {
	void (*build)(struct scene *s, struct test *t);
	int (*move)(struct scene *s);
	/* behind the facts' names: so that a deviation can tell which pages it speaks of */
	const char *suffix;
};

static void observe_marked(struct test *t, const struct marked *m, const char *what,
			   const char *value)
{
	char name[24];

	snprintf(name, sizeof(name), "%s%s", what, m->suffix);
	test_observe(t, name, "%s", value);
}

/* Clean pages may be reclaimed at any time: then nothing was shown. */
static void play(struct scene *s, struct test *t, const struct marked *m)
{
	int error;

	stay_on_cpu(t, -1);
	for (int i = 0; i < TRIES; i++) {
		m->build(s, t);
		error = m->move(s);
		if (count_present(s) == s->pages) {
			test_observe(t, "errno", "%s", error_name(error));
			return;
		}
		scene_clear(s);
	}
	machine_cannot(t, ENOMEM, "clean pages do not stay in memory");
}

static int move_all(struct scene *s)
{
	return scene_move(s, s->destination, s->source, s->pages, 0, NULL);
}

/* What was put in a queue is worked off by the second call. */
static void free_lazily(struct scene *s)
{
	for (int i = 0; i < TRIES; i++) {
		if (madvise(s->source, s->pages * page_size(), MADV_FREE) ||
		    madvise(s->source, s->pages * page_size(), MADV_FREE))
			machine_cannot(s->test, errno, "pages cannot be freed lazily");
		if (smaps_pages(s->test, s->source, "LazyFree") == s->pages)
			return;
		/* Those that were reclaimed meanwhile are wanted back. */
		scene_refill(s);
	}
	test_broken(s->test, "of %u pages %lu were freed lazily", s->pages,
		    smaps_pages(s->test, s->source, "LazyFree"));
}

static void store_to_some(struct scene *s)
{
	for (unsigned int i = 0; i < STORED_TO; i++)
		fill_page(source_page(s, i), STORED(i));
}

/* Clean pages are such that were given to MADV_FREE, and not stored to since. */
static void build_some_freed(struct scene *s, struct test *t)
{
	scene_build(s, t, FEW, 0);
	free_lazily(s);
	store_to_some(s);
}

/* Or such that swap has a copy of. */
static void build_some_swapped(struct scene *s, struct test *t)
{
	scene_build(s, t, FEW, 0);
	make_clean(s);
	store_to_some(s);
}

static void build_huge(struct scene *s, struct test *t)
{
	scene_build_huge(s, t, 1, 0);
}

/* Only so does a huge page come to be clean. */
static void build_huge_freed(struct scene *s, struct test *t)
{
	scene_build_huge(s, t, 1, 0);
	free_lazily(s);
}

static void build_by_small(struct scene *s, struct test *t)
{
	build_huge(s, t);
	scene_map_by_small(s);
}

static void build_by_small_freed(struct scene *s, struct test *t)
{
	build_huge_freed(s, t);
	scene_map_by_small(s);
}

/* In pages, or in huge ones. */
static void observe_count(struct scene *s, const struct marked *m, const char *what,
			  const char *mark, unsigned int unit)
{
	char count[24];

	snprintf(count, sizeof(count), "%lu", smaps_pages(s->test, s->destination, mark) / unit);
	observe_marked(s->test, m, what, count);
}

static void observe_small(struct test *t, const struct marked *m)
{
	struct scene s;

	play(&s, t, m);
	observe_count(&s, m, "dirty", "Private_Dirty", 1);
	observe_count(&s, m, "clean", "Private_Clean", 1);
	scene_end(&s);
}

static void observe_huge(struct test *t, const struct marked *m)
{
	const unsigned int per_huge = pages_per_huge();
	struct scene s;

	play(&s, t, m);
	observe_count(&s, m, "dirty", "Private_Dirty", per_huge);
	observe_count(&s, m, "clean", "Private_Clean", per_huge);
	observe_count(&s, m, "whole", "AnonHugePages", per_huge);
	scene_end(&s);
}

void scenario_dirty_kept(struct test *t)
{
	observe_small(t, &(struct marked){ build_some_freed, move_all, "" });
}

void scenario_dirty_kept_swap(struct test *t)
{
	observe_small(t, &(struct marked){ build_some_swapped, move_all, "" });
}

void scenario_dirty_kept_huge(struct test *t)
{
	observe_huge(t, &(struct marked){ build_huge, move_all, ".huge" });
}

void scenario_dirty_kept_split(struct test *t)
{
	observe_huge(t, &(struct marked){ build_huge, scene_move_in_halves, ".split" });
}

void scenario_dirty_kept_over_table(struct test *t)
{
	observe_huge(t, &(struct marked){ build_huge, scene_move_over_tables, ".tabled" });
}

void scenario_dirty_kept_by_small(struct test *t)
{
	observe_huge(t, &(struct marked){ build_by_small, scene_move_all, ".small" });
}

void scenario_clean_kept_huge(struct test *t)
{
	observe_huge(t, &(struct marked){ build_huge_freed, move_all, ".huge" });
}

void scenario_clean_kept_split(struct test *t)
{
	observe_huge(t, &(struct marked){ build_huge_freed, scene_move_in_halves, ".split" });
}

void scenario_clean_kept_over_table(struct test *t)
{
	observe_huge(t, &(struct marked){ build_huge_freed, scene_move_over_tables, ".tabled" });
}

void scenario_clean_kept_by_small(struct test *t)
{
	observe_huge(t, &(struct marked){ build_by_small_freed, scene_move_all, ".small" });
}

/* The pages, newer than what swap has of them, are moved and then reclaimed. */
void scenario_store_outlives_reclaim(struct test *t)
{
	unsigned int newest = 0;
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	make_clean(&s);
	for (unsigned int i = 0; i < FEW; i++)
		fill_page(source_page(&s, i), STORED(i));
	scene_observe_errno(&s, FEW, 0);
	swap_out(&s, s.destination, FEW);
	for (unsigned int i = 0; i < FEW; i++)
		newest += read_tag(destination_page(&s, i)) == STORED(i);
	test_observe(t, "newest", "%u", newest);
	scene_end(&s);
}

/* Reclaim may be kept from a page for a moment, but not for good. */
static void reclaim(struct scene *s)
{
	for (int i = 0; i < TRIES; i++) {
		madvise(s->destination, s->pages * page_size(), MADV_PAGEOUT);
		if (!(pagemap_entry(s->destination) & ENTRY_PRESENT))
			return;
		let_others_run();
	}
}

static void observe_reclaimed(struct test *t, const struct marked *m)
{
	struct uffdio_range range;
	struct scene s;
	uint64_t tag;

	play(&s, t, m);
	reclaim(&s);
	range = (struct uffdio_range){ (uintptr_t)s.destination, s.pages * page_size() };
	if (ioctl(s.uffd, UFFDIO_UNREGISTER, &range))
		test_broken(t, "UFFDIO_UNREGISTER: %s", strerror(errno));
	tag = read_tag(s.destination);
	observe_marked(t, m, "after_reclaim",
		       tag == 0 ? "zero" : tag == scene_tag(0) ? "contents" : "other");
	scene_end(&s);
}

static void build_freed(struct scene *s, struct test *t)
{
	scene_build(s, t, 1, 0);
	free_lazily(s);
}

void scenario_lazily_freed(struct test *t)
{
	observe_reclaimed(t, &(struct marked){ build_freed, move_all, "" });
}

void scenario_lazily_freed_huge(struct test *t)
{
	observe_reclaimed(t, &(struct marked){ build_huge_freed, move_all, ".huge" });
}

void scenario_lazily_freed_split(struct test *t)
{
	observe_reclaimed(t, &(struct marked){ build_huge_freed, scene_move_in_halves, ".split" });
}

void scenario_lazily_freed_over_table(struct test *t)
{
	observe_reclaimed(t, &(struct marked){ build_huge_freed, scene_move_over_tables, ".tabled" });
}

void scenario_lazily_freed_by_small(struct test *t)
{
	observe_reclaimed(t, &(struct marked){ build_by_small_freed, scene_move_all, ".small" });
}
