// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each stop of the program's threads is answered here.
 */
#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test/compat.h"
#include "uffdio_move.h"

static pid_t main_process;
static int main_status;
static bool has_other_architecture;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void resume(const struct thread *t, int signal)
{
	bool to_end = t->doing == MOVES || t->doing == FORKS ||
		      t->doing == REAPS || t->doing == ASKS || t->doing == RESOLVES || t->watched;

	ptrace(to_end ? PTRACE_SYSCALL : PTRACE_CONT, t->tid, 0, (void *)(long)signal);
}

static void note_features(struct thread *t)
{
	struct process *p = t->process;
	size_t i = 0;

	p->features |= t->asked_for;
	while (i < p->n_handshakes && p->handshakes[i].fd != (int)t->call.args[0])
		i++;
	if (i == p->n_handshakes)
		p->handshakes = grow(p->handshakes, &p->n_handshakes, sizeof(*p->handshakes));
	p->handshakes[i] = (struct handshake){ t->call.args[0], t->asked_for };
}

/* A kernel without the operation refuses who asks for it. */
static void ask(struct thread *t)
{
	uint64_t words[2];

	t->doing = ASKS;
	t->asked_for = tracee_read(t->tid, t->call.args[2], words, sizeof(words)) ? words[1] : 0;
	if (settings.missing && t->asked_for & UFFD_FEATURE_MOVE) {
		tracee_skip(t->tid, -EINVAL);
		t->doing = RUNS;
	}
}

static void hide(struct thread *t, size_t offset, uint64_t bit)
{
	uint64_t word;

	if (settings.missing && tracee_read(t->tid, t->call.args[2] + offset, &word, sizeof(word))) {
		word &= ~bit;
		tracee_write(t->tid, t->call.args[2] + offset, &word, sizeof(word));
	}
}

static void note_registration(struct thread *t)
{
	struct process *p = t->process;
	uint64_t words[2];

	if (!tracee_read(t->tid, t->call.args[2], words, sizeof(words)))
		return;
	p->registrations = grow(p->registrations, &p->n_registrations, sizeof(*p->registrations));
	p->registrations[p->n_registrations - 1] =
		(struct registration){ t->call.args[0], words[0], words[1] };
	faults_registered(p, words[0], words[1]);
}

static void has_asked(struct thread *t)
{
	int64_t result;

	t->doing = RUNS;
	if (!tracee_result(t->tid, &result) || result)
		return;
	if ((uint32_t)t->call.args[1] == (uint32_t)UFFDIO_API) {
		note_features(t);
		look_for_filters(t->process);
		hide(t, offsetof(struct uffdio_api, features), UFFD_FEATURE_MOVE);
		return;
	}
	hide(t, offsetof(struct uffdio_register, ioctls), 1 << _UFFDIO_MOVE);
	note_registration(t);
}

static bool on_operation(struct thread *t)
{
	if (!tracee_call(t->tid, &t->call))
		return true;
	t->doing = RUNS;
	switch ((uint32_t)t->call.args[1]) {
	case (uint32_t)UFFDIO_MOVE:
		return move_begins(t, now()) != WAITS;
	case (uint32_t)UFFDIO_API:
		ask(t);
		return true;
	case (uint32_t)UFFDIO_REGISTER:
		t->doing = ASKS;
		return true;
	default:
		faults_resolve_begins(t);
		t->doing = RESOLVES;
		return true;
	}
}

static void look_for_reading(struct thread *t)
{
	struct __ptrace_syscall_info info;

	memset(&info, 0, sizeof(info));
	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, (void *)sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY || !reads_events(info.entry.nr))
		return;
	events_are_read(t->process);
	t->watched = false;
}

static bool is_held_after(struct thread *t)
{
	if (!t->ms_after)
		return false;
	t->until = now() + t->ms_after / 1e3;
	t->ms_after = 0;
	t->doing = DELAYED_AFTER;
	return true;
}

static bool on_call_end(struct thread *t)
{
	int64_t result;

	switch (t->doing) {
	case MOVES:
		move_ends(t);
		return !is_held_after(t);
	case FORKS:
		forked(t);
		return true;
	case REAPS:
		/* its beginning stops as well */
		if (tracee_result(t->tid, &result))
			call_again(t, MEETS_FORK);
		return true;
	case ASKS:
		has_asked(t);
		return true;
	case RESOLVES:
		t->doing = RUNS;
		return !tracee_result(t->tid, &result) || !faults_resolve_ends(t, result, now());
	default:
		if (t->watched)
			look_for_reading(t);
		return true;
	}
}

