/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program under test: its processes and threads, and what they have met.
 */
#ifndef UFFDIO_MOVE_REFUSE_PROGRAM_H
#define UFFDIO_MOVE_REFUSE_PROGRAM_H

#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>

#include "allowed.h"
#include "plan.h"
#include "tracee.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#define LOOKS_A_SECOND	50	/* at who sleeps */

/* One call, as the program has made it. */
struct move {
	uint64_t argument;	/* where its structure is */
	int fd;
	uint64_t dst, src, len, mode;	/* bytes */
};

/* A refusal that passes by itself, after some calls. */
struct obstacle {
	uint64_t page;		/* of the source */
	enum meeting meeting;
	unsigned int left;	/* calls that still meet it */
};

/* Pages that a call was to move and did not, and that nobody has cared for since. */
struct owed {
	uint64_t dst, src, len;	/* bytes */
	struct move move;	/* the call that left them */
	enum meeting meeting;	/* what it met at the first of them */
	int64_t result;
	bool was_short, was_there;	/* the first one's source, then */
	bool told;
	unsigned int tries;	/* calls that began with the first one */
	uint64_t sum;		/* of the first one's contents; 0: zeroes, or not read */
	bool emptied;		/* its place was filled with something else than it */
	char *trace;		/* of the call */
};

/* A place that was found occupied: who waits for it is to be woken. */
struct occupied {
	uint64_t page;
	struct move move;
	pid_t thread;		/* that was told */
	unsigned int quiet;	/* looks at which it slept on */
	unsigned long runs;
	char *trace;
};

/* A page that was refused, and then copied. */
struct copied {
	uint64_t dst, src;
	struct move move;
	char *trace;		/* of the copy */
};

/* What was asked for on one descriptor: its events tell of this address space. */
struct handshake {
	int fd;
	uint64_t features;
};

struct registration {
	int fd;
	uint64_t start, len;	/* bytes */
};

/* One address space. */
struct process {
	pid_t group;		/* the process's number */
	pid_t pid;		/* of a thread that is there: by it the process is looked at */
	unsigned int threads;
	bool ending;		/* what can be told of its end was told */
	bool was_forked;	/* by us: the kernel refuses what is shared since */
	bool killed;		/* by us, for a fault */
	bool is_filtered;	/* by a filter of its own, which may forbid what we do in its name */
	uint64_t features;	/* asked for in its handshakes, in any */
	struct handshake *handshakes;
	size_t n_handshakes;
	struct registration *registrations;
	size_t n_registrations;
	struct obstacle *obstacles;
	size_t n_obstacles;
	bool changing;		/* EAGAIN until events are read */
	unsigned int changing_left;	/* calls that meet it beside a thread that reads them */
	struct owed *owed;
	size_t n_owed;
	struct occupied *occupied;
	size_t n_occupied;
	struct copied *copied;
	size_t n_copied;
	struct owed *last;	/* a copy of what the last call left, if that was refused */
	void *symbols;		/* libdw's */
	struct process *next;
};

enum doing {
	RUNS,
	DELAYED,	/* before its call is made */
	DELAYED_AFTER,	/* when it has been */
	MOVES,		/* in the call */
	FORKS,		/* in another that makes a child, which ends at once */
	REAPS,		/* in another that waits for it */
	ASKS,		/* in its handshake, or in a registration */
	RESOLVES,	/* in another operation of userfaultfd */
	LOOKS_BACK,	/* held a moment after it */
};

struct thread {
	pid_t tid;
	struct process *process;
	enum doing doing;
	bool watched;		/* for reading events */
	bool leaves;		/* it is at its end */
	bool waits;		/* for a page, when it was looked at */
	unsigned long runs;	/* until then */
	bool again;		/* the call is being made a second time */
	enum meeting again_as;	/* what it meets */
	bool signals_wait;	/* until then */
	uint64_t signals;	/* that were blocked before */
	uint64_t asked_for;	/* ASKS: features */
	struct move move;
	struct move before;	/* its call before that */
	unsigned int repeats;	/* of the same one, without progress */
	enum sight source[MOST_SIGHTS], destination[MOST_SIGHTS];	/* of the call's first pages */
	uint64_t clear;		/* so many of them go through, as far as can be seen */
	int first_page[MEETINGS];	/* at which the call may meet it; -1: at none */
	uint64_t step;		/* of a plan, that is the call's; 0: it has none */
	enum meeting meeting;	/* what the call meets */
	uint64_t shortened;	/* bytes, or 0 */
	struct system_call call;
	uint64_t sum;		/* RESOLVES: of the page that is copied */
	uint64_t page;
	bool has_source;	/* RESOLVES: what is copied was there before */
	double until;
	unsigned int ms_after;	/* for which it is held when the call has been made */
	unsigned int looks;	/* LOOKS_BACK: that are still to be made */
	struct thread *next;
};

