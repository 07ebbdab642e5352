/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this machine has, and the settings that are changed for a run.
 */
#ifndef UFFDIO_MOVE_MACHINE_H
#define UFFDIO_MOVE_MACHINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "test/test.h"

/* Whether the operation can be tested at all. */
enum operation {
	OPERATION_WORKS,	/* or fails in a way that the tests will tell */
	OPERATION_ABSENT,	/* this kernel has no UFFDIO_MOVE */
	OPERATION_FORBIDDEN,	/* userfaultfd or an ioctl is refused to this process */
};

/**
 * machine_operation() - try UFFDIO_MOVE
 * @sentence: set to one sentence that says what was seen and the way out;
 *            static storage
 */
enum operation machine_operation(const char **sentence);

/* May this process change the system's settings, and see the frames of its pages? */
bool machine_privileged(void);

/**
 * machine_knows_modes() - does the operation, which works, know all of these mode bits?
 * @sentence: set as by machine_operation() if not
 *
 * It does not if it refuses them in the way in which an unknown bit is to be refused;
 * whatever else it answers is for the tests to judge.
 */
bool machine_knows_modes(const char **sentence, uint64_t modes, const char *names);

/**
 * machine_prepare() - make swap, KSM and huge pages available for the run
 *
 * Where permitted: a swap device on a free zram (else a file), KSM running and
 * impatient, transparent huge pages and one smaller size on madvise, two
 * hugetlb pages.  What was there before is kept in memory and put back by
 * machine_restore(); also when the process ends by exit() or by SIGINT,
 * SIGTERM, SIGHUP or SIGPIPE.  A watcher process puts it back if this one is
 * killed.  Only settings that have to change are written.
 *
 * Nothing here fails the run: what could not be had is a need that is lacking.
 */
void machine_prepare(void);

/* What harms the machine until it is booted again may be tried; to be said before. */
void machine_permit_harm(void);
bool machine_may_be_harmed(void);
void machine_restore(void);

/* What harms the machine until it is booted again may be tried; to be said before that. */
void machine_permit_harm(void);
bool machine_may_be_harmed(void);

/**
 * machine_has() - is a need of the contract met?
 * @need:    index into the contract's needs
 * @lacking: if not met, set to a clause that says what is missing and why
 *           ("swap space: not permitted to this user"); static storage; may be NULL
 *
 * Valid after machine_prepare(); results are kept, and inherited over fork.
 */
bool machine_has(unsigned int need, const char **lacking);

/**
 * machine_cannot() - end the test because a call failed that sets it up
 * @error:  its errno
 * @format: what could not be done: "the page could not be locked"
 *
 * Ends the process.  Where a limit of the machine explains the error, the test is
 * skipped and names the limit; otherwise something of ours went wrong.
 */
_Noreturn void machine_cannot(struct test *t, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Skip the test if a limit says that it cannot have so much memory, where to be refused it
 * is to be killed: that of page tables is given back only a while after who had them.
 */
void machine_require_memory(struct test *t, size_t bytes);

/**
 * machine_fork() - fork a helper process that dies with the test
 *
 * The child is killed when its parent ends, whatever the reason.  Ends the test as
 * machine_cannot() does if there is no process to be had.  Do not use while a
 * descriptor with the fork event is open, unless something reads it: fork would block
 * for good.
 */
pid_t machine_fork(struct test *t);

/* pthread_create(), which ends the test likewise. */
void machine_thread(struct test *t, pthread_t *thread, void *(*run)(void *), void *argument);

/**
 * machine_require() - skip unless the machine has all of @needs
 * @needs: bit mask over the contract's needs
 */
void machine_require(struct test *t, uint64_t needs);

#endif
