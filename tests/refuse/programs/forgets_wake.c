// SPDX-License-Identifier: GPL-2.0-only
/* Wrong: a page that is there already is nobody's concern, though a thread waits for it. */
#include "moving.h"

static void *read_pages(void *arg)
{
	struct region *r = arg;

	for (int i = 0; i < PAGES; i++)
		if (r->dst[i * r->page] != 1 + i)
			errx(EXIT_FAILURE, "page %d has other contents", i);
	return NULL;
}

static void serve(const struct region *r, size_t from)
{
	int64_t moved;
	int error;

	do {
		error = move_part(r, from, r->page, &moved);
	} while (error == EBUSY || error == EAGAIN || error == ENOMEM);
}

int main(void)
{
	struct region r;
	pthread_t reader;

	build(&r, open_userfaultfd(0), 1);
	pthread_create(&reader, NULL, read_pages, &r);
	for (int i = 0; i < PAGES; i++) {
		struct pollfd readable = { r.fd, POLLIN, 0 };
		struct uffd_msg msg;

		if (poll(&readable, 1, -1) != 1 || read(r.fd, &msg, sizeof(msg)) != sizeof(msg))
			err(EXIT_FAILURE, "no event");
		serve(&r, (msg.arg.pagefault.address - ADDRESS(r.dst)) / r.page * r.page);
	}
	pthread_join(reader, NULL);
	return 0;
}
