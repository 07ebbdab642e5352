// SPDX-License-Identifier: GPL-2.0-only
/*
 * Right, in ways that are easily taken for wrong: innocent CASE does what its function is
 * named for, and ends with 0, or where that is the case with a status of its own.
 */
#include "moving.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/time.h>

static char *structure;	/* in a page that is not there */

static void *bring_structure(void *arg)
{
	static char page[65536] __attribute__((aligned(65536)));
	struct region *r = arg;
	struct uffdio_move move = {
		.dst = ADDRESS(r->dst), .src = ADDRESS(r->src), .len = r->bytes,
	};
	struct uffdio_copy copy = {
		.dst = ADDRESS(structure), .src = ADDRESS(page), .len = r->page,
	};
	struct pollfd readable = { r->fd, POLLIN, 0 };

	memcpy(page, &move, sizeof(move));
	if (poll(&readable, 1, 20000) != 1 || ioctl(r->fd, UFFDIO_COPY, &copy))
		err(EXIT_FAILURE, "the structure cannot be brought");
	return NULL;
}

/* The call itself faults; who traces it must not be the one that waits. */
static int structure_is_missing(void)
{
	/* one that tells of faults within system calls, too */
	long fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	struct uffdio_api api = { .api = UFFD_API };
	pthread_t pager;
	struct region r;
	int result;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api))
		return 77;
	build(&r, fd, 1);
	structure = new_registered(fd, r.page);
	pthread_create(&pager, NULL, bring_structure, &r);
	result = ioctl(fd, UFFDIO_MOVE, structure);
	pthread_join(pager, NULL);
	return result != 0;
}

/* It has cared for the page, and fails for another reason. */
static int has_own_status(void)
{
	struct uffdio_copy copy;
	struct region r;
	int64_t moved;

	build(&r, open_userfaultfd(0), 1);
	copy = (struct uffdio_copy){ .dst = ADDRESS(r.dst), .src = ADDRESS(r.src), .len = r.page };
	if (move_part(&r, 0, r.page, &moved) == EBUSY)
		ioctl(r.fd, UFFDIO_COPY, &copy);
	drop_source(&r);
	return 3;
}

/* A child that it has not made is none that it reaps. */
static int waits_for_any_child(void)
{
	struct region r;
	int64_t moved;

	build(&r, open_userfaultfd(0), 1);
	for (int i = 0; i < 20; i++) {
		r.src[0] = 1;
		move_part(&r, 0, r.page, &moved);
		if (madvise(r.dst, r.page, MADV_DONTNEED))
			err(EXIT_FAILURE, "madvise");
	}
	return waitpid(-1, NULL, __WALL | WNOHANG) != -1 || errno != ECHILD;
}

/* Its mistakes are told as the kernel tells them, before any page is looked at. */
static int makes_mistakes(void)
{
	int first = open_userfaultfd(0), second = open_userfaultfd(0);
	struct region r;
	int64_t moved;

	build(&r, first, 1);
	r.fd = second;
	if (move_part(&r, 0, r.page, &moved) != EINVAL)
		return 1;
	r.fd = -1;
	if (move_part(&r, 0, r.page, &moved) != EBADF)
		return 2;
	r.fd = first;
	move_part(&r, 0, r.page, &moved);
	return 0;
}

/* One page after another for one place: none is tried twice. */
static int takes_any(void)
{
	int fd = open_userfaultfd(0), error = EBUSY;
	const size_t page = page_size(), pages = 400;
	char *from = new_region(pages * page), *to = new_registered(fd, page);

	memset(from, 1, pages * page);
	for (size_t i = 0; i < pages && error == EBUSY; i++) {
		struct uffdio_move move = {
			.dst = ADDRESS(to), .src = ADDRESS(from + i * page), .len = page,
		};

		error = ioctl(fd, UFFDIO_MOVE, &move) ? errno : 0;
	}
	return error && error != EBUSY;
}

/* Buffers that are filled anew: the same call is another one. */
static int fills_anew(void)
{
	struct region r;
	int64_t moved;

	build(&r, open_userfaultfd(0), 1);
	for (int i = 0; i < 3; i++) {
		move_part(&r, 0, r.bytes, &moved);
		if (madvise(r.dst, r.bytes, MADV_DONTNEED))
			err(EXIT_FAILURE, "madvise");
		memset(r.src, 1 + i, r.bytes);
	}
	return 0;
}

static void *idle(void *arg)
{
	pause();
	return arg;
}

/* What a pending event leaves in .move: 10 as it was, 11 the error. */
static int looks_into_move(void)
{
	struct region r;
	struct uffdio_move move;
	pthread_t other;
	int status = 12;

	build(&r, open_userfaultfd(UFFD_FEATURE_EVENT_REMOVE), 1);
	if (pthread_create(&other, NULL, idle, NULL))
		errx(EXIT_FAILURE, "pthread_create");
	move = (struct uffdio_move){
		.dst = ADDRESS(r.dst), .src = ADDRESS(r.src), .len = r.page, .move = 77,
	};
	if (ioctl(r.fd, UFFDIO_MOVE, &move) && errno == EAGAIN)
		status = move.move == 77 ? 10 : move.move == -EAGAIN ? 11 : 12;
	return ioctl(r.fd, UFFDIO_MOVE, &move) ? 12 : status;
}

