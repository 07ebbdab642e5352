// SPDX-License-Identifier: GPL-2.0-only
/*
 * One call of UFFDIO_MOVE: built from what is asked for, and made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call/call.h"
#include "machine/machine.h"
#include "machine/pagemap.h"
#include "machine/uffd.h"
#include "memory/mappings.h"
#include "test/test_internal.h"

static int open_descriptor(struct call *c)
{
	int fd = c->no_handshake ? uffd_open_raw() : uffd_open(c->features);

	if (fd < 0)
		machine_cannot(c->test, errno, "no userfaultfd of this kind could be had");
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

/* For a reader of the report; addresses differ from run to run. */
static void note_call(const struct call *c)
{
	snprintf(c->test->slot->call, sizeof(c->test->slot->call),
		 "dst %#llx, src %#llx, len %#llx, mode %#llx", (unsigned long long)c->values.dst,
		 (unsigned long long)c->values.src, (unsigned long long)c->values.len,
		 (unsigned long long)c->values.mode);
}

static bool surroundings_kept(const struct call *c)
{
	return !(c->before_passed[0] | c->before_passed[1] | c->behind_passed[0] |
		 c->behind_passed[1] | c->behind_passed[2] | c->behind_passed[3]);
}

static bool members_kept(const struct call *c)
{
	return !c->argument_unreadable && surroundings_kept(c) &&
	       !memcmp(c->argument, &c->values, offsetof(struct uffdio_move, move));
}

void call_run(struct call *c)
{
	struct mappings before, after;

	c->values.move = MOVE_SENTINEL;
	note_call(c);
	if (c->place_argument)
		c->place_argument(c);
	else if (c->argument)
		*c->argument = c->values;
	else
		c->argument = &c->passed;
	if (c->argument == &c->passed)
		c->passed = c->values;
	mappings_look(c->test, &before, &c->layout);
	c->error = c->invoke ? c->invoke(c) : test_move(c->test, c->uffd, c->argument);
	if (!c->argument_unreadable)
		pagemap_note_refusal(c->test, c->error, c->argument);
	mappings_look(c->test, &after, &c->layout);
	c->mappings = mappings_differ(&before, &after);
	c->members_kept = members_kept(c);
	c->move = c->argument_unreadable ? MOVE_SENTINEL : c->argument->move;
}

void call_late(struct call *c, call_step step)
{
	if (c->n_late == sizeof(c->late) / sizeof(c->late[0]))
		test_broken(c->test, "too many late steps");
	c->late[c->n_late++] = step;
}
