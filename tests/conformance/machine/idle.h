/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Idle page tracking: which page frames have not been accessed since they were marked?
 */
#ifndef UFFDIO_MOVE_IDLE_H
#define UFFDIO_MOVE_IDLE_H

#include <stdbool.h>
#include <stdint.h>

/* Can frames be marked? */
bool idle_shown(void);

/*
 * Mark a frame whose page reclaim knows of.  False: it cannot be, as the last ones of
 * memory where their number is no multiple of 64.
 */
bool idle_mark(uint64_t frame);

/* Is it marked still?  Looks for accesses wherever the kernel takes the page to be mapped. */
bool is_idle(uint64_t frame);

#endif
