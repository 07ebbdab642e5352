/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The time that a test takes: its own, in which it ran or slept, and not the time in
 * which a busy machine let it wait.
 */
#ifndef UFFDIO_MOVE_WATCH_H
#define UFFDIO_MOVE_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "test/slot.h"

#define WATCH_EVERY_MS	50

struct watch {
	pid_t pid;
	int64_t most;		/* ms that it may live */
	int64_t stuck_after;	/* ms in one call */
	int64_t looked;		/* ms, when last */
	uint64_t ticks;		/* of CPU time that it had by then */
	unsigned int ended;	/* calls, by then */
	int64_t lived;		/* ms of its own time */
	int64_t in_call;	/* of these, since a call last ended while another ran */
	bool killed;
	int64_t waited;		/* ms since then, in which it waited for something in the kernel */
};

/* @known: that kernels may not return from its call, and this one was seen not to. */
void watch_begin(struct watch *w, pid_t pid, unsigned int patience, bool known);

/* To be called now and then; kills a test whose time is over. */
void watch_look(struct watch *w, const struct slot *slot);

/* Has it been killed, and gone on waiting for so long that it never ends? */
bool watch_is_lost(const struct watch *w);

/* Is it in a call that has not returned in more time than any call takes? */
bool watch_is_stuck(const struct watch *w);

#endif
