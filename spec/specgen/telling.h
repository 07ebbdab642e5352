/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a page says of releases, held against the contract.
 *
 * A comment before a paragraph cites a deviation with the releases that have it,
 *
 *     .\" [huge-zero-corrupts: 6.16 to 6.18.19, 6.19 to 6.19.9]
 *
 * which have to be the contract's.  Each release that the paragraph names, up to the next
 * macro that begins another, has to be one of these, or a first one without it.
 */
#ifndef UFFDIO_MOVE_TELLING_H
#define UFFDIO_MOVE_TELLING_H

#include "contract.h"

#define MOST_TOLD 16	/* deviations of one paragraph */

struct telling {
	const struct contract *contract;
	bool *told;		/* by deviation: some page tells of it */
	unsigned int n;		/* of the paragraph that is being read */
	const struct deviation *of[MOST_TOLD];
};

/* A paragraph of another file has nothing to do with the last one. */
void telling_begin(struct telling *t);

/* The next line of a file.  Returns the number of errors, each of which has been told. */
int telling_line(struct telling *t, const char *path, int number, const char *text);

#endif
