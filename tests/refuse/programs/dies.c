// SPDX-License-Identifier: GPL-2.0-only
/* Wrong: takes EBUSY for a fault of its own. */
#include "moving.h"

int main(void)
{
	struct region r;
	size_t done = 0;

	build(&r, open_userfaultfd(0), 1);
	while (done < r.bytes) {
		int64_t moved;
		int error = move_part(&r, done, r.bytes - done, &moved);

		if (moved > 0)
			done += moved;
		else if (error == EBUSY)
			abort();
	}
	return 0;
}
