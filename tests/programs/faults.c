// SPDX-License-Identifier: GPL-2.0-only
/*
 * A faulty kernel, played: conformance-with-faults makes its calls through
 * __wrap_test_move(), which spoils what the environment's UFFDIO_MOVE_FAULT
 * names.  So the report's answer to a kernel that is not here can be seen:
 * check-conformance.sh tells what each fault has to lead to.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/test_internal.h"

int __real_test_move(struct test *t, int uffd, struct uffdio_move *arg);
int __wrap_test_move(struct test *t, int uffd, struct uffdio_move *arg);

static bool source_has(const struct test *t, char letter)
{
	return t->plan->source && strchr(t->plan->source, letter);
}

static void never_return(struct test *t)
{
	t->record->in_call = 1;
	for (;;)
		pause();
}

/* Refuse where the page at the walk's begin is in a certain state, as 6.8 did. */
static int refuse(struct uffdio_move *arg, int error)
{
	arg->move = -error;
	return error;
}

static int copy_instead(struct test *t, int uffd, struct uffdio_move *arg)
{
	char *kept = malloc(arg->len);
	int error;

	if (!kept)
		abort();
	memcpy(kept, (void *)(uintptr_t)arg->src, arg->len);
	error = __real_test_move(t, uffd, arg);
	if (!error)
		memcpy((void *)(uintptr_t)arg->src, kept, arg->len);
	free(kept);
	return error;
}

int __wrap_test_move(struct test *t, int uffd, struct uffdio_move *arg)
{
	const char *fault = getenv("UFFDIO_MOVE_FAULT");
	bool plain = t->plan->source && !t->plan->n_variations && !strcmp(t->plan->source, "P");
	int error;

	if (!fault)
		fault = "";
	if (!strcmp(fault, "held-never-returns") && source_has(t, 'r'))
		never_return(t);
	if (!strcmp(fault, "plain-never-returns") && plain)
		never_return(t);
	if (!strcmp(fault, "plain-crashes") && plain)
		raise(SIGSEGV);
	if (!strcmp(fault, "zero-busy") && t->plan->source &&
	    !strcmp(t->plan->source, "Z") && t->plan->destination[0] == '.')
		return refuse(arg, EBUSY);
	if (!strcmp(fault, "copies") && plain && t->plan->destination[0] == '.')
		return copy_instead(t, uffd, arg);

	error = __real_test_move(t, uffd, arg);
	if (!strcmp(fault, "changing-leaves-move") && error == EAGAIN && arg->move == -EAGAIN)
		arg->move = MOVE_SENTINEL;
	if (!strcmp(fault, "unmapped-einval") && error == ENOENT && t->plan->n_variations) {
		arg->move = -EINVAL;
		return EINVAL;
	}
	if (!strcmp(fault, "short-hides-nothing") && error == EAGAIN && arg->move > 0)
		return ENOENT;
	if (!strcmp(fault, "wrong-count") && !error)
		arg->move += 4096;
	if (!strcmp(fault, "loses-contents") && !error && plain && t->plan->destination[0] == '.')
		memset((void *)(uintptr_t)arg->dst, 0, arg->len);
	return error;
}
