/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running one test of the contract, in a process of its own.
 */
#ifndef UFFDIO_MOVE_RUN_H
#define UFFDIO_MOVE_RUN_H

#include "oracle.h"
#include "test/record.h"
#include "test/test.h"

/* Generated: a function for each of the contract's scenarios, in their order. */
extern void (*const scenario_functions[])(struct test *t);

/**
 * test_run() - set up, call, observe and judge
 * @plan:   what to do
 * @flip:   as for judge()
 * @record: gets the verdict
 *
 * Returns when the test has come to its end; a test that is skipped or broken
 * ends the process instead (test.h), with the exit code 255 or 1.
 */
void test_run(const struct test_plan *plan, int flip, struct record *record);

#endif
