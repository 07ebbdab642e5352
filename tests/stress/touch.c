// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writers, who store to pages wherever they are, and the server, who gives a page
 * to those of them who wait for one.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "pages.h"
#include "test/compat.h"
#include "uffdio_move.h"

#define STORES		64
#define MANY_STORES	20000	/* some of them longer than a move into another region takes */

static size_t store_next;

/* Fill the place from the store; and let a page come where that one was. */
static bool move_from_store(char *place)
{
	char *stored = page_at(&regions[STORE], store_next);
	bool moved = move(place, stored, 1, one_in(2) ? UFFDIO_MOVE_MODE_DONTWAKE : 0).moved;

	if (moved)
		atomic_fetch_add(&mix->kinds[FOR_FAULT], 1);
	else
		cure(stored);
	birth(stored);
	store_next = (store_next + 1) % regions[STORE].pages;
	return moved;
}

static void serve_missing(char *place)
{
	struct uffdio_range range = { .start = (uintptr_t)place, .len = page_size() };

	if (one_in(2) && move_from_store(place))
		return;
	if (mix->overlap && one_in(2) &&
	    move(place, lane_page(NEAR, FREE, below(lanes[FREE].pages)), 1, 0).moved)
		return;
	if (birth(place))
		return;
	/* Somebody was quicker, or the next event will be answered. */
	ioctl(served_fd, UFFDIO_WAKE, &range);
}

static void serve_protected(char *place)
{
	struct uffdio_writeprotect off = { .range = { (uintptr_t)place, page_size() } };

	if (ioctl(served_fd, UFFDIO_WRITEPROTECT, &off))
		ioctl(served_fd, UFFDIO_WAKE, &off.range);
}

void server(void)
{
	struct pollfd ready = { .fd = served_fd, .events = POLLIN };
	struct uffd_msg message;
	char *place;

	me->pulse->doing = "poll() for a fault";
	if (poll(&ready, 1, 50) <= 0 || read(served_fd, &message, sizeof(message)) <= 0)
		return;
	if (message.event != UFFD_EVENT_PAGEFAULT)
		return;
	place = (char *)(uintptr_t)(message.arg.pagefault.address & ~((uint64_t)page_size() - 1));
	if (message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP)
		serve_protected(place);
	else
		serve_missing(place);
	atomic_fetch_add(&mix->faults_served, 1);
}

char *_Atomic hot_place;

/* Again and again at one place, so that a move comes in between. */
static bool store(char *place, enum lane_name lane)
{
	int n = 0, most = one_in(16) ? MANY_STORES : STORES;
	uint64_t before;

	if (lane == FREE && most == MANY_STORES)
		hot_place = place;
	while (n < most && add_to(place, 1, &before)) {
		credit(before, place);
		n++;
	}
	atomic_fetch_add(&mix->stores, n);
	return n > 0;
}

void writer(void)
{
	enum lane_name lane = one_in(2) ? PAIRED : FREE;
	size_t page = below(lanes[lane].pages);
	enum region_name side = one_in(2) ? NEAR : FAR;

	me->pulse->doing = "a store";
	if (!store(lane_page(side, lane, page), lane))
		store(lane_page(NEAR + FAR - side, lane, page), lane);
}
