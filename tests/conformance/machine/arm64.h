/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What arm64 alone has: memory tags (MTE), and landing pads for branches (BTI).
 * On other machines there is neither, and nothing here but the two questions may be asked.
 */
#ifndef UFFDIO_MOVE_ARM64_H
#define UFFDIO_MOVE_ARM64_H

#include <stdbool.h>
#include <stddef.h>

#define ARM64_PROT_BTI	0x10
#define ARM64_PROT_MTE	0x20
#define TAG_GRANULE	16	/* bytes that one memory tag is for */

bool arm64_has_mte(void);
bool arm64_has_bti(void);

/* The memory tag, 0 to 15, of the 16 bytes at @address, which is mapped with PROT_MTE. */
void arm64_set_tag(void *address, unsigned int tag);
unsigned int arm64_tag(const void *address);

#endif
