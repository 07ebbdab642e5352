// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of UFFDIO_MOVE: made, checked, counted, and gone on with.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "oracle.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "pages.h"
#include "test/compat.h"
#include "test/test.h"
#include "uffdio_move.h"

#define TRIES		8

static enum answer answer_of(int error, int64_t moved)
{
	switch (error) {
	case 0:
		return MOVED;
	case EAGAIN:
		return moved > 0 ? SHORT : AGAIN;
	case EBUSY:
		return BUSY;
	case EEXIST:
		return EXISTS;
	case ENOENT:
		return NONE_THERE;
	case EINVAL:
		return INVALID;
	case ENOMEM:
		return NO_MEMORY;
	}
	return OTHER;
}

/* Is it the error of one of the contract's checks, or of a page? */
static bool is_known(int error)
{
	const struct contract *c = &uffdio_move_contract;
	const char *name = error_name(error);

	for (size_t i = 0; i < c->n_checks; i++)
		if (!strcmp(c->checks[i].error, name))
			return true;
	for (size_t i = 0; i < c->n_outcomes; i++)
		if (row_error(&c->outcomes[i]) && !strcmp(row_error(&c->outcomes[i]), name))
			return true;
	return !error;
}

static bool lies_once(void)
{
	static atomic_bool lied;

	return mix->fault == FAULT_ANSWER && !atomic_exchange(&lied, true);
}

/* [call.success], [call.short], [call.cause] */
static void check_answer(int error, int64_t len, int64_t moved)
{
	bool fits = error ? moved == -error : moved == len;

	if (error == EAGAIN && moved > 0)
		fits = moved < len && moved % (int64_t)page_size() == 0;
	if (!fits || !is_known(error))
		broken(ANSWERS, "%s with .move %lld of %lld", error_name(error), (long long)moved,
		       (long long)len);
}

static atomic_ulong pins_begun, pins_ended;

void pins_begin(void)
{
	atomic_fetch_add(&pins_begun, 1);
}

void pins_end(void)
{
	atomic_fetch_add(&pins_ended, 1);
}

/*
 * The proposal's copy.busy-for-pins; @ended: how many pins had gone before the call.
 * So many references that a page may be taken for pinned nothing here takes.
 */
static void check_busy(unsigned long ended)
{
	if (mix->allow_copy && atomic_load(&pins_begun) == ended)
		broken(ANSWERS, "EBUSY with ALLOW_COPY, and nothing was pinned");
}

/* Is there a page that somebody else maps, too? */
static bool is_shared(const char *place)
{
	uint64_t entry = pagemap_entry(place);

	return entry & ENTRY_PRESENT && !(entry & ENTRY_EXCLUSIVE);
}

static bool in_region(const char *place, enum region_name r)
{
	return place >= regions[r].start && place < page_at(&regions[r], regions[r].pages);
}

static bool is_slot(const struct uffdio_move *arg)
{
	size_t slot = slot_pages * page_size();

	return arg->len == slot && arg->dst % slot == 0 && arg->src % slot == 0;
}

static void count_kinds(const struct uffdio_move *arg)
{
	const char *dst = (const char *)(uintptr_t)arg->dst;
	const char *src = (const char *)(uintptr_t)arg->src;

	atomic_fetch_add(&mix->kinds[arg->len == page_size() ? SINGLE :
				     is_slot(arg) ? SLOT : RUN], 1);
	atomic_fetch_add(&mix->kinds[PLAIN + (arg->mode & ~UFFDIO_MOVE_MODE_ALLOW_COPY)], 1);
	if (in_region(dst, PIT))
		atomic_fetch_add(&mix->kinds[INTO_PIT], 1);
	if (in_region(src, NEAR) && in_region(dst, FAR))
		atomic_fetch_add(&mix->kinds[NEAR_TO_FAR], 1);
	if (in_region(src, FAR) && in_region(dst, NEAR))
		atomic_fetch_add(&mix->kinds[FAR_TO_NEAR], 1);
	if ((in_region(src, NEAR) && in_region(dst, NEAR)) ||
	    (in_region(src, FAR) && in_region(dst, FAR)))
		atomic_fetch_add(&mix->kinds[WITHIN], 1);
}

_Static_assert(PLAIN + UFFDIO_MOVE_MODE_DONTWAKE == DONTWAKE &&
	       PLAIN + UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES == HOLES,
	       "kinds are in the order of modes");

static uint64_t mode_of_all(void)
{
	return mix->allow_copy && mix->fault != FAULT_BUSY ? UFFDIO_MOVE_MODE_ALLOW_COPY : 0;
}

struct reply move(char *dst, char *src, size_t pages, uint64_t mode)
{
	struct uffdio_move arg = {
		.dst = (uintptr_t)dst,
		.src = (uintptr_t)src,
		.len = pages * page_size(),
		.mode = mode | mode_of_all(),
		.move = MOVE_SENTINEL,
	};
	struct uffdio_range range = { .start = arg.dst, .len = arg.len };
	bool shared = mix->allow_copy && is_shared(src);
	unsigned long ended = atomic_load(&pins_ended);
	int error;

	me->pulse->doing = "UFFDIO_MOVE";
	error = ioctl(uffd_of(dst), UFFDIO_MOVE, &arg) ? errno : 0;
	me->pulse->doing = "what follows a move";
	me->pulse->beats++;
	check_answer(error, arg.len, lies_once() ? 1 : arg.move);
	atomic_fetch_add(&mix->answers[answer_of(error, arg.move)], 1);
	if (error == EBUSY)
		check_busy(ended);
	if (error && answer_of(error, arg.move) != SHORT)
		return (struct reply){ error, 0 };
	atomic_fetch_add(&mix->pages_moved, arg.move / page_size());
	count_kinds(&arg);
	atomic_fetch_add(&mix->kinds[SHARED], shared);
	if (mode & UFFDIO_MOVE_MODE_DONTWAKE)
		ioctl(uffd_of(dst), UFFDIO_WAKE, &range);
	return (struct reply){ error, arg.move / page_size() };
}

uint64_t some_mode(void)
{
	return (one_in(2) ? UFFDIO_MOVE_MODE_DONTWAKE : 0) |
	       (one_in(4) ? 0 : UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
}

void cure(char *place)
{
	uint64_t before;

	me->pulse->doing = "a store";
	if (count_pages(place, 1))
		add_to(place, 0, &before);
}

void carry(char *dst, char *src, size_t pages)
{
	unsigned int tries = 0;

	while (pages > 0 && !mix->stop) {
		struct reply o = move(dst, src, pages,
					some_mode() | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES);
		size_t done = o.moved;

		if (o.error == EBUSY)
			cure(src);
		if (done)
			tries = 0;
		else if (++tries > (o.error == EBUSY || o.error == EAGAIN ? TRIES : 0))
			done = 1;
		dst += done * page_size();
		src += done * page_size();
		pages -= done;
	}
}

void move_once(char *dst, char *src, size_t pages)
{
	struct reply o = move(dst, src, pages, some_mode());

	if (o.error == EBUSY)
		cure(src);
}
