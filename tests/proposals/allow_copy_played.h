/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A kernel with UFFDIO_MOVE_MODE_ALLOW_COPY, played around one that lacks it: the
 * program makes its ioctls through __wrap_ioctl().  UFFDIO_MOVE_FAULT names a fault
 * that it has; allow_copy_faults.tsv tells what each has to lead to.
 */
#ifndef UFFDIO_MOVE_ALLOW_COPY_PLAYED_H
#define UFFDIO_MOVE_ALLOW_COPY_PLAYED_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/kernel.h"
#include "test/compat.h"
#include "test/test_internal.h"

/* A call under way: what the caller asked for, and how far it has come. */
struct played {
	int fd;
	struct uffdio_move asked;
	uint64_t done;		/* bytes */
	unsigned int tries;	/* at the page that is next */
};

/* Where a faulty kernel does otherwise; what is NULL or 0 is done right. */
struct fault {
	const char *name;
	/* letters of the contract, of which pages are treated so */
	const char *busy;	/* refused with EBUSY */
	const char *copied;	/* copied, whether or not that is allowed or needed */
	/* before anything is looked at: true if the call has ended, with @error */
	bool (*begin)(struct played *p, int *error);
	/* instead of a right copy of the next page; returns 0 or the errno */
	int (*copy)(struct played *p);
	/* when a page has been copied or made the process's own, and has come over */
	void (*after)(struct played *p, char *from, char *to);
	uint64_t also;		/* mode bits that are taken to be set, */
	uint64_t never;		/* or not to be */
	bool uncounted;		/* what comes over so is not counted */
	bool leaves_move;	/* as it was, where nothing has come over */
	bool always_copies;	/* what could be moved, too */
	bool loses_page;	/* for which there is no memory */
	bool want_passes;	/* a want of memory is told as what passes by itself */
	bool want_waits;	/* it is tried until there is memory */
};

/* Ends with one that has no name. */
extern const struct fault faults_of_allow_copy[];

/* The fault that is played; never NULL. */
const struct fault *played_fault(void);

/* What runs: its plan tells of which letters the pages are. */
const struct test *played_test(void);

/* The next page of a call, at either place. */
char *played_source(const struct played *p);
char *played_destination(const struct played *p);

/* Is the next page of one of these letters? */
bool played_is_of(const struct played *p, const char *letters);

/* A page is copied by UFFDIO_COPY, and dropped from the source; 0 or the errno. */
int played_copy(struct played *p);

/* The former half of that alone, with UFFDIO_COPY's own mode. */
int played_double(struct played *p, uint64_t mode);

/* That mode, as the call has it. */
uint64_t played_copy_mode(const struct played *p);

#endif
