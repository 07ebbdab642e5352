// SPDX-License-Identifier: GPL-2.0-only
/* Wrong: drops what a short move has left, when a thread of its own has come and gone. */
#include "moving.h"

static void *nothing(void *arg)
{
	return arg;
}

int main(void)
{
	struct region r;
	pthread_t thread;
	int64_t moved;

	pthread_create(&thread, NULL, nothing, NULL);
	pthread_join(thread, NULL);
	usleep(20000);
	build(&r, open_userfaultfd(0), 1);
	move_part(&r, 0, r.bytes, &moved);
	drop_source(&r);
	return 0;
}
