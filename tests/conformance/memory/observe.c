// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is at a letter's place, told as a letter; and what a moved page is like.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "memory/layout_internal.h"


/* What the values of marker entries say. */
#define MARKER_PROTECT	1
#define MARKER_POISON	2
#define MARKER_GUARD	4

static bool flag(uint64_t flags, unsigned int number)
{
	return flags >> number & 1;
}

/* Who reads such a page sleeps until somebody ends its protection. */
static void end_access_protection(struct test *t, const struct area *a, const char *page)
{
	int error;

	if (!a->for_rwp || !(pagemap_entry(page) & ENTRY_PROTECTED))
		return;
	error = uffd_rwprotect(a->registered, a->mapping, a->mapping_pages * page_size(), 0);
	if (error)
		machine_cannot(t, error, "the protection against access cannot be ended");
}

const uint64_t *page_words(struct test *t, struct area *a, const char *page)
{
	end_access_protection(t, a, page);
	/* no other way is open on every kernel: /proc/self/mem may be refused */
	if (a->closed && mprotect(a->mapping, a->mapping_pages * page_size(), PROT_READ))
		machine_cannot(t, errno, "the pages cannot be read");
	a->closed = false;
	return (const uint64_t *)page;
}

static bool has_zeroes(const uint64_t *words)
{
	for (size_t i = 0; i < page_size() / sizeof(*words); i++)
		if (words[i])
			return false;
	return true;
}

static bool has_letter(const struct layout *l, char letter)
{
	return strchr(l->source.letters, letter) ||
	       (!l->built->range && strchr(l->destination.letters, letter));
}

/* By the kernel's eyes, so that nothing here is killed by a marker. */
static bool can_be_read(const char *page)
{
	char byte;
	struct iovec to = { &byte, 1 }, from = { (void *)page, 1 };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1;
}

/*
 * Without sight of the entry's kind: by what it does, and what was made.  To
 * read a swapped page ends its being so; that is not for before the call.
 */
static char hidden_swap_letter(const struct layout *l, const struct spot *s, const char *page,
			       uint64_t entry, bool may_read)
{
	if (entry & ENTRY_GUARD)
		return 'G';
	if (entry & ENTRY_PROTECTED)
		return s->letter == 'w' || !has_letter(l, 'V') ? 'w' : 'S';
	if (!may_read)
		return strchr("XG", s->letter) ? s->letter : 'S';
	if (can_be_read(page))
		return 'S';
	return has_letter(l, 'G') && !has_letter(l, 'X') ? 'G' : 'X';
}

static char swap_letter(const struct layout *l, const struct spot *s, const char *page,
			uint64_t entry, bool may_read)
{
	if (!this_kernel()->frames)
		return hidden_swap_letter(l, s, page, entry, may_read);
	if (entry_kind(entry) != KIND_MARKER)
		return entry_has_failed(entry) ? 'h' : 'S';
	switch (entry_value(entry)) {
	case MARKER_PROTECT:
		return 'w';
	case MARKER_POISON:
		return 'X';
	case MARKER_GUARD:
		return 'G';
	}
	return '?';
}

/* Where the flag cannot be believed, a page made to be merged that others map is. */
static bool is_merged(const struct spot *s, uint64_t entry, uint64_t flags)
{
	if (this_kernel()->merged_told)
		return flag(flags, FLAG_MERGED);
	return s->letter == 'K' && !(entry & ENTRY_EXCLUSIVE);
}

static char present_letter(struct test *t, const struct layout *l, struct area *a,
			   const struct spot *s, const char *page, uint64_t entry)
{
	uint64_t flags = frame_flags(entry_frame(entry));

	if (entry & ENTRY_PROTECTED)
		return a->for_rwp ? 'Q' : 'W';
	if (a->backing != BACKING_ANONYMOUS && a->backing != BACKING_DROPPABLE)
		return 'P';
	if (!flags)
		return (entry_frame(entry) ? entry_frame(entry) == this_kernel()->zero_frame :
			has_zeroes(page_words(t, a, page))) ? 'Z' : 'P';
	if (flag(flags, FLAG_ZERO))
		return 'Z';
	if (is_merged(s, entry, flags))
		return 'K';
	/* Droppable memory is never swap-backed; of a folio, its first page tells. */
	if (flag(flags, FLAG_ANONYMOUS) && !flag(flags, FLAG_SWAP_BACKED) &&
	    !flag(flags, FLAG_COMPOUND_TAIL) && l->source.backing != BACKING_DROPPABLE)
		return 'Y';
	return 'P';
}

