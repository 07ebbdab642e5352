// SPDX-License-Identifier: GPL-2.0-only
/*
 * What holds of a page that has moved.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/waiters.h"

#define STORED 0x73746f726564ULL
#define FEW 8

/* What the pipe has of a page to which was stored where it is now. */
static void observe_pipe(struct scene *s, int pipe)
{
	uint64_t word;

	if (read(pipe, &word, sizeof(word)) != sizeof(word))
		test_broken(s->test, "the pipe cannot be read: %s", strerror(errno));
	test_observe(s->test, "pipe", "%s", word == STORED ? "store" :
		     word == scene_tag(0) ? "contents" : "other");
}

static void observe_reference(struct test *t, unsigned int times)
{
	struct scene s;
	char *place;
	int pipe;

	scene_build(&s, t, 1, 0);
	pipe = refer_by_pipes(t, s.source, times);
	scene_observe_errno(&s, 1, 0);
	place = page_is_there(t, s.destination) ? s.destination : s.source;
	*(volatile uint64_t *)place = STORED;
	observe_pipe(&s, pipe);
	scene_end(&s);
}

void scenario_reference(struct test *t)
{
	observe_reference(t, 1);
}

void scenario_many_references(struct test *t)
{
	observe_reference(t, MANY_TIMES);
}

void scenario_protection_dropped(struct test *t)
{
	struct waiter w;
	struct scene s;

	scene_build(&s, t, 1, WAITERS_FEATURES | UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	scene_register(&s, s.source, 1, UFFDIO_REGISTER_MODE_WP);
	scene_register(&s, s.destination, 1,
		       UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
	scene_protect(&s, s.source, 1);
	scene_observe_errno(&s, 1, 0);
	waiter_touch(&s, &w, s.destination, true);
	test_observe(t, "store", "%s", waiter_became(&s, &w));
	scene_end(&s);
}

/* A child that dies by an access tells whether it could be made. */
static const char *try_access(struct test *t, volatile uint64_t *word, bool store)
{
	pid_t child = machine_fork(t);
	int code;

	if (child == 0) {
		struct rlimit no_core = { 0 };

		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGSEGV, SIG_DFL);
		if (store)
			*word = STORED;
		_exit(*word == scene_tag(0) ? 0 : 1);
	}
	code = test_wait(t, child);
	if (code == 128 + SIGSEGV)
		return "fault";
	return code == 0 ? "contents" : "other";
}

void scenario_later_changes(struct test *t)
{
	uint64_t *place = (uint64_t *)map_pages(t, 1);
	void *moved;
	struct scene s;

	scene_build(&s, t, 1, 0);
	scene_observe_errno(&s, 1, 0);
	test_observe(t, "child", "%s", try_access(t, (uint64_t *)s.destination, false));
	moved = mremap(s.destination, page_size(), page_size(), MREMAP_MAYMOVE | MREMAP_FIXED,
		       place);
	test_observe(t, "remapped", "%s",
		     moved == MAP_FAILED ? "refused" : look_at(&s, place, scene_tag(0)));
	mprotect(place, page_size(), PROT_READ);
	test_observe(t, "read_only", "%s", try_access(t, place, true));
	munmap(place, page_size());
	test_observe(t, "unmapped", "%s", try_access(t, place, false));
	scene_end(&s);
}

/*
 * Reclaim finds a page by where the kernel takes it to be mapped.  That pages can be
 * swapped out at all is seen by one that does not move.
 */
static void observe_reclaimed(struct scene *s)
{
	char *control = map_pages(s->test, 1);

	*control = 1;
	swap_out(s, control, 1);
	scene_observe_errno(s, s->pages, 0);
	observe_reclaim(s);
	scene_end(s);
}

void scenario_reclaimed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	observe_reclaimed(&s);
}

/* A mapping that has held a page before it is moved keeps the offsets of its old place. */
static char *map_elsewhere(struct test *t, unsigned int pages)
{
	size_t bytes = pages * page_size();
	char *old = map_pages(t, pages), *new = map_pages(t, pages);

	*old = 1;
	if (mremap(old, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, new) != new)
		machine_cannot(t, errno, "a mapping could not be moved");
	madvise(new, bytes, MADV_DONTNEED);
	return new;
}

void scenario_remapped_reclaimed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	s.source = map_elsewhere(t, FEW);
	s.destination = map_elsewhere(t, FEW);
	scene_refill(&s);
	scene_register(&s, s.destination, FEW, UFFDIO_REGISTER_MODE_MISSING);
	observe_reclaimed(&s);
}

void scenario_huge_reclaimed_later(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build_huge(&s, t, 1, 0);
	observe_reclaimed(&s);
}

