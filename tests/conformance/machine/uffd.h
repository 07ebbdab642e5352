/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Descriptors of userfaultfd: opened, introduced, registered.
 */
#ifndef UFFDIO_MOVE_UFFD_H
#define UFFDIO_MOVE_UFFD_H

#include <stddef.h>
#include <stdint.h>

#include "uffdio_move.h"

/**
 * uffd_open() - a descriptor with its handshake done
 * @features: UFFD_FEATURE_* to ask for
 *
 * User-mode-only where nothing else is permitted.  Returns -1 with errno set if
 * a feature is unknown or userfaultfd is forbidden; close-on-exec, non-blocking.
 */
int uffd_open(uint64_t features);

/* uffd_open() without the handshake. */
int uffd_open_raw(void);

/* Register [start, start+length) bytes; returns 0 or errno.  @ioctls may be NULL. */
int uffd_register(int uffd, void *start, size_t length, uint64_t mode, uint64_t *ioctls);

/* UFFDIO_RWPROTECT with UFFDIO_RWPROTECT_MODE_*; returns 0 or errno. */
int uffd_rwprotect(int uffd, void *start, size_t length, uint64_t mode);

/* UFFDIO_MOVE with @arg as it is; returns 0 or errno. */
int uffd_move(int uffd, struct uffdio_move *arg);

#endif
