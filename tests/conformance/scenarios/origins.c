// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings that came about otherwise than by a plain mmap(), or that were advised in part.
 */
#define _GNU_SOURCE
#include <alloca.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define FEW 4
#define SOME 8
#define CUT 4			/* the page at which the mapping is cut */

static char *whole_pages(char *start)
{
	return (char *)(((uintptr_t)start + page_size() - 1) & ~(page_size() - 1));
}

/* Of @room, which has a page to spare; one after the other is moved to and from. */
static void play_origin(struct test *t, char *room)
{
	char *place = whole_pages(room);
	unsigned int arrived;
	struct scene s;
	int to, from;

	scene_build(&s, t, FEW, 0);
	scene_register(&s, s.source, FEW, UFFDIO_REGISTER_MODE_MISSING);
	madvise(place, FEW * page_size(), MADV_NOHUGEPAGE);
	madvise(place, FEW * page_size(), MADV_DONTNEED);
	scene_register(&s, place, FEW, UFFDIO_REGISTER_MODE_MISSING);
	to = scene_move(&s, place, s.source, FEW, 0, NULL);
	arrived = count_right(&s, place);
	from = scene_move(&s, s.destination, place, FEW, 0, NULL);
	test_observe(t, "errno.to", "%s", error_name(to));
	test_observe(t, "arrived.to", "%u", arrived);
	test_observe(t, "errno.from", "%s", error_name(from));
	test_observe(t, "arrived.from", "%u", count_right(&s, s.destination));
	/* Nobody waits for who uses the rest of it. */
	scene_end(&s);
}

void scenario_zero_device(struct test *t)
{
	const size_t bytes = (FEW + 1) * page_size();
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	char *room = fd < 0 ? MAP_FAILED : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE,
						fd, 0);

	if (room == MAP_FAILED)
		machine_cannot(t, errno, "/dev/zero cannot be mapped");
	play_origin(t, room);
}

/* Below what the functions that are called from here use. */
void scenario_stack(struct test *t)
{
	char *room = alloca((FEW + 1) * page_size());

	play_origin(t, room);
}

void scenario_brk(struct test *t)
{
	char *room = sbrk((FEW + 1) * page_size());

	if (room == (void *)-1)
		machine_cannot(t, errno, "the heap cannot be extended");
	play_origin(t, room);
}

void scenario_growing(struct test *t)
{
	char *room = mmap(NULL, (FEW + 1) * page_size(), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);

	if (room == MAP_FAILED)
		machine_cannot(t, errno, "a mapping that grows cannot be made");
	play_origin(t, room);
}

/* What the kernel has mapped of its own; written to if that can be had, or else as it is. */
static void observe_special(struct scene *s, const char *name, const char *suffix, int access)
{
	const int all = PROT_READ | PROT_WRITE | PROT_EXEC;
	size_t bytes;
	char *start = mapping_called(name, &bytes);
	int64_t move;
	int error;

	if (!mprotect(start, bytes, all))
		access = all;
	if (mprotect(s->destination, page_size(), access))
		machine_cannot(s->test, errno, "the destination cannot have the same access");
	error = scene_move(s, s->destination, start, 1, 0, &move);
	test_observe_result(s->test, suffix, error, move);
}

void scenario_kernels_own(struct test *t)
{
	struct scene s;

	scene_build(&s, t, 1, 0);
	observe_special(&s, "[vdso]", ".vdso", PROT_READ | PROT_EXEC);
	observe_special(&s, "[vvar]", ".vvar", PROT_READ);
	scene_end(&s);
}

/* Advice that a mapping keeps in mind, and what takes it back. */
static const struct {
	int give, take_back;
} advices[] = {
	{ MADV_DONTFORK, MADV_DOFORK },
	{ MADV_WIPEONFORK, MADV_KEEPONFORK },
	{ MADV_DONTDUMP, MADV_DODUMP },
	{ MADV_RANDOM, MADV_NORMAL },
	{ MADV_SEQUENTIAL, MADV_NORMAL },
};

#define N_ADVICES (sizeof(advices) / sizeof(advices[0]))

static void advise(struct scene *s, char *start, int advice)
{
	if (madvise(start, (SOME - CUT) * page_size(), advice))
		test_broken(s->test, "advice %d: %s", advice, strerror(errno));
}