/* Each page of the source is write-protected, and then moved into a range that could be. */
static void move_protected(struct scene *s, unsigned int pages)
{
	unsigned int protected = 0;
	int error = 0;

	scene_register(s, s->source, s->pages, UFFDIO_REGISTER_MODE_WP);
	scene_register(s, s->destination, s->pages,
		       UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP);
	scene_protect(s, s->source, s->pages);
	for (unsigned int i = 0; i < s->pages; i++)
		if (!(pagemap_entry(source_page(s, i)) & ENTRY_PROTECTED))
			test_broken(s->test, "page %u is not write-protected", i);
	for (unsigned int i = 0; i < s->pages && !error; i += pages)
		error = scene_move_patiently(s, destination_page(s, i), source_page(s, i), pages, 0,
					     NULL);
	for (unsigned int i = 0; i < s->pages; i++)
		protected += !!(pagemap_entry(destination_page(s, i)) & ENTRY_PROTECTED);
	test_observe(s->test, "errno", "%s", error_name(error));
	test_observe(s->test, "protected", "%u", protected);
	scene_end(s);
}

static void read_source(struct scene *s)
{
	madvise(s->source, s->pages * page_size(), MADV_DONTNEED);
	for (unsigned int i = 0; i < s->pages; i++)
		(void)*(volatile char *)source_page(s, i);
}

void scenario_protection_dropped_zero(struct test *t)
{
	struct scene s;

	scene_build(&s, t, FEW, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	read_source(&s);
	move_protected(&s, FEW);
}

void scenario_protection_dropped_huge(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	move_protected(&s, s.pages);
}

void scenario_protection_dropped_split(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	move_protected(&s, s.pages / 2);
}

void scenario_protection_dropped_huge_zero(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	scene_make_huge_zero(&s);
	move_protected(&s, s.pages);
}

static bool is_zero_page(struct scene *s, unsigned int i)
{
	uint64_t frame = entry_frame(pagemap_entry(destination_page(s, i)));

	return frame && frame_flags(frame) >> FLAG_ZERO & 1;
}

/* Nothing but zeros is stored: a kernel at fault would spoil that page for the whole machine. */
static void observe_zero_stored(struct scene *s, int (*move)(struct scene *s))
{
	unsigned int moved = 0, stored_in_place = 0;

	test_observe(s->test, "errno", "%s", error_name(move(s)));
	for (unsigned int i = 0; i < s->pages; i++)
		moved += is_zero_page(s, i);
	test_observe(s->test, "moved", "%s", moved == s->pages ? "all" : "not all");
	for (unsigned int i = 0; i < s->pages; i++) {
		if (!is_zero_page(s, i))
			continue;
		*(volatile uint64_t *)destination_page(s, i) = 0;
		stored_in_place += is_zero_page(s, i);
	}
	test_observe(s->test, "stored_in_place", "%u", stored_in_place);
	scene_end(s);
}

static void make_zero(struct scene *s)
{
	madvise(s->source, s->pages * page_size(), MADV_DONTNEED);
	for (unsigned int i = 0; i < s->pages; i++)
		(void)*(volatile char *)source_page(s, i);
}

void scenario_zero_stored(struct test *t)
{
	struct scene s;

	scene_build(&s, t, FEW, 0);
	make_zero(&s);
	observe_zero_stored(&s, scene_move_all);
}

void scenario_zero_unmarked(struct test *t)
{
	unsigned int marked = 0;
	struct scene s;

	scene_build(&s, t, FEW, 0);
	make_zero(&s);
	clear_soft_dirty();
	scene_move_all(&s);
	for (unsigned int i = 0; i < s.pages; i++)
		marked += !!(pagemap_entry(destination_page(&s, i)) & ENTRY_SOFT_DIRTY);
	test_observe(t, "marked", "%u", marked);
	scene_end(&s);
}

static void observe_huge_zero_stored(struct test *t, int (*move)(struct scene *s))
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	scene_make_huge_zero(&s);
	if (page_mapped(t, s.source) != MAPPED_HUGE_ZERO)
		machine_cannot(t, ENOMEM, "the huge zero page is not to be had at the moment");
	observe_zero_stored(&s, move);
}

void scenario_zero_stored_huge(struct test *t)
{
	observe_huge_zero_stored(t, scene_move_all);
}

void scenario_zero_stored_over_table(struct test *t)
{
	observe_huge_zero_stored(t, scene_move_over_tables);
}

void scenario_zero_stored_split(struct test *t)
{
	observe_huge_zero_stored(t, scene_move_in_halves);
}
