/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How each of the contract's letters comes about: all that is known of a letter
 * beside what the contract says of its state.
 */
#ifndef UFFDIO_MOVE_LETTERS_H
#define UFFDIO_MOVE_LETTERS_H

#include "memory/layout.h"

/* What a letter asks of the page tables that it lies in. */
enum table {
	TABLE_SHARED,	/* exists, others may be in it */
	TABLE_EMPTY,	/* exists, nothing is in it */
	TABLE_ABSENT,
	TABLE_WHOLE,	/* none: the letter is a huge page */
	TABLE_PART,	/* none: the letter is part of a huge page */
};

/* When it is made, in this order. */
enum stage {
	STAGE_SHARED,	/* before a child is forked that shares it */
	STAGE_LEFT,	/* before one is forked that shares it and goes */
	STAGE_ALONE,	/* afterwards: no other process shares it */
	STAGE_TABLES,	/* nothing but page tables */
	STAGES
};

/*
 * The folio of which a letter is one page.  One that is not the folio's first page
 * leaves room for other letters beside it: their places are emptied once it is made.
 */
enum folio {
	FOLIO_NONE,
	FOLIO_LARGE,	/* smaller than a huge page; all of it the letter's */
	FOLIO_SWAPPED,	/* the same, and swapped out: its other pages are not touched again */
	FOLIO_INNER,	/* the same, and not its first page */
	FOLIO_BY_SMALL,	/* a huge page that small entries map, and not its first page */
};

/* A test's layout, and a letter of one of its sides. */
struct place_of {
	struct test *test;
	struct layout *layout;
	enum side side;
	unsigned int letter;
};

typedef void make_letter(const struct place_of *p);

struct letter {
	char letter;
	enum stage stage;
	enum table table;
	bool large;		/* made while its mapping is open to huge pages */
	enum folio folio;
	bool no_upper;		/* the tables above the absent one are absent too */
	bool tagged;		/* its pages are filled with tags first */
	make_letter *make;	/* at its stage; may be NULL */
	/* when the range is registered for @mode, with @features; may be NULL */
	make_letter *make_registered;
	uint64_t mode, features;
	/* what is not seen by looking at the page; may be NULL */
	bool (*is_as_made)(uint64_t entry);
	/* how whoever else holds it and this process see each other; may be NULL */
	const char *(*holder)(const struct place_of *p, char *page);
};

/* Never NULL for a letter of the contract that can be made. */
const struct letter *letter_made(char letter);

/* Does @letters hold one that is made at @stage? */
bool letters_have(const char *letters, enum stage stage);

/* What a range of these letters has to be registered for, and with which features. */
uint64_t letters_mode(const char *letters);
uint64_t letters_features(const char *letters);

#endif
