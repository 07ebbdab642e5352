// SPDX-License-Identifier: GPL-2.0-only
/* Wrong: of eight threads one goes on behind what did not move, and drops it. */
#include "moving.h"

static int fd;

static void *work(void *arg)
{
	long number = (long)arg;
	struct region r;
	size_t done = 0;

	build(&r, fd, 1 + number * PAGES);
	while (done < r.bytes) {
		int64_t moved;
		int error = move_part(&r, done, r.bytes - done, &moved);

		if (moved > 0)
			done += moved;
		if (number == 5 && error == EAGAIN)
			break;
		if (error == EBUSY)
			*(volatile char *)(r.src + done) = r.src[done];
	}
	drop_source(&r);
	return NULL;
}

int main(void)
{
	pthread_t threads[8];

	fd = open_userfaultfd(0);
	for (long i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
