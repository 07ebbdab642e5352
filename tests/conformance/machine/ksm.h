/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel tells of same-page merging.
 */
#ifndef UFFDIO_MOVE_KSM_H
#define UFFDIO_MOVE_KSM_H

#include <stdbool.h>

/* Zero pages that it has placed: of this process if that is told, else of all; -1 if neither. */
long ksm_zero_pages(void);

/* How often it has gone over everything. */
unsigned long ksm_full_scans(void);

/*
 * Have it go on, in case that it sleeps; false: somebody has stopped it.  To be called now
 * and then while a merge is waited for: whether ksmd has to be woken is looked at without
 * a lock (__ksm_enter(), up to 7.3.4 at least), and when the last process that can be
 * merged goes just then, ksmd sleeps for as long as there is always another.
 */
bool ksm_keep_scanning(void);

#endif
