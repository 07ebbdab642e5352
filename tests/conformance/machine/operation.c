// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is UFFDIO_MOVE there, and may this process use it?
 *
 * A kernel without the operation answers EINVAL before it looks at the argument,
 * and so may a filter for system calls.  One that has it, however wrong, reads its
 * argument, and is for the tests to judge.
 */
#define _GNU_SOURCE
#include "machine/machine.h"

#include "machine/kernel.h"
#include "machine/limits.h"
#include "machine/settings.h"
#include "machine/uffd.h"
#include "test/compat.h"
#include "test/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_TRIED (-1)
#define NOT_RETURNED (-2)
#define MOVE_MS 2000		/* for all of the calls that are tried */

/* What the kernel, or whatever answers in its place, has shown. */
struct signs {
	bool reported;		/* UFFDIO_API reports the feature */
	bool listed;		/* UFFDIO_REGISTER lists the ioctl */
	int registering;	/* errno of UFFDIO_REGISTER */
	int reading;		/* errno of a call whose argument cannot be read */
	int moving;		/* errno of a good call, NOT_TRIED or NOT_RETURNED */
};

static __attribute__((format(printf, 2, 3))) enum operation forbidden(const char **sentence,
								      const char *format, ...)
{
	static char text[320];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	*sentence = text;
	return OPERATION_FORBIDDEN;
}

/* This file is there if userfaultfd is, whatever a filter says of the call. */
static bool has_userfaultfd(void)
{
	return !access("/proc/sys/vm/unprivileged_userfaultfd", F_OK);
}

static enum operation no_descriptor(const char **sentence, int error)
{
	struct reason why;

	if (limit_reached(error, 0, &why))
		return forbidden(sentence, "userfaultfd() fails (%s): this process is at a limit, as "
				 "%s; raise it.", strerror(error), why.text);
	if (error == ENOSYS && !has_userfaultfd()) {
		*sentence = "This kernel is built without userfaultfd (CONFIG_USERFAULTFD).";
		return OPERATION_ABSENT;
	}
	return forbidden(sentence, "userfaultfd() is refused to this process (%s); allow it in the "
			 "sandbox it runs in, or run outside of it.", strerror(error));
}

static bool has_filter(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	int mode = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Seccomp: %d", &mode) == 1)
			break;
	if (f)
		fclose(f);
	return mode != 0;
}

/* SELinux lists the ioctls that a process may use, and refuses others so. */
static bool is_confined(int error)
{
	char context[64];

	return error == EACCES && !setting_read("/proc/self/attr/current", context, sizeof(context));
}

/* Three pages: the last without access. */
static void try_moving(int uffd, char *pages, struct signs *s)
{
	size_t size = page_size();
	struct uffdio_move move = { .len = size };
	uint64_t ioctls = 0;

	mprotect(pages + 2 * size, size, PROT_NONE);
	madvise(pages, 2 * size, MADV_NOHUGEPAGE);
	s->registering = uffd_register(uffd, pages + size, size, UFFDIO_REGISTER_MODE_MISSING,
				       &ioctls);
	s->listed = ioctls >> _IOC_NR(UFFDIO_MOVE) & 1;
	s->reading = uffd_move(uffd, (struct uffdio_move *)(pages + 2 * size));
	pages[0] = 1;
	move.src = (uintptr_t)pages;
	move.dst = move.src + size;
	s->moving = s->registering ? NOT_TRIED : NOT_RETURNED;
	if (!s->registering)
		s->moving = uffd_move(uffd, &move);
}

static bool ends_in_time(pid_t pid)
{
	for (int64_t end = now_ms() + patient_ms(MOVE_MS); now_ms() < end; poll(NULL, 0, 1))
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return true;
	return false;
}

/*
 * In a process of its own, for a call that does not return is for the tests to
 * judge, too.  One that does not even end when it is killed is left behind.
 */
static void try_apart(int uffd, char *pages, struct signs *s)
{
	struct uffdio_api api = { .api = UFFD_API };
	pid_t pid = fork();

	if (pid > 0) {
		if (!ends_in_time(pid))
			kill(pid, SIGKILL);
		return;
	}
	if (!pid) {
		/* The other one is for the parent's memory. */
		close(uffd);
		uffd = uffd_open_raw();
		ioctl(uffd, UFFDIO_API, &api);
	}
	try_moving(uffd, pages, s);
	if (!pid)
		_exit(0);
}

