// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of what guards a page: protection against access by userfaultfd, and what
 * arm64 adds to a mapping.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/ioctl.h>

#include "faults.h"
#include "machine/arm64.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/uffd.h"
#include "test/compat.h"

static char *place(uint64_t address)
{
	return (char *)(uintptr_t)address;
}

static bool is_protected(const char *page)
{
	return pagemap_entry(page) & ENTRY_PROTECTED;
}

static bool is_for_access(uint64_t address)
{
	return mapping_has_flag(address, "ur");
}

/* What kinds of pages are told apart. */
enum kind { SMALL, ZERO, SWAPPED, HUGE, HUGE_ZERO };

static enum kind kind_of(struct test *t, const char *page)
{
	switch (page_mapped(t, page)) {
	case MAPPED_HUGE:
		return HUGE;
	case MAPPED_HUGE_ZERO:
		return HUGE_ZERO;
	case MAPPED_SMALL:
		break;
	}
	if (pagemap_entry(page) & ENTRY_SWAPPED)
		return SWAPPED;
	return entry_frame(pagemap_entry(page)) == this_kernel()->zero_frame ? ZERO : SMALL;
}

/* Pages of one kind arrive as they would in a range that nobody watches. */
static int arrives_open(struct test *t, int uffd, struct uffdio_move *arg, enum kind kind)
{
	enum kind is = kind_of(t, source_of(arg));
	int error = __real_test_move(t, uffd, arg);

	if (!error && is == kind && is_for_access(arg->dst))
		uffd_rwprotect(uffd, destination_of(arg), arg->len, 0);
	return error;
}

static int small_arrives_open(struct test *t, int uffd, struct uffdio_move *arg)
{
	return arrives_open(t, uffd, arg, SMALL);
}

static int zero_arrives_open(struct test *t, int uffd, struct uffdio_move *arg)
{
	return arrives_open(t, uffd, arg, ZERO);
}

static int swapped_arrives_open(struct test *t, int uffd, struct uffdio_move *arg)
{
	return arrives_open(t, uffd, arg, SWAPPED);
}

static int huge_arrives_open(struct test *t, int uffd, struct uffdio_move *arg)
{
	return arrives_open(t, uffd, arg, HUGE);
}

static int huge_zero_arrives_open(struct test *t, int uffd, struct uffdio_move *arg)
{
	return arrives_open(t, uffd, arg, HUGE_ZERO);
}

/* Of several pages the last alone. */
static int last_arrives_open(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && pages_of(arg) > 1 && is_for_access(arg->dst))
		uffd_rwprotect(uffd, place(arg->dst + arg->len - page_size()), page_size(), 0);
	return error;
}

/* The protection moves along; played by what makes the destination a range for it. */
static int access_protection_carried(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_range range = { arg->dst, arg->len };
	bool carried = is_for_access(arg->src) && is_protected(source_of(arg)) &&
		       !is_for_access(arg->dst);
	int error = __real_test_move(t, uffd, arg);

	if (error || !carried || ioctl(uffd, UFFDIO_UNREGISTER, &range) ||
	    uffd_register(uffd, destination_of(arg), arg->len, UFFDIO_REGISTER_MODE_RWP, NULL))
		return error;
	uffd_rwprotect(uffd, destination_of(arg), arg->len, UFFDIO_RWPROTECT_MODE_RWP);
	return 0;
}

static int access_protected_busy(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_for_access(arg->src) && is_protected(source_of(arg)))
		return refuse(arg, EBUSY);
	return __real_test_move(t, uffd, arg);
}

/* Who watches a range for accesses is not let fill it. */
static int watched_refused(struct test *t, int uffd, struct uffdio_move *arg)
{
	return is_for_access(arg->dst) ? refuse(arg, EINVAL) : __real_test_move(t, uffd, arg);
}

/* What arm64 adds to the access is not compared. */
static int other_access_ignored(struct test *t, int uffd, struct uffdio_move *arg, const char *flag)
{
	int error = __real_test_move(t, uffd, arg);

	if (error != EINVAL || mapping_has_flag(arg->src, flag) == mapping_has_flag(arg->dst, flag))
		return error;
	arg->move = arg->len;
	return 0;
}

static int mte_ignored(struct test *t, int uffd, struct uffdio_move *arg)
{
	return other_access_ignored(t, uffd, arg, "mt");
}

static int bti_ignored(struct test *t, int uffd, struct uffdio_move *arg)
{
	return other_access_ignored(t, uffd, arg, "bt");
}

static int memory_tags_lost(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	for (uint64_t at = 0; !error && at < arg->len && mapping_has_flag(arg->dst, "mt");
	     at += page_size())
		arm64_set_tag(place(arg->dst + at), 0);
	return error;
}

const struct fault faults_of_protection[] = {
	{ .name = "small-arrives-open", .call = small_arrives_open },
	{ .name = "zero-arrives-open", .call = zero_arrives_open },
	{ .name = "swapped-arrives-open", .call = swapped_arrives_open },
	{ .name = "huge-arrives-open", .call = huge_arrives_open },
	{ .name = "huge-zero-arrives-open", .call = huge_zero_arrives_open },
	{ .name = "last-arrives-open", .call = last_arrives_open },
	{ .name = "access-protection-carried", .call = access_protection_carried },
	{ .name = "access-protected-busy", .call = access_protected_busy },
	{ .name = "watched-refused", .call = watched_refused },
	{ .name = "mte-ignored", .call = mte_ignored },
	{ .name = "bti-ignored", .call = bti_ignored },
	{ .name = "memory-tags-lost", .call = memory_tags_lost },
	{ .name = NULL }
};
