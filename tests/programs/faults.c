// SPDX-License-Identifier: GPL-2.0-only
/*
 * conformance-with-faults makes its calls through __wrap_test_move(), which
 * plays the faulty kernel that the environment's UFFDIO_MOVE_FAULT names.  So
 * the report's answer to a kernel that is not here can be seen:
 * check-conformance.sh tells what each fault has to lead to.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "faults.h"

int __wrap_test_move(struct test *t, int uffd, struct uffdio_move *arg);

static const struct fault *const tables[] = {
	faults_of_calls, faults_of_wakes, faults_of_scenarios,
};

static const struct fault *find(const char *name)
{
	for (size_t i = 0; name && i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct fault *fault = tables[i]; fault->name; fault++)
			if (!strcmp(fault->name, name))
				return fault;
	return NULL;
}

/* A page that is copied onto itself is read and written. */
static bool is_accessible(void *start, size_t size)
{
	struct iovec both = { start, size };

	return process_vm_writev(getpid(), &both, 1, &both, 1, 0) == (ssize_t)size;
}

int __wrap_test_move(struct test *t, int uffd, struct uffdio_move *arg)
{
	const struct fault *fault = find(getenv("UFFDIO_MOVE_FAULT"));

	if (fault && (fault->any_argument || is_accessible(arg, sizeof(*arg))))
		return fault->call(t, uffd, arg);
	return __real_test_move(t, uffd, arg);
}
