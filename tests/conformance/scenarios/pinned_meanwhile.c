// SPDX-License-Identifier: GPL-2.0-only
/*
 * A huge page that is pinned, again and again, while it is to be moved: whoever looks
 * at its place meanwhile finds it there, or moved, and not a hole that is none.
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
#define MOST_ROUNDS 200
#define ROUNDS_MS 1000		/* for those beyond the least, on a busy machine */
#define MOVERS 2
#define MOST_CALLS 8		/* of the movers, before the place is looked at */
#define PATIENCE 20000		/* turns of waiting for what may not come */

struct meeting {
	struct scene scene;
	char *destinations[MOVERS];
	uint64_t frame;			/* of the source's first page */
	pthread_barrier_t barrier;	/* passed at the beginning and the end of each round */
	struct crew crew;
	unsigned int pins, calls;	/* of this round */
	unsigned int over;		/* this round is */
	unsigned int unexpected;	/* errors that nobody should see */
	unsigned int left;		/* pages at a place that a call has said to be empty */
};

struct meeting_mover {
	struct meeting *m;
	unsigned int who;
};

static unsigned int get(const unsigned int *n)
{
	return __atomic_load_n(n, __ATOMIC_ACQUIRE);
}

static void count(unsigned int *n)
{
	__atomic_fetch_add(n, 1, __ATOMIC_ACQ_REL);
}

static void wait_for(const unsigned int *n, unsigned int least)
{
	unsigned int turns = 0;

	while (get(n) < least && turns < PATIENCE)
		wait_a_turn(&turns);
}

/*
 * Nobody puts it back, so that it is there only if it has never been taken away.  While
 * MADV_DONTNEED is under way, and its place has another page for a pin already, a processor
 * may still read it there: so it has to be in the entry, too.
 */
static bool page_is_left(struct meeting *m)
{
	return entry_frame(pagemap_entry(m->scene.source)) == m->frame &&
	       !strcmp(look_at(&m->scene, m->scene.source, scene_tag(0)), "contents");
}

static void *pin_repeatedly(void *argument)
{
	struct io_uring_params parameters = { 0 };
	struct meeting *m = argument;
	struct iovec buffer = { m->scene.source, page_size() };
	int ring = syscall(__NR_io_uring_setup, 1, &parameters);

	if (ring < 0)
		machine_cannot(m->scene.test, errno, "no ring of io_uring could be had");
	for (;;) {
		pthread_barrier_wait(&m->barrier);
		if (get((unsigned int *)&m->crew.stop))
			break;
		while (!get(&m->over)) {
			unsigned int calls = get(&m->calls);
			bool pinned = !syscall(__NR_io_uring_register, ring,
					       IORING_REGISTER_BUFFERS, &buffer, 1);

			count(&m->pins);
			wait_for(&m->calls, calls + 1);
			if (pinned)
				syscall(__NR_io_uring_register, ring, IORING_UNREGISTER_BUFFERS,
					NULL, 0);
		}
		pthread_barrier_wait(&m->barrier);
	}
	close(ring);
	return NULL;
}

static void *move_repeatedly(void *argument)
{
	struct meeting_mover *me = argument;
	struct meeting *m = me->m;
	struct scene *s = &m->scene;

	for (;;) {
		pthread_barrier_wait(&m->barrier);
		if (get((unsigned int *)&m->crew.stop))
			break;
		wait_for(&m->pins, 1);
		while (!get(&m->over)) {
			int error = scene_move(s, m->destinations[me->who], s->source, s->pages, 0,
					       NULL);

			count(&m->calls);
			if ((!error || error == ENOENT) && page_is_left(m))
				count(&m->left);
			if (error && error != EBUSY && error != EEXIST && error != ENOENT &&
			    error != EAGAIN)
				count(&m->unexpected);
		}
		pthread_barrier_wait(&m->barrier);
	}
	return NULL;
}

