/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Large folios that are swapped out.
 */
#ifndef UFFDIO_MOVE_SWAPPING_H
#define UFFDIO_MOVE_SWAPPING_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Swap out the @bytes at @start, which are one large folio.  True if it went as one, has
 * nothing but swap entries now, has been written, and is still in memory behind these.
 */
bool folio_swapped_whole(char *start, size_t bytes);

/* The huge pages of all of the system that have been swapped out whole; -1 if that is not told. */
long count_swapped_whole(void);

#endif
