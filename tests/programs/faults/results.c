// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of what is answered: errno, .move, the structure; and of whether it is.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"

static bool is_one_plain_page(const struct test *t)
{
	return is_plain(t) && !strcmp(t->plan->source, "P");
}

static void never_return(struct test *t)
{
	t->slot->begun++;
	for (;;)
		pause();
}

static int held_never_returns(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (source_has(t, 'r'))
		never_return(t);
	return __real_test_move(t, uffd, arg);
}

static int plain_never_returns(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_one_plain_page(t))
		never_return(t);
	return __real_test_move(t, uffd, arg);
}

/* The parent waits in the kernel, for a child that does nothing. */
static int plain_outlives_signals(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_one_plain_page(t)) {
		t->slot->begun++;
		if (vfork() == 0)
			for (;;)
				pause();
	}
	return __real_test_move(t, uffd, arg);
}

static int plain_crashes(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_one_plain_page(t))
		raise(SIGSEGV);
	return __real_test_move(t, uffd, arg);
}

/* Not the kernel's doing: somebody kills the test. */
static int killed_in_held(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (source_has(t, 'r')) {
		t->slot->begun++;
		raise(SIGKILL);
	}
	return __real_test_move(t, uffd, arg);
}

/* Says that all has moved, and does nothing. */
static int idle(struct test *t, int uffd, struct uffdio_move *arg)
{
	(void)t;
	(void)uffd;
	arg->move = arg->len;
	return 0;
}

static int success_counts_nothing(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		arg->move = 0;
	return error;
}

static int success_leaves_move(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		arg->move = MOVE_SENTINEL;
	return error;
}

static int counts_a_page_more(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		arg->move += page_size();
	return error;
}

static int short_counts_a_page_less(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (error == EAGAIN && arg->move > (int64_t)page_size())
		arg->move -= page_size();
	return error;
}

static int short_is_success(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return error == EAGAIN && arg->move > 0 ? 0 : error;
}

static int short_tells_cause(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return error == EAGAIN && arg->move > 0 ? ENOENT : error;
}

/* The error as it is, but for the sign or what is left in .move. */
static int error_is_positive(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (error && arg->move == -error)
		arg->move = error;
	return error;
}

static int error_leaves_move(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (error && arg->move == -error)
		arg->move = MOVE_SENTINEL;
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

	return error == ENOENT && t->plan->n_variations ? refuse(arg, EINVAL) : error;
}

static int occupied_is_busy(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return error == EEXIST ? refuse(arg, EBUSY) : error;
}

static int marker_is_missing(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return error == EFAULT && is_plain(t) ? refuse(arg, ENOENT) : error;
}

static int changing_ignored(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (error == EAGAIN && arg->move == -EAGAIN) {
		arg->move = arg->len;
		return 0;
	}
	return error;
}

/* What has been waited for is taken for a change. */
static int waited_for_refused(struct test *t, int uffd, struct uffdio_move *arg)
{
	bool is_there = page_is_there(t, (char *)arg);
	int error = __real_test_move(t, uffd, arg);

	return is_there ? error : refuse(arg, EAGAIN);
}

static int changes_length(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		arg->len = 0;
	return error;
}

static int changes_mode(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	arg->mode |= 1ULL << 40;
	return error;
}

static int advances_addresses(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (arg->move > 0 && arg->move != MOVE_SENTINEL) {
		arg->dst += arg->move;
		arg->src += arg->move;
	}
	return error;
}

static int unaligned_length_rounded(struct test *t, int uffd, struct uffdio_move *arg)
{
	uint64_t len = arg->len;
	int error;

	arg->len = (len + page_size() - 1) & ~(uint64_t)(page_size() - 1);
	error = __real_test_move(t, uffd, arg);
	arg->len = len;
	return error;
}

static int zero_length_is_success(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (!arg->len) {
		arg->move = 0;
		return 0;
	}
	return __real_test_move(t, uffd, arg);
}

static int with_mode(struct test *t, int uffd, struct uffdio_move *arg, uint64_t mode)
{
	uint64_t whole = arg->mode;
	int error;

	arg->mode = mode;
	error = __real_test_move(t, uffd, arg);
	arg->mode = whole;
	return error;
}

static int mode_bit_2_ignored(struct test *t, int uffd, struct uffdio_move *arg)
{
	return with_mode(t, uffd, arg, arg->mode & ~4ULL);
}

static int mode_upper_half_ignored(struct test *t, int uffd, struct uffdio_move *arg)
{
	return with_mode(t, uffd, arg, arg->mode & 0xffffffffULL);
}

