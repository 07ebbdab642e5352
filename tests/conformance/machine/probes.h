/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One probe for each need of the contract: it tries the thing itself.
 */
#ifndef UFFDIO_MOVE_PROBES_H
#define UFFDIO_MOVE_PROBES_H

#include <stdbool.h>

#include "machine/reason.h"

/* Each runs in a process of its own, which it may leave in any state. */
struct probe {
	const char *need;
	bool (*works)(struct reason *why);
};

extern const struct probe probes[];
extern const unsigned int n_probes;

#endif
