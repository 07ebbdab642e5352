// SPDX-License-Identifier: GPL-2.0-only
/* Wrong: copies what is refused while another thread goes on storing to it. */
#include "moving.h"

static volatile bool stop;

static void *store(void *arg)
{
	volatile char *page = arg;

	while (!stop)
		page[1]++;
	return NULL;
}

int main(void)
{
	struct region r;
	pthread_t writer;
	int64_t moved;
	int error;

	build(&r, open_userfaultfd(0), 1);
	pthread_create(&writer, NULL, store, r.src);
	while (r.src[1] == r.src[0])	/* it has begun */
		usleep(100);
	while ((error = move_part(&r, 0, r.page, &moved)) == ENOMEM)
		;
	if (error == EBUSY) {
		struct uffdio_copy copy = {
			.dst = ADDRESS(r.dst), .src = ADDRESS(r.src), .len = r.page,
		};

		if (ioctl(r.fd, UFFDIO_COPY, &copy))
			err(EXIT_FAILURE, "UFFDIO_COPY");
	}
	stop = true;
	pthread_join(writer, NULL);
	drop_source(&r);
	return 0;
}
