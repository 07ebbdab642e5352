/* SPDX-License-Identifier: GPL-2.0-only */
/* System calls as a 32-bit task makes them. */
#ifndef UFFDIO_MOVE_TASK32_H
#define UFFDIO_MOVE_TASK32_H

/**
 * task32_ioctl() - ioctl(2) through the 32-bit entry of the kernel
 * @argument: an address below 4 GiB
 *
 * Returns 0 or the errno; ENOSYS where there is no such entry.  Where the
 * kernel was built without it the processor raises SIGSEGV instead: ask for the
 * need "task32" first.
 */
int task32_ioctl(int fd, unsigned int request, void *argument);

#endif