static void begin_anew(struct scene *s)
{
	scene_refill(s);
	madvise(s->destination, SOME * page_size(), MADV_DONTNEED);
}

static void observe_each(struct test *t, const char *what, unsigned int n)
{
	test_observe(t, what, "%s", n == N_ADVICES ? "each time" : "not each time");
}

/* It cuts a mapping in two, until it has been taken back. */
static void observe_cuts(struct scene *s, char *range)
{
	unsigned int refused = 0, before = 0, undone = 0;
	char *behind = range + CUT * page_size();

	for (unsigned int i = 0; i < N_ADVICES; i++) {
		int64_t move;

		begin_anew(s);
		advise(s, behind, advices[i].give);
		refused += scene_move(s, s->destination, s->source, SOME, 0, &move) == EINVAL &&
			   move == -EINVAL && count_right(s, s->source) == SOME;
		before += !scene_move(s, s->destination, s->source, CUT, 0, NULL);
		begin_anew(s);
		advise(s, behind, advices[i].take_back);
		undone += !scene_move(s, s->destination, s->source, SOME, 0, NULL);
	}
	observe_each(s->test, "refused.over", refused);
	observe_each(s->test, "moved.before", before);
	observe_each(s->test, "moved.undone", undone);
	scene_end(s);
}

void scenario_src_advised_in_part(struct test *t)
{
	struct scene s;

	scene_build(&s, t, SOME, 0);
	observe_cuts(&s, s.source);
}

void scenario_dst_advised_in_part(struct test *t)
{
	struct scene s;

	scene_build(&s, t, SOME, 0);
	observe_cuts(&s, s.destination);
}

static void observe_whole(struct scene *s)
{
	scene_observe_errno(s, s->pages, 0);
	test_observe(s->test, "arrived", "%s",
		     page_mapped(s->test, s->destination) == MAPPED_HUGE ? "whole" : "split");
	observe_contents(s, "contents");
	scene_end(s);
}

/* No huge page is to be made there; but this one is made already. */
void scenario_huge_against_advice(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	if (madvise(s.destination, s.pages * page_size(), MADV_NOHUGEPAGE))
		test_broken(t, "MADV_NOHUGEPAGE: %s", strerror(errno));
	observe_whole(&s);
}

void scenario_huge_where_disabled(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		test_broken(t, "PR_SET_THP_DISABLE: %s", strerror(errno));
	observe_whole(&s);
}

/* From a source to its destination, so that they have no page table in common but the first. */
static size_t far(void)
{
	const size_t entries = page_size() / sizeof(uint64_t);

	return table_span() * (entries > 2048 ? entries : 2048);
}

static void move_destination_far(struct scene *s)
{
	const size_t huge = huge_page_size();
	char *room = mmap(NULL, far() + 2 * huge, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		machine_cannot(s->test, errno, "the address space is too small");
	s->source = (char *)(((uintptr_t)room + huge - 1) & ~(huge - 1));
	s->destination = s->source + far();
	if (mprotect(s->source, huge, PROT_READ | PROT_WRITE) ||
	    mprotect(s->destination, huge, PROT_READ | PROT_WRITE))
		machine_cannot(s->test, errno, "memory cannot be made accessible");
	scene_refill(s);
	scene_register(s, s->destination, s->pages, UFFDIO_REGISTER_MODE_MISSING);
}

/* What the kernel keeps for its split has to come along: it is split, and has gone, afterwards. */
void scenario_huge_far(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	move_destination_far(&s);
	scene_observe_errno(&s, s.pages, 0);
	test_observe(t, "arrived", "%s",
		     page_mapped(t, s.destination) == MAPPED_HUGE ? "whole" : "split");
	madvise(destination_page(&s, s.pages - 1), page_size(), MADV_DONTNEED);
	test_observe(t, "right", "%s",
		     count_right(&s, s.destination) == s.pages - 1 ? "all but one" : "others");
	scene_refill(&s);
	munmap(s.destination, s.pages * page_size());
	test_observe(t, "refilled", "%s", count_right(&s, s.source) == s.pages ? "all" : "not all");
	scene_end(&s);
}
