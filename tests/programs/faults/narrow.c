// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that show in a narrow situation only: of some lengths, places and mappings.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "faults.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/uffd.h"
#include "test/compat.h"

#define MOST_REMEMBERED 4096
#define BATCH 8			/* pages that a kernel might take together */

static char *place(uint64_t address)
{
	return (char *)(uintptr_t)address;
}

static bool is_short(int error, const struct uffdio_move *arg)
{
	return error == EAGAIN && arg->move > 0;
}

/* The real call with other values; of the structure only .move is written. */
static int call_as(struct test *t, int uffd, struct uffdio_move *arg, struct uffdio_move other)
{
	int error = __real_test_move(t, uffd, &other);

	arg->move = other.move;
	return error;
}

/*
 * The flags of the mapping that holds @address, as smaps tells them, and its end; "" and 0
 * if there is none.
 */
static uint64_t flags_at(uint64_t address, char flags[256])
{
	unsigned long start, end, its_end = 0;
	bool here = false;
	char line[512];
	FILE *smaps = fopen("/proc/self/smaps", "re");

	flags[0] = '\0';
	while (smaps && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2) {
			here = address >= start && address < end;
			its_end = here ? end : its_end;
		} else if (here && !strncmp(line, "VmFlags: ", 9)) {
			snprintf(flags, 256, "%.255s", line + 8);
		}
	}
	if (smaps)
		fclose(smaps);
	return its_end;
}

bool mapping_has_flag(uint64_t address, const char *flag)
{
	char flags[256], word[8];

	flags_at(address, flags);
	snprintf(word, sizeof(word), " %s ", flag);
	return strstr(flags, word);
}

static bool is_mapped(uint64_t address)
{
	char flags[256];

	flags_at(address, flags);
	return flags[0];
}

bool is_registered(uint64_t address)
{
	return mapping_has_flag(address, "um") || mapping_has_flag(address, "uw") ||
	       mapping_has_flag(address, "ur");
}

/* lengths */

/* The count of a short move is kept in 16 bits on the way. */
static int short_count_16_bits(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (is_short(error, arg))
		arg->move &= 0xffff;
	return error;
}

/* The mask that alignment is checked by has a bit too few. */
static int half_page_alignment(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t half = page_size() / 2;
	struct uffdio_move other = *arg;
	int error;

	if ((arg->dst | arg->src | arg->len) % half)
		return __real_test_move(t, uffd, arg);
	other.dst &= ~half;
	other.src &= ~half;
	other.len &= ~half;
	error = call_as(t, uffd, arg, other);
	if (!error)
		arg->move = arg->len;
	return error;
}

/* A range that begins in the task and ends beyond it is found out late. */
static int end_beyond_task_late(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t most = address_beyond_task() - page_size();
	int error = __real_test_move(t, uffd, arg);

	if (error == EINVAL && arg->len && !((arg->dst | arg->src | arg->len) % page_size()) &&
	    arg->dst < most && arg->src < most && arg->len < 1ULL << 62 &&
	    (arg->dst + arg->len > most || arg->src + arg->len > most))
		return refuse(arg, EINVAL);
	return error;
}

/* A huge page is taken whole if the most of it is to be moved. */
static int huge_rounded_up(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t huge = huge_page_size();
	struct uffdio_move whole = *arg;
	uint64_t rest = huge ? arg->len % huge : 0;
	char *last = place(arg->src + arg->len - rest);

	if (!huge || rest <= huge / 2 || arg->src % huge || arg->dst % huge ||
	    page_mapped(t, last) != MAPPED_HUGE)
		return __real_test_move(t, uffd, arg);
	whole.len += huge - rest;
	if (call_as(t, uffd, arg, whole))
		return __real_test_move(t, uffd, arg);
	arg->move = arg->len;
	return 0;
}

static bool is_empty(uint64_t start, uint64_t end)
{
	for (; start < end; start += page_size())
		if (pagemap_entry(place(start)))
			return false;
	return true;
}

