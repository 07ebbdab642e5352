/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where pages lie, and what they carry.
 *
 * Two regions, the near and the far one, have the same three lanes, and pages
 * move from any place of a lane to any other of the same.  The first word of a
 * page holds its tag and a counter of stores, so that an atomic addition tells
 * which page it has met; all other words follow from the tag.
 */
#ifndef UFFDIO_MOVE_STRESS_PAGES_H
#define UFFDIO_MOVE_STRESS_PAGES_H

#include "mix.h"

enum lane_name {
	PAIRED,		/* a page keeps its offset: near, far, or the mover's own region */
	FREE,		/* pages go anywhere, come (UFFDIO_COPY) and are dropped */
	QUIET,		/* nobody stores to it and moves are rare, so that KSM merges */
	LANES
};

struct lane {
	size_t first, pages;
};

enum region_name {
	NEAR, FAR,
	PIT,		/* pages are moved into it, and it is mapped away */
	STORE,		/* the server's, which moves pages from it to where a thread waits */
	GRAVE,		/* where what was in the pit is mapped, and dropped */
	COPIES,		/* of the quiet lane's pages, for KSM to find; never moved */
	OWN,		/* and so on: one mover's each */
	MAX_REGIONS = OWN + 2 * LANES
};

struct region {
	char *start;
	size_t pages;
};

extern struct lane lanes[LANES];
extern struct region regions[MAX_REGIONS];
extern size_t slot_pages;		/* in a huge page, where there are any of use */
extern bool protects;			/* UFFDIO_WRITEPROTECT works */
extern int served_fd;

unsigned int movers_per_lane(void);
char *page_at(const struct region *r, size_t page);
char *lane_page(enum region_name r, enum lane_name l, size_t page);

/* Make all regions and all pages; ends the process with a sentence if it cannot. */
void regions_build(void);

/* The descriptor on which a place is registered. */
int uffd_of(const char *place);

/* Map what lies in [start, start + pages) anew, and register it. */
bool map_anew(char *start, size_t pages);

/* What pagemap shows; a page may be a swapped one.  CHUNK: as much as a stack holds. */
#define CHUNK 512
bool is_page(uint64_t entry);
void read_entries(const char *start, size_t pages, uint64_t *entries);
size_t count_pages(const char *start, size_t pages);

#define COUNTER_BITS	40
#define COUNTER		((1ULL << COUNTER_BITS) - 1)

/* One page's life.  Those of the free lane are alive, or wait to come (again). */
struct tag {
	atomic_ulong credited;	/* stores that were made to it */
	uint64_t frozen;	/* its counter when it was dropped */
	bool alive;
};

extern struct tag *tags;
extern size_t n_tags, first_free_tag;

void write_page(char *at, uint64_t tag, uint64_t count);

/* Does the word hold a tag?  Then @tag is set. */
bool tag_of_word(uint64_t word, uint64_t *tag);

/* NULL if there is a whole page of ours, or what is wrong; @word: its first word. */
const char *inspect(const char *place, uint64_t *word);

/* The same, and @which is broken if there is none, says @who. */
bool whole(const char *place, enum property which, const char *who);

/* Accesses that may fault; until then SIGBUS and SIGSEGV end the process. */
void guard_install(void);

/* Add to the counter of the page at @place; false if there is none that can be stored to. */
bool add_to(char *place, uint64_t n, uint64_t *before);

/* A store was made to the page whose word was @before. */
void credit(uint64_t before, const char *place);

/* A place of the free lane to which a writer stores for long just now; or NULL. */
extern char *_Atomic hot_place;

/* Let a page come that is not there at present; false if the place is taken. */
bool birth(char *place);

/* Pages of the free lane that are alive. */
size_t population(void);

/*
 * Note the last state of all pages in a range that nobody else can reach, before
 * it is dropped; returns how many.  Afterwards release() lets them come again.
 */
size_t freeze(char *start, size_t pages, uint32_t *which);
void release(const uint32_t *which, size_t n);

/* Has no store come since?  One may, by a translation that a CPU has kept. */
void check_frozen(char *start, size_t pages);

/* Calls of UFFDIO_MOVE, with that mode besides where it is asked for. */
struct reply {
	int error;
	size_t moved;	/* pages, or holes counted as such */
};

uint64_t some_mode(void);
struct reply move(char *dst, char *src, size_t pages, uint64_t mode);

/* Move in some mode; cure what was refused. */
void move_once(char *dst, char *src, size_t pages);

/* Move, and go on behind what has stopped a call, up to the end. */
void carry(char *dst, char *src, size_t pages);

/* Around whatever pins pages: then, and only then, EBUSY is right even with ALLOW_COPY. */
void pins_begin(void);
void pins_end(void);

/* What EBUSY asks for: a store gives the process a page of its own. */
void cure(char *place);

/* Do what mix->fault says to one page; false if no page is there to do it to. */
bool spoil(void);

/* Look at all pages: those of a forked child, those at the end. */
void stock_prepare(void);
void stock_of_child(void);
void stock_at_end(void);

#endif
