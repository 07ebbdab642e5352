/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract's scenarios, one function each.
 *
 * A scenario sets something up that takes threads, events or processes, calls
 * UFFDIO_MOVE, and tells with test_observe() every fact that its "expect" in
 * the contract lists.  It ends by itself and leaves no thread or process that
 * would outlive the test.
 *
 * To add one: state it in the contract, and define it in the file of this
 * folder whose subject it is; specgen declares it.  A name without a function
 * does not link.
 */
#ifndef UFFDIO_MOVE_SCENARIOS_H
#define UFFDIO_MOVE_SCENARIOS_H

#include "contract_functions.h"
#include "test/test.h"

#endif
