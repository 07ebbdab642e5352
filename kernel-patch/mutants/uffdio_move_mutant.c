// SPDX-License-Identifier: GPL-2.0-only
/*
 * uffdio_move.mutant=N,... on the command line, and
 * /sys/module/uffdio_move/parameters/mutant, are numbers of lines in the list
 * of mutants; 0 is none.
 */
#include <linux/bitmap.h>
#include <linux/moduleparam.h>
#include <linux/uffdio_move_mutant.h>

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "uffdio_move."

DECLARE_BITMAP(uffdio_move_mutants, MOST_MUTANTS);

static int set_mutants(const char *value, const struct kernel_param *param)
{
	return bitmap_parselist(value, uffdio_move_mutants, MOST_MUTANTS);
}

static int get_mutants(char *page, const struct kernel_param *param)
{
	return bitmap_print_to_pagebuf(true, page, uffdio_move_mutants,
				       MOST_MUTANTS);
}

static const struct kernel_param_ops mutant_ops = {
	.set = set_mutants,
	.get = get_mutants,
};

module_param_cb(mutant, &mutant_ops, NULL, 0644);
