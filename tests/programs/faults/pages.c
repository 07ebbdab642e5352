// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults of what becomes of the pages of a call that succeeds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "faults.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "test/compat.h"

/* One or more private pages over holes, whose move will succeed. */
static bool moves_plainly(const struct test *t)
{
	return is_plain(t) && t->plan->destination &&
	       strspn(t->plan->source, "P ") == strlen(t->plan->source) &&
	       strspn(t->plan->destination, ". ") == strlen(t->plan->destination);
}

static void copy_to(int uffd, char *to, const void *from, size_t bytes)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)to, .src = (uintptr_t)from, .len = bytes,
		.mode = UFFDIO_COPY_MODE_DONTWAKE,
	};

	if (ioctl(uffd, UFFDIO_COPY, &copy) && errno != EEXIST)
		raise(SIGABRT);
}

/* The source stays. */
static int copies(struct test *t, int uffd, struct uffdio_move *arg)
{
	void *kept;
	int error;

	if (!moves_plainly(t))
		return __real_test_move(t, uffd, arg);
	kept = kept_copy(source_of(arg), arg->len);
	error = __real_test_move(t, uffd, arg);
	if (!error)
		memcpy(source_of(arg), kept, arg->len);
	return error;
}

/* Contents right, source empty, but a new page. */
static int copies_and_drops(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (!moves_plainly(t))
		return __real_test_move(t, uffd, arg);
	copy_to(uffd, destination_of(arg), source_of(arg), arg->len);
	madvise(source_of(arg), arg->len, MADV_DONTNEED);
	arg->move = arg->len;
	return 0;
}

static int leaves_zero_page_behind(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && moves_plainly(t))
		(void)*(volatile char *)source_of(arg);
	return error;
}

static int loses_contents(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && moves_plainly(t))
		memset(destination_of(arg), 0, page_size());
	return error;
}

static int loses_last_line(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && moves_plainly(t))
		memset(destination_page_of(arg, pages_of(arg)) - 64, 0, 64);
	return error;
}

static int swaps_two_pages(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);
	char *kept;

	if (error || !moves_plainly(t) || pages_of(arg) < 2)
		return error;
	kept = kept_copy(destination_of(arg), 2 * page_size());
	memcpy(destination_of(arg), kept + page_size(), page_size());
	memcpy(destination_page_of(arg, 1), kept, page_size());
	return error;
}

/* What the walk should not have reached is gone from the source. */
static int drops_behind_the_stop(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (error && is_plain(t) && arg->move > 0)
		madvise(source_of(arg), arg->len, MADV_DONTNEED);
	return error;
}

static int overwrites_occupied(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_plain(t) && destination_has(t, 'P'))
		madvise(destination_of(arg), arg->len, MADV_DONTNEED);
	return __real_test_move(t, uffd, arg);
}

static int fills_holes_with_zeroes(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_zeropage zero = {
		.range = { arg->dst, arg->len }, .mode = UFFDIO_ZEROPAGE_MODE_DONTWAKE,
	};
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t) && source_ends_with(t, '.')) {
		zero.range.start += arg->len - page_size();
		zero.range.len = page_size();
		ioctl(uffd, UFFDIO_ZEROPAGE, &zero);
	}
	return error;
}

/* A swapped page is read in on the way. */
static int reads_swapped(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_plain(t) && source_ends_with(t, 'S') && !destination_has(t, 'S'))
		(void)*(volatile char *)source_page_of(arg, pages_of(arg) - 1);
	return __real_test_move(t, uffd, arg);
}

static int makes_zero_page_private(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t) && source_ends_with(t, 'Z'))
		*(volatile char *)destination_page_of(arg, pages_of(arg) - 1) = 0;
	return error;
}

static bool is_lazily_freed(const char *page)
{
	uint64_t flags = frame_flags(entry_frame(pagemap_entry(page)));

	return flags >> FLAG_ANONYMOUS & 1 && !(flags >> FLAG_SWAP_BACKED & 1);
}

/* As if it had been stored to. */
static int ends_lazy_freeing(struct test *t, int uffd, struct uffdio_move *arg)
{
	bool lazily_freed = is_lazily_freed(source_of(arg));
	int error = __real_test_move(t, uffd, arg);

	if (!error && lazily_freed)
		*(volatile char *)destination_of(arg) = *(volatile char *)destination_of(arg);
	return error;
}

/* Page by page although it could be moved as one. */
static int splits_huge(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_move one = *arg;

	if (!is_plain(t) || strcmp(t->plan->source, "T") ||
	    strcmp(t->plan->destination, "_"))
		return __real_test_move(t, uffd, arg);
	for (uint64_t done = 0; done < arg->len; done += page_size()) {
		one.dst = arg->dst + done;
		one.src = arg->src + done;
		one.len = page_size();
		if (__real_test_move(t, uffd, &one))
			return __real_test_move(t, uffd, arg);
	}
	arg->move = arg->len;
	return 0;
}

/* The page arrives, and is shared with somebody. */
static int arrives_shared(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && moves_plainly(t) && fork() == 0)
		for (;;)
			pause();
	return error;
}

/* A moved page that reads as a mixture: what CVE-2026-31397 was like. */
static int spoils_huge_zero(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && is_plain(t) && source_ends_with(t, 'H') && destination_has(t, '_'))
		*(volatile char *)destination_page_of(arg, pages_of(arg) - 7) = 1;
	return error;
}

static int zero_busy(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (is_plain(t) && !strcmp(t->plan->source, "Z") && destination_has(t, '.'))
		return refuse(arg, EBUSY);
	return __real_test_move(t, uffd, arg);
}

const struct fault faults_of_pages[] = {
	{ .name = "copies", .call = copies },
	{ .name = "copies-and-drops", .call = copies_and_drops },
	{ .name = "leaves-zero-page-behind", .call = leaves_zero_page_behind },
	{ .name = "loses-contents", .call = loses_contents },
	{ .name = "loses-last-line", .call = loses_last_line },
	{ .name = "swaps-two-pages", .call = swaps_two_pages },
	{ .name = "drops-behind-the-stop", .call = drops_behind_the_stop },
	{ .name = "overwrites-occupied", .call = overwrites_occupied },
	{ .name = "fills-holes-with-zeroes", .call = fills_holes_with_zeroes },
	{ .name = "reads-swapped", .call = reads_swapped },
	{ .name = "makes-zero-page-private", .call = makes_zero_page_private },
	{ .name = "ends-lazy-freeing", .call = ends_lazy_freeing },
	{ .name = "splits-huge", .call = splits_huge },
	{ .name = "arrives-shared", .call = arrives_shared },
	{ .name = "spoils-huge-zero", .call = spoils_huge_zero },
	{ .name = "zero-busy", .call = zero_busy },
	{ .name = NULL }
};
