// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test/test_internal.h"

const struct seen *observed_fact(const struct observed *seen, const char *what)
{
	for (size_t i = 0; i < seen->n; i++)
		if (!strcmp(seen->facts[i].what, what))
			return &seen->facts[i];
	return NULL;
}

static _Noreturn void end_test(struct test *t, enum last_word word, const char *format,
			       va_list args)
{
	vsnprintf(t->slot->why, sizeof(t->slot->why), format, args);
	t->slot->word = word;
	_exit(0);
}

_Noreturn void test_skip(struct test *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_test(t, WORD_SKIPPED, format, args);
}

_Noreturn void test_broken(struct test *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	end_test(t, WORD_BROKEN, format, args);
}

void test_observe(struct test *t, const char *what, const char *format, ...)
{
	struct observed *seen = &t->slot->observed;
	struct seen *fact = &seen->facts[seen->n];
	va_list args;

	if (observed_fact(seen, what))
		test_broken(t, "%s was looked at twice", what);
	if (seen->n == MAX_SEEN || strlen(what) >= sizeof(fact->what))
		test_broken(t, "%s is one fact too many, or too long a name", what);
	strcpy(fact->what, what);
	va_start(args, format);
	vsnprintf(fact->value, sizeof(fact->value), format, args);
	va_end(args);
	seen->n++;
}

int test_move(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error;

	__atomic_fetch_add(&t->slot->begun, 1, __ATOMIC_RELAXED);
	error = ioctl(uffd, UFFDIO_MOVE, arg) ? errno : 0;
	__atomic_fetch_add(&t->slot->ended, 1, __ATOMIC_RELAXED);
	return error;
}

void test_callers_ended(struct test *t)
{
	unsigned int begun = __atomic_load_n(&t->slot->begun, __ATOMIC_RELAXED);

	__atomic_store_n(&t->slot->ended, begun, __ATOMIC_RELAXED);
}

void test_wants_single_calls(struct test *t)
{
	t->single_calls = true;
}

void test_moved_but_refused(struct test *t)
{
	t->slot->moved_but_refused = true;
}

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static unsigned int patience = 1;

void test_be_patient(unsigned int factor)
{
	patience = factor;
}

int64_t patient_ms(int64_t ms)
{
	return ms * patience;
}

bool is_asleep(pid_t task)
{
	char path[64], line[128], *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", task);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[n > 0 ? n : 0] = '\0';
	state = strrchr(line, ')');
	return state && (state[2] == 'S' || state[2] == 'D');
}

const char *error_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "an unknown errno";
}

int test_wait(struct test *t, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			test_broken(t, "waitpid: %s", strerror(errno));
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
