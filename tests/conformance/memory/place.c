// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where letters lie: an offset against page tables at which each letter has the
 * table it asks for, and addresses for it.
 *
 * Both areas are placed alike.  Pages are counted from the start of a window
 * that begins one page table before the one in which the range begins.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "memory/layout_internal.h"

/* Away from the table's first entry, so that there are neighbours on both sides. */
#define USUAL_OFFSET	8
/* Holes around a range in its mapping, pages. */
#define MARGIN		2
/* Pages before a range that are looked at as well. */
#define BEFORE		2
#define MAP_TRIES	1000

#define MAX_TABLES	(2 * MAX_LETTERS + 4)

struct claim {
	bool made;
	enum table table;
	char letter;
};

struct span {
	size_t low, high;
};

static size_t table_pages(void)
{
	return table_span() / page_size();
}

/*
 * A table of the next level has as many entries as a page holds, but more on s390x, and
 * fewer on ppc64el.  Who wants a boundary between two takes one that is one everywhere;
 * who wants none keeps clear of all that may be one.
 */
static size_t upper_span(void)
{
	size_t entries = page_size() / 8;

	return table_span() * (entries > 2048 ? entries : 2048);
}

static size_t least_upper_span(void)
{
	return table_span() * 512;
}

static enum table table_asked(const struct spot *s, enum side side, size_t at)
{
	if (!contract_state(&uffdio_move_contract, s->letter)->huge)
		return s->made->table;
	if (side == ON_SOURCE || (s->pages == table_pages() && at % table_pages() == 0))
		return TABLE_WHOLE;
	return TABLE_PART;
}

static bool claim_table(struct claim *c, enum table table, char letter)
{
	bool free = !c->made || (c->table == table && table != TABLE_WHOLE &&
				 (table != TABLE_PART || c->letter == letter));

	*c = (struct claim){ true, table, letter };
	return free;
}

static bool claim_spot(struct claim claims[], const struct spot *s, enum side side, size_t at)
{
	enum table table = table_asked(s, side, at);
	size_t first = at / table_pages();
	size_t last = (at + s->pages - 1) / table_pages();

	if (table == TABLE_WHOLE && at % table_pages())
		return false;
	for (size_t i = first; i <= last; i++) {
		/* The huge page lies under the first of the spot's pages only. */
		if (table == TABLE_PART && i > first)
			table = TABLE_SHARED;
		if (!claim_table(&claims[i], table, s->letter))
			return false;
	}
	return true;
}

static bool begins_run(const struct built *b, enum side side, unsigned int i)
{
	return i == 0 || b->spots[side][i - 1].letter != b->spots[side][i].letter;
}

/* Does each run of letters with an edge begin at a table's first entry? */
static bool edges_hold(const struct built *b, enum side side, size_t start)
{
	for (unsigned int i = 0; i < b->n; i++) {
		const struct spot *s = &b->spots[side][i];
		const struct state *state = contract_state(&uffdio_move_contract, s->letter);

		if (state && state->edge && begins_run(b, side, i) &&
		    (start + s->first) % table_pages())
			return false;
	}
	return true;
}

size_t folio_pages(const struct spot *s)
{
	switch (s->made->folio) {
	case FOLIO_NONE:
		break;
	case FOLIO_LARGE:
	case FOLIO_SWAPPED:
	case FOLIO_INNER:
		return this_kernel()->folio / page_size();
	case FOLIO_BY_SMALL:
		return table_pages();
	}
	return 0;
}

static bool is_alone_in_folio(const struct spot *s)
{
	return s->made->folio == FOLIO_LARGE || s->made->folio == FOLIO_SWAPPED;
}

/* A folio of which nothing else may be there: does it hold a page of another letter? */
static bool folio_is_shared(const struct built *b, enum side side, size_t start,
			    const struct spot *s)
{
	size_t folio = folio_pages(s);

	for (unsigned int i = 0; i < b->n; i++) {
		const struct spot *other = &b->spots[side][i];

		if (other->made->folio != s->made->folio &&
		    (start + other->first) / folio == (start + s->first) / folio)
			return true;
	}
	return false;
}

/* A folio is natural aligned; its first page may have to lie before what is looked at. */
static bool folios_hold(const struct built *b, enum side side, size_t start)
{
	for (unsigned int i = 0; i < b->n; i++) {
		const struct spot *s = &b->spots[side][i];
		size_t folio = folio_pages(s);

		if (!folio)
			continue;
		if (is_alone_in_folio(s) && folio_is_shared(b, side, start, s))
			return false;
		if (!is_alone_in_folio(s) &&
		    (start % folio <= BEFORE || start / folio != (start + s->first) / folio))
			return false;
	}
	return true;
}

