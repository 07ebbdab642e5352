// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the program does with what it has met.  A fault is told only of what can be
 * proven by the program's own pages, calls and threads.
 */
#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mapping.h"
#include "test/compat.h"
#include "uffdio_move.h"

/* In which other threads may store to a page that was copied, and how often it is looked at. */
#define HOLD_LOOKS	50
#define HOLD_S		0.001
#define MOST_KEPT	4096

void *grow(void *array, size_t *n, size_t size)
{
	char *grown = realloc(array, (*n + 1) * size);

	if (!grown) {
		fputs("uffdio-move-refuse: no memory\n", stderr);
		exit(125);
	}
	memset(grown + *n * size, 0, size);
	++*n;
	return grown;
}

void fault_tell(enum fault fault, const struct process *p, const struct move *move,
		const char *trace, const char *format, ...)
{
	struct told_fault *f;
	va_list args;

	n_told++;
	for (size_t i = 0; trace && i < n_faults; i++)
		if (faults[i].fault == fault && faults[i].trace && !strcmp(faults[i].trace, trace)) {
			faults[i].times++;
			return;
		}
	faults = grow(faults, &n_faults, sizeof(*faults));
	f = &faults[n_faults - 1];
	f->times = 1;
	f->fault = fault;
	f->pid = p->group;
	f->move = *move;
	f->trace = trace ? strdup(trace) : NULL;
	va_start(args, format);
	if (vasprintf(&f->said, format, args) < 0)
		f->said = NULL;
	va_end(args);
}

/* To look at a page that is missing, and registered for that, would wait for the program. */
static bool can_be_read(const struct process *p, uint64_t page)
{
	struct mapping mapping;

	return page_is_filled(p->pid, page) && mapping_of(p->pid, page, &mapping) &&
	       mapping.access[0] == 'r' && !mapping.missing;
}

static struct owed *owed_at(struct process *p, uint64_t dst)
{
	for (size_t i = 0; i < p->n_owed; i++)
		if (dst >= p->owed[i].dst && dst < p->owed[i].dst + p->owed[i].len)
			return &p->owed[i];
	return NULL;
}

static bool overlaps(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a < b + b_len && b < a + a_len;
}

static struct owed *new_owed(struct process *p)
{
	p->owed = grow(p->owed, &p->n_owed, sizeof(*p->owed));
	return &p->owed[p->n_owed - 1];
}

void owed_drop(struct process *p, size_t i)
{
	free(p->owed[i].trace);
	p->owed[i] = p->owed[--p->n_owed];
}

