// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory that copies take: whom it is charged to, a want of it, and what a process leaves that
 * is killed: scenarios of spec/proposals/allow_copy.yaml.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "allow_copy.h"
#include "machine/machine.h"
#include "machine/memcg.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"

#define FEW		64
#define LIMITED_MS	3000	/* at most */
#define CROWD		1024	/* pages: many times what a CPU has charged in advance */
#define KEPT		64	/* pages, as many as a CPU charges in advance */
#define LEAST_KILLS	60
#define LEAST_INSIDE	8	/* of them, so that some have copies at hand */
#define MOST_KILLS	100
#define DRAINS		1000	/* until all that has been freed is taken off the count */
#define DELAYS		16	/* of a kill, and for how long */
#define DELAY_NS	50000

static void enter(struct test *t, enum memcg group)
{
	int error = memcg_enter(group);

	if (error)
		machine_cannot(t, error, "a memory cgroup cannot be entered");
}

/* Of the first pages that have come over those that are not charged to that group. */
static unsigned int count_elsewhere(const struct scene *s, unsigned int arrived, enum memcg group)
{
	unsigned int elsewhere = 0;

	for (unsigned int i = 0; i < arrived; i++) {
		uint64_t frame = entry_frame(pagemap_entry(destination_page(s, i)));

		elsewhere += !memcg_has(group, frame);
	}
	return elsewhere;
}

/* Pages that came in one memory cgroup are copied when their process is in another. */
void scenario_copy_charged(struct test *t)
{
	struct scene s;

	enter(t, MEMCG_FIRST);
	scene_build(&s, t, FEW, 0);
	share_and_keep(&s);
	enter(t, MEMCG_SECOND);
	scene_observe_errno(&s, FEW, UFFDIO_MOVE_MODE_ALLOW_COPY);
	test_observe(t, "elsewhere", "%u", count_elsewhere(&s, FEW, MEMCG_SECOND));
	scene_end(&s);
}

/* Pages of which one is not at the place that .move tells, and nowhere else. */
static unsigned int count_misplaced(struct scene *s, unsigned int moved)
{
	unsigned int misplaced = 0;

	for (unsigned int i = 0; i < s->pages; i++) {
		const char *here = look_at(s, source_page(s, i), scene_tag(i));
		bool is_here = !strcmp(here, "contents"), is_gone = !strcmp(here, "hole");
		const char *there = look_at(s, destination_page(s, i), scene_tag(i));

		misplaced += i < moved ? !is_gone || strcmp(there, "contents") :
					 !is_here || strcmp(there, "hole");
	}
	return misplaced;
}

/* What a process outside of the limited group is told, and tells. */
struct lifting {
	bool limited, called, lifted;
};

