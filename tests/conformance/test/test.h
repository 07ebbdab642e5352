/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One running test, as the code that sets it up and looks at it sees it.
 *
 * A test never compares anything itself: it tells what it observed, and the
 * judge (judge.h) compares that with what the contract expects.  So no rule
 * stands in a test, and each expectation can be flipped to show that somebody
 * looks at it (design: "Every oracle is shown to fail").
 */
#ifndef UFFDIO_MOVE_TEST_H
#define UFFDIO_MOVE_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "uffdio_move.h"	/* generated: the interface */

/* .move is set to this before each call; no kernel writes it. */
#define MOVE_SENTINEL	((int64_t)0x5e47131e5e47131eLL)

struct test;

/**
 * test_observe() - tell one observed fact
 * @t:      the running test
 * @what:   its name: "errno", "move", "source[0]", or a name that a scenario's
 *          "expect" lists in the contract
 * @format: printf-style; the text that is compared with the expected one
 *
 * Telling the same name twice keeps the first value, and the test then fails:
 * a fact is looked at once.  May be called by the test's main thread only.
 */
void test_observe(struct test *t, const char *what, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * test_skip() - end the test because the machine lacks something for it
 * @format: what is lacking, one clause without full stop:
 *          "swap space: not permitted to this user"
 *
 * Ends the process.  Never a pass, never a failure.  Only for a need of the
 * contract that is not met, and for a limit of the machine (machine/machine.h):
 * what is skipped for any other reason would go unnoticed.
 */
_Noreturn void test_skip(struct test *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * test_broken() - end the test because something of ours went wrong
 * @format: what, one clause without full stop: "the page was not swapped out"
 *
 * Ends the process.  Such a test is run again, and if it stays broken the run does
 * not pass; but nothing is said of the kernel.
 */
_Noreturn void test_broken(struct test *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * test_move() - the one place from which UFFDIO_MOVE is called
 * @uffd: descriptor
 * @arg:  passed as it is; set .move yourself (MOVE_SENTINEL)
 *
 * Calls are counted before and after, so that one which never comes back is told
 * from a test that hangs elsewhere ([call.returns]).
 *
 * Returns 0 or the errno (positive).
 */
int test_move(struct test *t, int uffd, struct uffdio_move *arg);

/* Who was in a call has been killed and waited for, and nobody else is in one. */
void test_callers_ended(struct test *t);

/*
 * From here on test_move() has to be one call, also where it is made to fail, tried again and
 * gone on with: another task is to come upon it, or it may fail when all has been done.
 */
void test_wants_single_calls(struct test *t);

/* It looks as if a call had moved a page and said that its place is occupied. */
void test_moved_but_refused(struct test *t);

/* Milliseconds since some fixed time. */
int64_t now_ms(void);

/* Wait @factor times as long for what comes sooner or later: a machine may be slow. */
void test_be_patient(unsigned int factor);

/* @ms, times the patience asked for. */
int64_t patient_ms(int64_t ms);

/* Is this task, of this process or another, neither running nor about to? */
bool is_asleep(pid_t task);

/* Seen asleep for so many milliseconds, a task was not woken: it would be runnable at once. */
#define ASLEEP_MS		15

/* errno's name ("EAGAIN"), "0" for 0; static storage. */
const char *error_name(int error);

/* Wait for a child of machine_fork(); returns its exit code, 128+n if killed by signal n. */
int test_wait(struct test *t, pid_t pid);

#endif
