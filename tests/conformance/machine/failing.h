/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that fails, as far as the kernel is told.
 */
#ifndef UFFDIO_MOVE_FAILING_H
#define UFFDIO_MOVE_FAILING_H

#include <stdbool.h>

/*
 * Have the memory of the page at @address fail.  The machine is without it until it is
 * booted again; so only where that is permitted (machine_may_be_harmed()).  False, and
 * errno, if it does not come to that.
 */
bool memory_fail(void *address);

#endif
