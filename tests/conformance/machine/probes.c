// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/probes_internal.h"

#include "machine/arm64.h"
#include "machine/failing.h"
#include "machine/idle.h"
#include "machine/kernel.h"
#include "machine/ksm.h"
#include "machine/limits.h"
#include "machine/machine.h"
#include "machine/memcg.h"
#include "machine/pagemap.h"
#include "machine/prepare.h"
#include "machine/privilege.h"
#include "machine/settings.h"
#include "machine/swapping.h"
#include "machine/task32.h"
#include "machine/vcpu.h"
#include "test/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOCKED_BYTES		(64UL << 10)
#define MERGE_MS	1000
#define CHARGED_PAGES	256
#define SWAP_TRIES	50

bool lacks(struct reason *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why->text, sizeof(why->text), format, arguments);
	va_end(arguments);
	return false;
}

/* What preparing it has run into explains more than what the probe has. */
static bool lacks_prepared(struct reason *why, enum preparation what, const char *otherwise)
{
	const char *hindrance = prepare_hindrance(what);
	struct reason limit;

	if (!hindrance)
		hindrance = limit_reached(errno, 0, &limit);
	return lacks(why, "%s", hindrance ? hindrance : otherwise);
}

bool lacks_errno(struct reason *why, const char *what)
{
	struct reason limit;

	return lacks(why, "%s: %s", what, limit_or_error(errno, &limit));
}

/* Room for @bytes, aligned to them, between two places without access. */
static char *aligned_room(size_t bytes)
{
	size_t room = 3 * bytes;
	char *start = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *at;

	if (start == MAP_FAILED)
		return NULL;
	at = (char *)(((uintptr_t)start + bytes) & ~(bytes - 1));
	if (at == start)
		at += bytes;
	return mprotect(at, bytes, PROT_READ | PROT_WRITE) ? NULL : at;
}

static char *plain_pages(unsigned int n)
{
	char *at = mmap(NULL, n * page_size(), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	madvise(at, n * page_size(), MADV_NOHUGEPAGE);
	for (unsigned int i = 0; i < n; i++)
		memset(at + i * page_size(), 0x5a, page_size());
	return at;
}

/* In a mapping of its own, so that what is told of the mapping is told of it. */
static char *isolated_page(void)
{
	char *page = aligned_room(page_size());

	if (page)
		memset(page, 0x5a, page_size());
	return page;
}

static bool swap_works(struct reason *why)
{
	char *page = plain_pages(1);

	for (int i = 0; page && i < 20; i++) {
		madvise(page, page_size(), MADV_PAGEOUT);
		if (pagemap_entry(page) & ENTRY_SWAPPED)
			return true;
		poll(NULL, 0, 1);
	}
	return lacks_prepared(why, PREPARE_SWAP, "a page could not be swapped out");
}

static bool merged(const char *a, const char *b)
{
	char count[64];

	if (frames_shown())
		return (pagemap_entry(a) & ENTRY_FRAME) == (pagemap_entry(b) & ENTRY_FRAME);
	return !setting_read("/proc/self/ksm_merging_pages", count, sizeof(count)) &&
	       strtoul(count, NULL, 10) > 0;
}

static bool ksm_works(struct reason *why)
{
	char *pages = plain_pages(2), run[64];

	if (setting_read("/sys/kernel/mm/ksm/run", run, sizeof(run)) || strcmp(run, "1"))
		return lacks_prepared(why, PREPARE_KSM, "it does not run");
	if (!pages || madvise(pages, 2 * page_size(), MADV_MERGEABLE))
		return lacks_prepared(why, PREPARE_KSM, "it is refused");
	for (int64_t end = now_ms() + patient_ms(MERGE_MS); now_ms() < end;) {
		if (merged(pages, pages + page_size()))
			return true;
		ksm_keep_scanning();
		poll(NULL, 0, 5);
	}
	return lacks_prepared(why, PREPARE_KSM, "two equal pages were not merged");
}

/*
 * Touch the first byte of @bytes that are one folio if the machine can do it,
 * and see whether the last page has come with it.
 */
static bool comes_whole(size_t bytes, bool store)
{
	char *at = bytes ? aligned_room(bytes) : NULL;

	if (!at || madvise(at, bytes, MADV_HUGEPAGE))
		return false;
	if (store)
		*(volatile char *)at = 1;
	else
		(void)*(volatile char *)at;
	return pagemap_entry(at + bytes - page_size()) & ENTRY_PRESENT;
}

static bool thp_works(struct reason *why)
{
	return comes_whole(huge_page_size(), true) ||
	       lacks_prepared(why, PREPARE_HUGE, "none could be had");
}

static bool huge_zero_works(struct reason *why)
{
	return comes_whole(huge_page_size(), false) ||
	       lacks_prepared(why, PREPARE_HUGE, "it is not used (use_zero_page)");
}

static bool mthp_works(struct reason *why)
{
	return comes_whole(prepare_large_size(), true) ||
	       lacks_prepared(why, PREPARE_LARGE, "none could be had");
}

static bool io_uring_works(struct reason *why)
{
	struct io_uring_params parameters = { 0 };
	struct iovec buffer = { .iov_base = plain_pages(1), .iov_len = page_size() };
	int fd = syscall(__NR_io_uring_setup, 1, &parameters);

	if (fd < 0)
		return lacks_errno(why, "it is refused");
	if (syscall(__NR_io_uring_register, fd, IORING_REGISTER_BUFFERS, &buffer, 1))
		return lacks_errno(why, "a buffer could not be registered");
	return true;
}

static bool frames_work(struct reason *why)
{
	const char *lacking = privilege_lacking();

	return frames_shown() || lacks(why, "%s", lacking ? lacking : "they are hidden here");
}

static bool soft_dirty_works(struct reason *why)
{
	char *page = plain_pages(1);
	int fd;

	if (!page || !(pagemap_entry(page) & ENTRY_SOFT_DIRTY))
		return lacks(why, "this kernel is built without it");
	fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "4", 1) != 1)
		return lacks_errno(why, "it cannot be cleared");
	if (pagemap_entry(page) & ENTRY_SOFT_DIRTY)
		return lacks(why, "it is not cleared");
	return true;
}

