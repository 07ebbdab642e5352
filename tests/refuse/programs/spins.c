// SPDX-License-Identifier: GPL-2.0-only
/* Wrong: calls again at once where an event is pending, and nobody reads it. */
#include "moving.h"

static volatile bool stop;

static void *idle(void *arg)
{
	while (!stop)
		usleep(1000);
	return arg;
}

int main(void)
{
	struct region r;
	pthread_t other;
	size_t done = 0;

	build(&r, open_userfaultfd(UFFD_FEATURE_EVENT_REMOVE), 1);
	pthread_create(&other, NULL, idle, NULL);
	while (done < r.bytes) {
		int64_t moved;

		move_part(&r, done, r.bytes - done, &moved);
		if (moved > 0)
			done += moved;
	}
	stop = true;
	pthread_join(other, NULL);
	return 0;
}
