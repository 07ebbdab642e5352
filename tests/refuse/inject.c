// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a call meets: chosen among what the contract allows at that point, and carried
 * out.  A refusal at a page other than the first is a real call that is made shorter, so
 * that what is said to have moved has moved.
 */
#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/compat.h"
#include "uffdio_move.h"

#define MOST_PASSING	3	/* calls for which a refusal lasts that passes by itself */

static int64_t error_of(enum meeting meeting)
{
	switch (meeting) {
	case MEETS_BUSY:
		return -EBUSY;
	case MEETS_CHANGING:
		return -EAGAIN;
	case MEETS_MEMORY:
		return -ENOMEM;
	case MEETS_HOLE:
		return -ENOENT;
	default:
		return 0;
	}
}

static struct obstacle *new_obstacle(struct process *p)
{
	p->obstacles = grow(p->obstacles, &p->n_obstacles, sizeof(*p->obstacles));
	return &p->obstacles[p->n_obstacles - 1];
}

static void drop_obstacle(struct process *p, struct obstacle *o)
{
	*o = p->obstacles[--p->n_obstacles];
}

/* The first obstacle in the call's way, or NULL. */
static struct obstacle *in_the_way(const struct process *p, const struct move *m)
{
	struct obstacle *first = NULL;

	for (size_t i = 0; i < p->n_obstacles; i++) {
		struct obstacle *o = &p->obstacles[i];

		if (o->page >= m->src && o->page < m->src + m->len && (!first || o->page < first->page))
			first = o;
	}
	return first;
}

bool reads_events(uint64_t number)
{
	switch (number) {
	case SYS_read:
	case SYS_readv:
	case SYS_pread64:
	case SYS_ppoll:
	case SYS_pselect6:
	case SYS_epoll_pwait:
	case SYS_io_uring_enter:
	case SYS_recvmsg:
	case SYS_recvfrom:
#ifdef SYS_poll
	case SYS_poll:
	case SYS_select:
	case SYS_epoll_wait:
#endif
		return true;
	}
	return false;
}

void events_are_read(struct process *p)
{
	p->changing = false;
}

/* Is another thread in such a call?  Whoever reads events waits for them there. */
static bool another_reads(const struct thread *t)
{
	char path[64], number[32];
	bool reads = false;

	for (const struct thread *other = threads; other && !reads; other = other->next) {
		FILE *file;

		if (other == t || other->process != t->process)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/syscall", (int)other->tid);
		file = fopen(path, "re");
		if (file && fscanf(file, "%31s", number) == 1 && number[0] != 'r' && number[0] != '-')
			reads = reads_events(strtoul(number, NULL, 10));
		if (file)
			fclose(file);
	}
	return reads;
}

static bool still_changing(struct thread *t)
{
	struct process *p = t->process;

	if (!p->changing)
		return false;
	if (another_reads(t) && !--p->changing_left)
		p->changing = false;
	return p->changing;
}

static bool is_no_mistake(int64_t result)
{
	switch (result) {
	case -EBADF:
	case -ENOTTY:
	case -EINVAL:
	case -EFAULT:
	case -EPERM:
	case -ESRCH:
		return false;
	default:
		return true;
	}
}

static void write_move(struct thread *t, int64_t value)
{
	if (!settings.unwritten || t->meeting != MEETS_CHANGING)
		tracee_write(t->tid, t->move.argument + offsetof(struct uffdio_move, move), &value,
			     sizeof(value));
}

static void set_length(struct thread *t, uint64_t len)
{
	tracee_write(t->tid, t->move.argument + offsetof(struct uffdio_move, len), &len, sizeof(len));
}

static void set_mode(struct thread *t, uint64_t mode)
{
	tracee_write(t->tid, t->move.argument + offsetof(struct uffdio_move, mode), &mode, sizeof(mode));
}

static enum verdict refuse(struct thread *t, enum meeting meeting)
{
	int64_t error = error_of(meeting);

	t->meeting = meeting;
	counts.met[meeting]++;
	call_allow(t, meeting, 0);
	call_count_allowed(t);
	write_move(t, error);
	tracee_skip(t->tid, error);
	faults_result(t, error, error);
	return GOES_ON;
}

static enum verdict stop_at(struct thread *t, enum meeting meeting, uint64_t page)
{
	if (!page)
		return refuse(t, meeting);
	t->meeting = meeting;
	t->shortened = page * page_bytes();
	call_allow(t, meeting, page);
	set_length(t, t->shortened);
	t->doing = MOVES;
	return STOPS_AT_END;
}

static void begin(struct process *p, enum meeting meeting, uint64_t page)
{
	unsigned int further = plan.steps ? 0 : plan_draw(&plan, MOST_PASSING);
	struct obstacle *o;

	if (!further)
		return;
	o = new_obstacle(p);
	o->page = page;
	o->meeting = meeting;
	o->left = further;
}

