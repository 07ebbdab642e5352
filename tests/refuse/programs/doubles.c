// SPDX-License-Identifier: GPL-2.0-only
/* Wrong: a child of its own copies what is refused, and keeps the source as well. */
#include "moving.h"

static void work(void)
{
	struct region r;
	size_t done = 0;

	build(&r, open_userfaultfd(0), 1);
	while (done < r.bytes) {
		int64_t moved;
		int error = move_part(&r, done, r.bytes - done, &moved);
		struct uffdio_copy copy = {
			.dst = ADDRESS(r.dst + done), .src = ADDRESS(r.src + done), .len = r.page,
		};

		if (moved > 0) {
			done += moved;
		} else if (error == EBUSY) {
			if (ioctl(r.fd, UFFDIO_COPY, &copy))
				err(EXIT_FAILURE, "UFFDIO_COPY");
			done += r.page;
		}
	}
}

int main(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		work();
		exit(EXIT_SUCCESS);
	}
	return child < 0 || waitpid(child, &status, 0) != child || status;
}
