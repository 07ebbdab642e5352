// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which threads a call wakes that has moved something.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "scenarios/audience.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"

/* Of the scenes' pages, those that are moved begin at this one. */
#define FROM 1

/* A scene of @n pages to be moved, and one page on each side of them. */
static void build(struct audience *a, struct test *t, unsigned int n)
{
	a->n = a->awaited = 0;
	scene_build(&a->scene, t, FROM + n + 1, WAITERS_FEATURES);
}

static void observe_move(struct audience *a, unsigned int from, unsigned int n, uint64_t mode)
{
	struct scene *s = &a->scene;
	int64_t move;
	int error;

	audience_await(a);
	error = scene_move_patiently(s, destination_page(s, from), source_page(s, from), n, mode,
				     &move);
	test_observe_result(s->test, "", error, move);
}

/* How many small pages a huge one has is the machine's affair. */
static void observe_huge_move(struct audience *a, uint64_t mode)
{
	const unsigned int huge = pages_per_huge();
	struct scene *s = &a->scene;
	int64_t move;
	int error;

	audience_await(a);
	error = scene_move_patiently(s, destination_page(s, huge), source_page(s, huge), huge,
				     mode, &move);
	test_observe(s->test, "errno", "%s", error_name(error));
	if (move == (int64_t)huge_page_size())
		test_observe(s->test, "move", "all");
	else
		test_observe(s->test, "move", "%lld bytes", (long long)move);
}

static void observe_misread(struct audience *a)
{
	test_observe(a->scene.test, "wrong_reads", "%u", audience_misread(a));
}

static void drop_page(struct scene *s, unsigned int i)
{
	madvise(source_page(s, i), page_size(), MADV_DONTNEED);
}

void scenario_wake(struct test *t)
{
	struct audience a;

	build(&a, t, 5);
	audience_around(&a, FROM, 5);
	observe_move(&a, FROM, 5, 0);
	audience_tell(&a, "", NULL);
	observe_misread(&a);
	scene_end(&a.scene);
}

/* Over the end of a page table, behind which a kernel's walk makes another step. */
void scenario_wake_two_tables(struct test *t)
{
	static const char *const places[] = {
		"before", "first", "middle", "end_of_table", "next_table", "last", "behind",
	};
	const unsigned int n = sizeof(places) / sizeof(places[0]), border = 4;
	struct audience a;
	struct scene *s = &a.scene;
	char *tables;

	build(&a, t, n - 2);
	tables = map_aligned(t, 2 * table_span(), table_span());
	madvise(tables, 2 * table_span(), MADV_NOHUGEPAGE);
	s->destination = tables + table_span() - border * page_size();
	scene_register(s, s->destination, n, UFFDIO_REGISTER_MODE_MISSING);
	for (unsigned int i = 0; i < n; i++)
		audience_add(&a, places[i], destination_page(s, i), false);
	observe_move(&a, FROM, n - 2, 0);
	audience_tell(&a, "", NULL);
	observe_misread(&a);
	scene_end(s);
}

void scenario_wake_several(struct test *t)
{
	unsigned int done = 0;
	struct audience a;

	build(&a, t, 1);
	while (a.n < 6)
		audience_add(&a, "all", destination_page(&a.scene, FROM), a.n & 1);
	observe_move(&a, FROM, 1, 0);
	for (unsigned int i = 0; i < a.n; i++)
		done += !strcmp(waiter_became(&a.scene, &a.waiters[i]), "done");
	test_observe(t, "done", "%u", done);
	scene_end(&a.scene);
}

/* Two pages move, the third of five stops the call. */
static void around_short_move(struct audience *a)
{
	static const char *const places[] = {
		"before", "first", "last_moved", "stopped_at", "next", "last", "behind",
	};

	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		audience_add(a, places[i], destination_page(&a->scene, i), false);
}

void scenario_wake_short(struct test *t)
{
	struct audience a;

	build(&a, t, 5);
	drop_page(&a.scene, FROM + 2);
	around_short_move(&a);
	observe_move(&a, FROM, 5, 0);
	audience_tell(&a, "", NULL);
	observe_misread(&a);
	scene_end(&a.scene);
}

void scenario_wake_short_occupied(struct test *t)
{
	struct audience a;
	struct scene *s = &a.scene;

	build(&a, t, 5);
	around_short_move(&a);
	audience_await(&a);
	if (scene_copy(s, destination_page(s, FROM + 2), s->source, UFFDIO_COPY_MODE_DONTWAKE))
		test_broken(t, "UFFDIO_COPY: %s", strerror(errno));
	observe_move(&a, FROM, 5, 0);
	audience_tell(&a, "", NULL);
	observe_misread(&a);
	scene_end(s);
}