/* Stopped before it was told whose they are, while some thread made a child of ours. */
static pid_t *unnamed;
static size_t n_unnamed;

static bool take_unnamed(pid_t tid)
{
	for (size_t i = 0; i < n_unnamed; i++)
		if (unnamed[i] == tid) {
			unnamed[i] = unnamed[--n_unnamed];
			return true;
		}
	return false;
}

static void let_run(pid_t tid)
{
	struct thread *t = thread_of(tid);

	resume(t ? t : new_thread(tid), 0);
}

/* It counts from here on, though its own first stop may be told later. */
static void on_new(const struct thread *t)
{
	unsigned long tid;
	bool waits;

	if (ptrace(PTRACE_GETEVENTMSG, t->tid, 0, &tid))
		return;
	waits = take_unnamed(tid);
	if (t->doing == FORKS) {
		note_for_pages(tid);
		/* it stops once more, at its end */
		if (waits)
			ptrace(PTRACE_CONT, tid, 0, 0);
		return;
	}
	if (!thread_of(tid))
		new_thread(tid);
	if (waits)
		let_run(tid);
}

/* Nobody makes one for us any more: they are the program's. */
static void name_the_rest(void)
{
	for (size_t i = n_unnamed; i-- > 0; ) {
		pid_t tid = unnamed[i];

		if (is_of_forking(tid))
			continue;
		take_unnamed(tid);
		let_run(tid);
	}
}

static void on_exec(struct thread *t)
{
	struct __ptrace_syscall_info info;
	unsigned long former;
	struct thread *other;

	if (!ptrace(PTRACE_GETEVENTMSG, t->tid, 0, &former) && (pid_t)former != t->tid) {
		other = thread_of(former);
		if (other)
			remove_thread(other);
	}
	leave(t->process);
	t->process = new_process(t->tid);
	t->process->threads = 1;
	t->doing = RUNS;
	t->leaves = t->watched = false;
	t->again = false;
	memset(&info, 0, sizeof(info));
	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->tid, (void *)sizeof(info), &info) > 0 &&
	    info.arch != ARCHITECTURE)
		has_other_architecture = true;
}

/* While any other may still do something to its pages, nothing is said of them. */
static bool is_last(const struct thread *t)
{
	for (const struct thread *other = threads; other; other = other->next)
		if (other->process == t->process && !other->leaves)
			return false;
	return true;
}

/* A thread that has ended shows no pages, even if the process goes on. */
static void look_by_another(struct process *p, const struct thread *t)
{
	pid_t tid = t->tid;

	for (const struct thread *other = threads; other; other = other->next)
		if (other->process == p && !other->leaves)
			tid = other->tid;
	tracee_forget(p->pid);
	p->pid = tid;
}

static void on_exit_of(struct thread *t)
{
	unsigned long status = 0;

	ptrace(PTRACE_GETEVENTMSG, t->tid, 0, &status);
	t->leaves = true;
	look_by_another(t->process, t);
	if (is_last(t))
		faults_exit(t->process, group_of(t->tid) == t->process->group ? status : 0);
}

static bool is_stopping(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void on_stop(struct thread *t, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;
	bool goes_on = true;

	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		goes_on = on_operation(t);
		signal = 0;
		break;
	case PTRACE_EVENT_CLONE:
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
		on_new(t);
		signal = 0;
		break;
	case PTRACE_EVENT_EXEC:
		on_exec(t);
		signal = 0;
		break;
	case PTRACE_EVENT_EXIT:
		on_exit_of(t);
		signal = 0;
		break;
	case PTRACE_EVENT_STOP:
		if (is_stopping(signal)) {
			ptrace(PTRACE_LISTEN, t->tid, 0, 0);
			return;
		}
		signal = 0;
		break;
	case 0:
		if (signal == (SIGTRAP | 0x80)) {
			goes_on = on_call_end(t);
			signal = 0;
		}
		break;
	default:
		signal = 0;
	}
	if (goes_on)
		resume(t, signal);
}

