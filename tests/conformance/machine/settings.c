// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/settings.h"

#include "test/compat.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CHANGES 256
#define LOCK_PATIENCE_MS 12000	/* longer than a run takes */
#define LOCK_SILENCE_MS 500	/* the time a run takes to put everything back */
#define RETRIES 100		/* of 10 ms each, while udev or the like looks at a device */

enum { CHANGE_UNUSED, CHANGE_MADE, CHANGE_UNDONE };

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
static int lock = -1;

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

/* The head of a RAM disk marks it as swap; without it the disk is unused again. */
static int forget_ram_disk(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	static char zeros[65536];
	int error = 0;

	if (fd < 0)
		return errno;
	if (pwrite(fd, zeros, sizeof(zeros), 0) < 0 || fsync(fd))
		error = errno;
	ioctl(fd, BLKFLSBUF, 0);
	close(fd);
	return error;
}

static int undo_once(const struct change *c)
{
	switch (c->how) {
	case UNDO_WRITE:
		return setting_write(c->path, c->value);
	case UNDO_SWAPOFF:
		return swapoff(c->path) ? errno : 0;
	case UNDO_UNLINK:
		return unlink(c->path) ? errno : 0;
	case UNDO_RMDIR:
		return rmdir(c->path) ? errno : 0;
	case UNDO_FORGET:
		return forget_ram_disk(c->path);
	}
	return EINVAL;
}

/* Only what is safe in a signal handler: this also runs there. */
static void undo_change(struct change *c)
{
	int error;

	for (int i = 0; i < RETRIES; i++) {
		error = undo_once(c);
		if (error != EBUSY && error != EINTR && error != EAGAIN)
			break;
		poll(NULL, 0, 10);
	}
	__atomic_store_n(&c->state, CHANGE_UNDONE, __ATOMIC_RELEASE);
}

static void undo_all(void)
{
	unsigned int n = __atomic_load_n(&journal->n, __ATOMIC_ACQUIRE);

	if (n > MAX_CHANGES)
		n = MAX_CHANGES;
	while (n-- > 0)
		if (__atomic_load_n(&journal->changes[n].state, __ATOMIC_ACQUIRE) == CHANGE_MADE)
			undo_change(&journal->changes[n]);
	if (lock >= 0)
		flock(lock, LOCK_UN);
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

static void close_descriptors(int keep, int keep_too)
{
	long limit = sysconf(_SC_OPEN_MAX);

	if (limit < 0 || limit > 4096)
		limit = 4096;
	for (int fd = 0; fd < limit; fd++)
		if (fd != keep && fd != keep_too)
			close(fd);
}

/* Runs in a process of its own until the owner has ended, in whatever way. */
static _Noreturn void watch(int owner_fd)
{
	struct pollfd ended = { .fd = owner_fd, .events = POLLIN };
	sigset_t all;

	/* A Ctrl-C is for the owner, and an open stdout would keep its reader waiting. */
	setsid();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	close_descriptors(owner_fd, lock);
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

/* A lock file that somebody else could have made or could hold is none. */
static int open_lock_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == 0 && st.st_nlink == 1 &&
	    !(st.st_mode & 077))
		return fd;
	close(fd);
	return -1;
}

static int take_lock(void)
{
	lock = open_lock_file("/run/uffdio-move.lock");
	if (lock < 0)
		lock = open_lock_file("/tmp/.uffdio-move.lock");
	if (lock < 0)
		return EACCES;
	for (int waited = 0; flock(lock, LOCK_EX | LOCK_NB); waited += 50) {
		if (waited >= LOCK_PATIENCE_MS) {
			close(lock);
			lock = -1;
			return EBUSY;
		}
		if (waited == LOCK_SILENCE_MS)
			fputs("waiting for another run, which has changed the system's settings\n",
			      stderr);
		poll(NULL, 0, 50);
	}
	return 0;
}

int settings_open(void)
{
	static bool registered;
	struct journal *j;
	int error;

	if (journal)
		return 0;
	if (geteuid() != 0)
		return EACCES;
	error = take_lock();
	if (error)
		return error;
	j = mmap(NULL, sizeof(*j), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (j == MAP_FAILED)
		return errno;
	j->owner = getpid();
	journal = j;
	error = start_watcher();
	if (error) {
		journal = NULL;
		return error;
	}
	catch_ending_signals();
	if (!registered)
		atexit(settings_close);
	registered = true;
	return 0;
}

int undo_later(enum undo how, const char *path, const char *value)
{
	struct change *c;
	unsigned int i;

	if (!journal || __atomic_load_n(&journal->closed, __ATOMIC_ACQUIRE))
		return -1;
	if (strlen(path) >= sizeof(c->path) || (value && strlen(value) >= sizeof(c->value)))
		return -1;
	i = __atomic_fetch_add(&journal->n, 1, __ATOMIC_ACQ_REL);
	if (i >= MAX_CHANGES)
		return -1;
	c = &journal->changes[i];
	c->how = how;
	strcpy(c->path, path);
	strcpy(c->value, value ? value : "");
	__atomic_store_n(&c->state, CHANGE_MADE, __ATOMIC_RELEASE);
	return i;
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
		return EPERM;
	error = setting_write(path, value);
	if (error)
		undo_never(handle);
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

		if (__atomic_load_n(&c->state, __ATOMIC_ACQUIRE) != CHANGE_MADE ||
		    c->how != UNDO_WRITE || strcmp(c->path, path))
			continue;
		undo_change(c);
		return;
	}
}