void scenario_wake_hole(struct test *t)
{
	struct audience a;
	struct scene *s = &a.scene;

	build(&a, t, 5);
	drop_page(s, FROM + 2);
	/* One who waits at the hole's old place is not meant. */
	scene_register(s, s->source, s->pages, UFFDIO_REGISTER_MODE_MISSING);
	audience_around(&a, FROM, 5);
	audience_add(&a, "old_place", source_page(s, FROM + 2), false);
	observe_move(&a, FROM, 5, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	audience_tell(&a, "", NULL);
	observe_misread(&a);
	scene_end(s);
}

void scenario_wake_nothing_but_holes(struct test *t)
{
	struct audience a;

	build(&a, t, 3);
	madvise(a.scene.source, a.scene.pages * page_size(), MADV_DONTNEED);
	audience_around(&a, FROM, 3);
	observe_move(&a, FROM, 3, UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	audience_tell(&a, "", NULL);
	scene_end(&a.scene);
}

void scenario_wake_swapped(struct test *t)
{
	struct audience a;

	stay_on_cpu(t, -1);
	build(&a, t, 3);
	swap_out(&a.scene, a.scene.source, a.scene.pages);
	audience_around(&a, FROM, 3);
	observe_move(&a, FROM, 3, 0);
	audience_tell(&a, "", NULL);
	observe_misread(&a);
	scene_end(&a.scene);
}

void scenario_wake_zero_page(struct test *t)
{
	struct audience a;
	struct scene *s = &a.scene;

	build(&a, t, 3);
	for (unsigned int i = FROM; i < FROM + 3; i++) {
		drop_page(s, i);
		(void)*(volatile char *)source_page(s, i);
	}
	audience_around(&a, FROM, 3);
	observe_move(&a, FROM, 3, 0);
	audience_tell(&a, "", NULL);
	test_observe(t, "read", "%s", waiter_read(&a.waiters[1], scene_tag(FROM)));
	scene_end(s);
}

/* A huge page, with those beside it, whole or into a page table of the destination. */
static void move_huge(struct test *t, bool whole)
{
	const unsigned int huge = pages_per_huge();
	struct audience a = { .n = 0 };
	struct scene *s = &a.scene;

	scene_build_huge(s, t, 3, WAITERS_FEATURES);
	if (!whole)
		madvise(s->destination, s->pages * page_size(), MADV_NOHUGEPAGE);
	audience_around(&a, huge, huge);
	observe_huge_move(&a, 0);
	test_observe(t, "arrived", "%s",
		     page_mapped(t, destination_page(s, huge)) == MAPPED_HUGE ? "whole" : "split");
	audience_tell(&a, "", NULL);
	observe_misread(&a);
	scene_end(s);
}

void scenario_wake_huge_whole(struct test *t)
{
	move_huge(t, true);
}

void scenario_wake_huge_split(struct test *t)
{
	move_huge(t, false);
}

/* Nobody is woken by the call, all of the range by hand. */
static void wake_by_hand(struct audience *a, unsigned int n)
{
	audience_tell(a, "", NULL);
	scene_wake(&a->scene, destination_page(&a->scene, FROM), n);
	audience_tell(a, ".by_wake", NULL);
	scene_end(&a->scene);
}

void scenario_dontwake(struct test *t)
{
	struct audience a;

	build(&a, t, 3);
	audience_around(&a, FROM, 3);
	observe_move(&a, FROM, 3, UFFDIO_MOVE_MODE_DONTWAKE);
	wake_by_hand(&a, 3);
}

void scenario_dontwake_short(struct test *t)
{
	struct audience a;

	build(&a, t, 5);
	drop_page(&a.scene, FROM + 2);
	around_short_move(&a);
	observe_move(&a, FROM, 5, UFFDIO_MOVE_MODE_DONTWAKE);
	wake_by_hand(&a, 5);
}

void scenario_dontwake_holes(struct test *t)
{
	struct audience a;

	build(&a, t, 3);
	drop_page(&a.scene, FROM + 1);
	audience_around(&a, FROM, 3);
	observe_move(&a, FROM, 3,
		     UFFDIO_MOVE_MODE_DONTWAKE | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
	wake_by_hand(&a, 3);
}

void scenario_dontwake_huge(struct test *t)
{
	const unsigned int huge = pages_per_huge();
	struct audience a = { .n = 0 };
	struct scene *s = &a.scene;

	scene_build_huge(s, t, 3, WAITERS_FEATURES);
	audience_around(&a, huge, huge);
	observe_huge_move(&a, UFFDIO_MOVE_MODE_DONTWAKE);
	audience_tell(&a, "", NULL);
	scene_wake(s, destination_page(s, huge), huge);
	audience_tell(&a, ".by_wake", NULL);
	scene_end(s);
}

void scenario_unwritable_wakes(struct test *t)
{
	struct uffdio_move *argument = (struct uffdio_move *)map_pages(t, 1);
	struct audience a;
	struct scene *s = &a.scene;

	build(&a, t, 3);
	audience_around(&a, FROM, 3);
	*argument = (struct uffdio_move){
		.dst = (uintptr_t)destination_page(s, FROM),
		.src = (uintptr_t)source_page(s, FROM),
		.len = 3 * page_size(),
	};
	audience_await(&a);
	if (mprotect(argument, page_size(), PROT_READ))
		test_broken(t, "mprotect: %s", strerror(errno));
	test_observe(t, "errno", "%s", error_name(pagemap_move(t, s->uffd, argument)));
	test_observe(t, "destination", "%s",
		     look_at(s, destination_page(s, FROM), scene_tag(FROM)));
	audience_tell(&a, "", NULL);
	scene_end(s);
}

/* Nobody has read the events of those who wait. */
static void wake_unread(struct test *t, unsigned int n, uint64_t mode)
{
	static const char *const places[] = { "first", "middle", "last", "behind" };
	struct waiter waiters[sizeof(places) / sizeof(places[0])];
	struct scene s;

	scene_build(&s, t, 4, WAITERS_FEATURES);
	madvise(source_page(&s, n), page_size(), MADV_DONTNEED);
	for (unsigned int i = 0; i < 4; i++) {
		waiter_touch(&s, &waiters[i], destination_page(&s, i), i & 1);
		waiter_await_unread(&s, &waiters[i]);
	}
	scene_observe_move(&s, "", 3, mode);
	for (unsigned int i = 0; i < 4; i++)
		test_observe(t, places[i], "%s", waiter_became(&s, &waiters[i]));
	scene_end(&s);
}

void scenario_wake_unread(struct test *t)
{
	wake_unread(t, 3, 0);
}

void scenario_wake_unread_short(struct test *t)
{
	wake_unread(t, 1, 0);
}

void scenario_dontwake_unread(struct test *t)
{
	wake_unread(t, 3, UFFDIO_MOVE_MODE_DONTWAKE);
}

/* Events that tell an address within its page, up to the page's last word. */
void scenario_wake_exact(struct test *t)
{
	struct audience a = { .n = 0 };
	struct scene *s = &a.scene;

	scene_build(s, t, 5, WAITERS_FEATURES | UFFD_FEATURE_EXACT_ADDRESS);
	audience_add(&a, "before", destination_page(s, 1) - 8, false);
	audience_add(&a, "first", destination_page(s, 1) + 8, false);
	audience_add(&a, "middle", destination_page(s, 2) + page_size() / 2, true);
	audience_add(&a, "last", destination_page(s, 4) - 8, false);
	audience_add(&a, "behind", destination_page(s, 4) + 8, false);
	observe_move(&a, FROM, 3, 0);
	audience_tell(&a, "", NULL);
	scene_end(s);
}

void scenario_wake_in_call(struct test *t)
{
	struct waiter first, last, behind;
	struct scene s;

	scene_build(&s, t, 4, WAITERS_FEATURES);
	waiter_touch_in_call(&s, &first, s.destination);
	waiter_touch_in_call(&s, &last, destination_page(&s, 2));
	waiter_touch_in_call(&s, &behind, destination_page(&s, 3));
	waiter_await(&s, &first);
	waiter_await(&s, &last);
	waiter_await(&s, &behind);
	scene_observe_move(&s, "", 3, 0);
	test_observe(t, "first", "%s", waiter_became(&s, &first));
	test_observe(t, "last", "%s", waiter_became(&s, &last));
	test_observe(t, "behind", "%s", waiter_became(&s, &behind));
	test_observe(t, "read", "%s", waiter_read(&last, scene_tag(2)));
	scene_end(&s);
}