static bool side_fits(const struct built *b, enum side side, size_t start, bool strict)
{
	struct claim claims[MAX_TABLES] = { 0 };

	if (strict && !edges_hold(b, side, start))
		return false;
	if (!folios_hold(b, side, start))
		return false;
	for (unsigned int i = 0; i < b->n; i++) {
		const struct spot *s = &b->spots[side][i];

		if (!claim_spot(claims, s, side, start + s->first))
			return false;
	}
	return true;
}

/* Such a huge page is to be moved one page further than it lies. */
static size_t shift_of(const struct layout *l, enum side side)
{
	const char *letter = l->source.letters;

	while (*letter && !contract_state(&uffdio_move_contract, *letter)->shifted)
		letter++;
	return side == ON_DESTINATION && *letter ? 1 : 0;
}

static bool offset_fits(const struct layout *l, size_t offset, bool strict)
{
	for (unsigned int side = 0; side < layout_sides(l); side++) {
		size_t shift = shift_of(l, side);

		if (!side_fits(l->built, side, table_pages() + offset + shift,
			       strict && !shift))
			return false;
	}
	return true;
}

static size_t choose_offset(struct test *t, const struct layout *l)
{
	const struct built *b = l->built;
	size_t span = table_pages();

	for (int strict = 1; strict >= 0; strict--) {
		if (offset_fits(l, USUAL_OFFSET, strict))
			return USUAL_OFFSET;
		if (offset_fits(l, USUAL_OFFSET + USUAL_OFFSET / 2, strict))
			return USUAL_OFFSET + USUAL_OFFSET / 2;
		for (unsigned int i = 0; i < b->n; i++) {
			size_t offset = (span - b->spots[ON_SOURCE][i].first % span) % span;

			if (offset_fits(l, offset, strict))
				return offset;
		}
	}
	test_broken(t, "page tables cannot be laid out as \"%s\" and \"%s\" ask", l->source.letters,
		  b->range ? "" : l->destination.letters);
}

/* How far the mapping reaches, in pages of the window. */
static struct span mapping_span(const struct layout *l, enum side side, size_t start)
{
	const struct built *b = l->built;
	size_t tables = table_pages();
	struct span m = { start, start };

	for (unsigned int i = 0; i < b->n; i++) {
		const struct spot *s = &b->spots[side][i];
		size_t at = start + s->first, end = at + s->pages, unit = 1;

		if (s->table == TABLE_WHOLE || s->table == TABLE_PART)
			unit = tables;
		else if (folio_pages(s))
			unit = folio_pages(s);
		at -= at % unit;
		end += (unit - end % unit) % unit;
		m.low = at < m.low ? at : m.low;
		m.high = end > m.high ? end : m.high;
	}
	m.low -= MARGIN;
	m.high += MARGIN;
	return m;
}

static size_t letter_pages(const char *letters, unsigned int i)
{
	const struct state *state = contract_state(&uffdio_move_contract, letters[i]);

	return state && state->huge ? table_pages() : 1;
}

static void measure(struct layout *l)
{
	struct built *b = l->built;
	size_t first = 0;

	for (unsigned int i = 0; i < b->n; i++) {
		size_t pages = letter_pages(l->source.letters, i);

		for (unsigned int side = 0; side < layout_sides(l); side++) {
			struct spot *s = &b->spots[side][i];

			s->letter = area_of(l, side)->letters[i];
			s->made = letter_made(s->letter);
			s->table = s->made->table;
			s->first = first;
			s->pages = pages;
		}
		first += pages;
	}
	l->source.pages = l->destination.pages = first;
}

static void settle_spots(struct layout *l, enum side side, size_t start)
{
	struct built *b = l->built;

	for (unsigned int i = 0; i < b->n; i++) {
		struct spot *s = &b->spots[side][i];
		s->table = table_asked(s, side, start + s->first);
		s->filled = s->made->stage == STAGE_TABLES || s->table == TABLE_WHOLE ? s->pages : 1;
		if (s->table == TABLE_WHOLE || s->table == TABLE_PART)
			b->large = true;
	}
}

/*
 * Find room for windows of @pages pages: @upper of them lie before a boundary
 * of the upper page tables (0: the windows lie all between two of these).
 */
