// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of whom a call wakes.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "faults.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "test/compat.h"

void wake(int uffd, uint64_t start, uint64_t length)
{
	struct uffdio_range range = { .start = start, .len = length };

	ioctl(uffd, UFFDIO_WAKE, &range);
}

static bool has_moved(const struct uffdio_move *arg)
{
	return arg->move > 0 && arg->move != MOVE_SENTINEL;
}

bool is_to_wake(const struct uffdio_move *arg)
{
	return has_moved(arg) && !(arg->mode & UFFDIO_MOVE_MODE_DONTWAKE);
}

static int wake_too_wide(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (is_to_wake(arg))
		wake(uffd, arg->dst - page_size(), arg->move + 2 * page_size());
	return error;
}

static int wake_page_behind(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (is_to_wake(arg))
		wake(uffd, arg->dst, arg->move + page_size());
	return error;
}

static int wake_whole_after_short(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (error && is_to_wake(arg))
		wake(uffd, arg->dst, arg->len);
	return error;
}

static int wake_at_source(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (is_to_wake(arg))
		wake(uffd, arg->src, arg->move);
	return error;
}

static int wake_after(struct test *t, int uffd, struct uffdio_move *arg, int which)
{
	int error = __real_test_move(t, uffd, arg);

	if (error == which && !has_moved(arg))
		wake(uffd, arg->dst, arg->len);
	return error;
}

static int wake_after_enoent(struct test *t, int uffd, struct uffdio_move *arg)
{
	return wake_after(t, uffd, arg, ENOENT);
}

static int wake_after_eexist(struct test *t, int uffd, struct uffdio_move *arg)
{
	return wake_after(t, uffd, arg, EEXIST);
}

static int wake_after_einval(struct test *t, int uffd, struct uffdio_move *arg)
{
	return wake_after(t, uffd, arg, EINVAL);
}

static int wake_after_ebusy(struct test *t, int uffd, struct uffdio_move *arg)
{
	return wake_after(t, uffd, arg, EBUSY);
}

static int wake_after_eagain(struct test *t, int uffd, struct uffdio_move *arg)
{
	return wake_after(t, uffd, arg, EAGAIN);
}

static int wake_after_efault(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	/* the structure may be what was at fault; so everything is woken */
	if (error == EFAULT)
		wake(uffd, page_size(), (1ULL << 47) - 2 * page_size());
	return error;
}

static int wake_despite_dontwake(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (has_moved(arg))
		wake(uffd, arg->dst, arg->move);
	return error;
}

int call_without_waking(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_move quiet = *arg;
	int error;

	quiet.mode |= UFFDIO_MOVE_MODE_DONTWAKE;
	error = __real_test_move(t, uffd, &quiet);
	arg->move = quiet.move;
	return error;
}

static int no_wake_for_huge(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (!huge_page_size() || arg->len < huge_page_size())
		return __real_test_move(t, uffd, arg);
	return call_without_waking(t, uffd, arg);
}

static int no_wake_for_last(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = call_without_waking(t, uffd, arg);

	if (is_to_wake(arg) && arg->move > (int64_t)page_size())
		wake(uffd, arg->dst, arg->move - page_size());
	return error;
}

static int no_wake_for_next_table(struct test *t, int uffd, struct uffdio_move *arg)
{
	uint64_t left = table_span() - arg->dst % table_span();
	int error = call_without_waking(t, uffd, arg);

	if (is_to_wake(arg))
		wake(uffd, arg->dst, (uint64_t)arg->move < left ? (uint64_t)arg->move : left);
	return error;
}

static int wake_first_only(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = call_without_waking(t, uffd, arg);

	if (is_to_wake(arg))
		wake(uffd, arg->dst, page_size());
	return error;
}

static int no_wake_for_short(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = call_without_waking(t, uffd, arg);

	if (!error && is_to_wake(arg))
		wake(uffd, arg->dst, arg->move);
	return error;
}

static int no_wake_for_holes(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = call_without_waking(t, uffd, arg);

	for (int64_t at = 0; is_to_wake(arg) && at < arg->move; at += page_size())
		if (pagemap_entry((char *)(uintptr_t)arg->dst + at))
			wake(uffd, arg->dst + at, page_size());
	return error;
}

static int no_wake_for_swapped(struct test *t, int uffd, struct uffdio_move *arg)
{
	bool swapped = pagemap_entry((char *)(uintptr_t)arg->src) & ENTRY_SWAPPED;

	return swapped ? call_without_waking(t, uffd, arg) : __real_test_move(t, uffd, arg);
}

struct sleepers {
	int uffd;
	uint64_t start, length;
};

static void *wake_later(void *argument)
{
	struct timespec pause = { .tv_nsec = 300000000 };
	struct sleepers s = *(struct sleepers *)argument;

	free(argument);
	nanosleep(&pause, NULL);
	wake(s.uffd, s.start, s.length);
	return NULL;
}

static int wake_late(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = call_without_waking(t, uffd, arg);
	struct sleepers *s = malloc(sizeof(*s));
	pthread_t thread;

	if (!s)
		abort();
	*s = (struct sleepers){ uffd, arg->dst, arg->move };
	if (!is_to_wake(arg) || pthread_create(&thread, NULL, wake_later, s))
		free(s);
	return error;
}

const struct fault faults_of_wakes[] = {
	{ .name = "wake-too-wide", .call = wake_too_wide },
	{ .name = "wake-page-behind", .call = wake_page_behind },
	{ .name = "wake-whole-after-short", .call = wake_whole_after_short },
	{ .name = "wake-at-source", .call = wake_at_source },
	{ .name = "wake-after-enoent", .call = wake_after_enoent },
	{ .name = "wake-after-eexist", .call = wake_after_eexist },
	{ .name = "wake-after-einval", .call = wake_after_einval },
	{ .name = "wake-after-ebusy", .call = wake_after_ebusy },
	{ .name = "wake-after-eagain", .call = wake_after_eagain },
	{ .name = "wake-after-efault", .call = wake_after_efault, .any_argument = true },
	{ .name = "wake-despite-dontwake", .call = wake_despite_dontwake },
	{ .name = "no-wake-for-huge", .call = no_wake_for_huge },
	{ .name = "no-wake-for-last", .call = no_wake_for_last },
	{ .name = "no-wake-for-next-table", .call = no_wake_for_next_table },
	{ .name = "no-wake-for-short", .call = no_wake_for_short },
	{ .name = "no-wake-for-holes", .call = no_wake_for_holes },
	{ .name = "no-wake-for-swapped", .call = no_wake_for_swapped },
	{ .name = "wake-first-only", .call = wake_first_only },
	{ .name = "wake-late", .call = wake_late },
	{ .name = NULL }
};
