// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scenarios of spec/proposals/allow_copy.yaml, but for those of allow_copy_later.c and
 * allow_copy_memory.c, and its variation of a call.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "allow_copy.h"
#include "call/variations.h"
#include "machine/machine.h"
#include "scenarios/audience.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"

#define STORED		0x73746f726564ULL
#define MOST_CALLS	10000	/* of a loop that repeats after EAGAIN */
#define ROUNDS		200	/* of what another thread disturbs */
#define LEAST_ROUNDS	20
#define ROUNDS_MS	1500
#define HUGE_ROUNDS	16
#define FEW		8
#define MOST_TRIES	10

void variation_unknown_mode_bit_3(struct call *c)
{
	c->mode |= 1ULL << 3;
}

void scenario_copy_probe(struct test *t)
{
	struct scene s;
	char *nowhere;

	scene_build(&s, t, 1, 0);
	nowhere = map_pages(t, 2);
	munmap(nowhere, 2 * page_size());
	s.destination = nowhere;
	s.source = nowhere + page_size();
	scene_observe_move(&s, "", 1, UFFDIO_MOVE_MODE_ALLOW_COPY);
	scene_end(&s);
}

/* Who shares the page */

/* A process that looks at its own page when it is told to, and ends with what it has found. */
struct onlooker {
	pid_t pid;
	int go[2];
};

static void look_on(struct onlooker *o, struct test *t, const void *page)
{
	char byte;

	if (pipe(o->go))
		machine_cannot(t, errno, "no pipe could be had");
	o->pid = machine_fork(t);
	if (o->pid > 0)
		return;
	close(o->go[1]);
	if (read(o->go[0], &byte, 1) != 1)
		_exit(2);
	_exit(read_tag(page) == scene_tag(0) ? 0 : 1);
}

static const char *finds(struct onlooker *o, struct test *t)
{
	if (write(o->go[1], "", 1) != 1)
		test_broken(t, "the child cannot be told to look: %s", strerror(errno));
	return test_wait(t, o->pid) ? "other" : "contents";
}

/* Where the page has come to, what it leaves, and a store that nobody else may see. */
static void observe_places(struct scene *s)
{
	test_observe(s->test, "destination", "%s", look_at(s, s->destination, scene_tag(0)));
	test_observe(s->test, "source", "%s", look_at(s, s->source, scene_tag(0)));
	if (page_is_there(s->test, s->destination))
		fill_page(s->destination, STORED);
}

void scenario_copy_child(struct test *t)
{
	struct onlooker child;
	struct scene s;

	scene_build(&s, t, 1, 0);
	look_on(&child, t, s.source);
	scene_observe_errno(&s, 1, UFFDIO_MOVE_MODE_ALLOW_COPY);
	observe_places(&s);
	test_observe(t, "child", "%s", finds(&child, t));
	scene_end(&s);
}

void scenario_copy_swap(struct test *t)
{
	struct onlooker child;
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, 1, 0);
	swap_out(&s, s.source, 1);
	look_on(&child, t, s.source);
	scene_observe_errno(&s, 1, UFFDIO_MOVE_MODE_ALLOW_COPY);
	observe_places(&s);
	test_observe(t, "child", "%s", finds(&child, t));
	scene_end(&s);
}

/* What a child has seen of its own call, in memory that both share. */
struct errand {
	int error;
	char destination[16], source[16];
	bool done;
};

/* Its memory is a copy of the parent's, its descriptor one of its own. */
static _Noreturn void move_as_child(struct scene *s, struct errand *errand)
{
	s->uffd = uffd_open(0);
	if (s->uffd < 0)
		_exit(1);
	scene_register(s, s->destination, 1, UFFDIO_REGISTER_MODE_MISSING);
	errand->error = scene_move(s, s->destination, s->source, 1,
				   UFFDIO_MOVE_MODE_ALLOW_COPY, NULL);
	strcpy(errand->destination, look_at(s, s->destination, scene_tag(0)));
	strcpy(errand->source, look_at(s, s->source, scene_tag(0)));
	if (page_is_there(s->test, s->destination))
		fill_page(s->destination, STORED);
	errand->done = true;
	_exit(0);
}

