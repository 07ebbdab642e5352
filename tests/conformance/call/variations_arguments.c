// SPDX-License-Identifier: GPL-2.0-only
/*
 * Variations of the descriptor, of who calls, and of what is passed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call/variations.h"
#include "machine/machine.h"
#include "machine/uffd.h"
#include "test/compat.h"

void variation_no_handshake(struct call *c)
{
	c->no_handshake = true;
	c->registration = REGISTER_NOT;
}

static char *new_pages(struct call *c, size_t pages)
{
	char *p = mmap(NULL, pages * page_size(), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		machine_cannot(c->test, errno, "no memory could be mapped");
	return p;
}

/* A change of the address space that ends when its event is read. */
static pthread_t changer;

static void *drop_page(void *page)
{
	madvise(page, page_size(), MADV_DONTNEED);
	return NULL;
}

static void read_event(struct call *c)
{
	struct uffd_msg event;

	if (read(c->uffd, &event, sizeof(event)) != sizeof(event))
		test_broken(c->test, "the event could not be read: %s", strerror(errno));
	pthread_join(changer, NULL);
}

static void begin_change(struct call *c)
{
	struct pollfd events = { .fd = c->uffd, .events = POLLIN };
	char *page = new_pages(c, 1);
	int error;

	*page = 1;
	error = uffd_register(c->uffd, page, page_size(), UFFDIO_REGISTER_MODE_MISSING, NULL);
	if (error)
		machine_cannot(c->test, error, "no change could be begun");
	machine_thread(c->test, &changer, drop_page, page);
	/* It comes, however busy the machine is; if not, the test's own time ends. */
	if (poll(&events, 1, -1) != 1)
		test_broken(c->test, "the change made no event");
	c->finish = read_event;
}

void variation_changing(struct call *c)
{
	c->features |= UFFD_FEATURE_EVENT_REMOVE;
	call_late(c, begin_change);
}

/* Put the structure so that @readable bytes of it lie before a page with @access. */
static void place_before(struct call *c, size_t readable, int access)
{
	char *pages = new_pages(c, 2);
	char *boundary = pages + page_size();

	c->argument = (struct uffdio_move *)(boundary - readable);
	memcpy(c->argument, &c->values, sizeof(c->values));
	if (mprotect(boundary, page_size(), access))
		test_broken(c->test, "mprotect: %s", strerror(errno));
}

static void place_unreadable(struct call *c)
{
	place_before(c, 0, PROT_NONE);
}

static void place_half_readable(struct call *c)
{
	place_before(c, offsetof(struct uffdio_move, len), PROT_NONE);
}

static void place_unwritable_result(struct call *c)
{
	place_before(c, offsetof(struct uffdio_move, move), PROT_READ);
}

static void place_inaccessible_result(struct call *c)
{
	place_before(c, offsetof(struct uffdio_move, move), PROT_NONE);
}

void variation_argument_unreadable(struct call *c)
{
	c->place_argument = place_unreadable;
	c->argument_unreadable = true;
}

void variation_argument_half_readable(struct call *c)
{
	c->place_argument = place_half_readable;
	c->argument_unreadable = true;
}

void variation_argument_result_unwritable(struct call *c)
{
	c->place_argument = place_unwritable_result;
	c->argument_unreadable = true;
}

void variation_argument_result_inaccessible(struct call *c)
{
	c->place_argument = place_inaccessible_result;
	c->argument_unreadable = true;
}

/* What a child that has memory of its own tells of its call. */
struct told {
	int error;
	struct uffdio_move argument;
};

static void call_and_tell(struct call *c, int to)
{
	struct told told = { .error = test_move(c->test, c->uffd, c->argument) };

	if (!c->argument_unreadable)
		told.argument = *c->argument;
	_exit(write(to, &told, sizeof(told)) != sizeof(told));
}

