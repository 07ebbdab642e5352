/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernels that are recorded to be without a fault that has a hazard.
 */
#ifndef UFFDIO_MOVE_CLEAN_KERNELS_H
#define UFFDIO_MOVE_CLEAN_KERNELS_H

#include <stddef.h>

struct clean_kernel {
	unsigned int deviation;		/* index */
	const char *kernel;		/* "7.3.4"; NULL ends the table */
	const char *architecture;	/* "arm64", as spec/kernels/ has it */
};

/* Generated from spec/kernels/ by specgen. */
extern const struct clean_kernel clean_kernels[];

#endif
