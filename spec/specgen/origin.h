/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where each part of a contract stands in its files, what is wrong with it, and
 * the memory that holds it.
 *
 * A part is known by its address: the reader marks each entry and each field
 * that it fills, so that a later check can name the place without carrying
 * positions in the contract itself.
 */
#ifndef UFFDIO_MOVE_ORIGIN_H
#define UFFDIO_MOVE_ORIGIN_H

#include <stddef.h>
#include <stdio.h>

#define MAX_ERRORS	20	/* printed; those beyond are counted */
#define MAX_FILES	2	/* a contract and what extends it */

struct origin;

struct position {
	int line, column;	/* from 1; columns in characters */
	unsigned int file;	/* of the origin's: 0, or what origin_add() has returned */
};

/* Remember @path for the errors.  Ends the program if there is no memory. */
struct origin *origin_new(const char *path);

/* A further file, of what is read as one with the first; returns its number. */
unsigned int origin_add(struct origin *o, const char *path);

/* The path of the first, on one line whatever it holds. */
const char *origin_path(const struct origin *o);

/* The path of the file in which a position is. */
const char *origin_path_at(const struct origin *o, struct position where);

/* Give back all memory that came from origin_alloc() and origin_text(). */
void origin_free(struct origin *o);

/* @size zeroed bytes, aligned for any type.  Ends the program if there are none. */
void *origin_alloc(struct origin *o, size_t size);

/* A copy of @length bytes as a string. */
char *origin_text(struct origin *o, const char *text, size_t length);

/* The part at address @part stands at @where; a later mark replaces an earlier one. */
void origin_mark(struct origin *o, const void *part, struct position where);

/*
 * Where a part stands.  One that was not marked, as an optional key that is not
 * given, stands where the nearest part before it does.
 */
struct position origin_of(struct origin *o, const void *part);

/* Note an error, once for each place; @format without full stop or newline. */
void origin_error(struct origin *o, struct position where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* origin_error() at the place of a marked part. */
#define origin_error_at(o, part, ...) \
	origin_error(o, origin_of(o, part), __VA_ARGS__)

/*
 * Forget the errors in other files, if there is one in @file: they follow from that.  Of those
 * that are not kept the number stays.
 */
void origin_blame(struct origin *o, unsigned int file);

/* How many errors there are so far. */
size_t origin_errors(const struct origin *o);

/*
 * Print the errors in the order of the files, one line each:
 * "FILE:LINE:COLUMN: error: TEXT".  Returns their number.
 */
int origin_report(struct origin *o, FILE *errors);

#endif
