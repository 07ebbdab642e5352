// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that show in scenarios: what a length or a mode means, what is counted,
 * what becomes of marks on a page, and what other threads meet meanwhile.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "test/compat.h"

#define KNOWN (UFFDIO_MOVE_MODE_DONTWAKE | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES)
#define DRIFT 20		/* of so many pages one is counted wrongly */
#define RESERVE_PAGES 8192
#define MOST_TURNS 2000
#define PUT_BACKS 500		/* so that what is put back meets those who look for it */
#define AWAY_NS 100000

static char *place(uint64_t address)
{
	return (char *)(uintptr_t)address;
}

static uint64_t pages_moved(const struct uffdio_move *arg)
{
	return arg->move > 0 && arg->move != MOVE_SENTINEL ? arg->move / page_size() : 0;
}

static bool is_scenario(const struct test *t)
{
	return t->plan->scenario >= 0;
}

/* lengths and modes */

static int call_with(struct test *t, int uffd, struct uffdio_move *arg, uint64_t length,
		     uint64_t mode)
{
	struct uffdio_move other = *arg;
	int error;

	other.len = length;
	other.mode = mode;
	error = __real_test_move(t, uffd, &other);
	arg->move = other.move;
	return error;
}

static int length_truncated_to_32_bits(struct test *t, int uffd, struct uffdio_move *arg)
{
	return call_with(t, uffd, arg, (uint32_t)arg->len, arg->mode);
}

static int length_masked_31(struct test *t, int uffd, struct uffdio_move *arg)
{
	return call_with(t, uffd, arg, arg->len & 0x7fffffff, arg->mode);
}

static int length_without_sign(struct test *t, int uffd, struct uffdio_move *arg)
{
	return call_with(t, uffd, arg, arg->len & ~(1ULL << 63), arg->mode);
}

/* No more than so much in one call, as if that were the whole of it. */
static int long_is_cut(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t most = 8UL << 20;

	return call_with(t, uffd, arg, arg->len > most ? most : arg->len, arg->mode);
}

/* One page more than fits in an array of a power of two is forgotten. */
static int run_and_one_is_cut(struct test *t, int uffd, struct uffdio_move *arg)
{
	const uint64_t run = 32 * page_size();
	int error;

	if (arg->len != run + page_size())
		return __real_test_move(t, uffd, arg);
	error = call_with(t, uffd, arg, run, arg->mode);
	if (!error)
		arg->move = arg->len;
	return error;
}

static int unknown_bit_with_known_accepted(struct test *t, int uffd, struct uffdio_move *arg)
{
	uint64_t mode = arg->mode & KNOWN ? arg->mode & KNOWN : arg->mode;

	return call_with(t, uffd, arg, arg->len, mode);
}

static bool can_be_read(const void *from, size_t size)
{
	char room[64];
	struct iovec here = { room, size }, there = { (void *)from, size };

	return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)size;
}

static int reads_40_bytes(struct test *t, int uffd, struct uffdio_move *arg)
{
	const size_t read = offsetof(struct uffdio_move, move);

	if (can_be_read(arg, read) && !can_be_read(&arg->move, sizeof(arg->move)))
		return EFAULT;
	return __real_test_move(t, uffd, arg);
}

/* counters */

