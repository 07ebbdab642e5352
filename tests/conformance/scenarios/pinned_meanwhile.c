// SPDX-License-Identifier: GPL-2.0-only
/*
 * A huge page that is pinned in the middle of its move, and has to stay: who looks at its
 * place at once finds it there, and not a hole that is none.
 *
 * A ring of io_uring pins by GUP-fast in newer kernels.  In 6.1 it takes the page table's
 * lock, so that a pin comes before the call's first look or behind its last: there this
 * shows little.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/io_uring.h>

#include "machine/machine.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define LEAST_ROUNDS 10
#define MOST_ROUNDS 2000
#define ROUNDS_MS 1000		/* for those beyond the least, if a pin has been met */

struct meeting {
	struct scene scene;
	char *elsewhere;		/* a second destination */
	int ring;			/* that pins */
	struct crew crew;
	unsigned int begun, done;	/* rounds, by the mover */
	unsigned int delay;		/* of the pin after the beginning of the round, in turns */
	int error, second_error;	/* of the mover's call, and of another at the same time */
	unsigned int refused;		/* rounds in which a call has met the pin */
	unsigned int unexpected;	/* errors that nobody should see */
	unsigned int left;		/* pages at a place that a call has said to be empty */
};

static unsigned int get(const unsigned int *n)
{
	return __atomic_load_n(n, __ATOMIC_ACQUIRE);
}

static void set(unsigned int *n, unsigned int value)
{
	__atomic_store_n(n, value, __ATOMIC_RELEASE);
}

static bool round_begins(struct meeting *m, unsigned int round)
{
	unsigned int turns = 0;

	while (get(&m->begun) < round) {
		if (__atomic_load_n(&m->crew.stop, __ATOMIC_ACQUIRE))
			return false;
		wait_a_turn(&turns);
	}
	return true;
}

static void *move_each_round(void *argument)
{
	struct meeting *m = argument;
	struct scene *s = &m->scene;

	for (unsigned int round = 1; round_begins(m, round); round++) {
		m->error = scene_move(s, s->destination, s->source, s->pages, 0, NULL);
		set(&m->done, round);
	}
	return NULL;
}

static void expect(struct meeting *m, int error)
{
	if (error && error != EBUSY && error != EEXIST && error != ENOENT && error != EAGAIN)
		m->unexpected++;
}

static bool pin(struct meeting *m)
{
	struct iovec buffer = { m->scene.source, page_size() };

	return !syscall(__NR_io_uring_register, m->ring, IORING_REGISTER_BUFFERS, &buffer, 1);
}

static void unpin(struct meeting *m)
{
	if (syscall(__NR_io_uring_register, m->ring, IORING_UNREGISTER_BUFFERS, NULL, 0))
		m->unexpected++;
}

/* As late as the call sees it: so some lie between its looks. */
static void choose_delay(struct meeting *m)
{
	if (m->error)
		m->delay += m->delay / 16 + 16;
	else
		m->delay -= m->delay / 4;
}

/* Nobody puts it back, so that it is there only if it has never been taken away. */
static bool page_stays(struct meeting *m)
{
	return !strcmp(look_at(&m->scene, m->scene.source, scene_tag(0)), "contents");
}

/*
 * @act: what looks at the place, right after the pin
 * @is_left: is the page there afterwards, as if @act had met a hole?
 */
static void play_round(struct meeting *m, unsigned int round, void (*act)(struct meeting *m),
		       bool (*is_left)(struct meeting *m))
{
	unsigned int turns = 0;
	bool pinned;

	set(&m->begun, round);
	for (unsigned int i = 0; i < m->delay && get(&m->done) < round; i++)
		;
	pinned = pin(m);
	act(m);
	while (get(&m->done) < round)
		wait_a_turn(&turns);
	expect(m, m->error);
	m->refused += pinned && m->error == EBUSY;
	if (is_left(m))
		m->left++;
	if (pinned)
		unpin(m);
	choose_delay(m);
}

static void empty(struct meeting *m, char *range)
{
	if (madvise(range, m->scene.pages * page_size(), MADV_DONTNEED))
		m->unexpected++;
}

static void play(struct test *t, uint64_t features, uint64_t source_mode,
		 void (*act)(struct meeting *m), bool (*is_left)(struct meeting *m))
{
	struct pace pace = pace_of(LEAST_ROUNDS, MOST_ROUNDS, ROUNDS_MS);
	const size_t bytes = huge_page_size();
	struct io_uring_params parameters = { 0 };
	struct meeting m = { 0 };
	struct scene *s = &m.scene;

	scene_build_huge(s, t, 1, features);
	m.elsewhere = map_aligned(t, bytes, bytes);
	madvise(m.elsewhere, bytes, MADV_HUGEPAGE);
	scene_register(s, m.elsewhere, s->pages, UFFDIO_REGISTER_MODE_MISSING);
	m.ring = syscall(__NR_io_uring_setup, 1, &parameters);
	if (m.ring < 0)
		machine_cannot(t, errno, "no ring of io_uring could be had");

	crew_add(s, &m.crew, move_each_round, &m);
	while (pace_goes_on(&pace) || (!m.refused && pace.begun++ < MOST_ROUNDS)) {
		empty(&m, s->destination);
		empty(&m, m.elsewhere);
		scene_refill(s);
		if (source_mode)
			scene_register(s, s->source, s->pages, source_mode);
		play_round(&m, pace.begun, act, is_left);
	}
	crew_end(&m.crew);
	close(m.ring);
	if (!m.refused)
		test_broken(t, "none of %u calls has met a pin", pace.begun);
	test_observe(t, "unexpected_errors", "%u", m.unexpected);
	test_observe(t, "left", "%s", m.left ? "yes" : "no");
	scene_end(s);
}

static void drop(struct meeting *m)
{
	empty(m, m->scene.source);
}

void scenario_dropped_beside_pins(struct test *t)
{
	play(t, 0, 0, drop, page_stays);
}

static void protect(struct meeting *m)
{
	scene_protect(&m->scene, m->scene.source, m->scene.pages);
}

/* Opens it again for the next round. */
static bool stays_unprotected(struct meeting *m)
{
	struct uffdio_writeprotect off = {
		.range = { (uintptr_t)m->scene.source, m->scene.pages * page_size() },
	};
	bool protected = pagemap_entry(m->scene.source) & ENTRY_PROTECTED;

	if (ioctl(m->scene.uffd, UFFDIO_WRITEPROTECT, &off))
		m->unexpected++;
	return !protected && page_stays(m);
}

void scenario_protected_beside_pins(struct test *t)
{
	play(t, UFFD_FEATURE_PAGEFAULT_FLAG_WP, UFFDIO_REGISTER_MODE_WP, protect,
	     stays_unprotected);
}

static void move_too(struct meeting *m)
{
	struct scene *s = &m->scene;

	m->second_error = scene_move(s, m->elsewhere, s->source, s->pages, 0, NULL);
	expect(m, m->second_error);
}

static bool stays_and_is_missed(struct meeting *m)
{
	return m->second_error == ENOENT && page_stays(m);
}

void scenario_moved_beside_pins(struct test *t)
{
	play(t, 0, 0, move_too, stays_and_is_missed);
}
