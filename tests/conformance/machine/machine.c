// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/machine.h"

#include "contract.h"
#include "machine/limits.h"
#include "machine/prepare.h"
#include "machine/privilege.h"
#include "machine/probes.h"
#include "machine/settings.h"
#include "test/compat.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_SECONDS 5
#define MAX_NEEDS 64		/* bits of a mask of needs */
#define EXIT_UNPROBED 70	/* EX_SOFTWARE */

/* Of one need; in memory shared with the probes' processes. */
struct finding {
	bool has;
	struct reason why;
	char lacking[REASON_SIZE + 96];
};

static struct finding *findings;
static bool harm_permitted;

void machine_permit_harm(void)
{
	harm_permitted = true;
}

bool machine_may_be_harmed(void)
{
	return harm_permitted;
}

bool machine_privileged(void)
{
	return !privilege_lacking();
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
	errno = 0;
	finding->has = probe->works(&finding->why);
	_exit(0);
}

static void wait_for(pid_t pid)
{
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Where there is no process left, the probes that have one may give theirs back. */
static pid_t start_probe(unsigned int i, const pid_t *before)
{
	pid_t pid = fork();

	for (unsigned int k = 0; pid < 0 && k < i; k++) {
		wait_for(before[k]);
		pid = fork();
	}
	if (pid == 0)
		run_probe(probe_of(need_at(i)->name), &findings[i]);
	return pid;
}

/* At once, because the one that waits for pages to be merged is slow. */
static void run_probes(void)
{
	unsigned int n = uffdio_move_contract.n_needs;
	struct reason limit;
	pid_t pids[MAX_NEEDS];

	fflush(NULL);
	for (unsigned int i = 0; i < n; i++) {
		struct reason *why = &findings[i].why;

		snprintf(why->text, sizeof(why->text), "the probe did not end");
		pids[i] = start_probe(i, pids);
		if (pids[i] < 0)
			snprintf(why->text, sizeof(why->text), "no process to look for it: %s",
				 limit_or_error(errno, &limit));
	}
	for (unsigned int i = 0; i < n; i++)
		wait_for(pids[i]);
	for (unsigned int i = 0; i < n; i++)
		snprintf(findings[i].lacking, sizeof(findings[i].lacking), "%s: %s",
			 need_at(i)->is, findings[i].why.text);
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
	struct reason why;
	const char *limit = limit_reached(error, 0, &why);
	char what[160];
	va_list args;

	if (limit)
		test_skip(t, "%s", limit);
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	test_broken(t, "%s: %s", what, strerror(error));
}

void machine_require_memory(struct test *t, size_t bytes)
{
	struct reason why;
	const char *limit = limit_reached(ENOMEM, bytes, &why);

	if (limit)
		test_skip(t, "%s", limit);
}

pid_t machine_fork(struct test *t)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		machine_cannot(t, errno, "no process could be had");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	return 0;
}

void machine_thread(struct test *t, pthread_t *thread, void *(*run)(void *), void *argument)
{
	int error = pthread_create(thread, NULL, run, argument);

	if (error)
		machine_cannot(t, error, "no thread could be had");
}
