// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults with pages that somebody else holds: such as answer a page that may be refused
 * by moving it after all, and lose what holds of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "child.h"
#include "faults.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "test/compat.h"

/* The source's last letter is the only page of the call, over a hole. */
static bool is_one_page_of(const struct test *t, const char *letters)
{
	return is_plain(t) && t->plan->source[1] == '\0' &&
	       strchr(letters, t->plan->source[0]) && destination_has(t, '.');
}

/* As a kernel that always works might: by a copy. */
static int copy_instead(int uffd, struct uffdio_move *arg)
{
	struct uffdio_copy copy = {
		.dst = arg->dst, .src = arg->src, .len = arg->len,
		.mode = UFFDIO_COPY_MODE_DONTWAKE,
	};

	if (ioctl(uffd, UFFDIO_COPY, &copy))
		return refuse(arg, errno);
	madvise(source_of(arg), arg->len, MADV_DONTNEED);
	arg->move = arg->len;
	return 0;
}

static int copies_if_one_of(struct test *t, int uffd, struct uffdio_move *arg,
			    const char *letters)
{
	return is_one_page_of(t, letters) ? copy_instead(uffd, arg) : __real_test_move(t, uffd, arg);
}

static int busy_copies(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return error == EBUSY && is_plain(t) ? copy_instead(uffd, arg) : error;
}

static int shared_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	return copies_if_one_of(t, uffd, arg, "F");
}

static int left_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	return copies_if_one_of(t, uffd, arg, "C");
}

static int large_shared_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	return copies_if_one_of(t, uffd, arg, "AN");
}

static int large_left_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	return copies_if_one_of(t, uffd, arg, "an");
}

static int cached_busy_for_ever(struct test *t, int uffd, struct uffdio_move *arg)
{
	return is_one_page_of(t, "l") ? refuse(arg, EBUSY) : __real_test_move(t, uffd, arg);
}

/* A store to the page changes nothing. */
static int large_shared_busy_for_ever(struct test *t, int uffd, struct uffdio_move *arg)
{
	return is_one_page_of(t, "AN") ? refuse(arg, EBUSY) : __real_test_move(t, uffd, arg);
}

static int merged_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	return copies_if_one_of(t, uffd, arg, "K");
}

static int pinned_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	return copies_if_one_of(t, uffd, arg, "D");
}

static int referenced_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	return copies_if_one_of(t, uffd, arg, "R");
}

static int huge_shared_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	return copies_if_one_of(t, uffd, arg, "f");
}

static int huge_pinned_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	return copies_if_one_of(t, uffd, arg, "B");
}

/* A copy, and the process's own one of a swapped page read in first. */
static int swapped_shared_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	return copies_if_one_of(t, uffd, arg, "s");
}

/* What is refused is that some page of the folio is shared, whoever asks for which. */
static int half_shared_busy(struct test *t, int uffd, struct uffdio_move *arg)
{
	uint64_t frame = entry_frame(pagemap_entry(source_of(arg)));

	if (first_child() && t->plan->scenario >= 0 &&
	    frame_flags(frame) >> FLAG_COMPOUND_TAIL & 1)
		return refuse(arg, EBUSY);
	return __real_test_move(t, uffd, arg);
}

/* That of the last page, of a folio whose first is this process's alone. */
static int half_shared_spoils_child(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (first_child() && t->plan->scenario >= 0)
		spoil_in_child(source_of(arg) + arg->len - page_size());
	return error;
}

static int shared_spoils_child(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (is_one_page_of(t, "F"))
		spoil_in_child(source_of(arg));
	return error;
}

static int large_shared_spoils_child(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (is_one_page_of(t, "AN"))
		spoil_in_child(source_of(arg));
	return error;
}

static int shared_copied_spoils_child(struct test *t, int uffd, struct uffdio_move *arg)
{
	char *source = source_of(arg);
	int error = shared_copied(t, uffd, arg);

	if (is_one_page_of(t, "F"))
		spoil_in_child(source);
	return error;
}

static int swapped_shared_spoils_child(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (is_one_page_of(t, "s"))
		spoil_in_child(source_of(arg));
	return error;
}

static int huge_shared_spoils_child(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (is_one_page_of(t, "f"))
		spoil_in_child(source_of(arg));
	return error;
}

/* A page that was refused is another afterwards: who pinned it has lost it. */
static int refused_pin_lost(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);
	char *kept;

	if (!is_one_page_of(t, "D"))
		return error;
	kept = kept_copy(source_of(arg), page_size());
	madvise(source_of(arg), page_size(), MADV_DONTNEED);
	memcpy(source_of(arg), kept, page_size());
	return error;
}

const struct fault faults_of_holders[] = {
	{ .name = "busy-copies", .call = busy_copies },
	{ .name = "shared-copied", .call = shared_copied },
	{ .name = "left-copied", .call = left_copied },
	{ .name = "large-shared-copied", .call = large_shared_copied },
	{ .name = "large-left-copied", .call = large_left_copied },
	{ .name = "large-shared-busy-for-ever", .call = large_shared_busy_for_ever },
	{ .name = "cached-busy-for-ever", .call = cached_busy_for_ever },
	{ .name = "half-shared-busy", .call = half_shared_busy },
	{ .name = "half-shared-spoils-child", .call = half_shared_spoils_child },
	{ .name = "large-shared-spoils-child", .call = large_shared_spoils_child },
	{ .name = "merged-copied", .call = merged_copied },
	{ .name = "pinned-copied", .call = pinned_copied },
	{ .name = "referenced-copied", .call = referenced_copied },
	{ .name = "huge-shared-copied", .call = huge_shared_copied },
	{ .name = "huge-pinned-copied", .call = huge_pinned_copied },
	{ .name = "swapped-shared-copied", .call = swapped_shared_copied },
	{ .name = "shared-spoils-child", .call = shared_spoils_child },
	{ .name = "shared-copied-spoils-child", .call = shared_copied_spoils_child },
	{ .name = "swapped-shared-spoils-child", .call = swapped_shared_spoils_child },
	{ .name = "huge-shared-spoils-child", .call = huge_shared_spoils_child },
	{ .name = "refused-pin-lost", .call = refused_pin_lost },
	{ .name = NULL }
};
