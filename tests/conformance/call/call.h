/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One call of UFFDIO_MOVE, and the variations that make it differ.
 *
 * A plain call has two private anonymous mappings, the destination registered
 * for missing pages on a descriptor of the caller's own, and an argument on the
 * stack.  A variation changes one thing of that: before anything is built, or
 * when the pages are there ("late"), or it takes the place of the call itself.
 */
#ifndef UFFDIO_MOVE_CALL_H
#define UFFDIO_MOVE_CALL_H

#include "memory/layout.h"

struct call;
typedef void (*call_step)(struct call *);

enum registration {
	REGISTER_HERE,
	REGISTER_ELSEWHERE,	/* on another descriptor of this process */
	REGISTER_NOT,
};

struct call {
	struct test *test;

	/* read by call_build(); a variation may set them */
	struct layout layout;
	uint64_t features;		/* asked for in the handshake */
	bool no_handshake;
	enum registration registration;
	uint64_t register_mode;		/* 0: MISSING */
	bool range;			/* layout_build_range() */
	unsigned int from, to, length;	/* letters */
	uint64_t mode;
	call_step late[8];		/* run in order after the pages are there */
	unsigned int n_late;

	/* set by call_build(); a late step may change them */
	int uffd;
	struct uffdio_move values;	/* what is passed */
	uint64_t before_passed[2];
	struct uffdio_move passed;	/* the copy that the kernel gets */
	uint64_t behind_passed[4];	/* these stay 0 */
	struct uffdio_move *argument;	/* where it is passed; NULL: &passed */
	/* sets argument to a copy of values, before each call; may be NULL */
	call_step place_argument;
	bool argument_unreadable;	/* .move cannot be looked at afterwards */

	/* instead of test_move(c->test, c->uffd, c->argument); returns 0 or errno */
	int (*invoke)(struct call *);
	/* undo what would hang the test's end */
	call_step finish;

	/* set by call_run() */
	int error;
	int64_t move;
	bool members_kept;		/* those that are passed, and what is around it; not .move */
	const char *mappings;		/* "kept", or what has changed */
};

/* A C function for each of the contract's variations; generated code lists them. */
struct variation_step {
	const char *name;
	call_step apply;
};

/* Generated: in the order of the contract's variations. */
extern const struct variation_step variation_steps[];

/* Build what the fields ask for, then run the late steps. */
void call_build(struct call *c);

/* Make the call once; sets error and move. */
void call_run(struct call *c);

/* Run @step after the pages are there. */
void call_late(struct call *c, call_step step);

#endif
