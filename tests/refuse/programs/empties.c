// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wrong: empties zero|dropped|late answers a refusal with zeroes in the page's place; drops the
 * page before it copies what is left of it; or does neither, and touches the place at the end.
 */
#include "moving.h"

static void zero(const struct region *r, size_t at)
{
	struct uffdio_zeropage zero = { .range = { ADDRESS(r->dst + at), r->page } };

	if (ioctl(r->fd, UFFDIO_ZEROPAGE, &zero))
		err(EXIT_FAILURE, "UFFDIO_ZEROPAGE");
}

static void drop_and_copy(const struct region *r, size_t at)
{
	struct uffdio_copy copy = {
		.dst = ADDRESS(r->dst + at), .src = ADDRESS(r->src + at), .len = r->page,
	};

	if (madvise(r->src + at, r->page, MADV_DONTNEED) || ioctl(r->fd, UFFDIO_COPY, &copy))
		err(EXIT_FAILURE, "UFFDIO_COPY");
}

int main(int argc, char **argv)
{
	const char *how = argc == 2 ? argv[1] : "";
	struct region r;

	build(&r, open_userfaultfd(0), 1);
	for (size_t at = 0; at < r.bytes; at += r.page) {
		int64_t moved;

		if (!move_part(&r, at, r.page, &moved))
			continue;
		if (!strcmp(how, "zero"))
			zero(&r, at);
		else if (!strcmp(how, "dropped"))
			drop_and_copy(&r, at);
	}
	drop_source(&r);
	return 0;
}
