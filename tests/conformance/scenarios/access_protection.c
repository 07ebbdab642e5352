// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges that are registered for protection against access (RWP), as destination and as
 * source.  No page that may be protected is read by the test's own thread before the
 * protection has been ended.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/waiters.h"

#define FEW 8
#define ACCESSES 3
#define FEATURES (WAITERS_FEATURES | UFFD_FEATURE_RWP)

/* Pages of a scene, and how they are moved. */
struct pages {
	bool zero;		/* they hold zeroes, and no tags */
	bool store;		/* the first accesses are stores */
	unsigned int each;	/* of one call */
};

static void set_protection(struct scene *s, char *start, uint64_t mode)
{
	int error = uffd_rwprotect(s->uffd, start, s->pages * page_size(), mode);

	if (error)
		test_broken(s->test, "UFFDIO_RWPROTECT: %s", strerror(error));
}

static unsigned int count_protected(const char *start, unsigned int pages)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < pages; i++)
		n += !!(pagemap_entry(start + i * page_size()) & ENTRY_PROTECTED);
	return n;
}

/* A range is registered for this once and for all: the scene's own is another already. */
static void take_protecting_destination(struct scene *s)
{
	size_t bytes = s->pages * page_size();

	if (s->huge) {
		s->destination = map_aligned(s->test, bytes, huge_page_size());
		madvise(s->destination, bytes, MADV_HUGEPAGE);
	} else {
		s->destination = map_pages(s->test, s->pages);
	}
	scene_register(s, s->destination, s->pages, UFFDIO_REGISTER_MODE_RWP);
}

static void protect_source(struct scene *s)
{
	scene_register(s, s->source, s->pages, UFFDIO_REGISTER_MODE_RWP);
	set_protection(s, s->source, UFFDIO_RWPROTECT_MODE_RWP);
	if (count_protected(s->source, s->pages) != s->pages)
		test_broken(s->test, "%u of %u pages are protected against access",
			    count_protected(s->source, s->pages), s->pages);
}

static void observe_moves(struct scene *s, const struct pages *p)
{
	int error = 0;

	for (unsigned int i = 0; i < s->pages && !error; i += p->each)
		error = scene_move_patiently(s, destination_page(s, i), source_page(s, i), p->each,
					     0, NULL);
	test_observe(s->test, "errno", "%s", error_name(error));
}

/* Of those that nobody has stored to. */
static void observe_contents_kept(struct scene *s, const struct pages *p)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < s->pages; i++) {
		const char *page = destination_page(s, i);
		uint64_t tag = p->zero ? 0 : scene_tag(i);

		if (p->store && (i == 0 || i == s->pages / 2 || i == s->pages - 1))
			continue;
		wrong += !page_is_there(s->test, page) || read_tag(page) != tag;
	}
	test_observe(s->test, "contents", "%s", wrong ? "not all" : "all");
}

/* The first access to some of the pages, by threads that sleep until the protection ends. */
static void observe_accesses(struct scene *s, const struct pages *p,
			     struct waiter waiters[ACCESSES])
{
	const unsigned int places[ACCESSES] = { 0, s->pages / 2, s->pages - 1 };
	unsigned int events = 0, goes_on = 0;

	for (unsigned int i = 0; i < ACCESSES; i++) {
		waiter_touch(s, &waiters[i], destination_page(s, places[i]), p->store);
		events += !strcmp(waiter_became(s, &waiters[i]), "refaulted");
	}
	set_protection(s, s->destination, 0);
	for (unsigned int i = 0; i < ACCESSES; i++)
		goes_on += !strcmp(waiter_became(s, &waiters[i]), "done");
	test_observe(s->test, "events", "%u", events);
	test_observe(s->test, "goes_on", "%u", goes_on);
}

