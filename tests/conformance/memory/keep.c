// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who hold pages beside the page table: children, rings, pipes, twins.
 *
 * All of them let go when the test's process ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "memory/layout_internal.h"

#define MERGE_MS	1800
#define UNPIN_MS	200

void keep_by_child(struct test *t, bool gone)
{
	pid_t pid = test_fork(t);

	if (pid == 0) {
		while (!gone)
			pause();
		_exit(0);
	}
	if (gone)
		test_wait(t, pid);
}

/*
 * Pinned memory is counted against the user, and a ring that is closed gives
 * its pages back some time later.
 */
static bool may_come_free(int error, size_t length)
{
	struct rlimit limit;

	return error == ENOMEM && !getrlimit(RLIMIT_MEMLOCK, &limit) &&
	       limit.rlim_cur >= length + page_size();
}

void keep_by_ring(struct test *t, char *start, size_t length)
{
	struct timespec pause = { .tv_nsec = 2000000 };
	struct io_uring_params params = { 0 };
	struct iovec buffer = { start, length };
	int64_t end = now_ms() + patient_ms(UNPIN_MS);
	int ring = syscall(__NR_io_uring_setup, 1, &params);

	if (ring < 0)
		test_skip(t, "no io_uring: %s", strerror(errno));
	while (syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1)) {
		if (!may_come_free(errno, length) || now_ms() > end)
			test_skip(t, "the page could not be pinned: %s", strerror(errno));
		nanosleep(&pause, NULL);
	}
}

void keep_by_pipe(struct test *t, struct keeper *k, char *address)
{
	struct iovec page = { address, page_size() };

	if (k->pipe[0] < 0 && pipe2(k->pipe, O_CLOEXEC))
		test_broken(t, "pipe: %s", strerror(errno));
	if (vmsplice(k->pipe[1], &page, 1, SPLICE_F_NONBLOCK) != (ssize_t)page_size())
		test_skip(t, "the page could not be held by a pipe: %s", strerror(errno));
}

static uint64_t frame_at(struct test *t, const char *page)
{
	uint64_t entry;

	pagemap_read(t, page, 1, &entry);
	return entry_frame(entry);
}

static bool all_merged(struct test *t, struct layout *l, const char *twin)
{
	for (unsigned int i = 0; i < l->keepers->n; i++) {
		const struct slot *s = &l->keepers->slots[ON_SOURCE][i];

		if (s->letter == 'K' && frame_at(t, slot_page(&l->source, s, 0)) !=
					frame_at(t, twin + s->first * page_size()))
			return false;
	}
	return true;
}

static char *copy_to_twin(struct test *t, struct layout *l)
{
	size_t length = l->source.pages * page_size();
	char *twin = mmap(NULL, length, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (twin == MAP_FAILED)
		test_broken(t, "mmap: %s", strerror(errno));
	for (unsigned int i = 0; i < l->keepers->n; i++) {
		const struct slot *s = &l->keepers->slots[ON_SOURCE][i];

		if (s->letter == 'K')
			memcpy(twin + s->first * page_size(), slot_page(&l->source, s, 0),
			       page_size());
	}
	if (madvise(twin, length, MADV_MERGEABLE))
		test_skip(t, "no page can be merged: %s", strerror(errno));
	return twin;
}

void keep_by_twin(struct test *t, struct layout *l)
{
	struct timespec pause = { .tv_nsec = 300000 };
	const struct area *a = &l->source;
	const char *twin = copy_to_twin(t, l);

	/* All of the mapping, or it would be two. */
	madvise(a->mapping, a->mapping_pages * page_size(), MADV_MERGEABLE);
	for (int64_t end = now_ms() + patient_ms(MERGE_MS); now_ms() < end;) {
		if (all_merged(t, l, twin))
			return;
		nanosleep(&pause, NULL);
	}
	test_skip(t, "KSM did not merge the page in time");
}
