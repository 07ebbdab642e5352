// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernels that lack the operation, hide it or never come to it, played at the
 * ioctls of userfaultfd: conformance-with-faults makes its ioctls through
 * __wrap_ioctl(), and the environment's UFFDIO_MOVE_FAULT names the kernel.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "faults.h"
#include "test/compat.h"

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);

enum answer { REAL, EINVAL_AT_ONCE, EACCES_AT_ONCE, EINVAL_WHEN_READ, NEVER_WHEN_READ };

static const struct faulty_kernel {
	const char *name;
	bool hides_feature, hides_listing;
	enum answer answer;
} kernels[] = {
	{ "no-operation", true, true, EINVAL_AT_ONCE },
	{ "hides-feature", true, false, REAL },
	{ "hides-listing", false, true, REAL },
	{ "hides-both", true, true, REAL },
	{ "hides-both-einval", true, true, EINVAL_WHEN_READ },
	{ "always-einval", false, false, EINVAL_WHEN_READ },
	{ "never-reached", false, false, EINVAL_AT_ONCE },
	{ "never-permitted", false, false, EACCES_AT_ONCE },
	{ "feature-alone", false, true, EINVAL_AT_ONCE },
	{ "listing-alone", true, false, EINVAL_AT_ONCE },
	{ "never-returns", false, false, NEVER_WHEN_READ },
};

static const struct faulty_kernel *find(const char *name)
{
	for (size_t i = 0; name && i < sizeof(kernels) / sizeof(kernels[0]); i++)
		if (!strcmp(kernels[i].name, name))
			return &kernels[i];
	return NULL;
}

bool is_faulty_kernel(const char *name)
{
	return find(name);
}

static const struct faulty_kernel *played(void)
{
	static const struct faulty_kernel none;
	const struct faulty_kernel *k = find(getenv("UFFDIO_MOVE_FAULT"));

	return k ? k : &none;
}

static bool is_readable(void *argument)
{
	struct uffdio_move copy;
	struct iovec from = { argument, sizeof(copy) }, to = { &copy, sizeof(copy) };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == sizeof(copy);
}

static int error_of(enum answer answer, void *argument)
{
	while (answer == NEVER_WHEN_READ && is_readable(argument))
		pause();
	if (answer == EACCES_AT_ONCE)
		return EACCES;
	return answer == EINVAL_AT_ONCE || is_readable(argument) ? EINVAL : EFAULT;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	const struct faulty_kernel *k = played();
	void *argument;
	va_list list;
	int result;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	if (request == UFFDIO_MOVE && k->answer != REAL) {
		errno = error_of(k->answer, argument);
		return -1;
	}
	result = __real_ioctl(fd, request, argument);
	if (!result && request == UFFDIO_API && k->hides_feature)
		((struct uffdio_api *)argument)->features &= ~(uint64_t)UFFD_FEATURE_MOVE;
	if (!result && request == UFFDIO_REGISTER && k->hides_listing)
		((struct uffdio_register *)argument)->ioctls &= ~(1ULL << _IOC_NR(UFFDIO_MOVE));
	return result;
}