static char *copy_of(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* These pages of the destination are cared for: nothing of them is owed. */
static void settle(struct process *p, uint64_t from, uint64_t len)
{
	uint64_t to = from + len;

	for (size_t i = 0; i < p->n_owed; ) {
		struct owed *o = &p->owed[i];
		uint64_t end = o->dst + o->len;

		if (!overlaps(o->dst, o->len, from, len)) {
			i++;
		} else if (from <= o->dst && to >= end) {
			owed_drop(p, i);
		} else if (from > o->dst && to < end) {
			struct owed *rest = new_owed(p);

			o = &p->owed[i];
			*rest = *o;
			rest->trace = copy_of(o->trace);
			rest->src += to - rest->dst;
			rest->len = end - to;
			rest->dst = to;
			rest->was_there = false;
			rest->sum = 0;
			o->len = from - o->dst;
			i++;
		} else if (from <= o->dst) {
			o->src += to - o->dst;
			o->len = end - to;
			o->dst = to;
			o->tries = 0;
			o->was_there = false;
			o->sum = 0;
			i++;
		} else {
			o->len = from - o->dst;
			i++;
		}
	}
	for (size_t i = 0; i < p->n_obstacles; ) {
		/* what lies at a place that is filled is refused for that from now on */
		if (!page_is_filled(p->pid, p->obstacles[i].page))
			p->obstacles[i] = p->obstacles[--p->n_obstacles];
		else
			i++;
	}
}

/* What lay there has gone elsewhere, as it is. */
static void settle_source(struct process *p, uint64_t from, uint64_t len)
{
	for (size_t i = p->n_owed; i-- > 0; )
		if (overlaps(p->owed[i].src, page_bytes(), from, len))
			settle(p, p->owed[i].dst, page_bytes());
}

/* What was put in its place is no more there to be looked at, or has been stored to since. */
static void settle_emptied(struct process *p, uint64_t from, uint64_t len)
{
	uint64_t sum;

	for (size_t i = p->n_owed; i-- > 0; ) {
		const struct owed *o = &p->owed[i];

		if (o->emptied && (overlaps(o->dst, page_bytes(), from, len) ||
				   (can_be_read(p, o->dst) && page_checksum(p->pid, o->dst, &sum) && sum)))
			settle(p, o->dst, page_bytes());
	}
}

void faults_registered(struct process *p, uint64_t start, uint64_t len)
{
	settle(p, start, len);
}

static void woken(struct process *p, uint64_t from, uint64_t len)
{
	for (size_t i = 0; i < p->n_occupied; )
		if (overlaps(p->occupied[i].page, page_bytes(), from, len)) {
			free(p->occupied[i].trace);
			p->occupied[i] = p->occupied[--p->n_occupied];
		} else {
			i++;
		}
}

const char *met_by(const struct owed *o)
{
	return o->was_short ? "EAGAIN (a short move)" : errno_word(-o->result);
}

static bool is_same(const struct move *a, const struct move *b)
{
	return a->dst == b->dst && a->src == b->src && a->len == b->len;
}

static void look_for_repeat(struct thread *t, struct owed *o, const struct move *move)
{
	char *trace;

	if (!o->was_short || o->told || o->dst == move->dst || !is_same(&o->move, move))
		return;
	/* it may have been filled anew */
	if (page_is_filled(t->process->pid, o->move.src))
		return;
	o->told = true;
	trace = backtrace_of(t);
	fault_tell(FAULT_REPEATS, t->process, move, trace,
		   "the call is repeated as it was, though %lu of its %lu pages have moved",
		   (unsigned long)((o->dst - o->move.dst) / page_bytes()),
		   (unsigned long)(o->move.len / page_bytes()));
	free(trace);
}

static bool look_for_tries(struct thread *t, struct owed *o, const struct move *move)
{
	char *trace;

	if (o->dst != move->dst || o->src != move->src || ++o->tries <= settings.tries)
		return true;
	trace = backtrace_of(t);
	if (o->meeting == MEETS_CHANGING)
		fault_tell(FAULT_SPINS, t->process, move, trace,
			   "%u calls for one page while an event is pending, which nobody reads", o->tries);
	else
		fault_tell(FAULT_TRIES, t->process, move, trace,
			   "%u calls for one page without progress; it meets %s", o->tries, met_by(o));
	free(trace);
	return false;
}

/* The same call over and over, whatever it is that it meets. */
static bool look_for_loop(struct thread *t, const struct move *move)
{
	char *trace;

	t->repeats = is_same(&t->before, move) ? t->repeats + 1 : 0;
	t->before = *move;
	if (t->repeats < settings.tries)
		return true;
	trace = backtrace_of(t);
	fault_tell(FAULT_TRIES, t->process, move, trace, "the same call for the %uth time, without progress",
		   t->repeats + 1);
	free(trace);
	return false;
}

static bool end_process(struct process *p)
{
	p->killed = settings.killed = true;
	kill(p->group, SIGKILL);
	return false;
}

bool faults_call(struct thread *t, const struct move *move)
{
	struct process *p = t->process;

	for (size_t i = 0; i < p->n_owed; i++) {
		struct owed *o = &p->owed[i];

		if (!overlaps(o->dst, o->len, move->dst, move->len) &&
		    !overlaps(o->move.dst, o->move.len, move->dst, move->len))
			continue;
		look_for_repeat(t, o, move);
		if (!look_for_tries(t, o, move))
			return end_process(p);
	}
	return look_for_loop(t, move) || end_process(p);
}

static bool may_be_kept(size_t n)
{
	counts.not_kept += n >= MOST_KEPT;
	return n < MOST_KEPT;
}

static void note_occupied(struct thread *t, uint64_t page)
{
	struct process *p = t->process;
	struct occupied *o;

	woken(p, page, page_bytes());
	if (!may_be_kept(p->n_occupied))
		return;
	p->occupied = grow(p->occupied, &p->n_occupied, sizeof(*p->occupied));
	o = &p->occupied[p->n_occupied - 1];
	o->page = page;
	o->move = t->move;
	o->thread = t->tid;
	o->trace = backtrace_of(t);
}

static void note_owed(struct thread *t, uint64_t moved, int64_t result)
{
	struct process *p = t->process;
	unsigned int tries = 0;
	struct owed *o;

	/* what was owed already, and has met the same again */
	for (size_t i = 0; i < p->n_owed; i++)
		if (!moved && p->owed[i].src == t->move.src) {
			/* at another place it was not counted when the call began */
			unsigned int so_far = p->owed[i].tries + (p->owed[i].dst != t->move.dst);

			tries = so_far > tries ? so_far : tries;
		} else if (!moved && p->owed[i].dst == t->move.dst && p->owed[i].tries > tries) {
			tries = p->owed[i].tries;
		}
	settle(p, t->move.dst, t->move.len);
	if (!may_be_kept(p->n_owed))
		return;
	o = new_owed(p);
	o->dst = t->move.dst + moved;
	o->src = t->move.src + moved;
	o->len = t->move.len - moved;
	o->move = t->move;
	o->meeting = t->meeting;
	o->result = result;
	o->was_short = moved;
	o->was_there = page_is_filled(p->pid, o->src);
	if (!o->was_there || !can_be_read(p, o->src) || !page_checksum(p->pid, o->src, &o->sum))
		o->sum = 0;
	o->tries = tries ? tries : 1;
	o->trace = backtrace_of(t);
}

static void note_last(struct process *p)
{
	if (p->last)
		free(p->last->trace);
	free(p->last);
	p->last = NULL;
	if (p->n_owed) {
		p->last = malloc(sizeof(*p->last));
		if (p->last) {
			*p->last = p->owed[p->n_owed - 1];
			p->last->trace = copy_of(p->last->trace);
		}
	}
}

void owed_forget_last(struct process *p)
{
	if (p->last)
		free(p->last->trace);
	free(p->last);
	p->last = NULL;
}

static void log_call(const struct thread *t, int64_t result, int64_t moved)
{
	if (!settings.log)
		return;
	fprintf(settings.log, "%d ioctl(%d, UFFDIO_MOVE, {dst=%#lx, src=%#lx, len=%#lx, mode=%#lx, move=%ld}) = ",
		(int)t->tid, t->move.fd, (unsigned long)t->move.dst, (unsigned long)t->move.src,
		(unsigned long)t->move.len, (unsigned long)t->move.mode, (long)moved);
	if (result < 0)
		fprintf(settings.log, "-1 %s", errno_word(-result));
	else
		fprintf(settings.log, "%ld", (long)result);
	if (t->meeting != MEETS_NOTHING)
		fprintf(settings.log, " (INJECTED: %s)", meeting_words[t->meeting]);
	fputc('\n', settings.log);
	if (fflush(settings.log) && !settings.log_error)
		settings.log_error = errno;
}

static bool is_mistake(int64_t result)
{
	return result == -EINVAL || result == -EFAULT || result == -EBADF || result == -EPERM;
}

/* Was it dropped, or its place filled with something else, by the program itself? */
static bool is_lost_already(struct process *p, uint64_t dst)
{
	const struct owed *o = owed_at(p, dst);

	return o && o->was_there && o->dst == dst &&
	       (o->emptied || (!page_is_filled(p->pid, o->src) && !page_is_filled(p->pid, dst)));
}

void faults_result(struct thread *t, int64_t result, int64_t moved)
{
	struct process *p = t->process;
	uint64_t done = 0;

	if (!result)
		done = t->move.len;
	else if (moved > 0 && (uint64_t)moved < t->move.len)
		done = moved;
	log_call(t, result, moved);
	if (is_mistake(result))
		t->repeats = 0;
	settle_emptied(p, t->move.src, done);
	if (done) {
		t->repeats = 0;
		settle_source(p, t->move.src, done);
		settle(p, t->move.dst, done);
		if (!(t->move.mode & UFFDIO_MOVE_MODE_DONTWAKE))
			woken(p, t->move.dst, done);
	}
	if (!result) {
		owed_forget_last(p);
		return;
	}
	if (result == -EEXIST)
		note_occupied(t, t->move.dst);
	if (result == -EAGAIN || result == -EBUSY || result == -ENOMEM) {
		note_owed(t, done, result);
		note_last(p);
	} else {
		/* somebody else has moved, filled or emptied it; the call's rest is not */
		if (!is_lost_already(p, t->move.dst))
			settle(p, t->move.dst, page_bytes());
		owed_forget_last(p);
	}
}

/* The range of an operation, in the order that all their structures share. */
static bool read_range(struct thread *t, uint64_t *start, uint64_t *len, uint64_t *from)
{
	uint64_t words[3] = { 0 };

	*from = 0;
	switch ((uint32_t)t->call.args[1]) {
	case UFFDIO_COPY:
		if (!tracee_read(t->tid, t->call.args[2], words, 3 * sizeof(*words)))
			return false;
		*start = words[0];
		*from = words[1];
		*len = words[2];
		return true;
	case UFFDIO_ZEROPAGE:
	case UFFDIO_CONTINUE:
	case UFFDIO_POISON:
	case UFFDIO_WAKE:
	case UFFDIO_UNREGISTER:
		if (!tracee_read(t->tid, t->call.args[2], words, 2 * sizeof(*words)))
			return false;
		*start = words[0];
		*len = words[1];
		return true;
	}
	return false;
}

static bool is_copy(const struct process *p, uint64_t from, uint64_t page)
{
	uint64_t here, there;

	return from == page || (can_be_read(p, from) && can_be_read(p, page) &&
				page_checksum(p->pid, from, &here) &&
				page_checksum(p->pid, page, &there) && here == there);
}

void faults_resolve_begins(struct thread *t)
{
	uint64_t start, len, from;
	struct owed *o;

	t->page = 0;
	t->has_source = false;
	if ((uint32_t)t->call.args[1] != UFFDIO_COPY || !read_range(t, &start, &len, &from))
		return;
	t->has_source = page_is_filled(t->process->pid, from);
	o = owed_at(t->process, start);
	/* of several pages the first one; what comes from elsewhere is no copy of it */
	if (o && is_copy(t->process, from, o->src + start - o->dst) && can_be_read(t->process, o->src + start - o->dst) &&
	    page_checksum(t->process->pid, o->src + start - o->dst, &t->sum)) {
		t->page = o->src + start - o->dst;
		t->move = o->move;
	}
}

static void note_copied(struct thread *t, uint64_t dst)
{
	struct process *p = t->process;
	struct copied *c;

	if (!may_be_kept(p->n_copied))
		return;
	p->copied = grow(p->copied, &p->n_copied, sizeof(*p->copied));
	c = &p->copied[p->n_copied - 1];
	c->dst = dst;
	c->src = t->page;
	c->move = t->move;
	c->trace = backtrace_of(t);
}

/*
 * Zeroes in the place of contents that are still at the source, or what is left when they have
 * been dropped from there, is no care for them; what the program has from elsewhere is.
 */
static bool is_care(struct thread *t, uint64_t start, uint64_t from)
{
	const struct owed *o = owed_at(t->process, start);
	const uint64_t source = o ? o->src + start - o->dst : 0;

	uint64_t sum;

	if (!o || !o->sum || start != o->dst)
		return true;
	switch ((uint32_t)t->call.args[1]) {
	case UFFDIO_ZEROPAGE:
		/* what its owner has cleared since is no loss */
		return can_be_read(t->process, o->src) &&
		       page_checksum(t->process->pid, o->src, &sum) && !sum;
	case UFFDIO_COPY:
		return from != source || t->page;
	}
	return true;
}

bool faults_resolve_ends(struct thread *t, int64_t result, double now)
{
	uint64_t start, len, from, page = t->page;

	if (result || !read_range(t, &start, &len, &from))
		return false;
	t->repeats = 0;
	settle_emptied(t->process, start, 0);
	if (t->has_source)
		settle_source(t->process, from, len);
	if (is_care(t, start, from))
		settle(t->process, start, len);
	else
		owed_at(t->process, start)->emptied = true;
	woken(t->process, start, len);
	owed_forget_last(t->process);
	if (!page)
		return false;
	note_copied(t, start);
	t->looks = HOLD_LOOKS;
	t->until = now + HOLD_S;
	t->doing = LOOKS_BACK;
	return true;
}

/* A thread that is alone has nobody beside it. */
static bool has_changed(struct thread *t, bool *is_over)
{
	uint64_t sum;

	*is_over = t->process->threads == 1 || !can_be_read(t->process, t->page) ||
		   !page_checksum(t->process->pid, t->page, &sum);
	return !*is_over && sum != t->sum;
}

void faults_look_back(struct thread *t, double now)
{
	bool is_over;
	char *trace;

	if (!has_changed(t, &is_over)) {
		if (is_over || !--t->looks)
			t->doing = RUNS;
		t->until = now + HOLD_S;
		return;
	}
	t->doing = RUNS;
	trace = backtrace_of(t);
	fault_tell(FAULT_WRITER, t->process, &t->move, trace,
		   "the page at %#lx was copied, and another thread has stored to it since",
		   (unsigned long)t->page);
	free(trace);
}
