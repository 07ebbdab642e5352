/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mappings of a layout as /proc/self/smaps tells them: extent, access, and the
 * flags that are the kernel's (lock, advice, registration).
 */
#ifndef UFFDIO_MOVE_MAPPINGS_H
#define UFFDIO_MOVE_MAPPINGS_H

#include "memory/layout.h"

#define MOST_MAPPINGS	24

struct mappings {
	size_t n;		/* may exceed MOST_MAPPINGS, which are kept */
	struct {
		char line[48];		/* "start-end access" */
		char flags[144];	/* "rd wr mr ..." */
	} of[MOST_MAPPINGS];
};

/* Read those that lie where either of the layout's areas does. */
void mappings_look(struct test *t, struct mappings *m, const struct layout *l);

/* "kept", or in what the second differs; static storage. */
const char *mappings_differ(const struct mappings *before, const struct mappings *after);

#endif
