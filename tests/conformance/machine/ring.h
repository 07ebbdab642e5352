/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring of io_uring, and the memory that it pins as its registered buffer.
 */
#ifndef UFFDIO_MOVE_RING_H
#define UFFDIO_MOVE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test/test.h"

struct io_uring;

/**
 * ring_pin() - have memory pinned
 * @start, @bytes: of this process, whole pages
 *
 * Ends the test as machine_cannot() does if that is not to be had.
 */
struct io_uring *ring_pin(struct test *t, void *start, size_t bytes);

/* Let go of it.  The kernel may take a moment. */
void ring_unpin(struct io_uring *ring);

/* Transfer a word from the pinned memory into a pipe; false if that does not succeed. */
bool ring_write(struct io_uring *ring, int pipe, uint64_t *pinned_word);

/* The same from a pipe, which holds one. */
bool ring_read(struct io_uring *ring, int pipe, uint64_t *pinned_word);

#endif
