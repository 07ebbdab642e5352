// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a small page gets into the state that its letter names.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <time.h>

#include "memory/layout_internal.h"

#define SWAP_OUT_MS	500

#define LINE_WORDS	8	/* a line is 64 bytes */

/* A tag: nonce 24 bits, side 2, letter 6, page within the letter 20, line 12. */
uint64_t tag_of(const struct keeper *k, enum side side, unsigned int letter,
		size_t page, size_t line)
{
	return (uint64_t)k->nonce << 40 | (uint64_t)(side + 1) << 38 | (uint64_t)letter << 32 |
	       (uint64_t)page << 12 | line;
}

bool tag_owner(const struct keeper *k, uint64_t tag, enum side *side, unsigned int *letter)
{
	unsigned int number = tag >> 38 & 3;

	if (tag >> 40 != k->nonce || number < 1 || number > SIDES)
		return false;
	*side = number - 1;
	*letter = tag >> 32 & 63;
	return *letter < k->n;
}

static void tag_page(const struct keeper *k, enum side side, unsigned int letter,
		     size_t page, char *address)
{
	volatile uint64_t *words = (volatile uint64_t *)address;
	uint64_t tag = tag_of(k, side, letter, page, 0);

	for (size_t line = 0; line < page_size() / 64; line++)
		words[line * LINE_WORDS] = tag + line;
}

void tag_slot(struct layout *l, enum side side, unsigned int i)
{
	const struct slot *s = &l->keepers->slots[side][i];

	for (size_t page = 0; page < s->filled; page++)
		tag_page(l->keepers, side, i, page, slot_page(area_of(l, side), s, page));
}

static void read_page_at(const char *address)
{
	(void)*(const volatile char *)address;
}

static uint64_t entry_at(struct test *t, const void *address)
{
	uint64_t entry;

	pagemap_read(t, address, 1, &entry);
	return entry;
}

static void pause_ms(unsigned int ms)
{
	struct timespec ts = { .tv_nsec = ms * 1000000L };

	nanosleep(&ts, NULL);
}

static bool page_out(struct test *t, char *page)
{
	madvise(page, page_size(), MADV_PAGEOUT);
	return entry_at(t, page) & ENTRY_SWAPPED;
}

/* While a test waits, others may fill it. */
static bool swap_is_full(void)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 && info.freeswap == 0;
}

/*
 * A page that another CPU still has in its batch for the LRU lists cannot be
 * paged out; writing it anew puts it into this one's.
 */
static void swap_out(struct test *t, struct layout *l, enum side side, unsigned int i)
{
	char *page = slot_page(area_of(l, side), &l->keepers->slots[side][i], 0);
	int64_t end = now_ms() + patient_ms(SWAP_OUT_MS);

	do {
		if (page_out(t, page))
			return;
		pause_ms(1);
		madvise(page, page_size(), MADV_DONTNEED);
		tag_slot(l, side, i);
	} while (now_ms() < end && !swap_is_full());
	test_skip(t, swap_is_full() ? "swap is full" : "the page was not swapped out");
}

void make_shared(struct test *t, struct layout *l, const char *letters)
{
	struct keeper *k = l->keepers;
	bool any = false;

	for (unsigned int i = 0; i < k->n; i++) {
		char letter = k->slots[ON_SOURCE][i].letter;

		if (!strchr(letters, letter))
			continue;
		any = true;
		if (letter != 'f')
			tag_slot(l, ON_SOURCE, i);
		if (strchr("sc", letter))
			swap_out(t, l, ON_SOURCE, i);
	}
	if (!any)
		return;
	if (strchr(letters, 'f'))
		make_large(t, l, "f");
	keep_by_child(t, strchr(letters, 'C'));
}

/* The pages that are to be freed wait in a batch, which the second call empties. */
static void free_lazily(char *page)
{
	madvise(page, page_size(), MADV_FREE);
	madvise(page, page_size(), MADV_FREE);
}

static void make_page(struct test *t, struct layout *l, enum side side, unsigned int i)
{
	struct slot *s = &l->keepers->slots[side][i];
	char *page = slot_page(area_of(l, side), s, 0);

	if (strchr("PRDYWKSV", s->letter))
		tag_slot(l, side, i);
	switch (s->letter) {
	case 'R':
		keep_by_pipe(t, l->keepers, page);
		break;
	case 'D':
		keep_by_ring(t, page, page_size());
		break;
	case 'Y':
		free_lazily(page);
		break;
	case 'S':
		swap_out(t, l, side, i);
		break;
	case 'Z':
		read_page_at(page);
		break;
	case 'G':
		if (madvise(page, page_size(), MADV_GUARD_INSTALL))
			test_skip(t, "no guard region could be made: %s", strerror(errno));
		break;
	}
}

