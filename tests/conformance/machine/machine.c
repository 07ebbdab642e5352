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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void lacks_process(struct finding *finding, int error)
{
	struct reason limit;

	snprintf(finding->why.text, sizeof(finding->why.text), "no process to look for it: %s",
		 limit_or_error(error, &limit));
}

/* At once, because the one that waits for pages to be merged is slow. */
static void run_probes(void)
{
	unsigned int n = uffdio_move_contract.n_needs;
	pid_t pids[MAX_NEEDS];

	fflush(NULL);
	for (unsigned int i = 0; i < n; i++) {
		snprintf(findings[i].why.text, sizeof(findings[i].why.text),
			 "the probe did not end");
		pids[i] = fork();
		if (pids[i] == 0)
			run_probe(probe_of(need_at(i)->name), &findings[i]);
		if (pids[i] < 0)
			lacks_process(&findings[i], errno);
	}
	for (unsigned int i = 0; i < n; i++)
		while (pids[i] > 0 && waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			;
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
