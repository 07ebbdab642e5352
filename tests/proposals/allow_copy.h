/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the scenarios of spec/proposals/allow_copy.yaml have in common.
 */
#ifndef UFFDIO_MOVE_ALLOW_COPY_H
#define UFFDIO_MOVE_ALLOW_COPY_H

#include <sys/types.h>

#include "scenarios/scene.h"

/* A child that has a share in the pages, and keeps it; its descriptor would wake nobody. */
pid_t share_and_keep(struct scene *s);

#endif