/* Where the source has no page table, as much as one spans is stepped over, wherever one is. */
static int table_skipped_whole(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t span = table_span();
	const uint64_t left = span - arg->src % span;
	struct uffdio_move first = *arg, rest = *arg;
	int error;

	if (!(arg->mode & UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES) || left == span ||
	    arg->src % page_size() || arg->len % page_size() || arg->len <= span ||
	    arg->len > 64 * span || !is_empty(arg->src, arg->src + left))
		return __real_test_move(t, uffd, arg);
	first.len = left;
	error = call_as(t, uffd, arg, first);
	if (error)
		return error;
	rest.src += span;
	rest.dst += span;
	rest.len -= span;
	error = call_as(t, uffd, arg, rest);
	if (!error)
		arg->move = arg->len;
	return error;
}

/* pages */

/* A page in place of the one that has moved. */
static void renew(int uffd, char *page)
{
	void *kept = kept_copy(page, page_size());
	struct uffdio_copy copy = {
		.dst = (uintptr_t)page, .src = (uintptr_t)kept, .len = page_size(),
		.mode = UFFDIO_COPY_MODE_DONTWAKE,
	};

	madvise(page, page_size(), MADV_DONTNEED);
	/* the next page that is allocated is most likely the one just freed */
	*(volatile char *)mmap(NULL, page_size(), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
	ioctl(uffd, UFFDIO_COPY, &copy);
	free(kept);
}

static bool is_there(const char *page)
{
	return pagemap_entry(page) & ENTRY_PRESENT;
}

static bool is_zero(const char *page)
{
	return entry_frame(pagemap_entry(page)) == this_kernel()->zero_frame;
}

/* Those of a page table that the source's walk enters later than the destination's. */
static int copies_behind_table(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t span = table_span();
	int error = __real_test_move(t, uffd, arg);

	for (uint64_t at = page_size(); !error && at < arg->len && at < span; at += page_size())
		if ((arg->src + at) % span == 0 && (arg->dst + at) % span &&
		    is_there(place(arg->dst + at)))
			renew(uffd, place(arg->dst + at));
	return error;
}

/* Behind the pages that are taken together a page is copied. */
static int copies_behind_batch(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	for (uint64_t i = BATCH; !error && i < pages_of(arg); i += BATCH)
		if (is_there(destination_page_of(arg, i)) && !is_zero(destination_page_of(arg, i)) &&
		    page_mapped(t, destination_page_of(arg, i)) == MAPPED_SMALL)
			renew(uffd, destination_page_of(arg, i));
	return error;
}

/* Reclaim does not find where the page is mapped: played by a child that has a share in it. */
static int arrives_unreclaimable(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error && fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return error;
}

/* Write protection moves with what is mapped as one. */
static int huge_protection_carried(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t protected = 1ULL << 57;
	struct uffdio_writeprotect protect = {
		.range = { arg->dst, arg->len }, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	bool carried = pagemap_entry(source_of(arg)) & protected &&
		       page_mapped(t, source_of(arg)) != MAPPED_SMALL;
	int error = __real_test_move(t, uffd, arg);

	if (!error && carried)
		ioctl(uffd, UFFDIO_WRITEPROTECT, &protect);
	return error;
}

static int zero_protection_carried(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t protected = 1ULL << 57;
	struct uffdio_writeprotect protect = {
		.range = { arg->dst, arg->len }, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	bool carried = pagemap_entry(source_of(arg)) & protected && is_zero(source_of(arg));
	int error = __real_test_move(t, uffd, arg);

	if (!error && carried)
		ioctl(uffd, UFFDIO_WRITEPROTECT, &protect);
	return error;
}

static bool is_part_of_folio(uint64_t frame)
{
	return frame_flags(frame) >> FLAG_COMPOUND_TAIL & 1;
}

/* Of a folio as large as a huge page, which small entries map? */
static bool is_huge_by_small(struct test *t, const char *page)
{
	uint64_t most = huge_page_size() / page_size();
	uint64_t frame = entry_frame(pagemap_entry(page));

	return frame && page_mapped(t, page) == MAPPED_SMALL &&
	       frame_flags(frame - frame % most) >> FLAG_COMPOUND_HEAD & 1 &&
	       is_part_of_folio((frame - frame % most) + most - 1) &&
	       is_part_of_folio((frame - frame % most) + most / 2);
}

static int huge_by_small_refused(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (huge_page_size() && arg->src % page_size() == 0 &&
	    is_huge_by_small(t, source_of(arg)))
		return refuse(arg, EBUSY);
	return __real_test_move(t, uffd, arg);
}

static struct {
	uint64_t places[MOST_REMEMBERED];
	unsigned int n;
} arrived_shared;

static bool is_remembered(uint64_t address)
{
	for (unsigned int i = 0; i < arrived_shared.n; i++)
		if (arrived_shared.places[i] == address)
			return true;
	return false;
}

/* An entry forgets that it is this process's alone, as which the page is not read then. */
static int swapped_arrives_shared(struct test *t, int uffd, struct uffdio_move *arg)
{
	bool swapped = pagemap_entry(source_of(arg)) & ENTRY_SWAPPED;
	int error;

	if (is_remembered(arg->src) && is_there(source_of(arg)))
		return refuse(arg, EBUSY);
	error = __real_test_move(t, uffd, arg);
	if (!error && swapped && arrived_shared.n < MOST_REMEMBERED)
		arrived_shared.places[arrived_shared.n++] = arg->dst;
	return error;
}

/* mappings */

/* Of what the mappings are advised something is compared that does not matter. */
static int dump_advice_compared(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (mapping_has_flag(arg->src, "dd") != mapping_has_flag(arg->dst, "dd"))
		return refuse(arg, EINVAL);
	return __real_test_move(t, uffd, arg);
}

/* Behind the source's mapping there is nothing, which may be skipped. */
static int holes_past_end(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);
	struct uffdio_move other = *arg;

	if (error != EINVAL || !(arg->mode & UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES) ||
	    arg->len <= page_size() || is_mapped(arg->src + arg->len - page_size()))
		return error;
	other.len -= page_size();
	error = call_as(t, uffd, arg, other);
	if (!error)
		arg->move = arg->len;
	return error;
}

/* Nobody is to be woken, so nobody looks whose the range is. */
static int dontwake_unregistered(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_range range = { arg->dst, arg->len };
	int error = __real_test_move(t, uffd, arg);

	if (error != EINVAL || !(arg->mode & UFFDIO_MOVE_MODE_DONTWAKE) ||
	    is_registered(arg->dst) ||
	    uffd_register(uffd, destination_of(arg), arg->len, UFFDIO_REGISTER_MODE_MISSING, NULL))
		return error;
	error = __real_test_move(t, uffd, arg);
	ioctl(uffd, UFFDIO_UNREGISTER, &range);
	return error;
}

/* A range that is registered in part is filled all the same. */
static int registered_in_part(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_range tail = { arg->dst, arg->len };
	int error = __real_test_move(t, uffd, arg);

	if (error != EINVAL || arg->len > table_span() || !is_registered(arg->dst))
		return error;
	for (; tail.len && is_registered(tail.start); tail.len -= page_size())
		tail.start += page_size();
	if (!tail.len ||
	    uffd_register(uffd, place(tail.start), tail.len, UFFDIO_REGISTER_MODE_MISSING, NULL))
		return error;
	error = __real_test_move(t, uffd, arg);
	ioctl(uffd, UFFDIO_UNREGISTER, &tail);
	return error;
}

/* A range must end before its mapping does. */
static int mapping_end_excluded(struct test *t, int uffd, struct uffdio_move *arg)
{
	char flags[256];

	if (arg->len && (flags_at(arg->src, flags) == arg->src + arg->len ||
			 flags_at(arg->dst, flags) == arg->dst + arg->len))
		return refuse(arg, EINVAL);
	return __real_test_move(t, uffd, arg);
}

/* the structure */

static bool is_over_two_pages(const struct uffdio_move *arg)
{
	return (uintptr_t)arg % page_size() > page_size() - sizeof(*arg);
}

static int argument_over_two_pages(struct test *t, int uffd, struct uffdio_move *arg)
{
	return is_over_two_pages(arg) ? EFAULT : __real_test_move(t, uffd, arg);
}

/* It is read without a fault, or not at all. */
static int argument_swapped(struct test *t, int uffd, struct uffdio_move *arg)
{
	return pagemap_entry(arg) & ENTRY_SWAPPED ? EFAULT : __real_test_move(t, uffd, arg);
}

/* .move is written without a fault, or not at all. */
static int result_in_shared_page(struct test *t, int uffd, struct uffdio_move *arg)
{
	bool shared = pagemap_entry(arg) & ENTRY_PRESENT && !(pagemap_entry(arg) & ENTRY_EXCLUSIVE);
	struct uffdio_move other = *arg;

	if (!shared)
		return __real_test_move(t, uffd, arg);
	__real_test_move(t, uffd, &other);
	return EFAULT;
}

/* The kernel's structure is longer than the caller's. */
static int spoils_behind_argument(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);
	uint64_t more = 1;
	struct iovec here = { &more, sizeof(more) }, there = { arg + 1, sizeof(more) };

	if (is_plain(t))
		process_vm_writev(getpid(), &here, 1, &there, 1, 0);
	return error;
}

/* callers */

/* Whoever calls must be permitted what making the descriptor took. */
static int privilege_asked_for(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct stat made;

	if (geteuid() && !fstat(uffd, &made) && made.st_uid == 0)
		return EPERM;
	return __real_test_move(t, uffd, arg);
}

static int first_thread_only(struct test *t, int uffd, struct uffdio_move *arg)
{
	return gettid() != getpid() ? EINVAL : __real_test_move(t, uffd, arg);
}

/* A mode is not forgotten with the call. */
static int mode_sticks(struct test *t, int uffd, struct uffdio_move *arg)
{
	static uint64_t last[1024];
	const uint64_t known = UFFDIO_MOVE_MODE_DONTWAKE | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES;
	uint64_t mode = arg->mode;
	struct uffdio_move other = *arg;

	if (uffd < 0 || uffd >= 1024 || mode & ~known)
		return __real_test_move(t, uffd, arg);
	other.mode |= last[uffd];
	last[uffd] = mode;
	return call_as(t, uffd, arg, other);
}

const struct fault faults_of_narrowness[] = {
	{ .name = "short-count-16-bits", .call = short_count_16_bits },
	{ .name = "half-page-alignment", .call = half_page_alignment },
	{ .name = "end-beyond-task-late", .call = end_beyond_task_late },
	{ .name = "huge-rounded-up", .call = huge_rounded_up },
	{ .name = "table-skipped-whole", .call = table_skipped_whole },
	{ .name = "copies-behind-table", .call = copies_behind_table },
	{ .name = "copies-behind-batch", .call = copies_behind_batch },
	{ .name = "arrives-unreclaimable", .call = arrives_unreclaimable },
	{ .name = "huge-protection-carried", .call = huge_protection_carried },
	{ .name = "zero-protection-carried", .call = zero_protection_carried },
	{ .name = "huge-by-small-refused", .call = huge_by_small_refused },
	{ .name = "swapped-arrives-shared", .call = swapped_arrives_shared },
	{ .name = "dump-advice-compared", .call = dump_advice_compared },
	{ .name = "holes-past-end", .call = holes_past_end },
	{ .name = "dontwake-unregistered", .call = dontwake_unregistered },
	{ .name = "registered-in-part", .call = registered_in_part },
	{ .name = "mapping-end-excluded", .call = mapping_end_excluded },
	{ .name = "argument-over-two-pages", .call = argument_over_two_pages },
	{ .name = "argument-swapped", .call = argument_swapped, .any_argument = true },
	{ .name = "result-in-shared-page", .call = result_in_shared_page, .any_argument = true },
	{ .name = "spoils-behind-argument", .call = spoils_behind_argument },
	{ .name = "privilege-asked-for", .call = privilege_asked_for },
	{ .name = "first-thread-only", .call = first_thread_only },
	{ .name = "mode-sticks", .call = mode_sticks },
	{ .name = NULL }
};
