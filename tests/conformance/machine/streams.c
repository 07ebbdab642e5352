// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/streams.h"
#include "test/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pid_t owner;

/* /dev/null may be missing, and would swallow what is written; this does neither. */
static void occupy(int stream)
{
	if (fcntl(stream, F_GETFD) >= 0 || errno != EBADF)
		return;
	if (open("/", O_PATH) == stream)
		return;
	fprintf(stderr, "%s: a standard stream is closed, and cannot be replaced: %s\n",
		program_invocation_short_name, strerror(errno));
	exit(EXIT_UNSURE);
}

/* Another status tells of something worse, or of this already. */
static void complain_of_output(int status, void *unused)
{
	(void)unused;
	if (status || getpid() != owner)
		return;
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return;
	fprintf(stderr, "%s: standard output could not be written%s%s\n",
		program_invocation_short_name, errno ? ": " : "", errno ? strerror(errno) : "");
	_exit(EXIT_UNSURE);
}

void streams_secure(void)
{
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
		occupy(stream);
	owner = getpid();
	on_exit(complain_of_output, NULL);
}
