// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults beside the two ranges, and of their mappings.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "faults.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "test/compat.h"

static bool is_there(const char *page)
{
	return pagemap_entry(page) & ENTRY_PRESENT;
}

static int spoil_if_there(int error, char *page)
{
	if (is_there(page))
		page[page_size() / 2] ^= 0x55;
	return error;
}

static int spoils_before_destination(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return is_plain(t) ? spoil_if_there(error, destination_page_of(arg, -1)) : error;
}

static int spoils_behind_destination(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return is_plain(t) ? spoil_if_there(error, destination_page_of(arg, pages_of(arg))) : error;
}

static int spoils_before_source(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return is_plain(t) ? spoil_if_there(error, source_page_of(arg, -1)) : error;
}

/* One page too many is taken from the source. */
static int drops_behind_source(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t))
		madvise(source_page_of(arg, pages_of(arg)), page_size(), MADV_DONTNEED);
	return error;
}

static int drops_two_behind_source(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t))
		madvise(source_page_of(arg, pages_of(arg) + 1), page_size(), MADV_DONTNEED);
	return error;
}

static int drops_before_destination(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t))
		madvise(destination_page_of(arg, -1), page_size(), MADV_DONTNEED);
	return error;
}

/* One page too many is moved, whatever is in its way. */
static int moves_one_more(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error;

	if (!is_plain(t))
		return __real_test_move(t, uffd, arg);
	madvise(destination_page_of(arg, pages_of(arg)), page_size(), MADV_DONTNEED);
	arg->len += page_size();
	error = __real_test_move(t, uffd, arg);
	arg->len -= page_size();
	if (arg->move > (int64_t)arg->len)
		arg->move = arg->len;
	return error;
}

static int unlocks_destination(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		munlock(destination_of(arg), arg->len);
	return error;
}

static int locks_destination(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t))
		mlock2(destination_of(arg), arg->len, MLOCK_ONFAULT);
	return error;
}

static int unregisters_destination(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_range range = { arg->dst, arg->len };
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t))
		ioctl(uffd, UFFDIO_UNREGISTER, &range);
	return error;
}

static int registers_source(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_register reg = {
		.range = { arg->src, arg->len }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t))
		ioctl(uffd, UFFDIO_REGISTER, &reg);
	return error;
}

static int closes_destination(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t))
		mprotect(destination_of(arg), arg->len, PROT_READ);
	return error;
}

static int unmaps_source(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t))
		munmap(source_of(arg), arg->len);
	return error;
}

static int advises_source(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t))
		madvise(source_of(arg), arg->len, MADV_DONTFORK);
	return error;
}

const struct fault faults_of_ranges[] = {
	{ .name = "spoils-before-destination", .call = spoils_before_destination },
	{ .name = "spoils-behind-destination", .call = spoils_behind_destination },
	{ .name = "spoils-before-source", .call = spoils_before_source },
	{ .name = "drops-behind-source", .call = drops_behind_source },
	{ .name = "drops-two-behind-source", .call = drops_two_behind_source },
	{ .name = "drops-before-destination", .call = drops_before_destination },
	{ .name = "moves-one-more", .call = moves_one_more },
	{ .name = "unlocks-destination", .call = unlocks_destination },
	{ .name = "locks-destination", .call = locks_destination },
	{ .name = "unregisters-destination", .call = unregisters_destination },
	{ .name = "registers-source", .call = registers_source },
	{ .name = "closes-destination", .call = closes_destination },
	{ .name = "unmaps-source", .call = unmaps_source },
	{ .name = "advises-source", .call = advises_source },
	{ .name = NULL }
};
