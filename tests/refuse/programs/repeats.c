// SPDX-License-Identifier: GPL-2.0-only
/* Wrong: makes the same call until it succeeds, which after a short move it never does. */
#include "moving.h"

int main(void)
{
	struct region r;
	int64_t moved;

	build(&r, open_userfaultfd(0), 1);
	while (move_part(&r, 0, r.bytes, &moved))
		;
	return 0;
}
