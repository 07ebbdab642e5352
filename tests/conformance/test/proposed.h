/* SPDX-License-Identifier: GPL-2.0-only */
/* Modes that are proposed (spec/proposals), and no header of the kernel has. */
#ifndef UFFDIO_MOVE_PROPOSED_H
#define UFFDIO_MOVE_PROPOSED_H

#include <stdint.h>

#define UFFDIO_MOVE_MODE_ALLOW_COPY ((uint64_t)1 << 2)

#endif
