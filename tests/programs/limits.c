// SPDX-License-Identifier: GPL-2.0-only
/*
 * limits WHAT [NUMBER] - runs into a limit of the machine and prints what
 * machine/limits.c says of it, for check-limits.sh
 *
 *   addresses data          of NUMBER MiB, by mmap()
 *   mappings                as many as a process may have
 *   lock                    NUMBER KiB
 *   files                   as many as may be open
 *   processes threads       as many as there may be, NUMBER at most
 *   write                   NUMBER MiB in the working directory
 *   keep                    NUMBER MiB of memory in use; stops; and then ENOMEM
 *   killed written busy     a child that uses NUMBER MiB of memory, or writes them,
 *                           or uses the CPU
 *   murdered                a child that is killed for nothing, when a line is read
 *   NAME                    nothing: EAGAIN, ENOMEM and the like just so
 *
 * Prints the error and the sentence, or that there is none.  The limit itself is
 * the caller's to set.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/limits.h"
#include "test/test.h"

#define MIB (1UL << 20)

static void *map(size_t bytes, int protection)
{
	return mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int addresses(size_t n)
{
	return map(n * MIB, PROT_NONE) == MAP_FAILED ? errno : 0;
}

static int data(size_t n)
{
	return map(n * MIB, PROT_READ | PROT_WRITE) == MAP_FAILED ? errno : 0;
}

/* Neighbours of the same rights would be one mapping. */
static int mappings(size_t n)
{
	for (;;)
		if (map(page_size(), n++ & 1 ? PROT_READ : PROT_NONE) == MAP_FAILED)
			return errno;
}

static int lock(size_t n)
{
	return mlock(map(n * 1024, PROT_READ | PROT_WRITE), n * 1024) ? errno : 0;
}

static int files(size_t n)
{
	(void)n;
	while (open("/", O_PATH | O_CLOEXEC) >= 0)
		;
	return errno;
}

static pid_t children[65536];
static size_t n_children;

static void end_children(void)
{
	while (n_children > 0) {
		kill(children[--n_children], SIGKILL);
		waitpid(children[n_children], NULL, 0);
	}
}

static int processes(size_t n)
{
	atexit(end_children);
	while (n_children < n && n_children < sizeof(children) / sizeof(children[0])) {
		pid_t pid = fork();

		if (pid < 0)
			return errno;
		if (!pid)
			for (;;)
				pause();
		children[n_children++] = pid;
	}
	return 0;
}

static void *sleep_for_good(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int threads(size_t n)
{
	pthread_t thread;
	int error = 0;

	while (n-- > 0 && !error)
		error = pthread_create(&thread, NULL, sleep_for_good, NULL);
	return error;
}

static int write_file(size_t n)
{
	static char block[MIB];
	int fd = open("limits.scratch", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int error = fd < 0 ? errno : 0;

	memset(block, 1, sizeof(block));
	while (n-- > 0 && !error)
		if (write(fd, block, sizeof(block)) < 0)
			error = errno;
	return error;
}

static int fill(size_t n)
{
	char *memory = map(n * MIB, PROT_READ | PROT_WRITE);

	if (memory == MAP_FAILED)
		return errno;
	memset(memory, 1, n * MIB);
	return 0;
}

static int keep(size_t n)
{
	int error = fill(n);

	raise(SIGSTOP);
	return error ? error : ENOMEM;
}

static _Noreturn void use_memory(size_t n)
{
	fill(n);
	_exit(0);
}

static _Noreturn void write_and_end(size_t n)
{
	write_file(n);
	_exit(0);
}

static _Noreturn void use_the_cpu(size_t n)
{
	volatile size_t turns = n;

	for (;;)
		turns++;
}

static _Noreturn void be_murdered(size_t n)
{
	(void)n;
	getchar();
	raise(SIGKILL);
	_exit(0);
}

static int say_of_child(void (*use)(size_t n), size_t n)
{
	struct housekeeping before;
	struct reason why;
	const char *said;
	pid_t pid;
	int status;

	housekeeping_look(&before);
	pid = fork();
	if (!pid)
		use(n);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return errno;
	said = limit_killed(WTERMSIG(status), &before, &why);
	printf("%s: %s\n", WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : "no signal",
	       said ? said : "no limit");
	return 0;
}

static const struct {
	const char *name;
	void (*use)(size_t n);
} uses[] = {
	{ "killed", use_memory }, { "written", write_and_end }, { "busy", use_the_cpu },
	{ "murdered", be_murdered },
};

static const struct {
	const char *name;
	int (*provoke)(size_t n);
	size_t unit;		/* bytes of what is asked for, where those are told */
} limits[] = {
	{ "addresses", addresses, MIB }, { "data", data, MIB }, { "lock", lock, 1024 },
	{ "mappings", mappings, 0 }, { "files", files, 0 }, { "processes", processes, 0 },
	{ "threads", threads, 0 }, { "write", write_file, 0 }, { "keep", keep, 0 },
};

static int error_by_name(const char *name)
{
	for (int error = 1; error < 134; error++)
		if (!strcmp(error_name(error), name))
			return error;
	fprintf(stderr, "limits: no such thing: %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, bytes = 0;
	const char *what = argc > 1 ? argv[1] : "", *said;
	struct reason why;
	int error = -1;

	kernel_look();
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (!strcmp(what, uses[i].name))
			return say_of_child(uses[i].use, n);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (!strcmp(what, limits[i].name)) {
			error = limits[i].provoke(n);
			bytes = n * limits[i].unit;
		}
	if (error < 0)
		error = error_by_name(what);
	said = limit_reached(error, bytes, &why);
	printf("%s: %s\n", error_name(error), said ? said : "no limit");
	fflush(stdout);
	exit(0);
}
