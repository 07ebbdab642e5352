/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the contract allows a call to meet, as far as can be seen of its pages.
 */
#ifndef UFFDIO_MOVE_REFUSE_ALLOWED_H
#define UFFDIO_MOVE_REFUSE_ALLOWED_H

#include "oracle.h"
#include "tracee.h"

/**
 * allowed_busy() - may a page be refused with EBUSY, and be moved by a later call?
 * @source, @destination: what is seen of it, and of its new place
 * @whole: may a huge page move whole here?
 * @mode:  the call's
 * @cure:  what it is that lets it move
 *
 * By any state that looks like what is seen.
 */
bool allowed_busy(const struct contract *c, enum sight source, enum sight destination,
		  bool whole, uint64_t mode, enum cure cure);

/* Does the contract have the clause, at a level that lets a kernel do so? */
bool allowed_by(const struct contract *c, const char *clause);

#endif
