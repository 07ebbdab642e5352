// SPDX-License-Identifier: GPL-2.0-only
/*
 * Probes of what userfaultfd offers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/probes_internal.h"
#include "machine/uffd.h"
#include "test/compat.h"

#define NOBODY		65534

/* A descriptor with @feature and a registered page on it, or -1. */
static int registered_page(uint64_t feature, uint64_t mode, char **page)
{
	int uffd = uffd_open(feature);

	*page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (uffd < 0 || *page == MAP_FAILED)
		return -1;
	errno = uffd_register(uffd, *page, page_size(), mode, NULL);
	return errno ? -1 : uffd;
}

bool poison_works(struct reason *why)
{
	char *page;
	int uffd = registered_page(UFFD_FEATURE_POISON, UFFDIO_REGISTER_MODE_MISSING, &page);
	struct uffdio_poison poison = { .range = { (uintptr_t)page, page_size() } };

	if (uffd < 0)
		return lacks(why, "this kernel is older than it");
	return !ioctl(uffd, UFFDIO_POISON, &poison) || lacks_errno(why, "it fails");
}

static bool protects(uint64_t feature, struct reason *why)
{
	char *page;
	int uffd = registered_page(feature, UFFDIO_REGISTER_MODE_WP, &page);
	struct uffdio_writeprotect protect = {
		.range = { (uintptr_t)page, page_size() },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	if (uffd < 0)
		return lacks(why, "this kernel does not offer it on this architecture");
	return !ioctl(uffd, UFFDIO_WRITEPROTECT, &protect) || lacks_errno(why, "it fails");
}

bool wp_works(struct reason *why)
{
	return protects(UFFD_FEATURE_PAGEFAULT_FLAG_WP, why);
}

bool wp_unpopulated_works(struct reason *why)
{
	return protects(UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_UNPOPULATED, why);
}

/* A page that was protected so makes an event when it is read; here only the calls are tried. */
bool rwp_works(struct reason *why)
{
	char *page;
	int uffd = registered_page(UFFD_FEATURE_RWP, UFFDIO_REGISTER_MODE_RWP, &page);

	if (uffd < 0)
		return lacks(why, "this kernel does not offer it on this architecture");
	*page = 1;
	errno = uffd_rwprotect(uffd, page, page_size(), UFFDIO_RWPROTECT_MODE_RWP);
	return !errno || lacks_errno(why, "it fails");
}

/* Protected where nothing is there, too, a page counts as not written until it is stored to. */
bool written_works(struct reason *why)
{
	char *page;
	int uffd = registered_page(UFFD_FEATURE_WP_ASYNC, UFFDIO_REGISTER_MODE_WP, &page);

	if (uffd < 0)
		return lacks(why, "this kernel does not offer it");
	*page = 1;
	if (pagemap_written(page, 1, true) < 0)
		return lacks_errno(why, "PAGEMAP_SCAN");
	return !pagemap_written(page, 1, false) || lacks(why, "a page is not protected");
}

/* Where nothing has ever been counts as written, or is not told of. */
bool written_holes_work(struct reason *why)
{
	size_t pages = table_span() / page_size();
	int uffd = uffd_open(UFFD_FEATURE_WP_ASYNC);
	char *room = mmap(NULL, 2 * table_span(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *table = (char *)(((uintptr_t)room + table_span() - 1) & ~(table_span() - 1));

	if (uffd < 0 || room == MAP_FAILED)
		return lacks(why, "this kernel does not offer it");
	errno = uffd_register(uffd, room, 2 * table_span(), UFFDIO_REGISTER_MODE_WP, NULL);
	if (errno)
		return lacks_errno(why, "it fails");
	return pagemap_written(table, pages, false) == (long)pages ||
	       lacks(why, "this kernel says nothing of them");
}

bool fork_event_works(struct reason *why)
{
	return uffd_open(UFFD_FEATURE_EVENT_FORK) >= 0 ||
	       lacks(why, "it takes CAP_SYS_PTRACE");
}

/* As a user without privilege, if there is a choice. */
bool user_mode_works(struct reason *why)
{
	if (geteuid() == 0 && (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
			       setresuid(NOBODY, NOBODY, NOBODY)))
		return lacks_errno(why, "privilege cannot be given up");
	return syscall(__NR_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY) >= 0 ||
	       lacks_errno(why, "one is refused");
}

bool kernel_faults_work(struct reason *why)
{
	return syscall(__NR_userfaultfd, O_CLOEXEC) >= 0 ||
	       !access("/dev/userfaultfd", R_OK | W_OK) || lacks(why, "they take CAP_SYS_PTRACE");
}
