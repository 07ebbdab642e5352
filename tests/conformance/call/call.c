// SPDX-License-Identifier: GPL-2.0-only
/*
 * One call of UFFDIO_MOVE: built from what is asked for, and made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "call/call.h"
#include "machine/uffd.h"

static int open_descriptor(struct call *c)
{
	int fd = c->no_handshake ? uffd_open_raw() : uffd_open(c->features);

	if (fd < 0)
		test_skip(c->test, "no userfaultfd of this kind could be had: %s", strerror(errno));
	return fd;
}

static int descriptor_to_register(struct call *c)
{
	switch (c->registration) {
	case REGISTER_HERE:
		return c->uffd;
	case REGISTER_ELSEWHERE:
		return open_descriptor(c);
	case REGISTER_NOT:
		break;
	}
	return -1;
}

static void build_layout(struct call *c)
{
	int uffd = descriptor_to_register(c);

	if (c->range)
		layout_build_range(c->test, &c->layout, uffd, c->register_mode);
	else
		layout_build(c->test, &c->layout, uffd, c->register_mode);
}

static void set_values(struct call *c)
{
	const struct layout *l = &c->layout;
	unsigned int letters = strlen(l->source.letters) - c->from;

	if (c->length)
		letters = c->length;
	c->values = (struct uffdio_move){
		.dst = (uintptr_t)l->destination.start + layout_bytes(l, 0, c->to),
		.src = (uintptr_t)l->source.start + layout_bytes(l, 0, c->from),
		.len = layout_bytes(l, c->from, c->from + letters),
		.mode = c->mode,
		.move = MOVE_SENTINEL,
	};
}

void call_build(struct call *c)
{
	if (!c->no_handshake)
		c->features |= layout_features(&c->layout);
	c->uffd = open_descriptor(c);
	build_layout(c);
	set_values(c);
	for (unsigned int i = 0; i < c->n_late; i++)
		c->late[i](c);
}

void call_run(struct call *c)
{
	c->values.move = MOVE_SENTINEL;
	if (c->place_argument)
		c->place_argument(c);
	else if (c->argument)
		*c->argument = c->values;
	else
		c->argument = &c->values;
	c->error = c->invoke ? c->invoke(c) : test_move(c->test, c->uffd, c->argument);
	c->move = c->argument_unreadable ? MOVE_SENTINEL : c->argument->move;
}

void call_late(struct call *c, call_step step)
{
	if (c->n_late == sizeof(c->late) / sizeof(c->late[0]))
		test_broken(c->test, "too many late steps");
	c->late[c->n_late++] = step;
}