static char *find_room(struct test *t, size_t pages, size_t upper)
{
	size_t length = pages * page_size(), unit = upper ? upper_span() : table_span();
	size_t room = upper ? length + 3 * unit : 2 * length + unit;
	uintptr_t at, boundary;
	char *reserve;

	reserve = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (reserve == MAP_FAILED)
		machine_cannot(t, errno, "no %zu bytes of addresses could be had", room);
	munmap(reserve, room);
	at = (uintptr_t)reserve;
	if (upper) {
		at += upper * page_size();
		return (char *)((at + unit - 1) / unit * unit - upper * page_size());
	}
	at = (at + unit - 1) / unit * unit;
	boundary = (at + least_upper_span() - 1) / least_upper_span() * least_upper_span();
	return (char *)(boundary - at < length ? boundary : at);
}

static int file_behind(struct test *t, enum backing backing, size_t length)
{
	int fd;

	if (backing == BACKING_SECRETMEM)
		fd = syscall(__NR_memfd_secret, O_CLOEXEC);
	else
		fd = memfd_create("layout", MFD_CLOEXEC);
	if (fd < 0)
		machine_cannot(t, errno, "no file of memory could be had");
	if (ftruncate(fd, length))
		machine_cannot(t, errno, "the file of memory could not be sized");
	return fd;
}

static int mapping_flags(enum backing backing)
{
	switch (backing) {
	case BACKING_ANONYMOUS:
		return MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	case BACKING_SHARED_ANONYMOUS:
		return MAP_SHARED | MAP_ANONYMOUS;
	case BACKING_HUGETLB:
		return MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	case BACKING_DROPPABLE:
		return MAP_DROPPABLE | MAP_ANONYMOUS;
	case BACKING_FILE_COPY:
		return MAP_PRIVATE;
	case BACKING_FILE_PAGE:	/* made private when the file has its contents */
	case BACKING_SHMEM:
	case BACKING_SECRETMEM:
		break;
	}
	return MAP_SHARED;
}

/* Hugetlb pages are few: another test may have them for a moment. */
static char *map_patiently(char *start, size_t length, int flags, int fd)
{
	struct timespec pause = { .tv_nsec = 2000000 };
	char *p;

	for (int i = 0; i < MAP_TRIES; i++) {
		p = mmap(start, length, PROT_READ | PROT_WRITE, flags | MAP_FIXED_NOREPLACE, fd, 0);
		if (p != MAP_FAILED || !(flags & MAP_HUGETLB) || errno != ENOMEM)
			break;
		nanosleep(&pause, NULL);
	}
	return p;
}

static void map_area(struct test *t, struct layout *l, enum side side, char *low, char *high)
{
	struct area *a = area_of(l, side);
	int flags = mapping_flags(a->backing);
	int fd = -1;

	if (a->backing == BACKING_HUGETLB) {
		low = table_start(low);
		high = table_start(high - 1) + table_span();
		/* One that is to stay empty takes none of the few pages. */
		if (strspn(a->letters, ".e_") == strlen(a->letters))
			flags |= MAP_NORESERVE;
	}
	if (!(flags & MAP_ANONYMOUS))
		fd = file_behind(t, a->backing, high - low);
	if (map_patiently(low, high - low, flags, fd) == MAP_FAILED)
		machine_cannot(t, errno, "memory of this kind could not be mapped");
	l->built->file[side] = fd;
	a->mapping = low;
	a->mapping_pages = (high - low) / page_size();
	if (this_kernel()->always_huge && a->backing == BACKING_ANONYMOUS)
		madvise(low, high - low, MADV_NOHUGEPAGE);
	if (a->prepare)
		a->prepare(t, a);
}