static bool guard_works(struct reason *why)
{
	char *page = plain_pages(1);

	return (page && !madvise(page, page_size(), MADV_GUARD_INSTALL)) ||
	       lacks(why, "this kernel is older than them");
}

/* The size of a mapping does not matter: one that is too small is rounded up. */
static bool hugetlb_works(struct reason *why)
{
	void *page = mmap(NULL, 1, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	return page != MAP_FAILED || lacks_prepared(why, PREPARE_HUGETLB, "none is free");
}

static bool secretmem_works(struct reason *why)
{
	int fd = syscall(__NR_memfd_secret, 0);
	char *page;

	if (fd < 0)
		return lacks(why, "this kernel is built or was booted without it");
	if (ftruncate(fd, page_size()))
		return lacks_errno(why, "it cannot be sized");
	page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return lacks_errno(why, "it cannot be mapped");
	*page = 1;
	return true;
}

static bool droppable_works(struct reason *why)
{
	return mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_DROPPABLE | MAP_ANONYMOUS,
		    -1, 0) != MAP_FAILED ||
	       lacks(why, "this kernel is older than it");
}

static bool mseal_works(struct reason *why)
{
	char *page = plain_pages(1);

	return (page && !syscall(__NR_mseal, page, page_size(), 0UL)) ||
	       lacks(why, "this kernel is older than it");
}

static bool pkeys_work(struct reason *why)
{
#ifdef __NR_pkey_alloc
	if (syscall(__NR_pkey_alloc, 0UL, 0UL) > 0)
		return true;
#endif
	return lacks(why, "this processor or kernel has none");
}

/* A kernel without the entry kills the process that tries it: so none is lost here. */
static bool task32_works(struct reason *why)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(task32_ioctl(-1, 0, NULL) == EBADF ? 0 : 1);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && !status)
		return true;
	return lacks(why, "this machine or kernel has no such entry");
}

static bool memlock_works(struct reason *why)
{
	unsigned int n = (LOCKED_BYTES + page_size() - 1) / page_size();
	char *pages = plain_pages(n);

	return (pages && !mlock(pages, n * page_size())) ||
	       lacks(why, "the limit (RLIMIT_MEMLOCK) is too low");
}

static bool settings_work(struct reason *why)
{
	int fd;

	if (prepare_hindrance(PREPARE_SETTINGS))
		return lacks_prepared(why, PREPARE_SETTINGS, "");
	fd = open("/proc/sys/vm/overcommit_memory", O_WRONLY | O_CLOEXEC);
	return fd >= 0 || lacks_errno(why, "/proc/sys cannot be written");
}

