// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/ring.h"

#define UNPIN_TRIES	1000

/*
 * Pinned memory is counted against the user, and a ring that is closed gives
 * its pages back some time later.
 */
static bool may_come_free(int error, size_t bytes)
{
	struct rlimit limit;

	return error == ENOMEM && !getrlimit(RLIMIT_MEMLOCK, &limit) &&
	       limit.rlim_cur >= bytes + page_size();
}

static void pin(struct test *t, struct io_uring *ring, void *start, size_t bytes)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	struct iovec buffer = { start, bytes };
	int error = 0;

	for (int i = 0; i < UNPIN_TRIES; i++) {
		error = -io_uring_register_buffers(ring, &buffer, 1);
		if (!may_come_free(error, bytes))
			break;
		nanosleep(&pause, NULL);
	}
	if (error == ENOMEM)
		machine_require_memory(t, bytes);
	if (error)
		machine_cannot(t, error, "%zu bytes could not be pinned", bytes);
}

struct io_uring *ring_pin(struct test *t, void *start, size_t bytes)
{
	struct io_uring *ring = calloc(1, sizeof(*ring));
	int error;

	if (!ring)
		machine_cannot(t, ENOMEM, "no memory for a ring");
	error = -io_uring_queue_init(1, ring, 0);
	if (error)
		machine_cannot(t, error, "no ring of io_uring could be had");
	pin(t, ring, start, bytes);
	return ring;
}

void ring_unpin(struct io_uring *ring)
{
	io_uring_unregister_buffers(ring);
	io_uring_queue_exit(ring);
	free(ring);
}

static bool transfer(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	bool good;

	if (io_uring_submit_and_wait(ring, 1) != 1 || io_uring_wait_cqe(ring, &cqe))
		return false;
	good = cqe->res == sizeof(uint64_t);
	io_uring_cqe_seen(ring, cqe);
	return good;
}

bool ring_write(struct io_uring *ring, int pipe, uint64_t *pinned_word)
{
	io_uring_prep_write_fixed(io_uring_get_sqe(ring), pipe, pinned_word, sizeof(*pinned_word), 0, 0);
	return transfer(ring);
}

bool ring_read(struct io_uring *ring, int pipe, uint64_t *pinned_word)
{
	io_uring_prep_read_fixed(io_uring_get_sqe(ring), pipe, pinned_word, sizeof(*pinned_word), 0, 0);
	return transfer(ring);
}
