/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run at a time changes the system's settings: two would take each other's
 * changes for the original values.
 */
#ifndef UFFDIO_MOVE_LOCK_H
#define UFFDIO_MOVE_LOCK_H

#define LOCKS 2

/**
 * lock_take() - wait until no other run has the lock, however long that takes
 *
 * Says on standard error for whom it waits.  A child that is forked afterwards has
 * the lock, too, until it closes lock_descriptors() or one of them releases it.
 * Returns NULL, or a clause without full stop that says why there is no lock.
 */
const char *lock_take(void);

/* Give it up, for all who have it.  May be called from a signal handler. */
void lock_release(void);

/* The descriptors that hold the lock; -1 for none. */
const int *lock_descriptors(void);

#endif
