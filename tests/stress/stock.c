// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is each page there once, whole, with all stores, where it may be?
 *
 * Asked of a forked child, whose memory is that of one moment in between, and at
 * the end; and the faults by which each question is shown to have an answer.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "pages.h"
#include "test/compat.h"

static const char *const region_names[] = {
	[NEAR] = "near", [FAR] = "far", [PIT] = "pit", [STORE] = "store", [GRAVE] = "grave",
	[COPIES] = "copies", [OWN] = "own of mover 0", "own of mover 1", "own of mover 2",
	"own of mover 3", "own of mover 4", "own of mover 5",
};

/* Where each tag was found, and its counter there. */
struct sight {
	enum region_name region;
	size_t page;
	uint64_t count;
	unsigned int times;
};

static struct sight *sights;
static bool in_child;

/* What a child finds wrong is a property of its own. */
static enum property about(enum property which)
{
	return in_child ? CHILDREN : which;
}

/* In the paired lane a page's offset is its tag; a mover's own region has only that lane. */
static void check_lane(enum region_name r, size_t page, uint64_t tag)
{
	bool lanes_here = r == NEAR || r == FAR;
	bool paired_here = lanes_here ? page < lanes[PAIRED].pages :
			   r >= OWN && (r - OWN) % LANES == PAIRED;
	bool paired = tag < lanes[PAIRED].pages;

	if (paired != paired_here || (paired && tag != page))
		broken(about(OFFSETS), "tag %u is at page %zu of region %s", (unsigned int)tag,
		       page, region_names[r]);
}

static void see(enum region_name r, size_t page)
{
	struct sight *s;
	uint64_t word = 0, tag;
	const char *wrong = inspect(page_at(&regions[r], page), &word);

	/* Nothing in a child makes holes fault, and khugepaged fills them. */
	if (in_child && wrong && !word)
		return;
	if (wrong) {
		broken(about(INTACT), "page %zu of region %s %s (first word %#llx)", page,
		       region_names[r], wrong, (unsigned long long)word);
		if (!tag_of_word(word, &tag))
			return;
	}
	tag_of_word(word, &tag);
	if (r == COPIES) {
		if (tag != lanes[PAIRED].pages + page || word & COUNTER)
			broken(about(INTACT), "page %zu of region copies has tag %u", page,
			       (unsigned int)tag);
		return;
	}
	s = &sights[tag];
	if (s->times++)
		broken(about(ONCE), "tag %u is at page %zu of region %s and at page %zu of %s",
		       (unsigned int)tag, s->page, region_names[s->region], page,
		       region_names[r]);
	s->region = r;
	s->page = page;
	s->count = word & COUNTER;
	check_lane(r, page, tag);
}

static void see_region(enum region_name r)
{
	uint64_t entries[CHUNK];

	for (size_t first = 0; first < regions[r].pages; first += CHUNK) {
		size_t n = regions[r].pages - first < CHUNK ? regions[r].pages - first : CHUNK;

		read_entries(page_at(&regions[r], first), n, entries);
		for (size_t i = 0; i < n; i++)
			if (is_page(entries[i]))
				see(r, first + i);
		me->pulse->beats++;
	}
}

static void see_all(void)
{
	for (enum region_name r = NEAR; r < MAX_REGIONS; r++)
		see_region(r);
}

/* Rights that another thread has taken away for a moment, as the child was forked. */
static void allow_all(void)
{
	for (enum region_name r = NEAR; r <= FAR; r++)
		mprotect(regions[r].start, regions[r].pages * page_size(),
			 PROT_READ | PROT_WRITE);
}

/* Beforehand: what a child maps could come to lie where the pit has a gap. */
void stock_prepare(void)
{
	sights = calloc(n_tags, sizeof(*sights));
	if (!sights) {
		perror("stress");
		_exit(1);
	}
}