static char mapped_letter(struct test *t, const struct layout *l, struct area *a,
			  const struct spot *s, const char *page, uint64_t entry,
			  enum mapped mapped)
{
	if (mapped == MAPPED_HUGE_ZERO)
		return 'H';
	if (mapped == MAPPED_HUGE)
		return 'T';
	return present_letter(t, l, a, s, page, entry);
}

static void look_at_spot(struct test *t, const struct layout *l, struct area *a,
			 struct spot *s, const uint64_t *entries, bool may_read)
{
	enum mapped mapped = MAPPED_SMALL;

	s->oddity = NULL;
	for (size_t i = 0; i < s->pages; i++) {
		const char *page = spot_page(a, s, i);
		uint64_t entry = entries[s->first + i];
		char letter = '.';

		if (l->built->large && (i == 0 || page == table_start(page)))
			mapped = page_mapped(t, page);
		if (entry & ENTRY_PRESENT)
			letter = mapped_letter(t, l, a, s, page, entry, mapped);
		else if (entry & ENTRY_SWAPPED)
			letter = swap_letter(l, s, page, entry, may_read);
		if (i == 0)
			s->seen = letter;
		/* A huge page of which the letter is a part goes on behind it. */
		if (i >= s->filled && s->table == TABLE_PART)
			break;
		if (letter != (i < s->filled ? s->seen : '.'))
			s->oddity = "differs within the letter";
	}
	if (s->seen == '?')
		s->oddity = "an entry of no known kind";
}

static uint64_t *area_entries(struct test *t, const struct area *a)
{
	uint64_t *entries = calloc(a->pages, sizeof(*entries));

	if (!entries)
		test_broken(t, "no memory");
	pagemap_read(t, a->start, a->pages, entries);
	return entries;
}

void look(struct test *t, struct layout *l, enum side side, bool may_read)
{
	struct area *a = area_of(l, side);
	uint64_t *entries = area_entries(t, a);

	for (unsigned int i = 0; i < l->built->n; i++)
		look_at_spot(t, l, a, &l->built->spots[side][i], entries, may_read);
	l->built->looked[side] = true;
	free(entries);
}

void verify(struct test *t, struct layout *l, enum side side)
{
	const struct area *a = area_of(l, side);
	struct built *b = l->built;
	uint64_t *entries;

	look(t, l, side, false);
	b->looked[side] = false;
	entries = area_entries(t, a);
	for (unsigned int i = 0; i < b->n; i++) {
		struct spot *s = &b->spots[side][i];
		const struct state *state = contract_state(&uffdio_move_contract, s->letter);

		if (s->oddity || s->seen != state->looks ||
		    (s->made->is_as_made && !s->made->is_as_made(entries[s->first])))
			test_broken(t, "%s could not be made: %s letter %u looks like '%c'%s%s",
				    state->is, side == ON_SOURCE ? "source" : "destination", i,
				    s->seen, s->oddity ? ", " : "", s->oddity ? s->oddity : "");
	}
	if (side != ON_SOURCE) {
		free(entries);
		return;
	}
	for (size_t i = 0; i < a->pages; i++)
		entries[i] = entry_frame(entries[i]);
	b->frames = entries;
}

/* Whose contents are in a spot's pages?  False if they are nobody's, or mixed. */
static bool find_owner(struct test *t, const struct built *b, struct area *a,
		       const struct spot *s, enum side *side, unsigned int *letter)
{
	for (size_t page = 0; page < s->filled; page++) {
		const uint64_t *words = page_words(t, a, spot_page(a, s, page));

		if ((page == 0 && !tag_owner(b, words[0], side, letter)) ||
		    !tags_are_whole(b, words, *side, *letter, page))
			return false;
	}
	return true;
}

/* Is there a page behind such a letter, with contents of ours? */
static bool has_contents(char seen)
{
	const struct state *state = contract_state(&uffdio_move_contract, seen);

	return state && !state->blank;
}

static enum side side_of(const struct layout *l, const struct area *area)
{
	return l->built->range || area == &l->source ? ON_SOURCE : ON_DESTINATION;
}

static void observe_spot(struct test *t, struct layout *l, const char *name, enum side side,
			 unsigned int i)
{
	const struct spot *s = &l->built->spots[side][i];
	unsigned int letter = 0;
	enum side whose = side;
	char what[32];

	snprintf(what, sizeof(what), "%s[%u]", name, i);
	if (s->oddity)
		test_observe(t, what, "? %s", s->oddity);
	else if (!has_contents(s->seen))
		test_observe(t, what, "%c", s->seen);
	else if (!find_owner(t, l->built, area_of(l, side), s, &whose, &letter))
		test_observe(t, what, "? %c with other contents", s->seen);
	else
		test_observe(t, what, "%c %c%u", s->seen, whose == ON_SOURCE ? 's' : 'd', letter);
}

