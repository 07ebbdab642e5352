// SPDX-License-Identifier: GPL-2.0-only
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>

#include "machine/arm64.h"

#define TAG_SHIFT	56

#ifdef __aarch64__

#define HAS_BTI		(1UL << 17)
#define HAS_MTE		(1UL << 18)

bool arm64_has_mte(void)
{
	return getauxval(AT_HWCAP2) & HAS_MTE;
}

bool arm64_has_bti(void)
{
	return getauxval(AT_HWCAP2) & HAS_BTI;
}

void arm64_set_tag(void *address, unsigned int tag)
{
	uint64_t tagged = (uint64_t)(uintptr_t)address | (uint64_t)tag << TAG_SHIFT;

	asm volatile(".arch armv8.5-a+memtag\n\tstg %0, [%0]" : : "r" (tagged) : "memory");
}

unsigned int arm64_tag(const void *address)
{
	uint64_t tagged = (uintptr_t)address;

	asm volatile(".arch armv8.5-a+memtag\n\tldg %0, [%0]" : "+r" (tagged) : : "memory");
	return tagged >> TAG_SHIFT & 15;
}

#else

bool arm64_has_mte(void)
{
	return false;
}

bool arm64_has_bti(void)
{
	return false;
}

void arm64_set_tag(void *address, unsigned int tag)
{
	(void)address;
	(void)tag;
	abort();
}

unsigned int arm64_tag(const void *address)
{
	(void)address;
	abort();
}

#endif
