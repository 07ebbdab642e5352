/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generated tests, as kselftest_harness.h holds and runs them.
 */
#ifndef UFFDIO_MOVE_HARNESS_H
#define UFFDIO_MOVE_HARNESS_H

#include "oracle.h"
#include "test/record.h"

/* Seconds after which the harness kills a test, times the patience asked for. */
#define TEST_SECONDS		5

struct listed_test {
	char name[136];			/* "cell.private_over_hole" */
	const struct test_plan *plan;
};

/**
 * harness_list() - all tests, in the order in which the harness has them
 * @n: set to their number
 *
 * Returns an array that lasts as long as the program.
 */
const struct listed_test *harness_list(size_t *n);

/* Give each test @factor times as long: for a slow machine, as an emulated one is. */
void harness_be_patient(unsigned int factor);

/**
 * harness_run() - run the selected tests, printing the harness's own TAP
 * @selected: asked for each test, by its index in harness_list()
 * @flip:     as for judge()
 * @records:  one for each test of harness_list()
 *
 * Does not return: the harness exits.  To be called in a process of its own.
 */
_Noreturn void harness_run(bool (*selected)(size_t index), int flip, struct record *records);

#endif
