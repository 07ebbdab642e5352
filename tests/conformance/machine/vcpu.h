/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual CPU (KVM) whose memory is that of this process.  It maps what it has
 * accessed in page tables of its own.
 */
#ifndef UFFDIO_MOVE_VCPU_H
#define UFFDIO_MOVE_VCPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/reason.h"

struct kvm_run;

/* An address of its own at which memory may begin, a multiple of any huge page's size. */
#define VCPU_MEMORY 0x40000000U

struct vcpu {
	int vm, fd;
	uint32_t at;		/* where its memory begins, in its own addresses */
	struct kvm_run *run;
};

/**
 * vcpu_make() - make one
 * @at:     where its memory begins in its own addresses: VCPU_MEMORY, or some pages behind
 * @memory: @bytes of this process, both multiples of the page size
 *
 * It goes when the process ends.  Returns false, and why, where there are none.
 */
bool vcpu_make(struct vcpu *v, uint32_t at, char *memory, size_t bytes, struct reason *why);

/**
 * vcpu_look() - load a word of each page
 * @first:  byte of its memory
 * @stride: bytes from one to the next
 * @n:      how many
 * @met:    all of them together, by OR
 *
 * Returns false, and why, if it did not get to the end.
 */
bool vcpu_look(struct vcpu *v, uint32_t first, uint32_t stride, uint32_t n, uint32_t *met,
	       struct reason *why);

/* The same, and store @value to each of them. */
bool vcpu_store(struct vcpu *v, uint32_t first, uint32_t stride, uint32_t n, uint32_t value,
		struct reason *why);

/* Are there pages in its own page tables?  Where its accesses are emulated there are none. */
bool vcpu_has_mapped(const struct vcpu *v);

#endif
