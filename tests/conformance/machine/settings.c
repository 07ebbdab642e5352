// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/settings.h"

#include "machine/limits.h"
#include "machine/lock.h"
#include "machine/privilege.h"
#include "test/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __NR_close_range
#define __NR_close_range 436
#endif

#define MAX_CHANGES 256
#define MOST_FILES 4096		/* where they cannot be closed in one call */
#define RETRIES 100		/* of 10 ms each, while udev or the like looks at a device */

enum { CHANGE_UNUSED, CHANGE_MADE, CHANGE_GOES, CHANGE_UNDONE };

struct change {
	int state;
	enum undo how;
	char path[192];
	char value[64];
};

/* Shared with the watcher, and with tests, which are children. */
struct journal {
	pid_t owner;
	int closed;
	unsigned int n;
	struct change changes[MAX_CHANGES];
};

static struct journal *journal;
static pid_t watcher = -1;

static const int ending_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT };
#define N_ENDING (sizeof(ending_signals) / sizeof(ending_signals[0]))

int setting_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) < 0)
		error = errno;
	close(fd);
	return error;
}

/* What is left beyond its head would make the disk look used, and keep its memory. */
static int forget_ram_disk(const char *path, size_t bytes)
{
	static const char zeroes[1 << 16];
	static char buffer[sizeof(zeroes)];
	uint64_t range[2] = { 0, bytes };
	int fd = open(path, O_RDWR | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return errno;
	ioctl(fd, BLKDISCARD, range);
	for (size_t at = 0; at < bytes && !error; at += sizeof(zeroes)) {
		ssize_t n = pread(fd, buffer, sizeof(buffer), at);

		if (n > 0 && memcmp(buffer, zeroes, n) && pwrite(fd, zeroes, n, at) != n)
			error = errno;
	}
	if (fsync(fd))
		error = errno;
	ioctl(fd, BLKFLSBUF, 0);
	close(fd);
	return error;
}

static int undo_once(const struct change *c)
{
	switch (c->how) {
	case UNDO_WRITE:
		return *c->value ? setting_write(c->path, c->value) : 0;
	case UNDO_SWAPOFF:
		return swapoff(c->path) ? errno : 0;
	case UNDO_UNLINK:
		return unlink(c->path) ? errno : 0;
	case UNDO_RMDIR:
		return rmdir(c->path) ? errno : 0;
	case UNDO_FORGET:
		return forget_ram_disk(c->path, strtoul(c->value, NULL, 10));
	}
	return EINVAL;
}

/* Somebody else has undone it, or has removed what it was about. */
static bool is_gone(const struct change *c, int error)
{
	return error == ENOENT || error == ENODEV || (c->how == UNDO_SWAPOFF && error == EINVAL);
}

static bool may_pass(int error)
{
	return error == EBUSY || error == EINTR || error == EAGAIN || error == ENOMEM;
}

static int undo_patiently(const struct change *c)
{
	int error = 0;

	for (int i = 0; i < RETRIES; i++) {
		error = undo_once(c);
		if (!may_pass(error))
			break;
		poll(NULL, 0, 10);
	}
	return is_gone(c, error) ? 0 : error;
}

/* Only what is safe in a signal handler, which stdio is not. */
static void say_left_behind(const struct change *c, int error)
{
	static const char *const commands[] = {
		[UNDO_WRITE] = "echo ", [UNDO_SWAPOFF] = "swapoff ", [UNDO_UNLINK] = "rm ",
		[UNDO_FORGET] = "dd if=/dev/zero of=",
	};
	const char *words[] = {
		program_invocation_short_name, ": a change could not be undone (",
		strerrordesc_np(error), "); by hand: ", commands[c->how],
		c->how == UNDO_WRITE ? c->value : "", c->how == UNDO_WRITE ? " >" : "", c->path,
		"\n",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (write(STDERR_FILENO, words[i], strlen(words[i])) < 0)
			return;
}

/*
 * Only what is safe in a signal handler: this also runs there.  What a test could
 * not undo is tried again by the run when it ends.
 */
static void undo_change(struct change *c)
{
	bool is_owner = getpid() == journal->owner;
	int error;

	__atomic_store_n(&c->state, CHANGE_GOES, __ATOMIC_SEQ_CST);
	error = undo_patiently(c);
	if (error && is_owner)
		say_left_behind(c, error);
	if (!error || is_owner)
		__atomic_store_n(&c->state, CHANGE_UNDONE, __ATOMIC_RELEASE);
}

static bool is_made(const struct change *c)
{
	int state = __atomic_load_n(&c->state, __ATOMIC_ACQUIRE);

	return state == CHANGE_MADE || state == CHANGE_GOES;
}

static void undo_all(void)
{
	unsigned int n = __atomic_load_n(&journal->n, __ATOMIC_ACQUIRE);

	if (n > MAX_CHANGES)
		n = MAX_CHANGES;
	while (n-- > 0)
		if (is_made(&journal->changes[n]))
			undo_change(&journal->changes[n]);
	lock_release();
}

void settings_close(void)
{
	sigset_t all, before;

	if (!journal || getpid() != journal->owner || journal->closed)
		return;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	undo_all();
	__atomic_store_n(&journal->closed, 1, __ATOMIC_RELEASE);
	if (watcher > 0) {
		kill(watcher, SIGKILL);
		waitpid(watcher, NULL, 0);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void close_and_die(int number)
{
	settings_close();
	/* The handler is gone (SA_RESETHAND): this ends the process on return. */
	kill(getpid(), number);
}

static void catch_ending_signals(void)
{
	struct sigaction action = { .sa_handler = close_and_die, .sa_flags = SA_RESETHAND };
	struct sigaction old;

	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < N_ENDING; i++)
		if (!sigaction(ending_signals[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(ending_signals[i], &action, NULL);
}

static bool is_kept(int fd, const int *kept, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (kept[i] == fd)
			return true;
	return false;
}

static void close_all_but(const int *kept, size_t n)
{
	int last = 2;

	for (size_t i = 0; i < n; i++)
		if (kept[i] > last)
			last = kept[i];
	for (int fd = 0; fd <= last; fd++)
		if (!is_kept(fd, kept, n))
			close(fd);
	if (syscall(__NR_close_range, last + 1, ~0U, 0))
		for (int fd = last + 1; fd < MOST_FILES; fd++)
			close(fd);
}

/* Runs in a process of its own until the owner has ended, in whatever way. */
static _Noreturn void watch(int owner_fd)
{
	const int *locks = lock_descriptors(), kept[] = { owner_fd, locks[0], locks[1] };
	struct pollfd ended = { .fd = owner_fd, .events = POLLIN };
	sigset_t all;

	/* A Ctrl-C is for the owner, and an open stdout would keep its reader waiting. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	close_all_but(kept, sizeof(kept) / sizeof(kept[0]));
	prctl(PR_SET_NAME, "settings-watch");
	if (chdir("/"))
		_exit(1);
	/* Without a pidfd, poll() only sleeps and the parent's id tells. */
	while (getppid() == journal->owner)
		poll(&ended, 1, owner_fd < 0 ? 100 : 1000);
	if (!__atomic_load_n(&journal->closed, __ATOMIC_ACQUIRE))
		undo_all();
	_exit(0);
}

static int start_watcher(void)
{
	int owner_fd = syscall(__NR_pidfd_open, getpid(), 0);
	int error;

	watcher = fork();
	error = watcher < 0 ? errno : 0;
	if (watcher == 0)
		watch(owner_fd);
	if (owner_fd >= 0)
		close(owner_fd);
	return error;
}

const char *settings_open(void)
{
	static bool registered;
	static struct reason why;
	const char *lacking = privilege_lacking();
	struct journal *j;
	int error;

	if (journal || lacking)
		return lacking;
	lacking = lock_take();
	if (lacking)
		return lacking;
	j = mmap(NULL, sizeof(*j), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	error = j == MAP_FAILED ? errno : 0;
	if (!error) {
		j->owner = getpid();
		journal = j;
		error = start_watcher();
	}
	if (error) {
		journal = NULL;
		lock_release();
		return limit_or_error(error, &why);
	}
	catch_ending_signals();
	if (!registered)
		atexit(settings_close);
	registered = true;
	return NULL;
}

/* A directory of @path's last component. */
static int may_write_beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	char directory[sizeof(((struct change *)NULL)->path)];

	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	return access(directory, W_OK | X_OK) ? errno : 0;
}

static int may_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* The name of nothing: a process that is permitted to is told that it is not there. */
static int may_swapoff(void)
{
	return swapoff("") && errno != ENOENT ? errno : 0;
}

static int may_undo(enum undo how, const char *path)
{
	switch (how) {
	case UNDO_WRITE:
		return may_open(path, O_WRONLY);
	case UNDO_SWAPOFF:
		return may_swapoff();
	case UNDO_UNLINK:
	case UNDO_RMDIR:
		return may_write_beside(path);
	case UNDO_FORGET:
		return may_open(path, O_RDWR);
	}
	return EINVAL;
}

static int note(enum undo how, const char *path, const char *value)
{
	struct change *c;
	unsigned int i;

	if (!journal || __atomic_load_n(&journal->closed, __ATOMIC_ACQUIRE))
		return -EPERM;
	if (strlen(path) >= sizeof(c->path) || strlen(value) >= sizeof(c->value))
		return -ENAMETOOLONG;
	i = __atomic_fetch_add(&journal->n, 1, __ATOMIC_ACQ_REL);
	if (i >= MAX_CHANGES)
		return -E2BIG;
	c = &journal->changes[i];
	c->how = how;
	strcpy(c->path, path);
	strcpy(c->value, value);
	__atomic_store_n(&c->state, CHANGE_MADE, __ATOMIC_RELEASE);
	return i;
}

int undo_later(enum undo how, const char *path, const char *value)
{
	int error = may_undo(how, path);
	int handle = error ? -error : note(how, path, value ? value : "");

	if (handle >= 0)
		return handle;
	errno = -handle;
	return -1;
}

int undo_value_read(int handle, const char *path, const char **name)
{
	char *value = journal->changes[handle].value;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return errno;
	error = read(fd, value, sizeof(journal->changes[handle].value) - 1) < 0 ? errno : 0;
	close(fd);
	value[strcspn(value, "\n")] = '\0';
	*name = value;
	return error;
}

void undo_now(int handle)
{
	if (handle >= 0 && is_made(&journal->changes[handle]))
		undo_change(&journal->changes[handle]);
}

void undo_never(int handle)
{
	if (handle >= 0)
		__atomic_store_n(&journal->changes[handle].state, CHANGE_UNDONE, __ATOMIC_RELEASE);
}

/* "always [madvise] never": the word in brackets. */
static void chosen_word(char *value)
{
	char *open = strchr(value, '['), *close = open ? strchr(open, ']') : NULL;

	if (!close)
		return;
	*close = '\0';
	memmove(value, open + 1, close - open);
}

int setting_read(const char *path, char *value, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int error;

	if (fd < 0)
		return errno;
	n = read(fd, value, size - 1);
	error = n < 0 ? errno : 0;
	close(fd);
	if (error)
		return error;
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	chosen_word(value);
	return 0;
}

int setting_change(const char *path, const char *value)
{
	char before[64];
	int error = setting_read(path, before, sizeof(before));
	int handle;

	if (error)
		return error;
	if (!strcmp(before, value))
		return 0;
	handle = undo_later(UNDO_WRITE, path, before);
	if (handle < 0)
		return errno;
	error = setting_write(path, value);
	if (error)
		undo_never(handle);
	/* The run was ended in between, and has put it back too early. */
	else if (__atomic_load_n(&journal->changes[handle].state, __ATOMIC_SEQ_CST) != CHANGE_MADE)
		undo_once(&journal->changes[handle]);
	return error;
}

void setting_put_back(const char *path)
{
	unsigned int n;

	if (!journal)
		return;
	n = __atomic_load_n(&journal->n, __ATOMIC_ACQUIRE);
	if (n > MAX_CHANGES)
		n = MAX_CHANGES;
	while (n-- > 0) {
		struct change *c = &journal->changes[n];

		if (!is_made(c) || c->how != UNDO_WRITE || strcmp(c->path, path))
			continue;
		undo_change(c);
		return;
	}
}
