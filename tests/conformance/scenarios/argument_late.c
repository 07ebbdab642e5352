// SPDX-License-Identifier: GPL-2.0-only
/*
 * A structure that comes only when the call has looked whether the address space changes: it
 * lies in a page that is missing, of which a second descriptor tells.  So what begins while the
 * call reads it is met by the look that is taken under the lock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/change.h"
#include "scenarios/scenarios.h"

#define PAGES 4			/* the first is moved to, the last changes */

struct caller {
	struct scene *scene;
	struct scene reading;	/* the descriptor that tells of the structure's page */
	struct uffdio_move *place;
	pthread_t thread;
	int error, returned;
};

static void *call(void *argument)
{
	struct caller *c = argument;

	c->error = test_move(c->scene->test, c->scene->uffd, c->place);
	__atomic_store_n(&c->returned, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Returns when the call waits for its structure. */
static void begin_call(struct caller *c, struct scene *s)
{
	struct uffd_msg event;

	*c = (struct caller){ .scene = s, .reading = *s };
	c->reading.uffd = uffd_open(0);
	if (c->reading.uffd < 0)
		machine_cannot(s->test, errno, "no second userfaultfd could be had");
	c->place = (struct uffdio_move *)map_pages(s->test, 1);
	scene_register(&c->reading, c->place, 1, UFFDIO_REGISTER_MODE_MISSING);
	machine_thread(s->test, &c->thread, call, c);
	while (!next_event(&c->reading, &event)) {
		if (__atomic_load_n(&c->returned, __ATOMIC_ACQUIRE))
			test_broken(s->test, "the call has not waited for its structure: %s",
				    error_name(c->error));
		let_others_run();
	}
}

/* Has it go on with a structure of one page. */
static void finish_call(struct caller *c, char *to, char *from, const char *suffix)
{
	struct test *t = c->scene->test;
	struct uffdio_move *page = (struct uffdio_move *)map_pages(t, 1);
	int error;

	*page = (struct uffdio_move){
		.dst = (uintptr_t)to,
		.src = (uintptr_t)from,
		.len = page_size(),
		.move = MOVE_SENTINEL,
	};
	error = scene_copy(&c->reading, c->place, page, 0);
	if (error)
		machine_cannot(t, error, "the structure cannot be put in its place");
	pthread_join(c->thread, NULL);
	test_observe_result(t, suffix, c->error, c->place->move);
	munmap(c->place, page_size());
	close(c->reading.uffd);
}

static void build(struct scene *s, struct test *t, uint64_t feature)
{
	scene_build(s, t, PAGES, feature);
	/* A page shared with a child would be refused on that account. */
	madvise(s->source, PAGES * page_size(), MADV_DONTFORK);
	test_wants_single_calls(t);	/* the next one would not wait for its structure */
}

/* Where the call is about other places than the scene's, these are not NULL. */
static void move_late_at(struct test *t, uint64_t feature, void (*make)(struct scene *s),
			 char *to, char *from, const char *suffix)
{
	struct change change;
	struct caller c;
	struct scene s;

	build(&s, t, feature);
	begin_call(&c, &s);
	change_begin(&change, &s, make);
	finish_call(&c, to ? to : s.destination, from ? from : s.source, suffix);
	change_finish(&change);
	scene_end(&s);
}

static void move_late(struct test *t, uint64_t feature, void (*make)(struct scene *s),
		      const char *suffix)
{
	move_late_at(t, feature, make, NULL, NULL, suffix);
}

void scenario_changed_while_argument_is_read(struct test *t)
{
	move_late(t, UFFD_FEATURE_EVENT_REMOVE, change_by_dropping, ".dropped");
	move_late(t, UFFD_FEATURE_EVENT_UNMAP, change_by_unmapping, ".unmapped");
	move_late(t, UFFD_FEATURE_EVENT_REMAP, change_by_remapping, ".remapped");
}

void scenario_forked_while_argument_is_read(struct test *t)
{
	move_late(t, UFFD_FEATURE_EVENT_FORK, change_by_forking, "");
}

/* What has been finished before the structure is there is no change any more. */
void scenario_changed_before_argument_is_read(struct test *t)
{
	struct change change;
	struct caller c;
	struct scene s;

	build(&s, t, UFFD_FEATURE_EVENT_REMOVE);
	begin_call(&c, &s);
	change_begin(&change, &s, change_by_dropping);
	change_finish(&change);
	finish_call(&c, s.destination, s.source, "");
	scene_end(&s);
}

static char *map_shared(struct test *t)
{
	char *shared = mmap(NULL, page_size(), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		machine_cannot(t, errno, "no shared memory could be had");
	*shared = 1;
	return shared;
}

/* Between pages without access, so that nothing larger comes there meanwhile. */
static char *place_of_none(struct test *t)
{
	char *page = map_pages(t, 1);

	munmap(page, page_size());
	return page;
}

static void move_while_dropping(struct test *t, char *to, char *from, const char *suffix)
{
	move_late_at(t, UFFD_FEATURE_EVENT_REMOVE, change_by_dropping, to, from, suffix);
}

/* What stands before the look in the order of the checks, and what stands behind it. */
void scenario_order_while_argument_is_read(struct test *t)
{
	char *shared = map_shared(t), *other = map_pages(t, 1), *none = place_of_none(t);

	move_while_dropping(t, none, NULL, ".dst_unmapped");
	move_while_dropping(t, NULL, none, ".src_unmapped");
	move_while_dropping(t, NULL, shared, ".src_shared");
	move_while_dropping(t, shared, NULL, ".dst_shared");
	move_while_dropping(t, other, NULL, ".dst_plain");
}