void scenario_copy_parent(struct test *t)
{
	struct errand *errand = mmap(NULL, sizeof(*errand), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct scene s;
	pid_t child;

	if (errand == MAP_FAILED)
		machine_cannot(t, errno, "no memory could be shared");
	scene_build(&s, t, 1, 0);
	child = machine_fork(t);
	if (child == 0)
		move_as_child(&s, errand);
	test_wait(t, child);
	if (!errand->done)
		test_broken(t, "the child did not get as far as the call");
	test_observe(t, "errno", "%s", error_name(errand->error));
	test_observe(t, "destination", "%s", errand->destination);
	test_observe(t, "source", "%s", errand->source);
	test_observe(t, "parent", "%s", look_at(&s, s.source, scene_tag(0)));
	scene_end(&s);
}

/* The one page that a pipe holds is a part of a huge page, which cannot be split for that. */
void scenario_copy_held_page(struct test *t)
{
	uint64_t word = 0;
	struct scene s;
	int pipe;

	scene_build_huge(&s, t, 1, 0);
	pipe = refer_by_pipes(t, s.source, 1);
	scene_observe_errno(&s, 1, UFFDIO_MOVE_MODE_ALLOW_COPY);
	test_observe(t, "destination", "%s", look_at(&s, s.destination, scene_tag(0)));
	test_observe(t, "source", "%s", look_at(&s, s.source, scene_tag(0)));
	if (read(pipe, &word, sizeof(word)) != sizeof(word))
		test_broken(t, "the pipe cannot be read: %s", strerror(errno));
	test_observe(t, "pipe", "%s", word == scene_tag(0) ? "contents" : "other");
	scene_end(&s);
}

/* Other threads meanwhile */

/* The call repeated as the rules have it; returns 0 or what else it ends with. */
static int move_on(struct scene *s, char *to, char *from, unsigned int pages, uint64_t mode,
		   unsigned int *repeated)
{
	bool moved_but_refused;	/* by a kernel that does so without the mode as well */
	unsigned int done = 0;
	int error = 0;

	for (unsigned int i = 0; done < pages && i < MOST_CALLS; i++) {
		int64_t move;

		error = scene_move_told(s, to + done * page_size(), from + done * page_size(),
					pages - done, mode, &move, &moved_but_refused);
		if (move > 0 && move != MOVE_SENTINEL)
			done += move / page_size();
		else if (error == EAGAIN)
			++*repeated;
		else if (error)
			break;
	}
	return done == pages ? 0 : error;
}

/* A thread beside the one that calls. */
struct counting {
	struct scene *scene;
	struct crew crew;
	volatile uint64_t *word;	/* in which it counts */
	uint64_t counted;
};

/* While the page is away it faults, and sleeps until the page is back. */
static void *count_up(void *argument)
{
	struct counting *c = argument;

	while (!__atomic_load_n(&c->crew.stop, __ATOMIC_RELAXED)) {
		__atomic_fetch_add(c->word, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&c->counted, c->counted + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

/* A child that has a share in all pages, and goes at once. */
static void share_anew(struct test *t)
{
	pid_t child = machine_fork(t);

	if (child == 0)
		_exit(0);
	test_wait(t, child);
}

/* Where the page has not come back the thread waits for it. */
static void let_go_on(struct counting *c)
{
	uint64_t page = (uintptr_t)c->word & ~(page_size() - 1);
	struct uffdio_zeropage zero = { .range = { page, page_size() } };

	ioctl(c->scene->uffd, UFFDIO_ZEROPAGE, &zero);
}

/* There and back by the mode; returns 0 or the errno. */
static int move_to_and_fro(struct scene *s, unsigned int page, unsigned int *repeated)
{
	int error = move_on(s, destination_page(s, page), source_page(s, page), 1,
			    UFFDIO_MOVE_MODE_ALLOW_COPY, repeated);

	if (error)
		return error;
	return move_on(s, source_page(s, page), destination_page(s, page), 1,
		       UFFDIO_MOVE_MODE_ALLOW_COPY, repeated);
}

static void end_counting(struct counting *c)
{
	let_go_on(c);
	crew_end(&c->crew);
}

/* Steps that are not in the page any more. */
static uint64_t lost_steps(const struct counting *c)
{
	return c->counted - *c->word;
}

/*
 * The thread stores at the source alone: both ways of a round come back to it, so that it
 * goes on when the page is there again.
 */
void scenario_copy_writers(struct test *t)
{
	struct pace pace = pace_of(LEAST_ROUNDS, ROUNDS, ROUNDS_MS);
	unsigned int repeated = 0;
	struct counting c;
	struct scene s;
	int error = 0;

	scene_build(&s, t, 1, 0);
	scene_register(&s, s.source, 1, UFFDIO_REGISTER_MODE_MISSING);
	fill_page(s.source, 0);
	c = (struct counting){ .scene = &s, .word = (uint64_t *)s.source };
	crew_add(&s, &c.crew, count_up, &c);
	while (!error && pace_goes_on(&pace)) {
		share_anew(t);
		error = move_to_and_fro(&s, 0, &repeated);
	}
	end_counting(&c);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "lost", "%llu", (unsigned long long)lost_steps(&c));
	scene_end(&s);
}

/*
 * A store makes a shared page the process's own, and what is left is moved.  Not so the
 * neighbour of a page that a pipe holds: it is copied while the thread stores to it.
 */
void scenario_copy_held_writers(struct test *t)
{
	unsigned long long lost = 0;
	unsigned int repeated = 0;
	struct scene s;
	int error = 0;

	scene_build_huge(&s, t, HUGE_ROUNDS, 0);
	scene_register(&s, s.source, s.pages, UFFDIO_REGISTER_MODE_MISSING);
	for (unsigned int i = 0; !error && i < s.pages; i += pages_per_huge()) {
		struct counting c = { .scene = &s, .word = (uint64_t *)source_page(&s, i + 1) };
		unsigned int turns = 0;
		int pipe = refer_by_pipes(t, source_page(&s, i), 1);

		*c.word = 0;
		crew_add(&s, &c.crew, count_up, &c);
		while (!__atomic_load_n(&c.counted, __ATOMIC_ACQUIRE))
			wait_a_turn(&turns);
		error = move_to_and_fro(&s, i + 1, &repeated);
		end_counting(&c);
		lost += lost_steps(&c);
		close(pipe);
	}
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "lost", "%llu", lost);
	scene_end(&s);
}

static void *swap_on(void *argument)
{
	struct counting *c = argument;
	struct scene *s = c->scene;

	while (!__atomic_load_n(&c->crew.stop, __ATOMIC_RELAXED)) {
		madvise(s->source, s->pages * page_size(), MADV_PAGEOUT);
		madvise(s->destination, s->pages * page_size(), MADV_PAGEOUT);
	}
	return NULL;
}

static unsigned int count_lost(struct scene *s, const char *place)
{
	unsigned int lost = 0;

	for (unsigned int i = 0; i < s->pages; i++)
		lost += !!strcmp(look_at(s, place + i * page_size(), scene_tag(i)), "contents");
	return lost;
}

/* The child of each round leaves pages, or swap entries, that nobody knows to be the process's own. */
void scenario_copy_tries(struct test *t)
{
	struct pace pace = pace_of(LEAST_ROUNDS, ROUNDS, ROUNDS_MS);
	unsigned int repeated = 0, unexpected = 0;
	struct counting c;
	struct scene s;
	bool back;

	scene_build(&s, t, FEW, 0);
	scene_register(&s, s.source, FEW, UFFDIO_REGISTER_MODE_MISSING);
	c = (struct counting){ .scene = &s };
	crew_add(&s, &c.crew, swap_on, &c);
	for (back = false; !unexpected && pace_goes_on(&pace); back = !back) {
		share_anew(t);
		unexpected += !!move_on(&s, back ? s.source : s.destination,
					back ? s.destination : s.source, FEW,
					UFFDIO_MOVE_MODE_ALLOW_COPY, &repeated);
	}
	crew_end(&c.crew);
	test_observe(t, "unexpected_errors", "%u", unexpected);
	test_observe(t, "tries", "%s", repeated ? "ran out" : "enough");
	test_observe(t, "lost", "%u", count_lost(&s, back ? s.destination : s.source));
	scene_end(&s);
}

/* What callers do */

enum { HOLE = 3, SWAPPED = 5, COURSE = 8 };

void scenario_copy_loop(struct test *t)
{
	unsigned int repeated = 0, lost = 0;
	struct onlooker child;
	struct scene s;
	int error;

	scene_build(&s, t, COURSE, 0);
	madvise(source_page(&s, HOLE), page_size(), MADV_DONTNEED);
	swap_out(&s, source_page(&s, SWAPPED), 1);
	look_on(&child, t, s.source);
	error = move_on(&s, s.destination, s.source, COURSE,
			UFFDIO_MOVE_MODE_ALLOW_COPY | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, &repeated);
	test_observe(t, "arrived", "%s", error ? error_name(error) : "all");
	for (unsigned int i = 0; i < COURSE; i++)
		lost += !!strcmp(look_at(&s, destination_page(&s, i), scene_tag(i)),
				 i == HOLE ? "hole" : "contents");
	lost += strcmp(finds(&child, t), "contents") != 0;
	test_observe(t, "lost", "%u", lost);
	scene_end(&s);
}

pid_t share_and_keep(struct scene *s)
{
	pid_t child = machine_fork(s->test);

	if (child)
		return child;
	close(s->uffd);
	for (;;)
		pause();
}

/* What is not in the way */

static uint64_t frame_of(const char *page)
{
	return entry_frame(pagemap_entry(page));
}

/* A child shares so many pages from @first on, and no others. */
static pid_t share_some(struct scene *s, unsigned int first, unsigned int shared)
{
	const size_t all = s->pages * page_size();
	pid_t child;

	madvise(s->source, all, MADV_DONTFORK);
	madvise(source_page(s, first), shared * page_size(), MADV_DOFORK);
	child = share_and_keep(s);
	madvise(s->source, all, MADV_DOFORK);
	return child;
}

/* Pages of a large folio that are not what they were, behind such as a child shares. */
static unsigned int count_copied(struct scene *s, unsigned int first, unsigned int shared, int *error)
{
	pid_t child = share_some(s, first, shared);
	uint64_t *frames = source_frames(s);
	unsigned int copied = 0;

	if (!(frame_flags(frames[s->pages - 1]) >> FLAG_COMPOUND_TAIL & 1))
		machine_cannot(s->test, ENOMEM, "no huge page is to be had");
	*error = scene_move(s, destination_page(s, first), source_page(s, first), s->pages - first,
			    UFFDIO_MOVE_MODE_ALLOW_COPY, NULL);
	for (unsigned int i = first + shared; i < s->pages; i++)
		copied += frame_of(destination_page(s, i)) != frames[i];
	kill(child, SIGKILL);
	test_wait(s->test, child);
	free(frames);
	scene_clear(s);
	return copied;
}

static unsigned int count_copied_behind_another(struct test *t, int *error)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	madvise(s.source, page_size(), MADV_DONTNEED);
	fill_page(s.source, scene_tag(0));
	return count_copied(&s, 0, 1, error);
}

/* Not its first page, after which some kernels go for all of them. */
static unsigned int count_copied_behind_part(struct test *t, int *error)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	return count_copied(&s, FEW, FEW, error);
}

