// SPDX-License-Identifier: GPL-2.0-only
/*
 * uffdio_move_mutant=N on the command line, and in
 * /sys/module/kernel/parameters/, is the number of a line in the list of mutants.
 */
#include <linux/cache.h>
#include <linux/moduleparam.h>
#include <linux/uffdio_move_mutant.h>

int uffdio_move_mutant __read_mostly;
core_param(uffdio_move_mutant, uffdio_move_mutant, int, 0644);
