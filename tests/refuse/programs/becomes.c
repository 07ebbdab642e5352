// SPDX-License-Identifier: GPL-2.0-only
/* Becomes another program, from a thread that is not its first. */
#include <err.h>
#include <pthread.h>
#include <unistd.h>

static void *become(void *argv)
{
	char **program = argv;

	usleep(20000);
	execv(program[1], program + 1);
	err(1, "%s", program[1]);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 2)
		errx(1, "which program?");
	pthread_create(&thread, NULL, become, argv);
	pthread_join(thread, NULL);
	return 1;
}
