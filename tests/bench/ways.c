// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "run.h"
#include "test/compat.h"
#include "test/test.h"
#include "ways.h"

#define TRIES	1000

/* Does repeating cure it? */
static bool passes(int error, unsigned int *tries)
{
	return (error == EAGAIN || error == EBUSY) && ++*tries < TRIES;
}

static size_t move(int uffd, char *destination, char *source, size_t bytes, uint64_t mode)
{
	struct uffdio_move arg = {
		.dst = (uintptr_t)destination,
		.src = (uintptr_t)source,
		.len = bytes,
		.mode = mode,
	};
	unsigned int tries = 0;
	size_t done = 0;

	while (ioctl(uffd, UFFDIO_MOVE, &arg)) {
		if (!passes(errno, &tries))
			fail_row("UFFDIO_MOVE: %s", strerror(errno));
		if (arg.move > 0) {
			arg.dst += arg.move;
			arg.src += arg.move;
			arg.len -= arg.move;
			done += arg.move;
			tries = 0;
		}
		arg.move = 0;
	}
	return done + arg.move;
}

static size_t copy(int uffd, char *destination, char *source, size_t bytes)
{
	struct uffdio_copy arg = {
		.dst = (uintptr_t)destination,
		.src = (uintptr_t)source,
		.len = bytes,
	};
	unsigned int tries = 0;
	size_t done = 0;

	while (ioctl(uffd, UFFDIO_COPY, &arg)) {
		if (!passes(errno, &tries))
			fail_row("UFFDIO_COPY: %s", strerror(errno));
		if (arg.copy > 0) {
			arg.dst += arg.copy;
			arg.src += arg.copy;
			arg.len -= arg.copy;
			done += arg.copy;
			tries = 0;
		}
		arg.copy = 0;
	}
	return done + arg.copy;
}

static void drop(char *start, size_t bytes)
{
	if (madvise(start, bytes, MADV_DONTNEED))
		fail_row("MADV_DONTNEED: %s", strerror(errno));
}

static void remap(char *destination, char *source, size_t bytes, int further)
{
	if (mremap(source, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED | further, destination) ==
	    MAP_FAILED)
		fail_row("mremap: %s", strerror(errno));
}

size_t bring(enum way way, int uffd, char *destination, char *source, size_t bytes, uint64_t mode)
{
	size_t done;

	switch (way) {
	case MOVE:
		return move(uffd, destination, source, bytes, mode);
	case COPY:
		return copy(uffd, destination, source, bytes);
	case COPY_DROP:
		done = copy(uffd, destination, source, bytes);
		drop(source, bytes);
		return done;
	case MREMAP:
		remap(destination, source, bytes, 0);
		return bytes;
	case DONTUNMAP:
		remap(destination, source, bytes, MREMAP_DONTUNMAP);
		return bytes;
	default:
		memcpy(destination, source, bytes);
		return bytes;
	}
}