/* The child has pages of its own; what it stores must not be seen by its parent. */
static void scribble(void)
{
	for (size_t tag = 0; tag < n_tags; tag += 7)
		if (sights[tag].times)
			memset(page_at(&regions[sights[tag].region], sights[tag].page), 0xff,
			       sizeof(uint64_t));
}

void stock_of_child(void)
{
	in_child = true;
	allow_all();
	if (mix->fault == FAULT_CHILD)
		spoil();
	see_all();
	/* Pages of the free lane may be about to come or to go. */
	for (size_t tag = 0; tag < first_free_tag; tag++)
		if (!sights[tag].times)
			broken(CHILDREN, "tag %zu is nowhere", tag);
	scribble();
}

void stock_at_end(void)
{
	see_all();
	for (size_t tag = 0; tag < n_tags; tag++) {
		const struct sight *s = &sights[tag];
		unsigned long credited = atomic_load(&tags[tag].credited);
		uint64_t count = tags[tag].alive ? s->count : tags[tag].frozen;

		if (tags[tag].alive && !s->times)
			broken(ONCE, "tag %zu is nowhere", tag);
		if (!tags[tag].alive && s->times)
			broken(ONCE, "tag %zu is at page %zu of region %s, but had been dropped",
			       tag, s->page, region_names[s->region]);
		if (s->times <= 1 && count != credited && (s->times || !tags[tag].alive))
			broken(STORES, "tag %zu has %llu stores of %lu", tag,
			       (unsigned long long)count, credited);
	}
}

/* Faults */

/* A page of the paired lane that is in the near or in the far region. */
static char *some_page(bool stored_to)
{
	uint64_t word;

	for (size_t page = 0; page < lanes[PAIRED].pages; page++)
		for (enum region_name r = NEAR; r <= FAR; r++) {
			char *place = lane_page(r, PAIRED, page);

			if (count_pages(place, 1) && !inspect(place, &word) &&
			    (!stored_to || word & COUNTER))
				return place;
		}
	return NULL;
}

static void copy_to_other_side(const char *place)
{
	bool near = place < page_at(&regions[NEAR], regions[NEAR].pages) &&
		    place >= regions[NEAR].start;
	size_t page = (place - regions[near ? NEAR : FAR].start) / page_size();
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page_at(&regions[near ? FAR : NEAR], page),
		.src = (uintptr_t)place,
		.len = page_size(),
	};

	ioctl(uffd_of((char *)(uintptr_t)copy.dst), UFFDIO_COPY, &copy);
}

/* Its own tag is where the next one's is, and the reverse.  False: one of the two is not there. */
static bool swap_with_next(char *place)
{
	uint64_t word, tag;

	if (!count_pages(place, 1) || inspect(place, &word))
		return false;
	tag_of_word(word, &tag);
	for (enum region_name r = NEAR; r <= FAR; r++) {
		char *other = lane_page(r, PAIRED, tag + 1);
		uint64_t other_word;

		if (!count_pages(other, 1) || inspect(other, &other_word))
			continue;
		write_page(place, tag + 1, other_word & COUNTER);
		write_page(other, tag, word & COUNTER);
		return true;
	}
	return false;
}

static bool swap_some(void)
{
	for (size_t page = 0; page + 1 < lanes[PAIRED].pages; page++)
		for (enum region_name r = NEAR; r <= FAR; r++)
			if (swap_with_next(lane_page(r, PAIRED, page)))
				return true;
	return false;
}

bool spoil(void)
{
	char *place = some_page(mix->fault == FAULT_STALE);
	uint64_t before;

	if (!place)
		return false;
	switch (mix->fault) {
	case FAULT_LOSE:
	case FAULT_CHILD:
		madvise(place, page_size(), MADV_DONTNEED);
		break;
	case FAULT_DOUBLE:
		copy_to_other_side(place);
		break;
	case FAULT_STALE:
		add_to(place, -1, &before);
		break;
	case FAULT_SWAP:
		return swap_some();
	case FAULT_DAMAGE:
		place[page_size() - 1] ^= 1;
		break;
	default:
		break;
	}
	return true;
}