/* Memory that nobody unmaps, a page more of which is touched for each that is counted twice. */
static char *next_of_reserve(void)
{
	static char *reserve, *next;

	if (!reserve) {
		reserve = mmap(NULL, RESERVE_PAGES * page_size(), PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (reserve == MAP_FAILED)
			abort();
		madvise(reserve, RESERVE_PAGES * page_size(), MADV_NOHUGEPAGE);
		next = reserve;
	}
	if (next < reserve + RESERVE_PAGES * page_size())
		next += page_size();
	next[-1] = 1;
	return next - page_size();
}

static int resident_drifts(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	for (uint64_t i = 0; i < pages_moved(arg); i += DRIFT)
		next_of_reserve();
	return error;
}

/* A huge page is counted by its first small one, too. */
static int huge_resident_drifts(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	for (uint64_t i = 0; huge_page_size() && i < pages_moved(arg) * page_size();
	     i += huge_page_size())
		if (page_mapped(t, place(arg->dst + i)) == MAPPED_HUGE)
			next_of_reserve();
	return error;
}

static int swap_drifts(struct test *t, int uffd, struct uffdio_move *arg)
{
	bool swapped = pagemap_entry(place(arg->src)) & ENTRY_SWAPPED;
	int error = __real_test_move(t, uffd, arg);

	for (uint64_t i = 0; swapped && i < pages_moved(arg); i += DRIFT)
		madvise(next_of_reserve(), page_size(), MADV_PAGEOUT);
	return error;
}

static int unlocks(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (pages_moved(arg))
		munlock(place(arg->dst), arg->move);
	return error;
}

/* A page in place of the one that has moved, as if it had just come. */
static void renew(int uffd, char *page)
{
	struct uffdio_copy copy = { .dst = (uintptr_t)page, .len = page_size() };
	char *contents = malloc(page_size());

	if (!contents)
		abort();
	memcpy(contents, page, page_size());
	copy.src = (uintptr_t)contents;
	madvise(page, page_size(), MADV_DONTNEED);
	ioctl(uffd, UFFDIO_COPY, &copy);
	free(contents);
}

static int charge_follows_mover(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	for (uint64_t i = 0; is_scenario(t) && i < pages_moved(arg); i += DRIFT)
		renew(uffd, place(arg->dst + i * page_size()));
	return error;
}

/* Memory of the kernel's, for as long as nobody reads it. */
static int keeps_kernel_memory(struct test *t, int uffd, struct uffdio_move *arg)
{
	static int ends[2] = { -1, -1 };
	char bytes[3000] = "";

	if (write(ends[0], bytes, sizeof(bytes)) < 0 &&
	    !socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) &&
	    write(ends[0], bytes, sizeof(bytes)) < 0)
		abort();
	return __real_test_move(t, uffd, arg);
}

/* marks */

static int clean_is_dirtied(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	for (uint64_t i = 0; i < pages_moved(arg); i++) {
		volatile char *page = place(arg->dst + i * page_size());

		*page = *page;
	}
	return error;
}

static int dirty_is_forgotten(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);
	uint64_t bytes = pages_moved(arg) * page_size();

	madvise(place(arg->dst), bytes, MADV_PAGEOUT);
	madvise(place(arg->dst), bytes, MADV_WILLNEED);
	for (uint64_t at = 0; at < bytes; at += page_size())
		if (pagemap_entry(place(arg->dst + at)))
			(void)*(volatile char *)place(arg->dst + at);
	return error;
}

/* other threads */

static int event_for_source(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		madvise(place(arg->src), arg->len, MADV_DONTNEED);
	return error;
}

/*
 * What has been stored to the page while the call ran is overwritten.  On a busy machine
 * whoever stores has to be let run first.
 */
static int stores_are_lost(struct test *t, int uffd, struct uffdio_move *arg)
{
	static unsigned int turns = MOST_TURNS;	/* of each test */
	char *kept = malloc(page_size());
	int error;

	if (!kept)
		abort();
	memcpy(kept, place(arg->src), page_size());
	error = __real_test_move(t, uffd, arg);
	for (; !error && turns && !memcmp(place(arg->dst), kept, page_size()); turns--)
		sched_yield();
	if (!error)
		memcpy(place(arg->dst), kept, page_size());
	free(kept);
	return error;
}

/* The page is seen before it is there with all of its contents. */
static int page_comes_in_pieces(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);
	volatile uint64_t *word = (uint64_t *)place(arg->dst + page_size() / 2);

	if (!error && *word) {
		uint64_t kept = *word;

		*word = 0;
		for (int i = 0; i < 20000; i++)
			(void)*word;
		*word = kept;
	}
	return error;
}