/* Nobody but root can look at its pages. */
static int is_not_dumpable(void)
{
	struct region r;
	int64_t moved;

	build(&r, open_userfaultfd(0), 1);
	if (prctl(PR_SET_DUMPABLE, 0))
		err(EXIT_FAILURE, "prctl");
	return move_part(&r, 0, r.bytes, &moved);
}

static void drop(const struct region *r, char *page)
{
	if (madvise(page, r->page, MADV_DONTNEED))
		err(EXIT_FAILURE, "madvise");
}

static volatile sig_atomic_t handled, odd;
static int nowhere;

static void on_alarm(int signal)
{
	const int before = errno;

	(void)signal;
	handled++;
	odd += write(nowhere, "abc", 3) != 3;
	errno = before;
}

/* Signals in the middle of calls, and calls in their handler. */
static int handles_signals(void)
{
	const struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	const struct itimerval often = { { 0, 700 }, { 0, 700 } }, never = { 0 };
	struct region r;

	build(&r, open_userfaultfd(0), 1);
	nowhere = open("/dev/null", O_WRONLY);
	if (nowhere < 0 || sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &often, NULL))
		err(EXIT_FAILURE, "setitimer");
	while (handled < 200) {
		struct uffdio_move move = { .dst = ADDRESS(r.dst), .src = ADDRESS(r.src), .len = r.page };
		int result;

		r.src[0] = 1;
		result = ioctl(r.fd, UFFDIO_MOVE, &move);
		odd += result != 0 && result != -1;
		drop(&r, r.dst);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	return odd || waitpid(-1, NULL, __WALL | WNOHANG) != -1;
}

static volatile bool ended;

static void *fork_often(void *arg)
{
	uintptr_t killed = 0;
	int status;

	while (!ended) {
		pid_t child = fork();

		if (!child)
			_exit(7);
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
			killed++;
	}
	return killed ? arg : NULL;
}

/* Children of its own, beside those that are made for its pages. */
static int forks(void)
{
	struct region r;
	pthread_t other;
	int64_t moved;
	void *killed;

	build(&r, open_userfaultfd(0), 1);
	if (pthread_create(&other, NULL, fork_often, &r))
		errx(EXIT_FAILURE, "pthread_create");
	for (int i = 0; i < 300; i++) {
		r.src[0] = 1;
		move_part(&r, 0, r.page, &moved);
		drop(&r, r.dst);
	}
	ended = true;
	pthread_join(other, &killed);
	return killed != NULL;
}

/* Refused at one place, and moved to another. */
static int moves_elsewhere(void)
{
	struct region r;
	struct uffdio_move move;
	int64_t moved;

	build(&r, open_userfaultfd(0), 1);
	if (!move_part(&r, 0, r.page, &moved))
		return 0;
	move = (struct uffdio_move){
		.dst = ADDRESS(new_registered(r.fd, r.page)), .src = ADDRESS(r.src), .len = r.page,
	};
	return ioctl(r.fd, UFFDIO_MOVE, &move) != 0;
}

/* One page for all: whatever is refused is copied at once. */
static int copies_at_once(void)
{
	struct region r;
	int64_t moved;

	build(&r, open_userfaultfd(0), 1);
	for (int i = 0; i < 300; i++) {
		struct uffdio_copy copy = {
			.dst = ADDRESS(r.dst), .src = ADDRESS(r.src), .len = r.page,
		};

		memset(r.src, 1 + i % 100, r.page);
		if (move_part(&r, 0, r.page, &moved) && ioctl(r.fd, UFFDIO_COPY, &copy))
			err(EXIT_FAILURE, "UFFDIO_COPY");
		drop(&r, r.src);
		drop(&r, r.dst);
	}
	return 0;
}

static long stores;

static void *count_up(void *arg)
{
	long *counter = arg;

	while (!ended) {
		__atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
		stores++;
	}
	return NULL;
}

/* Another thread stores while the page moves; nothing it has stored is lost. */
static int stores_meanwhile(void)
{
	struct region r;
	pthread_t other;
	int64_t moved;
	long *there;

	build(&r, open_userfaultfd(0), 1);
	memset(r.src, 0, r.page);
	there = (long *)r.dst;
	if (pthread_create(&other, NULL, count_up, r.src))
		errx(EXIT_FAILURE, "pthread_create");
	usleep(20000);
	move_part(&r, 0, r.page, &moved);
	usleep(20000);
	ended = true;
	pthread_join(other, NULL);
	return *(long *)r.src + *there != stores;
}

/* It has forbidden itself to fork. */
static int is_sandboxed(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { 4, filter };
	struct region r;
	int64_t moved;

	build(&r, open_userfaultfd(0), 1);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		err(EXIT_FAILURE, "prctl");
	return move_part(&r, 0, r.page, &moved);
}

static const struct {
	const char *name;
	int (*run)(void);
} cases[] = {
	{ "structure-is-missing", structure_is_missing }, { "has-own-status", has_own_status },
	{ "waits-for-any-child", waits_for_any_child }, { "makes-mistakes", makes_mistakes },
	{ "takes-any", takes_any }, { "fills-anew", fills_anew },
	{ "looks-into-move", looks_into_move }, { "is-not-dumpable", is_not_dumpable },
	{ "handles-signals", handles_signals }, { "forks", forks },
	{ "moves-elsewhere", moves_elsewhere }, { "copies-at-once", copies_at_once },
	{ "stores-meanwhile", stores_meanwhile }, { "is-sandboxed", is_sandboxed },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strcmp(argv[1], cases[i].name))
			return cases[i].run();
	errx(EXIT_FAILURE, "which case?");
}
