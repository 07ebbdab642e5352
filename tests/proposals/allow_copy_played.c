// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the mode asks of a kernel, as far as user space can do it: a page that is refused
 * is unshared at the source by what a store would bring about, and moved then; one of a
 * large folio that cannot be split is copied.  Between the two other threads may come, so
 * that it is no kernel to be used, but one by which the tests are seen to hold.
 */
#define _GNU_SOURCE
#include "allow_copy_played.h"

#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "machine/pagemap.h"

#define MOST_TRIES	64	/* to make a page the process's own, and move it */
#define TRIES_TO_SPLIT	3	/* before a page of a large folio is copied */
#define READ_BY_KERNEL	offsetof(struct uffdio_move, move)

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __real_test_move(struct test *t, int uffd, struct uffdio_move *arg);
int __wrap_test_move(struct test *t, int uffd, struct uffdio_move *arg);

static const struct fault *fault = &(const struct fault){ .name = "none" };
static const struct test *running;
static uint64_t first_source;	/* of the first call of a test, which has a process of its own */

const struct fault *played_fault(void)
{
	return fault;
}

const struct test *played_test(void)
{
	return running;
}

/* Before there is any test, so that a wrong name ends the program. */
static void __attribute__((constructor)) choose(void)
{
	const char *name = getenv("UFFDIO_MOVE_FAULT");
	bool list = name && !strcmp(name, "list");

	if (!name || !*name)
		return;
	for (const struct fault *f = faults_of_allow_copy; f->name; f++) {
		if (list)
			puts(f->name);
		else if (!strcmp(f->name, name))
			fault = f;
	}
	if (list)
		exit(0);
	if (!strcmp(fault->name, name))
		return;
	fprintf(stderr, "allow-copy-played: no fault is called %s; \"list\" lists them\n", name);
	exit(2);
}

char *played_source(const struct played *p)
{
	return (char *)(uintptr_t)(p->asked.src + p->done);
}

char *played_destination(const struct played *p)
{
	return (char *)(uintptr_t)(p->asked.dst + p->done);
}

/*
 * Which letter a page is of, only the plan says: pins cannot be seen from user space.  What
 * is looked at is the last letter, behind small pages; in vectors each is small.
 */
bool played_is_of(const struct played *p, const char *letters)
{
	const struct test_plan *plan = running ? running->plan : NULL;
	char source[MAX_LETTERS + 1];
	unsigned int n, i = (p->asked.src + p->done - first_source) / page_size();

	if (!plan || !plan->source || plan->n_variations)
		return false;
	n = notation_letters(plan->source, source);
	return strchr(letters, source[i < n ? i : n - 1]);
}

/* The result as the kernel writes it: where it cannot be written, the call fails for that. */
static int tell(struct uffdio_move *arg, int64_t move, int error)
{
	struct iovec from = { &move, sizeof(move) }, to = { &arg->move, sizeof(move) };

	return process_vm_writev(getpid(), &from, 1, &to, 1, 0) == sizeof(move) ? error : EFAULT;
}

static bool is_in_memory(const void *address)
{
	unsigned char resident;
	uintptr_t page = (uintptr_t)address & ~(page_size() - 1);

	return !mincore((void *)page, page_size(), &resident) && resident & 1;
}

/* Not one whose page is yet to come: that is for the kernel to wait for. */
static bool read_argument(const struct uffdio_move *arg, struct uffdio_move *copy)
{
	struct iovec from = { (void *)arg, READ_BY_KERNEL }, to = { copy, READ_BY_KERNEL };

	return is_in_memory(arg) &&
	       process_vm_readv(getpid(), &to, 1, &from, 1, 0) == (ssize_t)READ_BY_KERNEL;
}

/* The rest of a call, without the mode; .move as the kernel has left it. */
static int move_rest(struct played *p, int64_t *move)
{
	struct uffdio_move rest = p->asked;
	int error;

	rest.src += p->done;
	rest.dst += p->done;
	rest.len -= p->done;
	rest.mode = (rest.mode | fault->also) & ~fault->never & ~UFFDIO_MOVE_MODE_ALLOW_COPY;
	rest.move = MOVE_SENTINEL;
	error = __real_ioctl(p->fd, UFFDIO_MOVE, &rest) ? errno : 0;
	*move = rest.move;
	return error;
}

/* Faults as for a store, so that the page is the process's own; returns 0 or the errno. */
static int make_own(char *page)
{
	return madvise(page, page_size(), MADV_POPULATE_WRITE) ? errno : 0;
}

static bool is_of_folio(const char *page)
{
	uint64_t flags = frame_flags(entry_frame(pagemap_entry(page)));

	return flags >> FLAG_COMPOUND_HEAD & 1 || flags >> FLAG_COMPOUND_TAIL & 1;
}

uint64_t played_copy_mode(const struct played *p)
{
	return p->asked.mode & UFFDIO_MOVE_MODE_DONTWAKE ? UFFDIO_COPY_MODE_DONTWAKE : 0;
}

