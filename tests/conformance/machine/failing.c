// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>

#include "machine/failing.h"
#include "machine/kernel.h"
#include "test/compat.h"

static void outlive(int number)
{
	(void)number;
}

/* The kernel tells who maps the page, as if it had been accessed. */
bool memory_fail(void *address)
{
	struct sigaction told = { .sa_handler = outlive }, before;
	int error;

	sigaction(SIGBUS, &told, &before);
	error = madvise(address, page_size(), MADV_HWPOISON) ? errno : 0;
	sigaction(SIGBUS, &before, NULL);
	errno = error;
	return !error;
}
