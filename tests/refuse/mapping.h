/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef UFFDIO_MOVE_REFUSE_MAPPING_H
#define UFFDIO_MOVE_REFUSE_MAPPING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* One mapping of a process, as /proc/PID/smaps tells. */
struct mapping {
	uint64_t start, end;
	char access[8];
	unsigned long inode;	/* 0: anonymous */
	bool locked, missing;	/* registered for missing pages */
	bool any_registration;
	unsigned long key;	/* of protection */
};

/* The one that @address lies in; false if there is none. */
bool mapping_of(pid_t process, uint64_t address, struct mapping *mapping);

#endif
