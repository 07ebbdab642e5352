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

/* Note an error unless *@name is an errno's name. */
void validate_errno(const struct contract *c, const char *const *name);

/* Is it a state of all the sides in @side, a mask of SIDE_*? */
bool letter_is_on(const struct contract *c, char letter, unsigned int side);

/* Is it a letter in which tests tell what they see? */
bool letter_is_seen(const struct contract *c, char letter);

/*
 * The vectors: their form, and unless the tables have errors, that they and the
 * tables agree.
 */
void validate_vectors(const struct contract *c, bool tables_good);

#endif
