/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running one test of the contract, in a process of its own.
 */
#ifndef UFFDIO_MOVE_RUN_H
#define UFFDIO_MOVE_RUN_H

#include "oracle.h"
#include "test/slot.h"
#include "test/test.h"

/* Generated: a function for each of the contract's scenarios, in their order. */
extern void (*const scenario_functions[])(struct test *t);

/**
 * test_run() - set up, call, and observe
 * @plan: what to do
 * @slot: gets what the test tells
 *
 * Returns when the test has come to its end; one that is skipped or broken ends the
 * process instead (test.h).
 */
void test_run(const struct test_plan *plan, struct slot *slot);

#endif