/* Small pages, behind one of a huge page that a pipe holds. */
static unsigned int count_copied_behind_held(struct test *t, int *error)
{
	unsigned int copied = 0;
	uint64_t *frames;
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	refer_by_pipes(t, s.source, 1);
	madvise(source_page(&s, FEW), (s.pages - FEW) * page_size(), MADV_DONTNEED);
	for (unsigned int i = FEW; i < s.pages; i++)
		fill_page(source_page(&s, i), scene_tag(i));
	frames = source_frames(&s);
	*error = scene_move(&s, destination_page(&s, FEW - 1), source_page(&s, FEW - 1),
			    s.pages - FEW + 1, UFFDIO_MOVE_MODE_ALLOW_COPY, NULL);
	for (unsigned int i = FEW; i < s.pages; i++)
		copied += frame_of(destination_page(&s, i)) != frames[i];
	free(frames);
	scene_clear(&s);
	return copied;
}

/* Not always: somebody may hold the folio just then. */
static void observe_copied(struct test *t, unsigned int (*count)(struct test *t, int *error))
{
	unsigned int copied, tries = 0;
	int error;

	do
		copied = count(t, &error);
	while (!error && copied && ++tries < MOST_TRIES);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "moved_alone", "%s", copied ? "no" : "yes");
}

