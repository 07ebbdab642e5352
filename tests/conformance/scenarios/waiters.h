/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads that wait for pages, and what becomes of them.
 *
 * A wake-up is told exactly, and by no time that passes.  Who wakes a thread
 * makes it runnable before his call returns.  From then on it is not seen
 * asleep before it has gone on, or has faulted again; and a fault queues its
 * event before it sleeps.  So once each thread has been seen done or asleep,
 * whoever was woken is done, has another event in the queue, or at the least
 * has slept once more than before.
 */
#ifndef UFFDIO_MOVE_WAITERS_H
#define UFFDIO_MOVE_WAITERS_H

#include "scenarios/scene.h"

/* A scene in which threads are to wait is built with these, so that events name them. */
#define WAITERS_FEATURES	UFFD_FEATURE_THREAD_ID

/* A thread that reads or stores to a page and sleeps until it is there. */
struct waiter {
	pthread_t thread;
	volatile uint64_t *address;
	bool store;
	int pipe[2];		/* through which it reads, if within a system call */
	uint64_t read;		/* what it read, once it is done */
	int tid, done;
	unsigned int events;	/* that it has made since it was last asked about */
	uint64_t faulted_at;	/* the page that the last of them was about */
	unsigned long sleeps;	/* how often it has gone to sleep; 0 if that is hidden */
};

/* Start a thread that reads or stores at @address, without waiting for anything. */
void waiter_touch(struct scene *s, struct waiter *w, void *address, bool store);

/* The same of one that reads within a system call, so that the kernel faults for it. */
void waiter_touch_in_call(struct scene *s, struct waiter *w, void *address);

/* See it asleep for the page, its event left where it is; its descriptor has no other. */
void waiter_await_unread(struct scene *s, struct waiter *w);

/* See it asleep for the page, its event read. */
void waiter_await(struct scene *s, struct waiter *w);

/**
 * waiter_became() - what has become of it since it was last asked about or started
 *
 * "done", "asleep", "refaulted": asleep again after another event, or "stirred":
 * asleep again without one.  Reads all events that are there.
 */
const char *waiter_became(struct scene *s, struct waiter *w);

/* "contents" of the page of @tag, "zero" or "other"; "nothing" of one that is not done. */
const char *waiter_read(const struct waiter *w, uint64_t tag);

#endif
