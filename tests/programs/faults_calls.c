// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of single calls: what they answer, and what becomes of their pages.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"

static bool source_is(const struct test *t, const char *letters)
{
	return t->plan->source && !strcmp(t->plan->source, letters);
}

static bool is_plain(const struct test *t)
{
	return source_is(t, "P") && !t->plan->n_variations;
}

static bool is_plain_over_hole(const struct test *t)
{
	return is_plain(t) && t->plan->destination[0] == '.';
}

static void never_return(struct test *t)
{
	t->record->in_call = 1;
	for (;;)
		pause();
}

static int held_never_returns(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (t->plan->source && strchr(t->plan->source, 'r'))
		never_return(t);
	return __real_test_move(t, uffd, arg);
}

static int plain_never_returns(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_plain(t))
		never_return(t);
	return __real_test_move(t, uffd, arg);
}

static int plain_crashes(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_plain(t))
		raise(SIGSEGV);
	return __real_test_move(t, uffd, arg);
}

/* As 6.8 refused it. */
static int zero_busy(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (!source_is(t, "Z") || t->plan->destination[0] != '.')
		return __real_test_move(t, uffd, arg);
	arg->move = -EBUSY;
	return EBUSY;
}

static int copies(struct test *t, int uffd, struct uffdio_move *arg)
{
	char *kept;
	int error;

	if (!is_plain_over_hole(t))
		return __real_test_move(t, uffd, arg);
	kept = malloc(arg->len);
	if (!kept)
		abort();
	memcpy(kept, (void *)(uintptr_t)arg->src, arg->len);
	error = __real_test_move(t, uffd, arg);
	if (!error)
		memcpy((void *)(uintptr_t)arg->src, kept, arg->len);
	free(kept);
	return error;
}

static int loses_contents(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain_over_hole(t))
		memset((void *)(uintptr_t)arg->dst, 0, arg->len);
	return error;
}

static int changing_leaves_move(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (error == EAGAIN && arg->move == -EAGAIN)
		arg->move = MOVE_SENTINEL;
	return error;
}

static int unmapped_einval(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (error != ENOENT || !t->plan->n_variations)
		return error;
	arg->move = -EINVAL;
	return EINVAL;
}

static int short_hides_nothing(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return error == EAGAIN && arg->move > 0 ? ENOENT : error;
}

static int wrong_count(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		arg->move += 4096;
	return error;
}

const struct fault faults_of_calls[] = {
	{ .name = "held-never-returns", .call = held_never_returns },
	{ .name = "plain-never-returns", .call = plain_never_returns },
	{ .name = "plain-crashes", .call = plain_crashes },
	{ .name = "zero-busy", .call = zero_busy },
	{ .name = "copies", .call = copies },
	{ .name = "loses-contents", .call = loses_contents },
	{ .name = "changing-leaves-move", .call = changing_leaves_move },
	{ .name = "unmapped-einval", .call = unmapped_einval },
	{ .name = "short-hides-nothing", .call = short_hides_nothing },
	{ .name = "wrong-count", .call = wrong_count },
	{ .name = NULL }
};
