// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel finds when the memory of a process ends: it then holds its
 * counters against nothing, to the page, and complains where one is left over.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define PAGES 64
#define HUGE 2
#define CHILD_MOVED 1	/* plus the errno */
#define END_MS 2000	/* who looks at a process keeps its memory for a moment */

static int open_log(struct test *t)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (log < 0 || lseek(log, 0, SEEK_END) < 0)
		machine_cannot(t, errno, "the kernel's log cannot be read");
	return log;
}

/* Of pages and of page tables, as in check_mm() of kernel/fork.c, and of a page that is freed. */
static unsigned int count_complaints(int log)
{
	unsigned int complaints = 0;
	char line[2048];
	ssize_t n;

	/* A record that was overwritten before it was read is EPIPE. */
	while ((n = read(log, line, sizeof(line) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		line[n > 0 ? n : 0] = '\0';
		complaints += strstr(line, "Bad rss-counter state") ||
			      strstr(line, "non-zero pgtables_bytes") || strstr(line, "Bad page");
	}
	return complaints;
}

/* What the move has told; without an error its pages must be there. */
static int result_of(struct scene *s, int error)
{
	return error || page_is_there(s->test, destination_page(s, s->pages - 1)) ? error : ENODATA;
}

/* The zero page comes first: where it is refused that is all that the call tells. */
static int move_small(struct test *t)
{
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	madvise(s.source, page_size(), MADV_DONTNEED);
	(void)*(volatile char *)s.source;
	madvise(source_page(&s, PAGES / 2), page_size(), MADV_DONTNEED);
	return result_of(&s, scene_move_patiently(&s, s.destination, s.source, PAGES,
						  UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, NULL));
}

static int move_swapped(struct test *t)
{
	struct scene s;

	scene_build(&s, t, PAGES, 0);
	swap_out(&s, s.source, PAGES);
	return result_of(&s, scene_move_all(&s));
}

static int move_huge(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, HUGE, 0);
	return result_of(&s, scene_move_all(&s));
}

static int move_split(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, HUGE, 0);
	return result_of(&s, scene_move_in_halves(&s));
}

static int move_over_tables(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, HUGE, 0);
	return result_of(&s, scene_move_over_tables(&s));
}

/* A child that has mapped the huge page by small entries, and has gone. */
static void map_by_small_in_child(struct scene *s)
{
	pid_t child = machine_fork(s->test);

	if (child == 0)
		_exit(!!mprotect(source_page(s, 1), page_size(), PROT_READ));
	if (test_wait(s->test, child))
		machine_cannot(s->test, EACCES, "the access of a part cannot be changed in a child");
	for (unsigned int i = 0; i < s->pages; i++)
		fill_page(source_page(s, i), scene_tag(i));
}

static int move_over_tables_left(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	map_by_small_in_child(&s);
	if (page_mapped(t, s.source) != MAPPED_HUGE)
		machine_cannot(t, ENOMEM, "the huge page is copied, and not as one");
	return result_of(&s, scene_move_over_tables(&s));
}

static int move_by_small(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, HUGE, 0);
	scene_map_by_small(&s);
	return result_of(&s, scene_move_all(&s));
}

static int move_huge_zero(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, HUGE, 0);
	scene_make_huge_zero(&s);
	return result_of(&s, scene_move_all(&s));
}

static int open_mark(struct test *t)
{
	int mark = memfd_create("uffdio-move", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (mark < 0 || ftruncate(mark, page_size()))
		machine_cannot(t, errno, "there is no memory file to be had");
	return mark;
}

/* While it is mapped for stores it cannot be sealed against them. */
static void mark_memory(struct test *t, int mark)
{
	if (mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, mark, 0) == MAP_FAILED)
		machine_cannot(t, errno, "a memory file cannot be mapped");
}

static bool has_ended(struct test *t, int mark)
{
	const int64_t until = now_ms() + patient_ms(END_MS);

	while (fcntl(mark, F_ADD_SEALS, F_SEAL_WRITE)) {
		if (errno != EBUSY)
			test_broken(t, "F_SEAL_WRITE: %s", strerror(errno));
		if (now_ms() > until)
			return false;
		let_others_run();
	}
	return true;
}

/*
 * The memory goes when nobody uses it any more, not even a CPU that is idle:
 * so both processes are on one, which has left it when it runs this one again.
 */
static void observe_ending(struct test *t, int (*move)(struct test *t))
{
	int log, mark, status;
	pid_t child;

	stay_on_cpu(t, -1);
	log = open_log(t);
	mark = open_mark(t);
	child = machine_fork(t);
	if (child == 0) {
		mark_memory(t, mark);
		/* Nothing was unmapped: that is left to the end. */
		_exit(CHILD_MOVED + move(t));
	}
	status = test_wait(t, child);
	/* It has told why it could not move anything. */
	if (status < CHILD_MOVED)
		_exit(status);
	test_observe(t, "errno", "%s", error_name(status - CHILD_MOVED));
	test_observe(t, "ended", "%s", has_ended(t, mark) ? "yes" : "no");
	test_observe(t, "complaints", "%u", count_complaints(log));
	close(mark);
	close(log);
}

void scenario_ending_small(struct test *t)
{
	observe_ending(t, move_small);
}

void scenario_ending_swapped(struct test *t)
{
	observe_ending(t, move_swapped);
}

void scenario_ending_huge(struct test *t)
{
	observe_ending(t, move_huge);
}

void scenario_ending_split(struct test *t)
{
	observe_ending(t, move_split);
}

void scenario_ending_over_table(struct test *t)
{
	observe_ending(t, move_over_tables);
}

void scenario_ending_over_table_left(struct test *t)
{
	observe_ending(t, move_over_tables_left);
}

void scenario_ending_by_small(struct test *t)
{
	observe_ending(t, move_by_small);
}

void scenario_ending_huge_zero(struct test *t)
{
	observe_ending(t, move_huge_zero);
}
