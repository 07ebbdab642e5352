// SPDX-License-Identifier: GPL-2.0-only
/*
 * Moves and reclaim: pages that are swapped out, or to be freed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define FEW 8
#define TRIES 500

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

/* What was put in a queue is worked off by the second call. */
static void free_lazily(struct scene *s)
{
	for (int i = 0; i < TRIES; i++) {
		if (madvise(s->source, s->pages * page_size(), MADV_FREE) ||
		    madvise(s->source, s->pages * page_size(), MADV_FREE))
			machine_cannot(s->test, errno, "pages cannot be freed lazily");
		if (smaps_pages(s->test, s->source, "LazyFree") == s->pages)
			return;
		let_others_run();
	}
	test_broken(s->test, "of %u pages %lu were freed lazily", s->pages,
		    smaps_pages(s->test, s->source, "LazyFree"));
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

static void observe_reclaimed(struct scene *s)
{
	struct uffdio_range range = { (uintptr_t)s->destination, s->pages * page_size() };
	uint64_t tag;

	reclaim(s);
	if (ioctl(s->uffd, UFFDIO_UNREGISTER, &range))
		test_broken(s->test, "UFFDIO_UNREGISTER: %s", strerror(errno));
	tag = read_tag(s->destination);
	test_observe(s->test, "after_reclaim", "%s",
		     tag == 0 ? "zero" : tag == scene_tag(0) ? "contents" : "other");
}

void scenario_lazily_freed(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, 1, 0);
	free_lazily(&s);
	scene_observe_errno(&s, 1, 0);
	observe_reclaimed(&s);
	scene_end(&s);
}