void scenario_copy_large_behind_shared(struct test *t)
{
	observe_copied(t, count_copied_behind_another);
}

void scenario_copy_part_shared(struct test *t)
{
	observe_copied(t, count_copied_behind_part);
}

void scenario_copy_small_behind_held(struct test *t)
{
	observe_copied(t, count_copied_behind_held);
}

/* A child shares them, and the first one's place is occupied: which are others afterwards? */
static void observe_without_room(struct scene *s)
{
	uint64_t *frames = source_frames(s);
	pid_t child = share_and_keep(s);
	unsigned int replaced = 0;
	int error = scene_copy(s, s->destination, map_pages(s->test, 1), 0);

	if (error)
		test_broken(s->test, "UFFDIO_COPY: %s", error_name(error));
	scene_observe_errno(s, s->pages, UFFDIO_MOVE_MODE_ALLOW_COPY);
	for (unsigned int i = 0; i < s->pages; i++)
		replaced += frame_of(source_page(s, i)) != frames[i];
	test_observe(s->test, "replaced", "%u", replaced);
	kill(child, SIGKILL);
	test_wait(s->test, child);
	free(frames);
	scene_end(s);
}

void scenario_copy_without_room(struct test *t)
{
	struct scene s;

	scene_build(&s, t, FEW, 0);
	observe_without_room(&s);
}

