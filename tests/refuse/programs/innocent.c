// SPDX-License-Identifier: GPL-2.0-only
/*
 * Right, in ways that are easily taken for wrong: innocent CASE does what its function is
 * named for, and ends with 0, or where that is the case with a status of its own.
 */
#include "moving.h"

#include <sys/prctl.h>

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
	return move_part(&r, 0, r.page, &moved) != EBADF;
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

static const struct {
	const char *name;
	int (*run)(void);
} cases[] = {
	{ "structure-is-missing", structure_is_missing }, { "has-own-status", has_own_status },
	{ "waits-for-any-child", waits_for_any_child }, { "makes-mistakes", makes_mistakes },
	{ "takes-any", takes_any }, { "fills-anew", fills_anew },
	{ "looks-into-move", looks_into_move }, { "is-not-dumpable", is_not_dumpable },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(cases) / sizeof(cases[0]); i++)
		if (!strcmp(argv[1], cases[i].name))
			return cases[i].run();
	errx(EXIT_FAILURE, "which case?");
}
