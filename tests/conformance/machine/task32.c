// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>

#include "machine/task32.h"

#define NR_IOCTL_I386	54

int task32_ioctl(int fd, unsigned int request, void *argument)
{
#ifdef __x86_64__
	int result;

	asm volatile("int $0x80"
		     : "=a" (result)
		     : "a" (NR_IOCTL_I386), "b" (fd), "c" (request),
		       "d" ((uint32_t)(uintptr_t)argument)
		     : "memory", "cc", "r8", "r9", "r10", "r11");
	return result < 0 ? -result : 0;
#else
	(void)fd;
	(void)request;
	(void)argument;
	return ENOSYS;
#endif
}