/* This process ends in there, and with it its charges. */
static bool memcg_works(struct reason *why)
{
	long before;
	int error;

	if (prepare_hindrance(PREPARE_MEMCG))
		return lacks_prepared(why, PREPARE_MEMCG, "");
	error = memcg_enter(MEMCG_FIRST);
	if (error)
		return lacks(why, "one cannot be entered: %s", strerror(error));
	before = memcg_pages(MEMCG_FIRST);
	if (before < 0 || !plain_pages(CHARGED_PAGES))
		return lacks(why, "what is charged is not told");
	return memcg_pages(MEMCG_FIRST) >= before + CHARGED_PAGES / 2 ||
	       lacks(why, "pages are not charged to them");
}

static bool memcg_limit_works(struct reason *why)
{
	int error;

	if (prepare_hindrance(PREPARE_MEMCG))
		return lacks_prepared(why, PREPARE_MEMCG, "");
	error = memcg_enter(MEMCG_LIMITED);
	if (!error)
		error = memcg_spare(MEMCG_LIMITED);
	if (error)
		return lacks(why, "one that kills nobody cannot be had: %s", strerror(error));
	error = memcg_limit(MEMCG_LIMITED, CHARGED_PAGES);
	memcg_limit(MEMCG_LIMITED, -1);
	return !error || lacks(why, "none can be limited: %s", strerror(error));
}

/* As in scenarios/paging.c: what is cached before it is read is kept by most kernels. */
static bool swap_copy_works(struct reason *why)
{
	char *page = isolated_page();

	for (int i = 0; page && i < SWAP_TRIES; i++) {
		madvise(page, page_size(), MADV_PAGEOUT);
		if (pagemap_entry(page) & ENTRY_SWAPPED) {
			madvise(page, page_size(), MADV_WILLNEED);
			(void)*(volatile char *)page;
			if (smaps_kb(page, "Private_Clean") == (long)page_size() / 1024)
				return true;
		}
		poll(NULL, 0, 1);
	}
	return lacks_prepared(why, PREPARE_SWAP, "a page that is read counts as dirty");
}

/* Disks take their time, and the page stays until memory is wanted. */
static bool swap_away_works(struct reason *why)
{
	char *page = isolated_page();
	unsigned char resident;

	for (int i = 0; page && i < SWAP_TRIES; i++) {
		madvise(page, page_size(), MADV_PAGEOUT);
		if (pagemap_entry(page) & ENTRY_SWAPPED && !mincore(page, page_size(), &resident) &&
		    !(resident & 1))
			return true;
		poll(NULL, 0, 1);
	}
	return lacks_prepared(why, PREPARE_SWAP, "it stays there until memory is wanted");
}

static bool own_swap_works(struct reason *why)
{
	return prepare_has_own_swap() || lacks_prepared(why, PREPARE_SWAP, "others have brought some");
}

static bool kernel_log_works(struct reason *why)
{
	return open("/dev/kmsg", O_RDONLY | O_CLOEXEC) >= 0 || lacks_errno(why, "/dev/kmsg");
}

static bool collapse_works(struct reason *why)
{
	char *at = huge_page_size() ? aligned_room(huge_page_size()) : NULL;

	if (!at)
		return lacks(why, "this kernel has no huge pages");
	madvise(at, huge_page_size(), MADV_NOHUGEPAGE);
	for (size_t i = 0; i < huge_page_size(); i += page_size())
		at[i] = 1;
	madvise(at, huge_page_size(), MADV_HUGEPAGE);
	return !madvise(at, huge_page_size(), MADV_COLLAPSE) ||
	       lacks_errno(why, "none could be made");
}

static bool compaction_works(struct reason *why)
{
	if (prepare_hindrance(PREPARE_SETTINGS))
		return lacks_prepared(why, PREPARE_SETTINGS, "");
	return open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC) >= 0 ||
	       lacks_errno(why, "/proc/sys/vm/compact_memory");
}

static bool vdso_is_there(struct reason *why)
{
	size_t bytes;

	return (mapping_called("[vdso]", &bytes) && mapping_called("[vvar]", &bytes)) ||
	       lacks(why, "this kernel maps nothing there");
}

static bool idle_tracking_works(struct reason *why)
{
	return (idle_shown() && frames_shown()) ||
	       lacks(why, "this kernel has none, or does not show it to this process");
}