/* A filter sees the address of an argument at most, and answers any alike. */
static bool is_reached(const struct signs *s)
{
	if (s->moving == 0 || s->reading == EFAULT)
		return true;
	return s->moving != NOT_TRIED && s->moving != s->reading;
}

static enum operation judge_signs(const char **sentence, const struct signs *s)
{
	bool filter = has_filter() || is_confined(s->reading);

	if (s->registering && filter)
		return forbidden(sentence, "UFFDIO_REGISTER is refused to this process (%s); allow it "
				 "in the sandbox it runs in, or run outside of it.",
				 strerror(s->registering));
	if (is_reached(s)) {
		*sentence = "This kernel has UFFDIO_MOVE, and this process may use it.";
		return OPERATION_WORKS;
	}
	if (!s->reported && !s->listed) {
		*sentence = "This kernel has no UFFDIO_MOVE: neither does UFFDIO_API report "
			    "UFFD_FEATURE_MOVE, nor UFFDIO_REGISTER list it.  Linux 6.8 and later "
			    "have it, and 6.1 with the patch of this package.";
		return OPERATION_ABSENT;
	}
	if (filter)
		return forbidden(sentence, "This kernel has UFFDIO_MOVE, but a filter refuses it to "
				 "this process (%s); allow the ioctl in the sandbox it runs in, or "
				 "run outside of it.", strerror(s->reading));
	*sentence = "This kernel tells of UFFDIO_MOVE, and refuses each call.";
	return OPERATION_WORKS;
}

static enum operation try_operation(const char **sentence, int uffd, char *pages,
				    struct signs *signs)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct reason why;

	if (pages == MAP_FAILED || signs == MAP_FAILED)
		return forbidden(sentence, "There is no memory to try UFFDIO_MOVE with: %s.",
				 limit_or_error(errno, &why));
	if (ioctl(uffd, UFFDIO_API, &api))
		return forbidden(sentence, "UFFDIO_API is refused to this process (%s); allow it in "
				 "the sandbox it runs in, or run outside of it.", strerror(errno));
	signs->reported = api.features & UFFD_FEATURE_MOVE;
	try_apart(uffd, pages, signs);
	return judge_signs(sentence, signs);
}

static void *map_some(size_t bytes, int flag)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, flag | MAP_ANONYMOUS, -1, 0);
}

enum operation machine_operation(const char **sentence)
{
	size_t bytes = 3 * page_size();
	int uffd = uffd_open_raw();
	enum operation operation;
	struct signs *signs;
	char *pages;

	if (uffd < 0)
		return no_descriptor(sentence, errno);
	pages = map_some(bytes, MAP_PRIVATE);
	signs = map_some(sizeof(*signs), MAP_SHARED);
	operation = try_operation(sentence, uffd, pages, signs);
	if (pages != MAP_FAILED)
		munmap(pages, bytes);
	if (signs != MAP_FAILED)
		munmap(signs, sizeof(*signs));
	close(uffd);
	return operation;
}

/* A call for places where nothing is mapped: nothing comes of it, whoever knows the mode. */
static int try_modes(int uffd, char *nowhere, uint64_t modes, int64_t *result)
{
	struct uffdio_move move = {
		.dst = (uintptr_t)nowhere, .src = (uintptr_t)nowhere + page_size(),
		.len = page_size(), .mode = modes, .move = MOVE_SENTINEL,
	};
	int error = uffd_move(uffd, &move);

	*result = move.move;
	return error;
}

bool machine_knows_modes(const char **sentence, uint64_t modes, const char *names)
{
	size_t bytes = 2 * page_size();
	static char text[320];
	int uffd = uffd_open(0), error = 0;
	int64_t result = 0;
	char *nowhere;

	nowhere = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (uffd >= 0 && nowhere != MAP_FAILED) {
		munmap(nowhere, bytes);
		error = try_modes(uffd, nowhere, modes, &result);
	}
	if (uffd >= 0)
		close(uffd);
	snprintf(text, sizeof(text), "This kernel has UFFDIO_MOVE, and refuses %s with EINVAL "
		 "before it looks at mappings, as the contract says of a mode that a kernel "
		 "does not know.", names);
	*sentence = text;
	return error != EINVAL || result != MOVE_SENTINEL;
}
