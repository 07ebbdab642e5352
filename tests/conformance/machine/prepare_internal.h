/* SPDX-License-Identifier: GPL-2.0-only */
/* What is prepared in a file of its own, and what these files share: for prepare*.c. */
#ifndef UFFDIO_MOVE_PREPARE_INTERNAL_H
#define UFFDIO_MOVE_PREPARE_INTERNAL_H

#include "machine/prepare.h"

/* Note why something could not be prepared; the first reason explains the others. */
void hindered(enum preparation what, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void prepare_swap(void);

/* Merging for the run, and nothing of others that stays merged after it. */
void prepare_ksm(void);

#endif
