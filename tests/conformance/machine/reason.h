/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UFFDIO_MOVE_REASON_H
#define UFFDIO_MOVE_REASON_H

#define REASON_SIZE 192

/* Why something is not to be had: a clause without full stop. */
struct reason {
	char text[REASON_SIZE];
};

#endif
