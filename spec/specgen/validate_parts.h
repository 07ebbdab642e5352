/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the validator share.
 */
#ifndef UFFDIO_MOVE_VALIDATE_PARTS_H
#define UFFDIO_MOVE_VALIDATE_PARTS_H

#include "contract.h"
#include "origin.h"

/* Note an error at a part of the contract, known by its address. */
#define error_at(c, part, ...)	origin_error_at((c)->origin, part, __VA_ARGS__)

/* A name, among which others it has to be the only one, and where it stands. */
struct name {
	const char *text;
	int kind;
	struct position where;
};

/* Note an error at each name that is there already.  Sorts them. */
void validate_names(const struct contract *c, const char *kind, struct name *names, size_t n);

/* Is it a state of all the sides in @side, a mask of SIDE_*? */
bool letter_is_on(const struct contract *c, char letter, unsigned int side);

/* Is it a letter in which tests tell what they see? */
bool letter_is_seen(const struct contract *c, char letter);

/*
 * The vectors: their form, and unless the tables have errors, that they and the
 * tables agree.
 */
void validate_vectors(const struct contract *c, bool tables_good);

/* A proposal contradicts no clause of level must unless it says so. */
void validate_contradictions(const struct contract *c);

/* The tests that follow from a contract that has no other error. */
void validate_tests(const struct contract *c);

#endif