static int call_from_fork(struct call *c)
{
	struct told told;
	int pipe_ends[2];
	pid_t pid;

	if (pipe2(pipe_ends, O_CLOEXEC))
		machine_cannot(c->test, errno, "no pipe could be had");
	pid = machine_fork(c->test);
	if (pid == 0)
		call_and_tell(c, pipe_ends[1]);
	close(pipe_ends[1]);
	if (read(pipe_ends[0], &told, sizeof(told)) != sizeof(told))
		test_broken(c->test, "the child that called told nothing");
	close(pipe_ends[0]);
	test_wait(c->test, pid);
	if (!c->argument_unreadable)
		*c->argument = told.argument;
	return told.error;
}

void variation_caller_forked_child(struct call *c)
{
	c->invoke = call_from_fork;
}

static int call_once(void *data)
{
	struct call *c = data;

	/* Not machine_fork()'s child, so it sees to its end by itself. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	c->error = test_move(c->test, c->uffd, c->argument);
	_exit(0);
}

static int call_from_clone(struct call *c, int flags)
{
	char *stack = new_pages(c, 16);
	pid_t pid = clone(call_once, stack + 16 * page_size(), flags | SIGCHLD, c);
	int status;

	if (pid < 0)
		machine_cannot(c->test, errno, "no child could be had");
	if (waitpid(pid, &status, 0) != pid || status)
		test_broken(c->test, "the child that called came to a bad end");
	return c->error;
}

static int call_from_vfork(struct call *c)
{
	return call_from_clone(c, CLONE_VM | CLONE_VFORK);
}

static int call_from_shared_memory(struct call *c)
{
	return call_from_clone(c, CLONE_VM);
}

void variation_caller_vfork_child(struct call *c)
{
	c->invoke = call_from_vfork;
}

void variation_caller_shares_memory(struct call *c)
{
	c->invoke = call_from_shared_memory;
}

static void misalign_dst(struct call *c)
{
	c->values.dst += 8;
}

static void misalign_src(struct call *c)
{
	c->values.src += 8;
}

static void misalign_length(struct call *c)
{
	c->values.len -= 8;
}

static void zero_length(struct call *c)
{
	c->values.len = 0;
}

void variation_dst_unaligned(struct call *c)
{
	call_late(c, misalign_dst);
}

void variation_src_unaligned(struct call *c)
{
	call_late(c, misalign_src);
}

void variation_length_unaligned(struct call *c)
{
	call_late(c, misalign_length);
}

void variation_length_zero(struct call *c)
{
	call_late(c, zero_length);
}

/* Of the address space as such, the last page: no length fits behind it. */
static uint64_t last_page(void)
{
	return -(uint64_t)page_size();
}

static void wrap_dst(struct call *c)
{
	c->values.dst = last_page();
}

static void wrap_src(struct call *c)
{
	c->values.src = last_page();
}

void variation_dst_wraps(struct call *c)
{
	call_late(c, wrap_dst);
}

void variation_src_wraps(struct call *c)
{
	call_late(c, wrap_src);
}

static void send_dst_beyond(struct call *c)
{
	c->values.dst = address_beyond_task();
}

static void send_src_beyond(struct call *c)
{
	c->values.src = address_beyond_task();
}

void variation_dst_beyond_task(struct call *c)
{
	call_late(c, send_dst_beyond);
}

void variation_src_beyond_task(struct call *c)
{
	call_late(c, send_src_beyond);
}

static void tag_dst(struct call *c)
{
	c->values.dst |= 0x42ULL << 56;
}

static void tag_src(struct call *c)
{
	c->values.src |= 0x42ULL << 56;
}

void variation_dst_tagged(struct call *c)
{
	call_late(c, tag_dst);
}

void variation_src_tagged(struct call *c)
{
	call_late(c, tag_src);
}

void variation_unknown_mode_bit_2(struct call *c)
{
	c->mode |= 1ULL << 2;
}

void variation_unknown_mode_bit_63(struct call *c)
{
	c->mode |= 1ULL << 63;
}
