/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which slip is made in UFFDIO_MOVE, for a kernel that has them all?
 */
#ifndef _LINUX_UFFDIO_MOVE_MUTANT_H
#define _LINUX_UFFDIO_MOVE_MUTANT_H

#include <linux/compiler.h>

extern int uffdio_move_mutant;

#define MUTANT(n)	unlikely(READ_ONCE(uffdio_move_mutant) == (n))

#endif