static void observe_arrival(struct scene *s, const struct pages *p)
{
	struct waiter waiters[ACCESSES];
	unsigned int protected;

	take_protecting_destination(s);
	observe_moves(s, p);
	protected = count_protected(s->destination, s->pages);
	test_observe(s->test, "protected", "%s", protected == s->pages ? "all" : "not all");
	observe_accesses(s, p, waiters);
	observe_contents_kept(s, p);
	scene_end(s);
}

static void read_source(struct scene *s)
{
	madvise(s->source, s->pages * page_size(), MADV_DONTNEED);
	for (unsigned int i = 0; i < s->pages; i++)
		(void)*(volatile char *)source_page(s, i);
}

void scenario_access_protected(struct test *t)
{
	const struct pages p = { .each = FEW };
	struct scene s;

	scene_build(&s, t, FEW, FEATURES);
	observe_arrival(&s, &p);
}

void scenario_access_protected_store(struct test *t)
{
	const struct pages p = { .each = FEW, .store = true };
	struct scene s;

	scene_build(&s, t, FEW, FEATURES);
	observe_arrival(&s, &p);
}

void scenario_access_protected_zero(struct test *t)
{
	const struct pages p = { .each = FEW, .zero = true };
	struct scene s;

	scene_build(&s, t, FEW, FEATURES);
	read_source(&s);
	observe_arrival(&s, &p);
}

void scenario_access_protected_swapped(struct test *t)
{
	const struct pages p = { .each = FEW };
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, FEATURES);
	swap_out(&s, s.source, FEW);
	observe_arrival(&s, &p);
}

void scenario_access_protected_huge(struct test *t)
{
	const struct pages p = { .each = pages_per_huge() };
	struct scene s;

	scene_build_huge(&s, t, 1, FEATURES);
	observe_arrival(&s, &p);
}

void scenario_access_protected_split(struct test *t)
{
	const struct pages p = { .each = pages_per_huge() / 2 };
	struct scene s;

	scene_build_huge(&s, t, 1, FEATURES);
	observe_arrival(&s, &p);
}

void scenario_access_protected_huge_zero(struct test *t)
{
	const struct pages p = { .each = pages_per_huge(), .zero = true };
	struct scene s;

	scene_build_huge(&s, t, 1, FEATURES);
	scene_make_huge_zero(&s);
	observe_arrival(&s, &p);
}

void scenario_access_protected_again(struct test *t)
{
	const struct pages p = { .each = FEW };
	struct scene s;

	scene_build(&s, t, FEW, FEATURES);
	protect_source(&s);
	observe_arrival(&s, &p);
}

/* The kernel resolves an access by itself, and takes note of it. */
static void observe_async(struct scene *s)
{
	const struct pages p = { .each = FEW };
	struct uffd_msg event;
	struct waiter w;

	test_observe(s->test, "protected", "%u", count_protected(s->destination, FEW));
	waiter_touch(s, &w, s->destination, false);
	test_observe(s->test, "access", "%s", waiter_became(s, &w));
	test_observe(s->test, "event", "%s", next_event(s, &event) ? event_name(&event) : "none");
	test_observe(s->test, "protected.after", "%u", count_protected(s->destination, FEW));
	set_protection(s, s->destination, 0);
	observe_contents_kept(s, &p);
	scene_end(s);
}

void scenario_access_protected_async(struct test *t)
{
	const struct pages p = { .each = FEW };
	struct scene s;

	scene_build(&s, t, FEW, FEATURES | UFFD_FEATURE_RWP_ASYNC);
	take_protecting_destination(&s);
	observe_moves(&s, &p);
	observe_async(&s);
}

void scenario_access_protected_async_later(struct test *t)
{
	struct uffdio_set_mode async = { .enable = UFFD_FEATURE_RWP_ASYNC };
	const struct pages p = { .each = FEW };
	struct scene s;

	scene_build(&s, t, FEW, FEATURES);
	take_protecting_destination(&s);
	observe_moves(&s, &p);
	if (ioctl(s.uffd, UFFDIO_SET_MODE, &async))
		test_broken(t, "UFFDIO_SET_MODE: %s", strerror(errno));
	observe_async(&s);
}