static void on_status(pid_t tid, int status)
{
	struct thread *t = thread_of(tid);

	if (!t && WIFSTOPPED(status) && is_for_pages(tid)) {
		/* it stops once more, at its end */
		ptrace(PTRACE_CONT, tid, 0, 0);
		return;
	}
	if (!t && WIFSTOPPED(status) && is_of_forking(tid)) {
		unnamed = grow(unnamed, &n_unnamed, sizeof(*unnamed));
		unnamed[n_unnamed - 1] = tid;
		return;
	}
	if (!WIFSTOPPED(status)) {
		forget_for_pages(tid);
		take_unnamed(tid);
	}
	if (WIFSTOPPED(status)) {
		on_stop(t ? t : new_thread(tid), status);
		return;
	}
	if (tid == main_process)
		main_status = status;
	if (t)
		remove_thread(t);
}

static bool is_held(const struct thread *t)
{
	return t->doing == DELAYED || t->doing == DELAYED_AFTER || t->doing == LOOKS_BACK;
}

static void end_delays(void)
{
	double at = now();

	for (struct thread *t = threads; t; t = t->next) {
		if (!is_held(t) || t->until > at)
			continue;
		if (t->doing == LOOKS_BACK)
			faults_look_back(t, at);
		else
			t->doing = t->doing == DELAYED ? MOVES : RUNS;
		if (t->doing != LOOKS_BACK)
			resume(t, 0);
	}
}

static bool anybody(bool (*is)(const struct thread *t))
{
	for (const struct thread *t = threads; t; t = t->next)
		if (is(t))
			return true;
	return false;
}

static bool has_occupied(const struct thread *t)
{
	return t->process->n_occupied;
}

static double pause_length(void)
{
	double length = anybody(has_occupied) ? 1.0 / LOOKS_A_SECOND : 0.5, at = now();

	for (const struct thread *t = threads; t; t = t->next)
		if (is_held(t) && t->until - at < length)
			length = t->until - at;
	return length > 0 ? length : 0;
}

static void kill_all(void)
{
	for (const struct thread *t = threads; t; t = t->next)
		kill(group_of(t->tid), SIGKILL);
}

/* All sleep, and none has run since it was looked at last. */
static bool all_sleep(void)
{
	static unsigned long before;
	unsigned long sum = 0;
	bool sleep = true;

	for (const struct thread *t = threads; t; t = t->next) {
		unsigned long runs = 0;

		thread_sleeps(t->tid, &runs);
		sum += runs + t->tid;
		if (is_held(t))
			sleep = false;
	}
	sleep = sleep && sum == before;
	before = sum;
	return sleep;
}

static void look_for_stall(void)
{
	static double asleep_since, looked;
	size_t n = n_told;

	if (now() - looked < 0.5)
		return;
	looked = now();
	if (!all_sleep() || !asleep_since) {
		asleep_since = now();
		return;
	}
	if (now() - asleep_since < settings.stall)
		return;
	faults_stalled();
	asleep_since = now();
	if (n_told > n) {
		for (struct process *p = processes; p; p = p->next)
			p->killed = true;
		settings.killed = true;
		kill_all();
	}
}

static void on_interruption(const siginfo_t *info)
{
	static unsigned int times;

	settings.interrupted = true;
	for (struct thread *t = threads; t; t = t->next)
		t->until = 0;
	if (times++)
		kill_all();
	else if (info->si_code <= 0 || info->si_signo != SIGINT)
		kill(main_process, info->si_signo);
}

static void wait_a_while(const sigset_t *set)
{
	double length = pause_length();
	struct timespec timeout = { length, (length - (long)length) * 1e9 };
	siginfo_t info;
	int signal = sigtimedwait(set, &info, &timeout);

	if (signal > 0 && signal != SIGCHLD)
		on_interruption(&info);
	if (signal < 0) {
		if (anybody(has_occupied))
			faults_idle();
		look_for_stall();
	}
}

struct told {
	pid_t tid;
	int status;
};

/* All that there is, before any goes on: else one that stops often keeps others from it. */
static bool take_statuses(struct told **told, size_t *n)
{
	int status;
	pid_t tid;

	*n = 0;
	while ((tid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
		*told = grow(*told, n, sizeof(**told));
		(*told)[*n - 1] = (struct told){ tid, status };
	}
	return (!tid || errno == EINTR || *n) && threads;
}

void trace_run(pid_t program, const sigset_t *set)
{
	struct told *told = NULL;
	size_t n;

	main_process = program;
	while (take_statuses(&told, &n)) {
		for (size_t i = 0; i < n; i++)
			on_status(told[i].tid, told[i].status);
		name_the_rest();
		if (!n)
			wait_a_while(set);
		end_delays();
	}
	free(told);
}

int trace_status(void)
{
	return main_status;
}

bool trace_met_another_architecture(void)
{
	return has_other_architecture;
}