/* As another thread might: the page's contents at the new place, and nobody is woken. */
static bool fill_place(struct thread *t, uint64_t page)
{
	char contents[65536];
	struct uffdio_copy copy = {
		.dst = t->move.dst + page * page_bytes(), .src = (uintptr_t)contents,
		.len = page_bytes(), .mode = UFFDIO_COPY_MODE_DONTWAKE,
	};
	int fd = tracee_descriptor(t->tid, t->move.fd);
	bool filled = fd >= 0 && page_bytes() <= sizeof(contents) &&
		      tracee_look(t->tid, t->move.src + page * page_bytes(), contents, page_bytes()) &&
		      ioctl(fd, UFFDIO_COPY, &copy) == 0;

	if (fd >= 0)
		close(fd);
	return filled;
}

void call_again(struct thread *t, enum meeting meeting)
{
	tracee_call_again(t->tid, &t->call);
	if (t->signals_wait)
		tracee_let_signals(t->tid, t->signals);
	t->signals_wait = false;
	t->again = true;
	t->again_as = meeting;
	t->doing = RUNS;
}

/* Nobody else knows of the child, and so nobody else would reap it. */
void forked(struct thread *t)
{
	struct system_call wait = { SYS_wait4, { 0, 0, __WALL } };
	int64_t child;

	if (!tracee_result(t->tid, &child) || child <= 0) {
		counts.let_through++;
		call_again(t, MEETS_NOTHING);
		return;
	}
	counts.met[MEETS_FORK]++;
	t->process->was_forked = true;
	wait.args[0] = child;
	tracee_call_again(t->tid, &wait);
	t->doing = REAPS;
}

/*
 * A child that is there for a moment: from then on the pages are no more the process's
 * alone, as far as the kernel knows, until it stores to them.
 */
static enum verdict let_fork(struct thread *t)
{
	struct system_call clone = { SYS_clone, { 0 } };

	/* a handler's calls would be taken for these */
	t->signals_wait = tracee_hold_signals(t->tid, &t->signals);
	if (!t->signals_wait || !tracee_replace(t->tid, &clone))
		return GOES_ON;
	t->doing = FORKS;
	return STOPS_AT_END;
}

static enum verdict let_through(struct thread *t)
{
	t->doing = MOVES;
	return STOPS_AT_END;
}

static enum verdict meet_nothing(struct thread *t)
{
	t->meeting = MEETS_NOTHING;
	counts.let_through++;
	return let_through(t);
}

/* What another thread of the program might have done; contents are never nowhere. */
static enum verdict meet_another(struct thread *t, const struct step *step)
{
	t->meeting = step->meeting;
	if (step->meeting == MEETS_EXISTS)
		return fill_place(t, step->page) ? let_through(t) : meet_nothing(t);
	/* the kernel moves it, for nobody; then its mover finds a hole */
	t->shortened = page_bytes();
	set_length(t, t->shortened);
	set_mode(t, t->move.mode | UFFDIO_MOVE_MODE_DONTWAKE);
	return let_through(t);
}

static void leave_out(const struct step *step)
{
	if (plan.steps && step->meeting < MEETINGS && !counts.not_allowed++)
		snprintf(counts.first_not_allowed, sizeof(counts.first_not_allowed),
			 " (first %s, step %zu at call %lu)", meeting_words[step->meeting], plan.next,
			 (unsigned long)counts.calls);
}

static enum verdict meet(struct thread *t, const struct step *step)
{
	struct process *p = t->process;

	if (step->meeting == MEETS_EXISTS || step->meeting == MEETS_HOLE)
		return meet_another(t, step);
	if (step->meeting == MEETS_FORK) {
		look_for_filters(p);
		if (!p->is_filtered)
			return let_fork(t);
		leave_out(step);
		return meet_nothing(t);
	}
	if (step->meeting == MEETS_CHANGING) {
		p->changing = step->until_cured;
		p->changing_left = 1 + plan_draw(&plan, MOST_PASSING);
		t->watched = step->until_cured;
		return refuse(t, MEETS_CHANGING);
	}
	if (step->meeting != MEETS_SHORT)
		begin(p, step->meeting, t->move.src + step->page * page_bytes());
	return stop_at(t, step->meeting, step->page);
}

static enum meeting draw_allowed(const struct thread *t)
{
	enum meeting allowed[MEETINGS];
	unsigned int n = 0;

	for (enum meeting meeting = MEETS_BUSY; meeting < MEETINGS; meeting++)
		if (t->first_page[meeting] >= 0)
			allowed[n++] = meeting;
	return n ? allowed[plan_draw(&plan, n)] : MEETS_NOTHING;
}

