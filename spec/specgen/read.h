/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From YAML files to struct contract.
 *
 * The reader sees to the form: a closed set of keys, each of the right type,
 * none missing or given twice, and each reference to a thing that exists.  What
 * the parts mean together is for validate.h.  spec/README.md has the keys.
 */
#ifndef UFFDIO_MOVE_READ_H
#define UFFDIO_MOVE_READ_H

#include <stdio.h>

#include "contract.h"

#define MAX_CONTRACT_BYTES	(4 * 1024 * 1024)

/* What is read: a regular file of at most MAX_CONTRACT_BYTES, in UTF-8. */
struct source {
	const char *path;	/* which errors name */
	const char *text;	/* its contents if it is in memory, or NULL */
	size_t length;
};

/**
 * contract_read() - read a contract, and what extends it
 * @proposal: read with the contract as one; NULL: nothing extends it
 * @c:      filled; every pointer in it is good until contract_free()
 * @errors: gets one line for each error, "FILE:LINE:COLUMN: error: TEXT", in the
 *          order of the files; at most MAX_ERRORS (origin.h), then their number
 *
 * Returns the number of errors.  Unless it is 0 nothing but c->origin may be
 * looked at.  contract_free() is due in either case.
 */
int contract_read(const struct source *contract, const struct source *proposal,
		  struct contract *c, FILE *errors);

struct reader;

/* Read what @r is set up for from a file; what is wrong is noted with its origin. */
void read_file(struct reader *r, const char *path);

/* Give back all that reading has allocated. */
void contract_free(struct contract *c);

#endif
