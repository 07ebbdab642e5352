// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of kernels that tell apart what should be alike, or take for one what comes in
 * between: mappings by their origin, calls by who else is about.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "faults.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "test/compat.h"

#define MOST_REMEMBERED 4096

/* The name in /proc/self/maps of what is mapped at @address; "" if it has none. */
static void name_at(uint64_t address, char name[128])
{
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char line[512];

	name[0] = '\0';
	while (maps && fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && address >= start && address < end)
			sscanf(line, "%*s %*s %*s %*s %*s %127s", name);
	if (maps)
		fclose(maps);
}

static bool is_called(uint64_t address, const char *what)
{
	char name[128];

	name_at(address, name);
	return !strcmp(name, what);
}

/* A file is behind it, whatever that is. */
static int zero_device_refused(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_called(arg->src, "/dev/zero") || is_called(arg->dst, "/dev/zero"))
		return refuse(arg, EINVAL);
	return __real_test_move(t, uffd, arg);
}

static int growing_refused(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (mapping_has_flag(arg->src, "gd") || mapping_has_flag(arg->dst, "gd"))
		return refuse(arg, EINVAL);
	return __real_test_move(t, uffd, arg);
}

static int heap_refused(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_called(arg->src, "[heap]") || is_called(arg->dst, "[heap]"))
		return refuse(arg, EINVAL);
	return __real_test_move(t, uffd, arg);
}

/* The kernel's own mappings are passed over as if they were not there. */
static int special_is_missing(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_called(arg->src, "[vdso]") || is_called(arg->src, "[vvar]"))
		return refuse(arg, ENOENT);
	return __real_test_move(t, uffd, arg);
}

/* Each page in a call of its own, with nothing that would hold off others in between. */
static int page_after_page(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t all = arg->len;
	struct uffdio_move one = *arg;
	int error = 0;

	one.len = page_size();
	for (arg->move = 0; !error && (uint64_t)arg->move < all; arg->move += error ? 0 : one.len) {
		one.dst = arg->dst + arg->move;
		one.src = arg->src + arg->move;
		error = __real_test_move(t, uffd, &one);
	}
	if (!error)
		return 0;
	if (!arg->move)
		return refuse(arg, error);
	return EAGAIN;
}

/* Two mappings in a row are as good as one if they differ in what fork() makes of them alone. */
static int fork_advice_ignored(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);
	uint64_t end = arg->len - 1;

	if (error == EINVAL && (mapping_has_flag(arg->src + end, "dc") ||
				mapping_has_flag(arg->dst + end, "dc")))
		error = page_after_page(t, uffd, arg);
	return error;
}

/* Huge pages are not for a place that is advised against them. */
static int advice_splits(struct test *t, int uffd, struct uffdio_move *arg)
{
	bool against = mapping_has_flag(arg->dst, "nh") ||
		       prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) > 0;

	return against ? page_after_page(t, uffd, arg) : __real_test_move(t, uffd, arg);
}

/* Huge entries go from one of the tables that hold them to the next, and no further. */
static int far_splits(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t most = table_span() * (page_size() / sizeof(uint64_t));
	uint64_t way = arg->dst > arg->src ? arg->dst - arg->src : arg->src - arg->dst;

	return way > 2 * most ? page_after_page(t, uffd, arg) : __real_test_move(t, uffd, arg);
}

/* What cannot be moved is copied, whoever else refers to it. */
static int busy_is_copied(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_copy copy = { .dst = arg->dst, .src = arg->src, .len = arg->len };
	int error = __real_test_move(t, uffd, arg);

	if (error != EBUSY || ioctl(uffd, UFFDIO_COPY, &copy))
		return error;
	madvise(source_of(arg), arg->len, MADV_DONTNEED);
	arg->move = arg->len;
	return 0;
}