/* Both places were protected while nothing was there. */
void scenario_access_protected_holes(struct test *t)
{
	struct scene s;

	scene_build(&s, t, 2, FEATURES);
	madvise(s.source, page_size(), MADV_DONTNEED);
	scene_register(&s, s.source, s.pages, UFFDIO_REGISTER_MODE_RWP);
	set_protection(&s, s.source, UFFDIO_RWPROTECT_MODE_RWP);
	take_protecting_destination(&s);
	set_protection(&s, s.destination, UFFDIO_RWPROTECT_MODE_RWP);
	test_observe(t, "errno.hole", "%s",
		     error_name(scene_move(&s, s.destination, s.source, 1, 0, NULL)));
	scene_observe_move(&s, ".counted", 1, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	s.source = source_page(&s, 1);
	scene_observe_move(&s, ".page", 1, 0);
	scene_end(&s);
}

void scenario_wake_access_protected(struct test *t)
{
	struct waiter w;
	struct scene s;

	scene_build(&s, t, 1, FEATURES);
	s.destination = map_pages(t, 1);
	scene_register(&s, s.destination, 1,
		       UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_RWP);
	waiter_touch(&s, &w, s.destination, false);
	waiter_await(&s, &w);
	scene_observe_move(&s, "", 1, 0);
	test_observe(t, "woken", "%s", waiter_became(&s, &w));
	set_protection(&s, s.destination, 0);
	test_observe(t, "resolved", "%s", waiter_became(&s, &w));
	test_observe(t, "read", "%s", waiter_read(&w, scene_tag(0)));
	scene_end(&s);
}

/* The source's pages are protected, and the destination is registered for missing pages alone. */
static void observe_dropped(struct scene *s, const struct pages *p)
{
	const char *became;
	struct waiter w;

	observe_moves(s, p);
	test_observe(s->test, "protected", "%s",
		     count_protected(s->destination, s->pages) ? "yes" : "no");
	waiter_touch(s, &w, s->destination, false);
	became = waiter_became(s, &w);
	test_observe(s->test, "access", "%s", became);
	if (!strcmp(became, "done"))
		observe_contents_kept(s, p);
	else
		test_observe(s->test, "contents", "unreadable");
	scene_end(s);
}

void scenario_access_protection_dropped(struct test *t)
{
	const struct pages p = { .each = FEW };
	struct scene s;

	scene_build(&s, t, FEW, FEATURES);
	protect_source(&s);
	observe_dropped(&s, &p);
}

void scenario_access_protection_dropped_zero(struct test *t)
{
	const struct pages p = { .each = FEW, .zero = true };
	struct scene s;

	scene_build(&s, t, FEW, FEATURES);
	read_source(&s);
	protect_source(&s);
	observe_dropped(&s, &p);
}

void scenario_access_protection_dropped_huge(struct test *t)
{
	const struct pages p = { .each = pages_per_huge() };
	struct scene s;

	scene_build_huge(&s, t, 1, FEATURES);
	protect_source(&s);
	observe_dropped(&s, &p);
}

void scenario_access_protection_dropped_split(struct test *t)
{
	const struct pages p = { .each = pages_per_huge() / 2 };
	struct scene s;

	scene_build_huge(&s, t, 1, FEATURES);
	protect_source(&s);
	observe_dropped(&s, &p);
}

void scenario_access_protection_dropped_huge_zero(struct test *t)
{
	const struct pages p = { .each = pages_per_huge(), .zero = true };
	struct scene s;

	scene_build_huge(&s, t, 1, FEATURES);
	scene_make_huge_zero(&s);
	protect_source(&s);
	observe_dropped(&s, &p);
}

void scenario_access_protection_dropped_swapped(struct test *t)
{
	const struct pages p = { .each = FEW };
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, FEATURES);
	protect_source(&s);
	swap_out(&s, s.source, FEW);
	observe_dropped(&s, &p);
}