int played_double(struct played *p, uint64_t mode)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)played_destination(p), .src = (uintptr_t)played_source(p),
		.len = page_size(), .mode = mode,
	};

	return __real_ioctl(p->fd, UFFDIO_COPY, &copy) ? errno : 0;
}

/* A page that is where nobody stores to it; false if it could not be taken there. */
static bool take_away(char *page, char *to)
{
	return mremap(page, page_size(), page_size(),
		      MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, to) == to;
}

/* Whoever stores meanwhile faults at the old place, as the rules have it. */
int played_copy(struct played *p)
{
	const char *source = played_source(p);
	struct uffdio_move asked = p->asked;
	char *room;
	int error;

	if (pagemap_entry(played_destination(p)))
		return EEXIST;
	room = mmap(NULL, page_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED || !take_away(played_source(p), room))
		return ENOMEM;
	p->asked.src = (uintptr_t)room - p->done;
	error = played_double(p, played_copy_mode(p));
	p->asked = asked;
	if (error)
		mremap(room, page_size(), page_size(), MREMAP_MAYMOVE | MREMAP_FIXED, source);
	else
		munmap(room, page_size());
	return error;
}

static void come_over(struct played *p, uint64_t bytes)
{
	char *from = played_source(p), *to = played_destination(p);

	if (!fault->uncounted)
		p->done += bytes;
	if (fault->after)
		fault->after(p, from, to);
	p->tries = 0;
}

/* One page; returns 0 if it has come over. */
static int copy_page(struct played *p)
{
	int error = fault->copy ? fault->copy(p) : played_copy(p);

	if (!error)
		come_over(p, page_size());
	return error;
}

/* What is in the way of the next page is done away with; returns 0 to go on. */
static int overcome(struct played *p)
{
	int error;

	p->tries++;
	if (played_is_of(p, "DB") || (fault->busy && played_is_of(p, fault->busy)))
		return EBUSY;
	if (p->tries > MOST_TRIES)
		return EAGAIN;
	if (pagemap_entry(played_destination(p)))
		return EEXIST;
	if (fault->copy)
		return copy_page(p);
	error = make_own(played_source(p));
	if (error && fault->loses_page)
		madvise(played_source(p), page_size(), MADV_DONTNEED);
	if (error && fault->want_waits)
		p->tries = 0;
	else if (error)
		return fault->want_passes ? EAGAIN : error;
	if (p->tries > TRIES_TO_SPLIT && is_of_folio(played_source(p)))
		return copy_page(p);
	if (p->tries > TRIES_TO_SPLIT)
		sched_yield();
	return 0;
}

/* What the kernel has moved by itself, or what was in the way before. */
static void count(struct played *p, uint64_t bytes)
{
	if (p->tries) {
		come_over(p, bytes);
		return;
	}
	p->done += bytes;
}

static bool has_answered(int error, int64_t move)
{
	return error && error != EBUSY && !(error == EAGAIN && move > 0 && move != MOVE_SENTINEL);
}

/* One step: the kernel's own, or past what that stopped at; returns the errno that ends it. */
static int step(struct played *p, int64_t *move)
{
	int error;

	*move = 0;
	if (fault->always_copies || (fault->copied && played_is_of(p, fault->copied))) {
		error = copy_page(p);
		*move = -error;
		return error;
	}
	error = move_rest(p, move);
	if (has_answered(error, *move))
		return error;
	if (*move > 0 && *move != MOVE_SENTINEL)
		count(p, *move);
	error = error == EBUSY ? overcome(p) : 0;
	*move = -error;
	return error;
}

static int play(int fd, struct uffdio_move *arg)
{
	struct played p = { .fd = fd };
	int64_t move = 0;
	int error = 0;

	p.asked.move = MOVE_SENTINEL;
	if (!read_argument(arg, &p.asked) || !p.asked.len)
		return __real_ioctl(fd, UFFDIO_MOVE, arg) ? errno : 0;
	if (fault->begin && fault->begin(&p, &error))
		return tell(arg, error ? -error : (int64_t)p.asked.len, error);
	for (error = 0; !error && p.done < p.asked.len; )
		error = step(&p, &move);
	/* refused before there is a result */
	if (!p.done && (move == MOVE_SENTINEL || fault->leaves_move))
		return error;
	if (p.done)
		return tell(arg, p.done, error ? EAGAIN : 0);
	return tell(arg, move, error);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct uffdio_move asked;
	void *argument;
	va_list list;

	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	if (request != UFFDIO_MOVE || !read_argument(argument, &asked) ||
	    !(asked.mode & UFFDIO_MOVE_MODE_ALLOW_COPY))
		return __real_ioctl(fd, request, argument);
	errno = play(fd, argument);
	return errno ? -1 : 0;
}

int __wrap_test_move(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_move asked;

	running = t;
	if (!first_source && read_argument(arg, &asked))
		first_source = asked.src;
	return __real_test_move(t, uffd, arg);
}
