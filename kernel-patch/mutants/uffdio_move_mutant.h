/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which slips are made in UFFDIO_MOVE, for a kernel that has them all?
 */
#ifndef _LINUX_UFFDIO_MOVE_MUTANT_H
#define _LINUX_UFFDIO_MOVE_MUTANT_H

#include <linux/bitops.h>

#define MOST_MUTANTS	10000

extern unsigned long uffdio_move_mutants[];

#define MUTANT(n)	unlikely(test_bit(n, uffdio_move_mutants))

#endif
