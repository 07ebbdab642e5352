/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test observed: named facts, compared by nobody but the judge.
 */
#ifndef UFFDIO_MOVE_OBSERVED_H
#define UFFDIO_MOVE_OBSERVED_H

#include <stddef.h>
#include <stdint.h>

#define MAX_SEEN	128

struct seen {
	char what[24];
	char value[96];
};

struct observed {
	struct seen facts[MAX_SEEN];
	size_t n;
	uint64_t has;		/* the machine's needs that are met */
};

/* The fact of this name, or NULL. */
const struct seen *observed_fact(const struct observed *seen, const char *what);

#endif