static void protect(int uffd, uint64_t start, uint64_t length)
{
	struct uffdio_writeprotect protect = {
		.range = { start, length }, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	ioctl(uffd, UFFDIO_WRITEPROTECT, &protect);
}

/* What has arrived looks to a tracker as it was when it was last seen. */
static int arrives_unwritten(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		protect(uffd, arg->dst, arg->len);
	return error;
}

static int leaves_unwritten(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		protect(uffd, arg->src, arg->len);
	return error;
}

static int late_mover_is_busy(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return error == EEXIST || error == ENOENT ? refuse(arg, EBUSY) : error;
}

/* One that was in swap when it was to be moved stays refused, whoever stores to it. */
static int swapped_busy_for_ever(struct test *t, int uffd, struct uffdio_move *arg)
{
	static uint64_t remembered[MOST_REMEMBERED];
	static unsigned int n;

	if (pagemap_entry(source_of(arg)) & ENTRY_SWAPPED && n < MOST_REMEMBERED)
		remembered[n++] = arg->src;
	for (unsigned int i = 0; i < n; i++)
		if (remembered[i] == arg->src)
			return refuse(arg, EBUSY);
	return __real_test_move(t, uffd, arg);
}

/* A test's children have descriptors of their memory by the event of a fork alone. */
static int event_descriptor_refused(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (getpgrp() != getpid())
		return EINVAL;
	return __real_test_move(t, uffd, arg);
}

/* Pages bring along that they may be dropped. */
static int droppable_for_ever(struct test *t, int uffd, struct uffdio_move *arg)
{
	bool droppable = mapping_has_flag(arg->src, "dp");
	int error = __real_test_move(t, uffd, arg);

	if (!error && droppable)
		madvise(destination_of(arg), arg->len, MADV_FREE);
	return error;
}

/* An entry that is moved leads nowhere: zeroes are read. */
static int swapped_reads_zero(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_zeropage zero = { .range = { arg->dst, arg->len } };
	bool swapped = pagemap_entry(source_of(arg)) & ENTRY_SWAPPED;
	int error = __real_test_move(t, uffd, arg);

	if (!error && swapped) {
		madvise(destination_of(arg), arg->len, MADV_DONTNEED);
		ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
	}
	return error;
}

/* Something of the kernel's holds on to what has moved, for good. */
static int arrives_pinned(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);
	struct io_uring_params parameters = { 0 };
	int ring = syscall(__NR_io_uring_setup, 1, &parameters);
	unsigned long n = 0, most = pages_of(arg);
	struct iovec *pages = calloc(most, sizeof(*pages));

	for (unsigned long i = 0; !error && pages && i < most; i++)
		if (pagemap_entry(destination_page_of(arg, i)) & ENTRY_PRESENT)
			pages[n++] = (struct iovec){ destination_page_of(arg, i), page_size() };
	if (n)
		syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, pages, n);
	free(pages);
	return error;
}

const struct fault faults_apart[] = {
	{ .name = "zero-device-refused", .call = zero_device_refused },
	{ .name = "growing-refused", .call = growing_refused },
	{ .name = "heap-refused", .call = heap_refused },
	{ .name = "special-is-missing", .call = special_is_missing },
	{ .name = "page-after-page", .call = page_after_page },
	{ .name = "fork-advice-ignored", .call = fork_advice_ignored },
	{ .name = "advice-splits", .call = advice_splits },
	{ .name = "far-splits", .call = far_splits },
	{ .name = "busy-is-copied", .call = busy_is_copied },
	{ .name = "arrives-unwritten", .call = arrives_unwritten },
	{ .name = "leaves-unwritten", .call = leaves_unwritten },
	{ .name = "late-mover-is-busy", .call = late_mover_is_busy },
	{ .name = "swapped-busy-for-ever", .call = swapped_busy_for_ever },
	{ .name = "event-descriptor-refused", .call = event_descriptor_refused },
	{ .name = "droppable-for-ever", .call = droppable_for_ever },
	{ .name = "swapped-reads-zero", .call = swapped_reads_zero },
	{ .name = "arrives-pinned", .call = arrives_pinned },
	{ .name = NULL }
};