/* Pages at both places from then on, as with addresses that are never forgotten. */
static void map_at_both(uint64_t dst, uint64_t src, size_t len)
{
	int flags = MAP_SHARED | MAP_FIXED, access = PROT_READ | PROT_WRITE;
	int fd = memfd_create("both", MFD_CLOEXEC);

	if (fd < 0 || write(fd, place(dst), len) != (ssize_t)len ||
	    mmap(place(dst), len, access, flags, fd, 0) == MAP_FAILED ||
	    mmap(place(src), len, access, flags, fd, 0) == MAP_FAILED)
		return;
	close(fd);
}

static int old_place_stays(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		map_at_both(arg->dst, arg->src, arg->len);
	return error;
}

/* Of one page within. */
static int old_place_inside_stays(struct test *t, int uffd, struct uffdio_move *arg)
{
	size_t at = pages_of(arg) / 2 * page_size();
	int error = __real_test_move(t, uffd, arg);

	if (!error)
		map_at_both(arg->dst + at, arg->src + at, page_size());
	return error;
}

/* Away for a moment, and there again, whatever others have done to its place in the meantime. */
static void take_and_put_back(char *page)
{
	const int away = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
	static int taken;
	char *room;

	if (__atomic_exchange_n(&taken, 1, __ATOMIC_ACQUIRE))
		return;
	room = mmap(NULL, page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room != MAP_FAILED && mremap(page, page_size(), page_size(), away, room) == room) {
		nanosleep(&(struct timespec){ .tv_nsec = AWAY_NS }, NULL);
		mremap(room, page_size(), page_size(), MREMAP_MAYMOVE | MREMAP_FIXED, page);
	}
	__atomic_store_n(&taken, 0, __ATOMIC_RELEASE);
}

/* Refuses a huge page, and puts its entry back as it was, with its protection. */
static int refused_is_put_back(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_writeprotect off = { .range = { arg->src, arg->len } };
	char *page = place(arg->src);

	if (!huge_page_size() || arg->len < huge_page_size() || !page_is_there(t, page))
		return __real_test_move(t, uffd, arg);
	if (!is_registered(arg->src))
		take_and_put_back(page);
	for (int i = 0; i < PUT_BACKS; i++)
		ioctl(uffd, UFFDIO_WRITEPROTECT, &off);
	return refuse(arg, EBUSY);
}

const struct fault faults_of_scenarios[] = {
	{ .name = "length-truncated-to-32-bits", .call = length_truncated_to_32_bits },
	{ .name = "length-masked-31", .call = length_masked_31 },
	{ .name = "length-without-sign", .call = length_without_sign },
	{ .name = "long-is-cut", .call = long_is_cut },
	{ .name = "run-and-one-is-cut", .call = run_and_one_is_cut },
	{ .name = "unknown-bit-with-known-accepted", .call = unknown_bit_with_known_accepted },
	{ .name = "reads-40-bytes", .call = reads_40_bytes, .any_argument = true },
	{ .name = "resident-drifts", .call = resident_drifts },
	{ .name = "huge-resident-drifts", .call = huge_resident_drifts },
	{ .name = "swap-drifts", .call = swap_drifts },
	{ .name = "unlocks", .call = unlocks },
	{ .name = "charge-follows-mover", .call = charge_follows_mover },
	{ .name = "keeps-kernel-memory", .call = keeps_kernel_memory },
	{ .name = "clean-is-dirtied", .call = clean_is_dirtied },
	{ .name = "dirty-is-forgotten", .call = dirty_is_forgotten },
	{ .name = "event-for-source", .call = event_for_source },
	{ .name = "stores-are-lost", .call = stores_are_lost },
	{ .name = "page-comes-in-pieces", .call = page_comes_in_pieces },
	{ .name = "old-place-stays", .call = old_place_stays },
	{ .name = "old-place-inside-stays", .call = old_place_inside_stays },
	{ .name = "refused-is-put-back", .call = refused_is_put_back },
	{ .name = NULL }
};