/* Nothing else may come to lie under the upper table that is to be absent. */
static void reserve_upper(struct test *t, const struct area *a)
{
	char *end = a->mapping + a->mapping_pages * page_size();
	uintptr_t next = ((uintptr_t)end / upper_span() + 1) * upper_span();

	if (mmap(end, next - (uintptr_t)end, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		 MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED)
		machine_cannot(t, errno, "the upper page table's range is in use");
}

/* The first letter of the source whose upper tables are to be absent, or NULL. */
static const struct spot *without_upper(const struct built *b)
{
	for (unsigned int i = 0; i < b->n; i++)
		if (b->spots[ON_SOURCE][i].made->no_upper)
			return &b->spots[ON_SOURCE][i];
	return NULL;
}

/* One mapping, or two that touch: the lower one, the destination's, grows. */
static void map_pair(struct test *t, struct layout *l, struct span bytes[SIDES],
		     char *window[SIDES])
{
	char *low[SIDES], *high[SIDES];

	for (int side = 0; side < SIDES; side++) {
		low[side] = window[side] + bytes[side].low * page_size();
		high[side] = window[side] + bytes[side].high * page_size();
	}
	if (l->arrangement == ARRANGE_ADJACENT)
		high[ON_DESTINATION] = low[ON_SOURCE];
	if (l->arrangement == ARRANGE_SAME)
		low[ON_SOURCE] = low[ON_DESTINATION];
	map_area(t, l, ON_SOURCE, low[ON_SOURCE], high[ON_SOURCE]);
	if (l->arrangement != ARRANGE_SAME) {
		map_area(t, l, ON_DESTINATION, low[ON_DESTINATION], high[ON_DESTINATION]);
		return;
	}
	l->destination.mapping = l->source.mapping;
	l->destination.mapping_pages = l->source.mapping_pages;
}

void place_areas(struct test *t, struct layout *l)
{
	struct built *b = l->built;
	size_t tables = table_pages(), offset, window, total, upper = 0;
	struct span spans[SIDES];
	char *windows[SIDES];

	measure(l);
	offset = choose_offset(t, l);
	window = (2 * tables + offset + 1 + l->source.pages + tables - 1) / tables * tables;
	/* The destination comes first, and an empty table's worth between the two. */
	total = b->range ? window : 2 * window + tables;
	if (without_upper(b))
		upper = total - window + tables + offset + without_upper(b)->first;
	windows[ON_DESTINATION] = find_room(t, total, upper);
	windows[ON_SOURCE] = windows[ON_DESTINATION] + (total - window) * page_size();
	for (unsigned int side = 0; side < layout_sides(l); side++) {
		size_t start = tables + offset + shift_of(l, side);

		settle_spots(l, side, start);
		spans[side] = mapping_span(l, side, start);
		area_of(l, side)->start = windows[side] + start * page_size();
	}
	if (b->range)
		map_area(t, l, ON_SOURCE, windows[ON_SOURCE] + spans[ON_SOURCE].low * page_size(),
			 windows[ON_SOURCE] + spans[ON_SOURCE].high * page_size());
	else
		map_pair(t, l, spans, windows);
	if (upper)
		reserve_upper(t, &l->source);
}

/* Does a letter of this side want the page table of @page to be absent or empty? */
static bool table_is_wanted(const struct layout *l, enum side side, const char *page)
{
	const struct area *a = side == ON_SOURCE ? &l->source : &l->destination;

	for (unsigned int i = 0; i < l->built->n; i++) {
		const struct spot *s = &l->built->spots[side][i];
		const char *first = table_start(spot_page(a, s, 0));
		const char *last = table_start(spot_page(a, s, s->pages - 1));

		if ((s->table == TABLE_ABSENT || s->table == TABLE_EMPTY) &&
		    table_start(page) >= first && table_start(page) <= last)
			return true;
	}
	return false;
}

/* Does it belong to a folio that is to stay swapped out? */
static bool is_swapped_away(const struct layout *l, enum side side, const char *page)
{
	const struct area *a = side == ON_SOURCE ? &l->source : &l->destination;

	for (unsigned int i = 0; i < l->built->n; i++) {
		const struct spot *s = &l->built->spots[side][i];
		size_t bytes = folio_pages(s) * page_size();

		if (s->made->folio == FOLIO_SWAPPED && bytes &&
		    (uintptr_t)page / bytes == (uintptr_t)spot_page(a, s, 0) / bytes)
			return true;
	}
	return false;
}

static bool holds_page(const struct area *a, const char *page)
{
	return page >= a->start && page < a->start + a->pages * page_size();
}

bool place_is_free(const struct layout *l, enum side side, const char *page)
{
	const struct area *a = side == ON_SOURCE ? &l->source : &l->destination;

	if (page < a->mapping || page >= a->mapping + a->mapping_pages * page_size() ||
	    holds_page(&l->source, page) || holds_page(&l->destination, page))
		return false;
	for (unsigned int k = 0; k < layout_sides(l); k++)
		if (table_is_wanted(l, k, page) || is_swapped_away(l, k, page))
			return false;
	return true;
}
