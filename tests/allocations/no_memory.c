// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel without memory: conformance-without-memory makes its calls through
 * __wrap_test_move(), which lets the first allocation of each call fail, then the
 * second, and so on until the call needs no more.  What was refused for want of
 * memory ([areas.memory], [best-effort.memory]) is tried again, what was moved in
 * part is gone on with, and the test is judged as ever: so a failure that loses a
 * page, or moves it all the same, or leaves a lock or a mark behind, does not hold.
 * How many have failed is told on standard error.
 *
 * Where that would be another thing, a test has its calls as they are
 * (test_wants_single_calls()).
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fail_nth.h"
#include "test/test_internal.h"

#define MAX_FAILURES	200

int __real_test_move(struct test *t, int uffd, struct uffdio_move *arg);
int __wrap_test_move(struct test *t, int uffd, struct uffdio_move *arg);

/* Of all processes of the run. */
static struct {
	atomic_long reported, survived;
	atomic_long untold;	/* ENOMEM cannot be told where .move cannot be written */
} *failures;

static pid_t first_process;

static void __attribute__((constructor)) prepare(void)
{
	failures = mmap(NULL, sizeof(*failures), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (failures == MAP_FAILED || fail_nth_prepare()) {
		perror("conformance-without-memory: this kernel injects no failures");
		exit(4);
	}
	first_process = getpid();
}

static void __attribute__((destructor)) tell(void)
{
	if (getpid() == first_process)
		fprintf(stderr, "%ld failures of allocations reported, %ld survived, %ld untold\n",
			failures->reported, failures->survived, failures->untold);
}

/* The rest of a move that a failure has made short, as if there had been but one. */
static int go_on(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_move rest = {
		.dst = arg->dst + arg->move,
		.src = arg->src + arg->move,
		.len = arg->len - arg->move,
		.mode = arg->mode,
		.move = MOVE_SENTINEL,
	};
	int error = __wrap_test_move(t, uffd, &rest);

	if (rest.move > 0)
		arg->move += rest.move;
	return error ? EAGAIN : 0;
}

int __wrap_test_move(struct test *t, int uffd, struct uffdio_move *arg)
{
	int fd = t->single_calls ? -1 : fail_nth_open(), error, left;

	/* A task without privilege has no failures, and none is wanted of it. */
	if (fd < 0)
		return __real_test_move(t, uffd, arg);
	for (int n = 1; n <= MAX_FAILURES; n++) {
		fail_nth_set(fd, n);
		error = __real_test_move(t, uffd, arg);
		left = fail_nth_left(fd);
		fail_nth_set(fd, 0);
		if (left)
			break;
		if (error == ENOMEM && arg->move == -ENOMEM) {
			atomic_fetch_add(&failures->reported, 1);
			arg->move = MOVE_SENTINEL;
		} else if (error == EFAULT) {
			atomic_fetch_add(&failures->untold, 1);
		} else {
			atomic_fetch_add(&failures->survived, 1);
			break;
		}
	}
	close(fd);
	return !left && error == EAGAIN && arg->move > 0 ? go_on(t, uffd, arg) : error;
}