static bool draw_step(struct thread *t, struct step *step)
{
	uint64_t pages = call_pages(&t->move);

	*step = (struct step){ .until_cured = true };
	if (!plan_strikes(&plan))
		return false;
	step->meeting = draw_allowed(t);
	if (step->meeting == MEETS_NOTHING)
		return false;
	/* the first page more often than any other: most calls are of few */
	step->page = plan_draw(&plan, 2) ? plan_draw(&plan, pages) : 0;
	if (!call_may_meet(t, step->meeting, step->page))
		step->page = t->first_page[step->meeting];
	return true;
}

static bool next_step(struct thread *t, struct step *step)
{
	const struct step *told;

	if (!plan.steps)
		return draw_step(t, step);
	told = plan_next(&plan);
	if (!told || told->meeting == MEETS_NOTHING)
		return false;
	*step = *told;
	if (call_may_meet(t, step->meeting, step->page))
		return true;
	leave_out(step);
	return false;
}

static enum verdict go_on_meeting(struct thread *t, struct obstacle *o)
{
	uint64_t page = (o->page - t->move.src) / page_bytes();
	enum meeting meeting = o->meeting;

	/* who comes from before it meets it with the next call */
	if (!page && !--o->left)
		drop_obstacle(t->process, o);
	return stop_at(t, meeting, page);
}

static enum verdict choose(struct thread *t, double now)
{
	struct obstacle *obstacle;
	struct step step;

	if (call_may_meet(t, MEETS_CHANGING, 0) && still_changing(t))
		return refuse(t, MEETS_CHANGING);
	obstacle = in_the_way(t->process, &t->move);
	if (obstacle && call_reaches_pages(t) &&
	    call_may_meet(t, obstacle->meeting, (obstacle->page - t->move.src) / page_bytes()))
		return go_on_meeting(t, obstacle);
	if (obstacle)
		drop_obstacle(t->process, obstacle);
	t->step = ++counts.steps;
	if (!next_step(t, &step))
		return meet_nothing(t);
	if (!call_reaches_pages(t)) {
		leave_out(&step);
		return meet_nothing(t);
	}
	if (step.meeting == MEETS_DELAY && step.after) {
		t->ms_after = step.ms;
		return meet_nothing(t);
	}
	if (step.meeting == MEETS_DELAY) {
		counts.let_through++;
		t->until = now + step.ms / 1e3;
		t->doing = DELAYED;
		return WAITS;
	}
	return meet(t, &step);
}

enum verdict move_begins(struct thread *t, double now)
{
	t->meeting = MEETS_NOTHING;
	t->shortened = 0;
	if (!call_read(t, &t->move)) {
		counts.unseen++;
		return GOES_ON;
	}
	if (t->again) {
		t->again = false;
		t->meeting = t->again_as;
		return let_through(t);
	}
	for (enum meeting meeting = 0; meeting < MEETINGS; meeting++)
		t->first_page[meeting] = -1;
	counts.calls++;
	t->step = 0;
	if (settings.missing || settings.forbidden) {
		tracee_skip(t->tid, settings.forbidden ? -EPERM : -EINVAL);
		return GOES_ON;
	}
	if (!faults_call(t, &t->move))
		return GOES_ON;
	if (!call_look(t)) {
		counts.let_through++;
		return let_through(t);
	}
	return choose(t, now);
}

void move_ends(struct thread *t)
{
	int64_t result, moved;

	t->doing = RUNS;
	if (!tracee_result(t->tid, &result))
		return;
	if (t->shortened)
		set_length(t, t->move.len);
	if (!tracee_read(t->tid, t->move.argument + offsetof(struct uffdio_move, move), &moved,
			 sizeof(moved)))
		moved = 0;
	if (t->meeting == MEETS_HOLE)
		set_mode(t, t->move.mode);
	if (t->meeting == MEETS_HOLE && !result) {
		result = moved = -ENOENT;
		write_move(t, moved);
		tracee_set_result(t->tid, result);
		counts.met[MEETS_HOLE]++;
	} else if (t->shortened && !result) {
		result = -EAGAIN;
		tracee_set_result(t->tid, result);
		counts.met[t->meeting]++;
	} else if (t->shortened) {
		/* the kernel was first */
		t->meeting = MEETS_NOTHING;
		counts.let_through++;
	} else if (t->meeting == MEETS_EXISTS && result == -EEXIST) {
		counts.met[MEETS_EXISTS]++;
	}
	if (result && t->meeting == MEETS_NOTHING)
		*(t->process->was_forked ? &counts.refused_after_fork : &counts.refused_by_kernel) += 1;
	if (is_no_mistake(result))
		call_count_allowed(t);
	faults_result(t, result, moved);
}
