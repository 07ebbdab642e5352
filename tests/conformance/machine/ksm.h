/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel tells of same-page merging.
 */
#ifndef UFFDIO_MOVE_KSM_H
#define UFFDIO_MOVE_KSM_H

/* Zero pages that it has placed: of this process if that is told, else of all; -1 if neither. */
long ksm_zero_pages(void);

#endif