static int holes_always_allowed(struct test *t, int uffd, struct uffdio_move *arg)
{
	return with_mode(t, uffd, arg, arg->mode | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
}

static int holes_never_allowed(struct test *t, int uffd, struct uffdio_move *arg)
{
	return with_mode(t, uffd, arg, arg->mode & ~(uint64_t)UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
}

/* A page that nothing is in the way of is refused, the first time. */
static int plain_busy_once(struct test *t, int uffd, struct uffdio_move *arg)
{
	static bool refused;

	if (!is_one_plain_page(t) || refused)
		return __real_test_move(t, uffd, arg);
	refused = true;
	return refuse(arg, EBUSY);
}

/* What the contract allows: the split of a huge page fails, and then does not. */
static int huge_busy_once(struct test *t, int uffd, struct uffdio_move *arg)
{
	static bool refused;

	if (!source_ends_with(t, 't') || strlen(t->plan->source) > 1 || refused ||
	    destination_has(t, 'P') || !destination_has(t, '.'))
		return __real_test_move(t, uffd, arg);
	refused = true;
	return refuse(arg, EBUSY);
}

static int huge_busy_always(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (!source_ends_with(t, 't') || strlen(t->plan->source) > 1 ||
	    !destination_has(t, '.'))
		return __real_test_move(t, uffd, arg);
	return refuse(arg, EBUSY);
}

/* A store does not help. */
static int shared_busy_for_ever(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_plain(t) && source_has(t, 'F') && arg->len == page_size())
		return refuse(arg, EBUSY);
	return __real_test_move(t, uffd, arg);
}

/* Stops at a page that nothing is wrong with. */
static int short_without_cause(struct test *t, int uffd, struct uffdio_move *arg)
{
	uint64_t len = arg->len;
	int error;

	if (!is_plain(t) || strcmp(t->plan->source, "P P P P"))
		return __real_test_move(t, uffd, arg);
	arg->len = 2 * page_size();
	error = __real_test_move(t, uffd, arg);
	arg->len = len;
	return error ? error : EAGAIN;
}

const struct fault faults_of_results[] = {
	{ .name = "held-never-returns", .call = held_never_returns },
	{ .name = "plain-never-returns", .call = plain_never_returns },
	{ .name = "plain-outlives-signals", .call = plain_outlives_signals, .deathless = true },
	{ .name = "plain-crashes", .call = plain_crashes },
	{ .name = "killed-in-held", .call = killed_in_held },
	{ .name = "idle", .call = idle },
	{ .name = "success-counts-nothing", .call = success_counts_nothing },
	{ .name = "success-leaves-move", .call = success_leaves_move },
	{ .name = "counts-a-page-more", .call = counts_a_page_more },
	{ .name = "short-counts-a-page-less", .call = short_counts_a_page_less },
	{ .name = "short-is-success", .call = short_is_success },
	{ .name = "short-tells-cause", .call = short_tells_cause },
	{ .name = "short-without-cause", .call = short_without_cause },
	{ .name = "error-is-positive", .call = error_is_positive },
	{ .name = "error-leaves-move", .call = error_leaves_move },
	{ .name = "changing-leaves-move", .call = changing_leaves_move },
	{ .name = "changing-ignored", .call = changing_ignored },
	{ .name = "waited-for-refused", .call = waited_for_refused, .any_argument = true },
	{ .name = "unmapped-einval", .call = unmapped_einval },
	{ .name = "occupied-is-busy", .call = occupied_is_busy },
	{ .name = "marker-is-missing", .call = marker_is_missing },
	{ .name = "changes-length", .call = changes_length },
	{ .name = "changes-mode", .call = changes_mode },
	{ .name = "advances-addresses", .call = advances_addresses },
	{ .name = "unaligned-length-rounded", .call = unaligned_length_rounded },
	{ .name = "zero-length-is-success", .call = zero_length_is_success },
	{ .name = "mode-bit-2-ignored", .call = mode_bit_2_ignored },
	{ .name = "mode-upper-half-ignored", .call = mode_upper_half_ignored },
	{ .name = "holes-always-allowed", .call = holes_always_allowed },
	{ .name = "holes-never-allowed", .call = holes_never_allowed },
	{ .name = "plain-busy-once", .call = plain_busy_once },
	{ .name = "huge-busy-once", .call = huge_busy_once },
	{ .name = "huge-busy-always", .call = huge_busy_always },
	{ .name = "shared-busy-for-ever", .call = shared_busy_for_ever },
	{ .name = NULL }
};
