// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/machine.h"

#include "contract.h"
#include "machine/kernel.h"
#include "machine/prepare.h"
#include "machine/probes.h"
#include "machine/settings.h"
#include "machine/uffd.h"
#include "test/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_SECONDS 5
#define MAX_NEEDS 64		/* bits of a mask of needs */
#define EXIT_UNPROBED 70	/* EX_SOFTWARE */

/* Of one need; in memory shared with the probes' processes. */
struct finding {
	bool done, has;
	struct reason why;
	char lacking[256];
};

static struct finding *findings;

static enum operation forbidden(const char **sentence, const char *format, int error)
{
	static char text[256];

	snprintf(text, sizeof(text), format, strerror(error));
	*sentence = text;
	return OPERATION_FORBIDDEN;
}

static enum operation no_descriptor(const char **sentence, int error)
{
	if (error == ENOSYS) {
		*sentence = "This kernel is built without userfaultfd (CONFIG_USERFAULTFD).";
		return OPERATION_ABSENT;
	}
	return forbidden(sentence, "userfaultfd() is refused to this process (%s); allow it in the "
			 "sandbox it runs in, or run outside of it.", error);
}

/* Does the handshake report the feature?  0, or an errno if there was none. */
static int reported_features(uint64_t *features)
{
	struct uffdio_api api = { .api = UFFD_API };
	int uffd = uffd_open_raw();
	int error = 0;

	if (uffd < 0)
		return errno;
	if (ioctl(uffd, UFFDIO_API, &api))
		error = errno;
	*features = api.features;
	close(uffd);
	return error;
}

/* Move one page; returns 0 or errno. */
static int try_once(void)
{
	size_t size = page_size();
	char *pages = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	struct uffdio_move move = { .len = size };
	int uffd = uffd_open(0);
	int error = uffd < 0 ? errno : 0;

	if (pages == MAP_FAILED || uffd < 0)
		return pages == MAP_FAILED ? ENOMEM : error;
	madvise(pages, 2 * size, MADV_NOHUGEPAGE);
	pages[0] = 1;
	move.src = (uintptr_t)pages;
	move.dst = move.src + size;
	error = uffd_register(uffd, pages + size, size, UFFDIO_REGISTER_MODE_MISSING, NULL);
	if (!error && ioctl(uffd, UFFDIO_MOVE, &move))
		error = errno;
	close(uffd);
	munmap(pages, 2 * size);
	return error;
}

enum operation machine_operation(const char **sentence)
{
	uint64_t features = 0;
	int error = reported_features(&features);

	if (error)
		return no_descriptor(sentence, error);
	if (!(features & UFFD_FEATURE_MOVE)) {
		*sentence = "This kernel has no UFFDIO_MOVE: UFFDIO_API does not report "
			    "UFFD_FEATURE_MOVE.  Linux 6.8 and later have it, and 6.1 with the "
			    "patch of this package.";
		return OPERATION_ABSENT;
	}
	error = try_once();
	/* Any other failure is the kernel's own and for the tests to show. */
	if (error == EINVAL || error == EPERM || error == EACCES || error == ENOSYS ||
	    error == ENOTTY)
		return forbidden(sentence, "UFFDIO_API reports UFFD_FEATURE_MOVE, but UFFDIO_MOVE "
				 "is refused (%s); a sandbox seems to filter the ioctl.", error);
	*sentence = "This kernel has UFFDIO_MOVE, and this process may use it.";
	return OPERATION_WORKS;
}

static const struct probe *probe_of(const char *need)
{
	for (unsigned int i = 0; i < n_probes; i++)
		if (!strcmp(probes[i].need, need))
			return &probes[i];
	return NULL;
}

static const struct need *need_at(unsigned int i)
{
	return &uffdio_move_contract.needs[i];
}

/* A need that nobody looks for would make its tests run, or be skipped, unseen. */
static void require_probes(void)
{
	unsigned int n = uffdio_move_contract.n_needs, missing = n > MAX_NEEDS;

	if (missing)
		fprintf(stderr, "the contract has more than %d needs\n", MAX_NEEDS);
	for (unsigned int i = 0; i < n; i++) {
		if (probe_of(need_at(i)->name))
			continue;
		fprintf(stderr, "the contract's need '%s' has no probe in tests/conformance/machine/probes.c\n",
			need_at(i)->name);
		missing++;
	}
	if (missing)
		exit(EXIT_UNPROBED);
}

static _Noreturn void run_probe(const struct probe *probe, struct finding *finding)
{
	/* The handlers that restore settings are the parent's. */
	signal(SIGALRM, SIG_DFL);
	alarm(PROBE_SECONDS);
	finding->has = probe->works(&finding->why);
	finding->done = true;
	_exit(0);
}

/* At once, because the one that waits for pages to be merged is slow. */
static void run_probes(void)
{
	unsigned int n = uffdio_move_contract.n_needs;
	pid_t pids[MAX_NEEDS];

	fflush(NULL);
	for (unsigned int i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			run_probe(probe_of(need_at(i)->name), &findings[i]);
	}
	for (unsigned int i = 0; i < n; i++)
		while (pids[i] > 0 && waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	for (unsigned int i = 0; i < n; i++)
		snprintf(findings[i].lacking, sizeof(findings[i].lacking), "%s: %s",
			 need_at(i)->is,
			 findings[i].done ? findings[i].why.text : "the probe did not end");
}

void machine_prepare(void)
{
	size_t bytes = MAX_NEEDS * sizeof(*findings);

	require_probes();
	prepare_all();
	findings = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (findings == MAP_FAILED) {
		perror("memory for what the machine has");
		exit(EXIT_UNPROBED);
	}
	run_probes();
	/* Tests must not be able to change what was found. */
	mprotect(findings, bytes, PROT_READ);
}

void machine_restore(void)
{
	settings_close();
}

bool machine_has(unsigned int need, const char **lacking)
{
	if (lacking && !findings[need].has)
		*lacking = findings[need].lacking;
	return findings[need].has;
}

void machine_require(struct test *t, uint64_t needs)
{
	const char *lacking;

	for (unsigned int i = 0; i < uffdio_move_contract.n_needs; i++)
		if (needs >> i & 1 && !machine_has(i, &lacking))
			test_skip(t, "%s", lacking);
}

_Noreturn void machine_cannot(struct test *t, int error, const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	test_skip(t, "%s: %s", what, strerror(error));
}
