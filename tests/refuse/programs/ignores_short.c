// SPDX-License-Identifier: GPL-2.0-only
/* Wrong: takes a short move for a whole one, and drops what is left of the source. */
#include "moving.h"

int main(void)
{
	struct region r;
	int64_t moved;
	int error;

	build(&r, open_userfaultfd(0), 1);
	do {
		error = move_part(&r, 0, r.bytes, &moved);
	} while (error == EBUSY || error == ENOMEM);
	drop_source(&r);
	return error != 0 && error != EAGAIN;
}