enum fault {
	FAULT_REPEATS,
	FAULT_IGNORES,
	FAULT_TRIES,
	FAULT_SPINS,
	FAULT_DIES,
	FAULT_SLEEPER,
	FAULT_LOSES,
	FAULT_DOUBLES,
	FAULT_WRITER,
	FAULTS
};

struct told_fault {
	enum fault fault;
	pid_t pid;
	struct move move;
	char *said, *trace;
	unsigned int times;	/* of the same kind, from the same place in the program */
};

struct settings {
	unsigned int tries;	/* without progress, that are a fault */
	unsigned int least;	/* with which a program may give up */
	unsigned int stall;	/* seconds in which nothing runs */
	bool missing, forbidden, unwritten;
	bool interrupted;	/* somebody wants the program to end */
	bool killed;		/* we have ended it, for a fault */
	bool json;
	FILE *log;
	int log_error;		/* errno, if it could not be written */
};

struct counts {
	uint64_t calls, let_through;
	uint64_t allowed[MEETINGS], met[MEETINGS];	/* calls at which; that did */
	uint64_t steps;		/* calls at which a plan has, or would have, a step */
	uint64_t first_step[MEETINGS];	/* at which it was first allowed, from 1; 0: at none */
	int first_page[MEETINGS];	/* of that call, at which it was */
	uint64_t refused_by_kernel, refused_after_fork;
	uint64_t not_allowed;	/* steps of a plan that were left out */
	char first_not_allowed[64];	/* which the first of these is, to be put behind their number */
	uint64_t unseen;	/* calls whose structure or pages could not be looked at */
	uint64_t not_kept;	/* refused, occupied or copied pages, for want of room */
};

extern struct settings settings;
extern struct plan plan;
extern struct counts counts;
extern struct told_fault *faults;
extern size_t n_faults, n_told;	/* the second counts each time that one is told */

/* Grow an array by one and return the new element, zeroed; never NULL. */
void *grow(void *array, size_t *n, size_t size);

/* call.c: what a call asks for, and what it may meet. */
bool call_read(struct thread *t, struct move *m);
uint64_t call_pages(const struct move *m);
bool call_look(struct thread *t);	/* false: it is left alone */
bool call_reaches_pages(struct thread *t);	/* what is its own mistake the kernel refuses */
bool call_may_meet(const struct thread *t, enum meeting meeting, uint64_t page);
void call_allow(struct thread *t, enum meeting meeting, uint64_t page);
void call_count_allowed(const struct thread *t);

/* inject.c: what a call meets. */
enum verdict { GOES_ON, STOPS_AT_END, WAITS };
enum verdict move_begins(struct thread *t, double now);
void move_ends(struct thread *t);
void call_again(struct thread *t, enum meeting meeting);
void forked(struct thread *t);
/* A thread makes any system call, or is found in it. */
bool reads_events(uint64_t number);
void events_are_read(struct process *p);

/* faults.c: what the program does with it; ending.c, waiters.c. */
__attribute__((format(printf, 5, 6)))
void fault_tell(enum fault fault, const struct process *p, const struct move *move,
		const char *trace, const char *format, ...);
const char *met_by(const struct owed *o);	/* the error's name */
void owed_drop(struct process *p, size_t i);
void owed_forget_last(struct process *p);
bool faults_call(struct thread *t, const struct move *move);	/* false: it is to be killed */
void faults_result(struct thread *t, int64_t result, int64_t moved);
void faults_resolve_begins(struct thread *t);
bool faults_resolve_ends(struct thread *t, int64_t result, double now);	/* true: hold it */
void faults_look_back(struct thread *t, double now);
void faults_exit(struct process *p, int status);
void faults_registered(struct process *p, uint64_t start, uint64_t len);
void faults_idle(void);		/* is called now and then */
void faults_stalled(void);	/* nothing has run for long */
void process_forget(struct process *p);

/* threads.c: who there is. */
extern struct process *processes;
extern struct thread *threads;
struct thread *thread_of(pid_t tid);	/* NULL: it is not known yet */
pid_t group_of(pid_t tid);
struct process *new_process(pid_t pid);
struct thread *new_thread(pid_t tid);
void remove_thread(struct thread *t);
void look_for_filters(struct process *p);
void leave(struct process *p);		/* one of its threads does; it may be the last */
/* Children that were made for their parents' pages, and are not to run. */
bool is_for_pages(pid_t tid);
void note_for_pages(pid_t tid);
void forget_for_pages(pid_t tid);
bool is_of_forking(pid_t tid);		/* is it told before its parent tells of it? */

/* trace.c: until all have ended. */
void trace_run(pid_t program, const sigset_t *set);
int trace_status(void);			/* of the program, as wait() has it */
bool trace_met_another_architecture(void);

/* start.c: the exit status; negative if the program could not be run. */
int start_program(char *const argv[]);

/* backtrace.c: the functions that a stopped thread is in; allocated, or NULL. */
char *backtrace_of(struct thread *t);
void backtrace_forget(struct process *p);

/* report.c */
extern const char *const fault_names[FAULTS];
void report_print(FILE *out, int status);
const char *errno_word(int error);

#endif
