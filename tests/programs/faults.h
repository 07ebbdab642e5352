/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faulty kernels, played: each is a function that takes the place of the call.
 */
#ifndef UFFDIO_MOVE_FAULTS_H
#define UFFDIO_MOVE_FAULTS_H

#include "test/test_internal.h"

struct fault {
	const char *name;
	int (*call)(struct test *t, int uffd, struct uffdio_move *arg);
	bool any_argument;	/* played even if it cannot be read and written */
};

/* Each ends with one that has no name. */
extern const struct fault faults_of_calls[];		/* faults_calls.c */
extern const struct fault faults_of_wakes[];		/* faults_wake.c */
extern const struct fault faults_of_scenarios[];	/* faults_scenarios.c */

/* The kernel's own answer. */
int __real_test_move(struct test *t, int uffd, struct uffdio_move *arg);

#endif
