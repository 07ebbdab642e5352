// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals during a call, and calls from other processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define NOBODY 65534
#define LONG_PAGES 2048		/* a call over them takes longer than the pause between signals */
#define SIGNALS 100		/* that come during calls */
#define SIGNAL_EVERY_NS 50000
#define LEAST_CALLS 100
#define MOST_CALLS 20000
#define STORM_MS 1500		/* for the calls beyond the least */

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
	struct pace pace = pace_of(LEAST_CALLS, MOST_CALLS, STORM_MS);
	unsigned int interrupted = 0, during = 0;
	int error = 0;
	struct scene s;
	timer_t timer;

	scene_build(&s, t, LONG_PAGES, 0);
	scene_register(&s, s.source, LONG_PAGES, UFFDIO_REGISTER_MODE_MISSING);
	timer = begin_storm(t);
	for (bool back = false; during < SIGNALS && !error && pace_goes_on(&pace); back = !back) {
		/* One that comes during a call is handled before the call is back. */
		unsigned int before = handled;

		error = scene_move(&s, back ? s.source : s.destination,
				   back ? s.destination : s.source, LONG_PAGES, 0, NULL);
		during += handled - before;
		interrupted += error == EINTR;
	}
	timer_delete(timer);
	if (!during && !error)
		test_broken(t, "in %u calls no signal came", pace.begun);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "interrupted", "%u", interrupted);
	scene_end(&s);
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
	peer = machine_fork(t);
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

/* The event of a fork, which is read while the fork waits for that. */
struct fork_event {
	struct scene *scene;
	int descriptor;		/* for the child's memory */
};

static void *read_fork_event(void *argument)
{
	struct fork_event *f = argument;
	struct uffd_msg event;

	while (!next_event(f->scene, &event))
		let_others_run();
	f->descriptor = event.event == UFFD_EVENT_FORK ? (int)event.arg.fork.ufd : -1;
	return NULL;
}

/* The child has its own copies of the ranges, and by a store the page to itself. */
static _Noreturn void be_child(struct scene *s, struct errand *errand, int socket)
{
	s->uffd = take_descriptor(socket);
	if (s->uffd < 0)
		_exit(1);
	fill_page(s->source, scene_tag(1));
	errand->error = scene_move(s, s->destination, s->source, 1, 0, NULL);
	errand->done = true;
	_exit(strcmp(look_at(s, s->destination, scene_tag(1)), "contents") ||
	      strcmp(look_at(s, s->source, 0), "hole") ? 2 : 0);
}

void scenario_fork_event_descriptor(struct test *t)
{
	struct errand *errand = mmap(NULL, sizeof(*errand), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct crew crew = { .n = 0 };
	struct fork_event event;
	int sockets[2], code, error;
	struct scene s, own;
	pid_t child;

	if (errand == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		test_broken(t, "no socket: %s", strerror(errno));
	scene_build(&s, t, 1, UFFD_FEATURE_EVENT_FORK);
	event = (struct fork_event){ .scene = &s };
	crew_add(&s, &crew, read_fork_event, &event);
	child = machine_fork(t);
	if (child == 0)
		be_child(&s, errand, sockets[1]);
	crew_end(&crew);
	if (event.descriptor < 0)
		test_broken(t, "the event of the fork brought no descriptor");
	own = (struct scene){ .test = t, .uffd = event.descriptor };
	error = scene_move(&own, s.destination, s.source, 1, 0, NULL);
	test_observe(t, "errno.parent", "%s", error_name(error));
	test_observe(t, "destination.parent", "%s", look_at(&s, s.destination, scene_tag(0)));
	pass_descriptor(t, sockets[0], event.descriptor);
	code = test_wait(t, child);
	if (!errand->done)
		test_broken(t, "the child did not get as far as the call");
	test_observe(t, "errno.child", "%s", error_name(errand->error));
	test_observe(t, "child", "%s", code ? "other" : "moved");
	test_observe(t, "source.parent", "%s", look_at(&s, s.source, scene_tag(0)));
	scene_end(&s);
}

/* A call whose result is told by the test's main thread. */
struct by_other {
	struct scene scene;
	int error;
	int64_t move;
};

static void move_for(struct by_other *o)
{
	struct scene *s = &o->scene;

	o->error = scene_move(s, s->destination, s->source, 1, 0, &o->move);
}

/* Not the thread that has made the descriptor and the mappings. */
static void *move_one(void *argument)
{
	move_for(argument);
	return NULL;
}

void scenario_other_thread(struct test *t)
{
	struct crew crew = { .n = 0 };
	struct by_other o;

	scene_build(&o.scene, t, 1, 0);
	crew_add(&o.scene, &crew, move_one, &o);
	crew_end(&crew);
	test_observe_result(t, "", o.error, o.move);
	scene_end(&o.scene);
}

/* Who made the descriptor with privilege has given it up since. */
void scenario_privilege_dropped(struct test *t)
{
	struct by_other *o = mmap(NULL, sizeof(*o), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t child;

	if (o == MAP_FAILED)
		test_broken(t, "no memory: %s", strerror(errno));
	child = machine_fork(t);
	if (child == 0) {
		scene_build(&o->scene, t, 1, 0);
		if (geteuid() == 0 && (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
				       setresuid(NOBODY, NOBODY, NOBODY)))
			_exit(1);
		move_for(o);
		_exit(0);
	}
	if (test_wait(t, child))
		test_broken(t, "the privilege could not be given up");
	test_observe_result(t, "", o->error, o->move);
}