void layout_observe(struct test *t, struct layout *l, const char *name, const struct area *area)
{
	enum side side = side_of(l, area);

	if (!l->built->looked[side])
		look(t, l, side, true);
	l->built->looked[side] = false;
	for (unsigned int i = 0; i < l->built->n; i++)
		observe_spot(t, l, name, side, i);
}

/* Where a page that is at @s now was before: in a range, where its tag tells. */
static const struct spot *spot_before(struct test *t, struct layout *l, const struct spot *s)
{
	const struct built *b = l->built;
	unsigned int letter;
	enum side side;

	if (b->range && find_owner(t, b, &l->source, s, &side, &letter))
		return &b->spots[side][letter];
	return s;
}

static const char *frame_is(struct test *t, struct layout *l, const struct spot *s,
			    const uint64_t *entries)
{
	const uint64_t *before = l->built->frames + spot_before(t, l, s)->first;

	for (size_t i = 0; i < s->pages; i++) {
		if (!entry_frame(entries[i]))
			return "hidden";
		if (entry_frame(entries[i]) != before[i])
			return "other";
	}
	return "same";
}

static const char *soft_dirty_is(const struct spot *s, const uint64_t *entries)
{
	for (size_t i = 0; i < s->pages; i++)
		if (!(entries[i] & ENTRY_SOFT_DIRTY))
			return "clear";
	return "set";
}

/* The second word of the page's first line, which is zero, is none of its tags. */
static int store_in_child(void *page)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	((volatile uint64_t *)page)[1] = 0;
	_exit(0);
}

/* A store that may wait for ever for someone to resolve it. */
static bool store_returns(struct test *t, char *page)
{
	static char stack[65536] __attribute__((aligned(64)));
	struct timespec pause = { .tv_nsec = 1000000 };
	unsigned int asleep = 0;
	pid_t pid = clone(store_in_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, page);
	int status = -1;

	if (pid < 0)
		machine_cannot(t, errno, "no process could be had");
	while (asleep < ASLEEP_MS) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status == 0;
		asleep = is_asleep(pid) ? asleep + 1 : 0;
		nanosleep(&pause, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return false;
}

static bool page_takes_store(struct test *t, char *page, uint64_t entry)
{
	uint64_t after;

	if (entry & ENTRY_PROTECTED)
		return store_returns(t, page);
	((volatile uint64_t *)page)[1] = 0;
	pagemap_read(t, page, 1, &after);
	/* Had it been read-only, the store would have gone to a copy. */
	return entry_frame(after) == entry_frame(entry);
}

static const char *writable_is(struct test *t, const struct area *a, const struct spot *s,
			       const uint64_t *entries)
{
	for (size_t i = 0; i < s->pages; i++)
		if (!(entries[i] & ENTRY_PRESENT) ||
		    !page_takes_store(t, spot_page(a, s, i), entries[i]))
			return "no";
	return "yes";
}

static void observe_moved(struct test *t, struct layout *l, const struct spot *s,
			  unsigned int i, const uint64_t *entries, unsigned int wanted)
{
	char what[32];

	snprintf(what, sizeof(what), "frame[%u]", i);
	if (wanted & 1 << OBSERVE_FRAME && this_kernel()->frames)
		test_observe(t, what, "%s", frame_is(t, l, s, entries));
	snprintf(what, sizeof(what), "soft_dirty[%u]", i);
	if (wanted & 1 << OBSERVE_SOFT_DIRTY && this_kernel()->soft_dirty)
		test_observe(t, what, "%s", soft_dirty_is(s, entries));
	snprintf(what, sizeof(what), "writable[%u]", i);
	if (wanted & 1 << OBSERVE_WRITABLE)
		test_observe(t, what, "%s", writable_is(t, &l->destination, s, entries));
}

void layout_observe_moved(struct test *t, struct layout *l, unsigned int from,
			  unsigned int to, unsigned int wanted)
{
	enum side side = side_of(l, &l->destination);
	uint64_t *entries;

	/* A store changes what a page looks like: see all of them first. */
	if (!l->built->looked[side])
		look(t, l, side, true);
	entries = area_entries(t, &l->destination);
	for (unsigned int i = from; i < to && i < l->built->n; i++) {
		const struct spot *s = &l->built->spots[side][i];

		observe_moved(t, l, s, i, entries + s->first, wanted);
	}
	free(entries);
}
