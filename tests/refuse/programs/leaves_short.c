// SPDX-License-Identifier: GPL-2.0-only
/* Wrong: takes a short move for a whole one; a thread waits for the rest for ever. */
#include "moving.h"

static void *touch_last(void *region)
{
	const struct region *r = region;

	return *(volatile char *)(r->dst + r->bytes - 1) ? region : NULL;
}

int main(void)
{
	struct region r;
	pthread_t toucher;
	int64_t moved;

	build(&r, open_userfaultfd(0), 1);
	pthread_create(&toucher, NULL, touch_last, &r);
	move_part(&r, 0, r.bytes, &moved);
	pthread_join(toucher, NULL);
	return 0;
}