void make_pages(struct test *t, struct layout *l)
{
	for (unsigned int side = 0; side < layout_sides(l); side++)
		for (unsigned int i = 0; i < l->keepers->n; i++)
			make_page(t, l, side, i);
	if (strchr(l->source.letters, 'K'))
		keep_by_twin(t, l);
}

/* The slot's first page in the page table that its page @page lies in, or NULL. */
static char *first_in_table(const struct area *a, const struct slot *s, char *table)
{
	char *first = slot_page(a, s, 0), *end = slot_page(a, s, s->pages);

	if (first < table)
		first = table;
	return first < end && first < table + table_span() ? first : NULL;
}

static void make_empty_table(char *page)
{
	read_page_at(page);
	madvise(page, page_size(), MADV_DONTNEED);
}

/* A page table with something in it, beside the range where there is room. */
static void make_table(const struct area *a, char *page)
{
	char *before = a->start - page_size();
	char *after = a->start + a->pages * page_size();

	if (table_start(before) == table_start(page))
		read_page_at(before);
	else if (table_start(after) == table_start(page))
		read_page_at(after);
	else
		make_empty_table(page);
}

static void make_slot_tables(const struct area *a, const struct slot *s)
{
	char *page, *table = table_start(slot_page(a, s, 0));

	/* The tables above the absent one exist if there is a neighbour below them. */
	if (s->letter == '_' && s->first == 0)
		read_page_at(a->start - page_size());
	for (; (page = first_in_table(a, s, table)); table += table_span()) {
		if (s->letter == '.')
			make_table(a, page);
		else if (s->letter == 'e')
			make_empty_table(page);
	}
}

void make_tables(struct test *t, struct layout *l)
{
	(void)t;
	for (unsigned int side = 0; side < layout_sides(l); side++) {
		const struct area *a = area_of(l, side);

		if (a->backing != BACKING_ANONYMOUS && a->backing != BACKING_DROPPABLE)
			continue;
		for (unsigned int i = 0; i < l->keepers->n; i++)
			make_slot_tables(a, &l->keepers->slots[side][i]);
	}
}

uint64_t letters_mode(const char *letters)
{
	if (strpbrk(letters, "wWV"))
		return UFFDIO_REGISTER_MODE_WP;
	return strchr(letters, 'X') ? UFFDIO_REGISTER_MODE_MISSING : 0;
}

uint64_t layout_features(const struct layout *l)
{
	const char *letters = l->destination.letters;
	uint64_t features = 0;

	/* In one mapping the source is registered like the destination. */
	for (int side = 0; side < SIDES; side++) {
		if (letters && strpbrk(letters, "wWV"))
			features |= UFFD_FEATURE_PAGEFAULT_FLAG_WP;
		if (letters && strchr(letters, 'w'))
			features |= UFFD_FEATURE_WP_UNPOPULATED;
		letters = !letters || l->arrangement == ARRANGE_SAME ? l->source.letters : NULL;
	}
	return features;
}

static void protect(struct test *t, int uffd, char *page)
{
	struct uffdio_writeprotect wp = {
		.range = { .start = (uintptr_t)page, .len = page_size() },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	if (ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		test_skip(t, "the page could not be write-protected: %s", strerror(errno));
}

static void poison(struct test *t, int uffd, char *page)
{
	struct uffdio_poison arg = {
		.range = { .start = (uintptr_t)page, .len = page_size() },
	};

	if (ioctl(uffd, UFFDIO_POISON, &arg))
		test_skip(t, "the page could not be poisoned: %s", strerror(errno));
}

static void swap_out_protected(struct test *t, char *page)
{
	int64_t end = now_ms() + patient_ms(SWAP_OUT_MS);

	do {
		if (page_out(t, page))
			return;
		pause_ms(1);
	} while (now_ms() < end && !swap_is_full());
	test_skip(t, swap_is_full() ? "swap is full" :
			 "the write-protected page was not swapped out");
}

void make_registered(struct test *t, struct layout *l, enum side side, int uffd)
{
	for (unsigned int i = 0; i < l->keepers->n; i++) {
		const struct slot *s = &l->keepers->slots[side][i];
		char *page = slot_page(area_of(l, side), s, 0);

		if (strchr("wWV", s->letter))
			protect(t, uffd, page);
		if (s->letter == 'X')
			poison(t, uffd, page);
		if (s->letter == 'V')
			swap_out_protected(t, page);
	}
}