static bool ksm_zero_works(struct reason *why)
{
	if (ksm_zero_pages() < 0)
		return lacks(why, "this kernel is older than it");
	return !prepare_hindrance(PREPARE_KSM_ZERO) || lacks_prepared(why, PREPARE_KSM_ZERO, "");
}

static bool task_end_works(struct reason *why)
{
	return address_beyond_task() || lacks(why, "any address may be mapped on this architecture");
}

static bool mte_works(struct reason *why)
{
	return arm64_has_mte() || lacks(why, "this processor or kernel has none");
}

static bool bti_works(struct reason *why)
{
	return arm64_has_bti() || lacks(why, "this processor or kernel has none");
}

/* On a disk it stays until memory is wanted. */
static bool swap_large_works(struct reason *why)
{
	size_t bytes = prepare_large_size();

	for (int i = 0; bytes && i < SWAP_TRIES; i++) {
		char *folio = aligned_room(bytes);

		if (!folio || madvise(folio, bytes, MADV_HUGEPAGE))
			break;
		*(volatile char *)folio = 1;
		if (folio_swapped_whole(folio, bytes))
			return true;
		munmap(folio, bytes);
		poll(NULL, 0, 1);
	}
	return lacks(why, "it is split, or leaves nothing in memory, as on a compressed disk");
}

/* It works on this page, which is lost to the machine. */
static bool failing_memory_works(struct reason *why)
{
	char *page;

	if (!machine_may_be_harmed())
		return lacks(why, "it is gone until the machine is booted again: --hazards makes it, "
			     "where that can be borne");
	page = plain_pages(1);
	if (!page || !memory_fail(page))
		return lacks_errno(why, "none can be made");
	return pagemap_entry(page) & ENTRY_SWAPPED || lacks(why, "the page is as before");
}

static bool two_cpus_work(struct reason *why)
{
	cpu_set_t cpus;

	return (!sched_getaffinity(0, sizeof(cpus), &cpus) && CPU_COUNT(&cpus) > 1) ||
	       lacks(why, "this process may use one only");
}

static bool vcpu_works(struct reason *why)
{
	char *page = plain_pages(1);
	struct vcpu v;
	uint32_t met;

	return page && vcpu_make(&v, VCPU_MEMORY, page, page_size(), why) &&
	       vcpu_look(&v, 0, page_size(), 1, &met, why) &&
	       (met == 0x5a5a5a5a || lacks(why, "it does not read what is there")) &&
	       (vcpu_has_mapped(&v) || lacks(why, "what it accesses is not mapped by it"));
}

const struct probe probes[] = {
	{ "swap", swap_works },
	{ "ksm", ksm_works },
	{ "thp", thp_works },
	{ "mthp", mthp_works },
	{ "huge-zero", huge_zero_works },
	{ "io-uring", io_uring_works },
	{ "frames", frames_work },
	{ "soft-dirty", soft_dirty_works },
	{ "guard", guard_works },
	{ "poison", poison_works },
	{ "wp", wp_works },
	{ "wp-unpopulated", wp_unpopulated_works },
	{ "rwp", rwp_works },
	{ "hugetlb", hugetlb_works },
	{ "secretmem", secretmem_works },
	{ "droppable", droppable_works },
	{ "mseal", mseal_works },
	{ "pkeys", pkeys_work },
	{ "mte", mte_works },
	{ "bti", bti_works },
	{ "memlock", memlock_works },
	{ "task-end", task_end_works },
	{ "task32", task32_works },
	{ "fork-event", fork_event_works },
	{ "settings", settings_work },
	{ "two-cpus", two_cpus_work },
	{ "memcg", memcg_works },
	{ "memcg-limit", memcg_limit_works },
	{ "kernel-log", kernel_log_works },
	{ "ksm-zero", ksm_zero_works },
	{ "swap-copy", swap_copy_works },
	{ "swap-away", swap_away_works },
	{ "own-swap", own_swap_works },
	{ "written", written_works },
	{ "written-holes", written_holes_work },
	{ "collapse", collapse_works },
	{ "compaction", compaction_works },
	{ "vdso", vdso_is_there },
	{ "swap-large", swap_large_works },
	{ "failing-memory", failing_memory_works },
	{ "user-mode", user_mode_works },
	{ "kernel-faults", kernel_faults_work },
	{ "vcpu", vcpu_works },
	{ "idle-tracking", idle_tracking_works },
};

const unsigned int n_probes = sizeof(probes) / sizeof(probes[0]);
