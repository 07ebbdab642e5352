/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test's process leaves, in memory shared with the one that started it: so
 * a test that is killed leaves what it had told.
 */
#ifndef UFFDIO_MOVE_SLOT_H
#define UFFDIO_MOVE_SLOT_H

#include "test/observed.h"

/* How a test says that it ends. */
enum last_word {
	WORD_NONE,
	WORD_DONE,	/* everything was told */
	WORD_SKIPPED,	/* the machine cannot set it up */
	WORD_BROKEN,	/* something of the tests' own went wrong */
};

struct slot {
	struct observed observed;
	enum last_word word;
	char why[240];		/* it was skipped, or is broken */
	char call[160];		/* what was passed, for a reader */
	bool moved_but_refused;	/* it looks as if a call had said so of a page that it moved */
	unsigned int begun, ended;	/* calls of UFFDIO_MOVE, of all its threads */
};

#endif
