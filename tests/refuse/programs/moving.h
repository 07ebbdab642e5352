/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What these programs share: eight pages to be moved, each with a number of its own.
 */
#ifndef MOVING_H
#define MOVING_H

#include "../../../examples/example.h"

#define PAGES 8

struct region {
	int fd;
	size_t page, bytes;
	char *src, *dst;
};

static inline void build(struct region *r, int fd, int first)
{
	r->fd = fd;
	r->page = page_size();
	r->bytes = PAGES * r->page;
	r->src = new_region(r->bytes);
	r->dst = new_registered(fd, r->bytes);
	for (int i = 0; i < PAGES; i++)
		memset(r->src + i * r->page, first + i, r->page);
}

static inline int move_part(const struct region *r, size_t from, size_t bytes, int64_t *moved)
{
	struct uffdio_move move = {
		.dst = ADDRESS(r->dst + from), .src = ADDRESS(r->src + from), .len = bytes,
	};
	int error = ioctl(r->fd, UFFDIO_MOVE, &move) ? errno : 0;

	*moved = error == 0 ? (int64_t)bytes : move.move;
	return error;
}

static inline void drop_source(const struct region *r)
{
	if (madvise(r->src, r->bytes, MADV_DONTNEED))
		err(EXIT_FAILURE, "madvise");
}

#endif