static bool read_flag(bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void set_flag(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

/*
 * At its limit a process may wait for memory at any fault of its own, and could not lift the
 * limit itself.  It is not lifted for a call that waits for that.
 */
static void lift_when_called(struct test *t, struct lifting *l)
{
	if (machine_fork(t))
		return;
	while (!read_flag(&l->limited))
		let_others_run();
	while (!read_flag(&l->called))
		let_others_run();
	memcg_limit(MEMCG_LIMITED, -1);
	set_flag(&l->lifted);
	_exit(0);
}

static void enter_limited(struct test *t)
{
	int error;

	enter(t, MEMCG_LIMITED);
	/* What a test before it may have left, if it was killed. */
	memcg_limit(MEMCG_LIMITED, -1);
	error = memcg_spare(MEMCG_LIMITED);
	if (error)
		machine_cannot(t, error, "the memory cgroup would kill for want of memory");
}

/* Goes on behind what has come over, for as long as something does. */
static int move_while_some_comes(struct scene *s, unsigned int *moved)
{
	int64_t move;
	int error;

	do {
		error = scene_move(s, destination_page(s, *moved), source_page(s, *moved),
				   s->pages - *moved, UFFDIO_MOVE_MODE_ALLOW_COPY, &move);
		if (move < 0 || move == MOVE_SENTINEL)
			break;
		*moved += move / page_size();
	} while (error == EAGAIN && *moved < s->pages);
	return error;
}

/*
 * What a call of this process writes to has been shared with a child as well: it becomes its own
 * by one that succeeds and one that is refused, while there is memory for that.
 */
static void call_before(struct scene *s)
{
	int64_t move;
	int error = scene_move(s, s->destination, s->source, 1, UFFDIO_MOVE_MODE_ALLOW_COPY, &move);

	if (!error)
		error = scene_move(s, s->destination, source_page(s, 1), 1,
				   UFFDIO_MOVE_MODE_ALLOW_COPY, &move);
	if (error != EEXIST)
		test_broken(s->test, "a call before the limit: %s", error_name(error));
}

/* More pages than there is memory left for, which ends the call and nobody's process. */
static void observe_at_limit(struct scene *s, struct lifting *l)
{
	unsigned int moved = 1;
	int error;

	call_before(s);
	error = memcg_limit(MEMCG_LIMITED, CROWD / 4);
	if (error)
		machine_cannot(s->test, error, "a memory cgroup cannot be limited");
	set_flag(&l->limited);
	error = move_while_some_comes(s, &moved);
	set_flag(&l->called);
	while (!read_flag(&l->lifted))
		let_others_run();
	test_observe(s->test, "ended", "%s", error ? error_name(error) : "not at all");
	test_observe(s->test, "elsewhere", "%u", count_elsewhere(s, moved, MEMCG_LIMITED));
	test_observe(s->test, "misplaced", "%u", count_misplaced(s, moved));
}

static struct lifting *begin_limited(struct scene *s, struct test *t)
{
	struct lifting *l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (l == MAP_FAILED)
		machine_cannot(t, errno, "no memory could be shared");
	lift_when_called(t, l);
	enter_limited(t);
	scene_build(s, t, CROWD, 0);
	return l;
}

void scenario_copy_limit(struct test *t)
{
	struct scene s;
	struct lifting *l = begin_limited(&s, t);

	share_and_keep(&s);
	observe_at_limit(&s, l);
	scene_end(&s);
}

/* Nobody maps them but this process, and yet they are not its own alone. */
void scenario_copy_limit_held(struct test *t)
{
	struct scene s;
	struct lifting *l = begin_limited(&s, t);
	pid_t child = share_and_keep(&s);

	hold_by_pipes(t, s.source, CROWD);
	kill(child, SIGKILL);
	test_wait(t, child);
	observe_at_limit(&s, l);
	scene_end(&s);
}

/* What a process tells before it is killed, in memory that both share. */
struct doomed {
	bool about_to_call, returned;
	char *destination;
};

/* A child shares its pages, so that each of them is copied. */
static _Noreturn void call_until_killed(struct test *t, struct doomed *d)
{
	struct scene s;

	enter(t, MEMCG_DOOMED);
	scene_build(&s, t, CROWD, 0);
	share_and_keep(&s);
	d->destination = s.destination;
	set_flag(&d->about_to_call);
	scene_move(&s, s.destination, s.source, CROWD, UFFDIO_MOVE_MODE_ALLOW_COPY, NULL);
	set_flag(&d->returned);
	for (;;)
		pause();
}

static bool has_arrived(int pagemap, const char *page)
{
	off_t offset = (uintptr_t)page / page_size() * sizeof(uint64_t);
	uint64_t entry;

	return pread(pagemap, &entry, sizeof(entry), offset) == sizeof(entry) &&
	       entry & ENTRY_PRESENT;
}

/* Have some pages come over, and not all? */
static bool is_under_way(struct test *t, pid_t child, const struct doomed *d)
{
	char path[64];
	bool is;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)child);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		machine_cannot(t, errno, "another process's pagemap cannot be read");
	is = has_arrived(fd, d->destination) &&
	     !has_arrived(fd, d->destination + (CROWD - 1) * page_size());
	close(fd);
	return is;
}

/* After another while each time; returns whether that was inside of the call. */
static bool kill_inside(struct test *t, struct doomed *d, unsigned int round)
{
	bool inside;
	pid_t child;

	*d = (struct doomed){ 0 };
	child = machine_fork(t);
	if (!child)
		call_until_killed(t, d);
	for (int64_t until = now_ms() + LIMITED_MS; !read_flag(&d->about_to_call) && now_ms() < until; )
		let_others_run();
	for (unsigned int i = 0; i < round % DELAYS && !read_flag(&d->returned); i++)
		nanosleep(&(struct timespec){ .tv_nsec = DELAY_NS }, NULL);
	inside = read_flag(&d->about_to_call) && is_under_way(t, child, d);
	kill(child, SIGKILL);
	test_wait(t, child);
	test_callers_ended(t);
	return inside;
}

/* Who shared a page goes a little later, and comes to this process to be waited for. */
static const char *what_is_left(struct test *t)
{
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (unsigned int i = 0; i < DRAINS; i++, let_others_run()) {
		long pages;

		memcg_drain(MEMCG_DOOMED);
		pages = memcg_pages_of_processes(MEMCG_DOOMED);
		if (pages < 0)
			machine_cannot(t, EIO, "what is charged to a memory cgroup cannot be read");
		if (pages <= KEPT)
			return "nothing";
	}
	return "pages";
}

void scenario_copy_killed(struct test *t)
{
	struct doomed *d = mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct pace pace = pace_of(LEAST_KILLS, MOST_KILLS, LIMITED_MS);
	unsigned int inside = 0;

	if (d == MAP_FAILED)
		machine_cannot(t, errno, "no memory could be shared");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while (pace_goes_on(&pace))
		inside += kill_inside(t, d, pace.begun);
	if (inside < LEAST_INSIDE)
		test_broken(t, "%u of %u processes were killed in the middle of a call", inside,
			    pace.begun);
	test_observe(t, "left", "%s", what_is_left(t));
}
