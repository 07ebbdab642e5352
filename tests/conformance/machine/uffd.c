// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of userfaultfd: opened, introduced, registered.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "machine/uffd.h"
#include "test/compat.h"

/* Needs neither privilege nor the sysctl, only permission for the file. */
static int open_by_device(int flags)
{
	int device = open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
	int uffd;

	if (device < 0)
		return -1;
	uffd = ioctl(device, USERFAULTFD_IOC_NEW, flags);
	close(device);
	return uffd;
}

static bool is_limit(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM;
}

int uffd_open_raw(void)
{
	int flags = O_CLOEXEC | O_NONBLOCK;
	int uffd = syscall(__NR_userfaultfd, flags), error = errno;

	if (uffd >= 0 || is_limit(error))
		return uffd;
	/* A filter may know the call and not the file, or answer the one as if it were absent. */
	uffd = open_by_device(flags);
	if (uffd < 0 && error == EPERM)
		uffd = syscall(__NR_userfaultfd, flags | UFFD_USER_MODE_ONLY);
	/* A kernel too old for that flag calls it invalid; the cause is the permission. */
	if (uffd < 0)
		errno = error;
	return uffd;
}

int uffd_open(uint64_t features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int uffd = uffd_open_raw();
	int error;

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api) == 0)
		return uffd;
	error = errno;
	close(uffd);
	errno = error;
	return -1;
}

int uffd_register(int uffd, void *start, size_t length, uint64_t mode, uint64_t *ioctls)
{
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)start, .len = length },
		.mode = mode,
	};

	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		return errno;
	if (ioctls)
		*ioctls = reg.ioctls;
	return 0;
}

int uffd_rwprotect(int uffd, void *start, size_t length, uint64_t mode)
{
	struct uffdio_rwprotect protect = {
		.range = { .start = (uintptr_t)start, .len = length },
		.mode = mode,
	};

	return ioctl(uffd, UFFDIO_RWPROTECT, &protect) ? errno : 0;
}

int uffd_move(int uffd, struct uffdio_move *arg)
{
	return ioctl(uffd, UFFDIO_MOVE, arg) ? errno : 0;
}