static void set_up_round(struct meeting *m, bool protect)
{
	struct scene *s = &m->scene;

	for (unsigned int i = 0; i < MOVERS; i++)
		madvise(m->destinations[i], s->pages * page_size(), MADV_DONTNEED);
	scene_refill(s);
	m->frame = entry_frame(pagemap_entry(s->source));
	if (protect)
		scene_register(s, s->source, s->pages, UFFDIO_REGISTER_MODE_WP);
	m->pins = m->calls = m->over = 0;
}

static void play_rounds(struct meeting *m, bool protect, void (*act)(struct meeting *m))
{
	struct meeting_mover movers[MOVERS];
	struct pace pace = pace_of(LEAST_ROUNDS, MOST_ROUNDS, ROUNDS_MS);

	pthread_barrier_init(&m->barrier, NULL, MOVERS + 2);
	crew_add(&m->scene, &m->crew, pin_repeatedly, m);
	for (unsigned int i = 0; i < MOVERS; i++) {
		movers[i] = (struct meeting_mover){ m, i };
		crew_add(&m->scene, &m->crew, move_repeatedly, &movers[i]);
	}
	while (pace_goes_on(&pace)) {
		set_up_round(m, protect);
		pthread_barrier_wait(&m->barrier);
		wait_for(&m->calls, 1 + pace.begun % MOST_CALLS);
		act(m);
		__atomic_store_n(&m->over, 1, __ATOMIC_RELEASE);
		/* Nobody makes one any more that the pin could wait for. */
		count(&m->calls);
		pthread_barrier_wait(&m->barrier);
	}
	__atomic_store_n(&m->crew.stop, 1, __ATOMIC_RELEASE);
	pthread_barrier_wait(&m->barrier);
	crew_end(&m->crew);
	pthread_barrier_destroy(&m->barrier);
}

static void build(struct meeting *m, struct test *t, uint64_t features)
{
	const size_t bytes = huge_page_size();

	*m = (struct meeting){ 0 };
	scene_build_huge(&m->scene, t, 1, features);
	m->destinations[0] = m->scene.destination;
	for (unsigned int i = 1; i < MOVERS; i++) {
		m->destinations[i] = map_aligned(t, bytes, bytes);
		madvise(m->destinations[i], bytes, MADV_HUGEPAGE);
		scene_register(&m->scene, m->destinations[i], m->scene.pages,
			       UFFDIO_REGISTER_MODE_MISSING);
	}
}

static void drop(struct meeting *m)
{
	bool left;

	if (madvise(m->scene.source, m->scene.pages * page_size(), MADV_DONTNEED))
		count(&m->unexpected);
	left = page_is_left(m);
	let_others_run();
	if (left || page_is_left(m))
		count(&m->left);
}

void scenario_dropped_beside_pins(struct test *t)
{
	struct meeting m;

	build(&m, t, 0);
	play_rounds(&m, false, drop);
	test_observe(t, "unexpected_errors", "%u", m.unexpected);
	test_observe(t, "left", "%s", m.left ? "yes" : "no");
	scene_end(&m.scene);
}

/* What is not protected is not the page. */
static bool page_is_open(struct meeting *m)
{
	return !(pagemap_entry(m->scene.source) & ENTRY_PROTECTED) && page_is_left(m);
}

static void protect(struct meeting *m)
{
	struct scene *s = &m->scene;
	struct uffdio_writeprotect off = {
		.range = { (uintptr_t)s->source, s->pages * page_size() },
	};
	bool open;

	scene_protect(s, s->source, s->pages);
	open = page_is_open(m);
	let_others_run();
	if (open || page_is_open(m))
		count(&m->left);
	if (ioctl(s->uffd, UFFDIO_WRITEPROTECT, &off))
		count(&m->unexpected);
}

void scenario_protected_beside_pins(struct test *t)
{
	struct meeting m;

	build(&m, t, UFFD_FEATURE_PAGEFAULT_FLAG_WP);
	play_rounds(&m, true, protect);
	test_observe(t, "unexpected_errors", "%u", m.unexpected);
	test_observe(t, "left", "%s", m.left ? "yes" : "no");
	scene_end(&m.scene);
}
