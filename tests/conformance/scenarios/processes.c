// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals during a call, and calls from other processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define LONG_PAGES 2048		/* a call over them takes longer than the pause between signals */
#define SIGNALS 100
#define SIGNAL_EVERY_NS 50000
#define STORM_MS 2500		/* for so many signals, on any machine */
#define KILLS 12
#define STACK_BYTES (64UL << 10)

static volatile sig_atomic_t handled;

static void handle(int number)
{
	(void)number;
	handled++;
}

/* A signal every so often, whatever this process is doing. */
static timer_t begin_storm(struct test *t)
{
	/* Without SA_RESTART: an interruption would be seen. */
	struct sigaction action = { .sa_handler = handle };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct timespec interval = { .tv_nsec = SIGNAL_EVERY_NS };
	struct itimerspec times = { .it_interval = interval, .it_value = interval };
	timer_t timer;

	sigaction(SIGUSR1, &action, NULL);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) ||
	    timer_settime(timer, 0, &times, NULL))
		test_broken(t, "no timer to be had: %s", strerror(errno));
	return timer;
}

void scenario_handled_signals(struct test *t)
{
	unsigned int interrupted = 0;
	int64_t end = now_ms() + patient_ms(STORM_MS);
	int error = 0;
	struct scene s;
	timer_t timer;

	scene_build(&s, t, LONG_PAGES, 0);
	scene_register(&s, s.source, LONG_PAGES, UFFDIO_REGISTER_MODE_MISSING);
	timer = begin_storm(t);
	for (bool back = false; handled < SIGNALS && now_ms() < end && !error; back = !back) {
		error = scene_move(&s, back ? s.source : s.destination,
				   back ? s.destination : s.source, LONG_PAGES, 0, NULL);
		interrupted += error == EINTR;
	}
	timer_delete(timer);
	if (handled < SIGNALS && !error)
		test_skip(t, "the machine was too busy for %d signals", SIGNALS);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "interrupted", "%u", interrupted);
	scene_end(&s);
}

struct doomed {
	struct scene *scene;
	unsigned int calls;
	pid_t parent;
};

/* Shares memory with the survivor, and moves everything to and fro until killed. */
static int move_until_killed(void *argument)
{
	struct doomed *d = argument;
	struct scene *s = d->scene;
	const uint64_t holes = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != d->parent)
		_exit(0);
	for (;;) {
		scene_move(s, s->destination, s->source, LONG_PAGES, holes, NULL);
		__atomic_fetch_add(&d->calls, 1, __ATOMIC_RELEASE);
		scene_move(s, s->source, s->destination, LONG_PAGES, holes, NULL);
	}
}

/* A process that ends at a different point of a call each time. */
static void kill_one(struct scene *s, char *stack, unsigned int round)
{
	struct doomed d = { .scene = s, .parent = getpid() };
	pid_t child = clone(move_until_killed, stack + STACK_BYTES, CLONE_VM | CLONE_FILES | SIGCHLD,
			    &d);
	struct timespec a_little = { .tv_nsec = 37000L * round };

	if (child < 0)
		test_broken(s->test, "no process to be had: %s", strerror(errno));
	while (!__atomic_load_n(&d.calls, __ATOMIC_ACQUIRE))
		sched_yield();
	nanosleep(&a_little, NULL);
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static void count_places(struct scene *s, unsigned int *lost, unsigned int *doubled)
{
	static bool at_source[LONG_PAGES], at_destination[LONG_PAGES];

	pages_there(s->test, s->source, LONG_PAGES, at_source);
	pages_there(s->test, s->destination, LONG_PAGES, at_destination);
	for (unsigned int i = 0; i < LONG_PAGES; i++) {
		unsigned int places = 0;

		if (at_source[i])
			places += read_tag(source_page(s, i)) == scene_tag(i);
		if (at_destination[i])
			places += read_tag(destination_page(s, i)) == scene_tag(i);
		*lost += !places;
		*doubled += places > 1;
	}
	/* Bring back what was left on the way, for the next round. */
	for (unsigned int i = 0; i < LONG_PAGES; i++)
		if (at_destination[i])
			scene_move(s, source_page(s, i), destination_page(s, i), 1, 0, NULL);
}

void scenario_fatal_signal(struct test *t)
{
	unsigned int lost = 0, doubled = 0;
	char *stack = malloc(STACK_BYTES);
	struct scene s;

	if (!stack)
		test_broken(t, "no memory for a stack");
	scene_build(&s, t, LONG_PAGES, 0);
	scene_register(&s, s.source, LONG_PAGES, UFFDIO_REGISTER_MODE_MISSING);
	for (unsigned int round = 0; round < KILLS; round++) {
		kill_one(&s, stack, round);
		count_places(&s, &lost, &doubled);
	}
	test_observe(t, "lost", "%u", lost);
	test_observe(t, "doubled", "%u", doubled);
	scene_end(&s);
	free(stack);
}

/* One descriptor as a message's only cargo. */
union cargo {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr alignment;
};

static void pass_descriptor(struct test *t, int socket, int fd)
{
	struct iovec byte = { .iov_base = "", .iov_len = 1 };
	union cargo cargo = { .room = "" };
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = cargo.room, .msg_controllen = sizeof(cargo.room),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	if (sendmsg(socket, &message, 0) != 1)
		test_broken(t, "the descriptor cannot be passed: %s", strerror(errno));
}

static int take_descriptor(int socket)
{
	char room;
	struct iovec byte = { .iov_base = &room, .iov_len = 1 };
	union cargo cargo = { .room = "" };
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1,
		.msg_control = cargo.room, .msg_controllen = sizeof(cargo.room),
	};
	int fd = -1;

	if (recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* What is passed to the peer, and what it answers. */
struct errand {
	char *source, *destination;
	int error;
	bool done;
};

static _Noreturn void be_peer(struct test *t, struct errand *errand, int socket)
{
	struct scene s = { .test = t, .pages = 1, .uffd = take_descriptor(socket) };

	if (s.uffd < 0)
		_exit(1);
	errand->error = scene_move(&s, errand->destination, errand->source, 1, 0, NULL);
	errand->done = true;
	_exit(0);
}

void scenario_peer(struct test *t)
{
	struct errand *errand = mmap(NULL, sizeof(*errand), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct scene s;
	int sockets[2];
	pid_t peer;

	if (errand == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		test_broken(t, "no socket: %s", strerror(errno));
	/* It is there before the memory, and so shares none of it. */
	peer = test_fork(t);
	if (peer == 0)
		be_peer(t, errand, sockets[1]);
	scene_build(&s, t, 1, 0);
	errand->source = s.source;
	errand->destination = s.destination;
	pass_descriptor(t, sockets[0], s.uffd);
	test_wait(t, peer);
	if (!errand->done)
		test_broken(t, "the peer did not get as far as the call");
	test_observe(t, "errno", "%s", error_name(errand->error));
	test_observe(t, "destination", "%s", look_at(&s, s.destination, scene_tag(0)));
	test_observe(t, "source", "%s", look_at(&s, s.source, scene_tag(0)));
	scene_end(&s);
}
