/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A change of the address space, made by a thread of its own, which sleeps
 * until the change's event has been read.
 */
#ifndef UFFDIO_MOVE_CHANGE_H
#define UFFDIO_MOVE_CHANGE_H

#include "scenarios/scene.h"

struct change {
	struct scene *scene;
	void (*make)(struct scene *s);
	pthread_t thread;
	int made;
	bool finished;
};

/* Ways to make one, of which the last page of the destination has no more to do with a call. */
void change_by_dropping(struct scene *s);
void change_by_unmapping(struct scene *s);
void change_by_remapping(struct scene *s);
void change_by_forking(struct scene *s);

/* Begin it; when this returns, its event is there and not yet read. */
void change_begin(struct change *c, struct scene *s, void (*make)(struct scene *s));

/* Read its event, and wait until it is made; once is enough. */
void change_finish(struct change *c);

#endif
