// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of a process: where its pages are, and of what it died.
 */
#define _GNU_SOURCE
#include "program.h"

#include <stdlib.h>
#include <sys/wait.h>

static void look_for_loss(struct process *p, const struct owed *o)
{
	uint64_t sum;
	bool is_zero = o->emptied && page_is_filled(p->pid, o->dst) &&
		       page_checksum(p->pid, o->dst, &sum) && !sum;

	if (o->was_there && page_is_mapped(p->pid, o->dst) && !page_is_filled(p->pid, o->src) &&
	    (is_zero || !page_is_filled(p->pid, o->dst)))
		fault_tell(FAULT_LOSES, p, &o->move, o->trace,
			   "the page at %#lx met %s, and is at neither place any more",
			   (unsigned long)o->src, met_by(o));
}

static void look_for_double(struct process *p, const struct copied *c)
{
	uint64_t here, there;

	if (page_is_filled(p->pid, c->src) && page_is_filled(p->pid, c->dst) &&
	    page_checksum(p->pid, c->src, &here) && page_checksum(p->pid, c->dst, &there) &&
	    here == there && here)
		fault_tell(FAULT_DOUBLES, p, &c->move, c->trace,
			   "the page at %#lx was copied, and is at both places at the end",
			   (unsigned long)c->src);
}

/* No signal by which others end a process. */
static bool is_its_own(int status)
{
	switch (WIFSIGNALED(status) ? WTERMSIG(status) : 0) {
	case SIGHUP:
	case SIGINT:
	case SIGKILL:
	case SIGPIPE:
	case SIGTERM:
		return false;
	}
	return true;
}

void faults_exit(struct process *p, int status)
{
	if (p->ending)
		return;
	p->ending = true;
	if (status) {
		if (p->last && p->last->tries < settings.least && !p->last->told && !settings.interrupted &&
		    !p->killed && is_its_own(status)) {
			bool killed = WIFSIGNALED(status);

			fault_tell(FAULT_DIES, p, &p->last->move, p->last->trace,
				   "it ended with %s %d after %u %s of %s, which is allowed",
				   killed ? "signal" : "status", killed ? WTERMSIG(status) : WEXITSTATUS(status),
				   p->last->tries, p->last->tries == 1 ? "result" : "results", met_by(p->last));
		}
		return;
	}
	for (size_t i = 0; i < p->n_owed; i++)
		look_for_loss(p, &p->owed[i]);
	for (size_t i = 0; i < p->n_copied; i++)
		look_for_double(p, &p->copied[i]);
}

void process_forget(struct process *p)
{
	tracee_forget(p->pid);
	owed_forget_last(p);
	while (p->n_owed)
		owed_drop(p, p->n_owed - 1);
	for (size_t i = 0; i < p->n_occupied; i++)
		free(p->occupied[i].trace);
	free(p->owed);
	free(p->occupied);
	for (size_t i = 0; i < p->n_copied; i++)
		free(p->copied[i].trace);
	free(p->copied);
	free(p->obstacles);
	free(p->handshakes);
	free(p->registrations);
	backtrace_forget(p);
}