void scenario_copy_without_room_huge(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	observe_without_room(&s);
}

/* Keys that deny access to a mapping */

static void lock_up(struct scene *s, int key)
{
	size_t bytes = s->pages * page_size();

	if (key < 0 || pkey_mprotect(s->source, bytes, PROT_READ | PROT_WRITE, key) ||
	    pkey_mprotect(s->destination, bytes, PROT_READ | PROT_WRITE, key) ||
	    pkey_set(key, PKEY_DISABLE_ACCESS))
		machine_cannot(s->test, errno, "no protection key could be used");
}

void scenario_copy_key_denied(struct test *t)
{
	unsigned int lost = 0;
	struct scene s;
	pid_t child;
	int key;

	scene_build(&s, t, FEW, 0);
	child = share_and_keep(&s);
	kill(child, SIGKILL);
	test_wait(t, child);
	key = pkey_alloc(0, 0);
	lock_up(&s, key);
	scene_observe_errno(&s, FEW, UFFDIO_MOVE_MODE_ALLOW_COPY);
	pkey_set(key, 0);
	for (unsigned int i = 0; i < FEW; i++)
		lost += !!strcmp(look_at(&s, destination_page(&s, i), scene_tag(i)), "contents");
	test_observe(t, "contents", "%s", lost ? "not all" : "all");
	scene_end(&s);
}

/* Who waits */

#define FROM 1
#define MOVED 3

static void build_audience(struct audience *a, struct test *t)
{
	a->n = a->awaited = 0;
	scene_build(&a->scene, t, FROM + MOVED + 1, WAITERS_FEATURES);
	share_and_keep(&a->scene);
	audience_around(a, FROM, MOVED);
	audience_await(a);
}

static void observe_audience(struct audience *a, uint64_t mode)
{
	struct scene *s = &a->scene;
	int64_t move;
	int error = scene_move(s, destination_page(s, FROM), source_page(s, FROM), MOVED,
			       UFFDIO_MOVE_MODE_ALLOW_COPY | mode, &move);

	test_observe_result(s->test, "", error, move);
	audience_tell(a, "", NULL);
}

void scenario_copy_wakes(struct test *t)
{
	struct audience a;

	build_audience(&a, t);
	observe_audience(&a, 0);
	test_observe(t, "wrong_reads", "%u", audience_misread(&a));
	scene_end(&a.scene);
}

void scenario_copy_dontwake(struct test *t)
{
	struct audience a;

	build_audience(&a, t);
	observe_audience(&a, UFFDIO_MOVE_MODE_DONTWAKE);
	test_observe(t, "wrong_reads", "%u", audience_misread(&a));
	scene_end(&a.scene);
}

/* The place is taken by somebody who wakes nobody. */
void scenario_copy_refused_wakes_nobody(struct test *t)
{
	char *other = map_pages(t, 1);
	struct audience a;

	build_audience(&a, t);
	fill_page(other, STORED);
	if (scene_copy(&a.scene, destination_page(&a.scene, FROM), other,
		       UFFDIO_COPY_MODE_DONTWAKE))
		test_broken(t, "UFFDIO_COPY: %s", strerror(errno));
	observe_audience(&a, 0);
	scene_end(&a.scene);
}
