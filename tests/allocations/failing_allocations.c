// SPDX-License-Identifier: GPL-2.0-only
/*
 * failing-allocations - UFFDIO_MOVE while the kernel has no memory
 *
 * Lets the first allocation of a move fail, then the second, and so on until a
 * move needs no more, for several kinds of source.  Each time the call must say
 * ENOMEM (or how far it came), no page may be lost or be in two places, and the
 * same move must succeed afterwards.  Wants root and CONFIG_FAULT_INJECTION;
 * prints TAP.
 *
 * With the argument --allow-copy each call has that mode, which is proposed
 * (../../spec/proposals), and pages that are shared with a child move as well:
 * of these the child must find its own afterwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"

#include "fail_nth.h"
#include "uffdio_move.h"

#define MAX_FAILURES	200
#define UFFDIO_MOVE_MODE_ALLOW_COPY	((uint64_t)1 << 2)
#define FAR		((char *)0x200000000000)	/* page tables of its own, at every level */

static size_t page, huge;
static uint64_t modes = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES;

struct move {
	char *src, *dst;
	size_t pages, offset;	/* the part of the mappings that is moved: huge bytes at most */
	int uffd, pagemap;
	pid_t child;			/* that shares the pages, or 0 */
	int end_child;			/* it ends when that is closed */
};

/* Who has the pages besides the process that moves them. */
enum sharing { NOBODY, CHILD, CHILD_THAT_ENDED };

struct kind {
	const char *name;
	bool is_huge, is_holes;
	size_t pages;
	size_t src_offset, dst_offset;	/* in pages */
	enum sharing sharing;
};

static _Noreturn void broken(const char *what)
{
	ksft_print_msg("%s: %s\n", what, strerror(errno));
	exit(2);
}

static size_t read_number(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		broken(path);
	close(fd);
	return strtoull(text, NULL, 10);
}

static uint64_t tag(size_t i)
{
	return 0x7461670000000001ULL + i;
}

static char *map_aligned(char *near)
{
	char *area = mmap(near, 3 * huge, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (area == MAP_FAILED)
		broken("mmap");
	return (char *)(((uintptr_t)area + huge - 1) & ~(huge - 1));
}

static bool is_there(const struct move *m, const char *address)
{
	uint64_t entry;

	if (pread(m->pagemap, &entry, sizeof(entry), (uintptr_t)address / page * 8) != sizeof(entry))
		broken("pagemap");
	return entry >> 62;
}

static _Noreturn void keep_pages(const struct move *m, int end)
{
	char byte;

	if (read(end, &byte, 1) != 0)
		_exit(2);
	for (size_t i = 0; i < m->pages; i++)
		if (*(volatile uint64_t *)(m->src + i * page) != tag(i))
			_exit(1);
	_exit(0);
}

static void share_pages(struct move *m)
{
	int ends[2];

	if (pipe(ends))
		broken("pipe");
	m->child = fork();
	if (m->child < 0)
		broken("fork");
	if (m->child == 0) {
		close(ends[1]);
		keep_pages(m, ends[0]);
	}
	close(ends[0]);
	m->end_child = ends[1];
}

/* Has it found its own, if there is one? */
static bool end_sharing(struct move *m)
{
	int status;

	if (!m->child)
		return true;
	close(m->end_child);
	if (waitpid(m->child, &status, 0) != m->child)
		broken("waitpid");
	m->child = 0;
	if (status)
		ksft_print_msg("the child that shares the pages has not kept them\n");
	return !status;
}

static void prepare(struct move *m, const struct kind *kind)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	char *src, *dst;

	m->pagemap = open("/proc/self/pagemap", O_RDONLY);
	m->uffd = syscall(__NR_userfaultfd, O_CLOEXEC);
	if (m->uffd < 0 || m->pagemap < 0 || ioctl(m->uffd, UFFDIO_API, &api))
		broken("userfaultfd");

	src = map_aligned(NULL);
	madvise(src, huge, kind->is_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	m->src = src + kind->src_offset * page;
	m->pages = kind->pages;
	for (size_t i = 0; i < m->pages && !kind->is_holes; i++)
		*(volatile uint64_t *)(m->src + i * page) = tag(i);
	/* What is left there khugepaged would make a huge page of, of which each part is there. */
	madvise(src, huge, MADV_NOHUGEPAGE);

	dst = map_aligned(FAR);
	m->dst = dst + kind->dst_offset * page;
	reg.range.start = (uintptr_t)dst;
	reg.range.len = 2 * huge;
	if (ioctl(m->uffd, UFFDIO_REGISTER, &reg))
		broken("UFFDIO_REGISTER");
	if (kind->sharing != NOBODY)
		share_pages(m);
	if (kind->sharing == CHILD_THAT_ENDED && !end_sharing(m))
		exit(2);
}

static int move_from(const struct move *m, size_t done, int64_t *moved)
{
	struct uffdio_move arg = {
		.src = (uintptr_t)m->src + done,
		.dst = (uintptr_t)m->dst + done,
		.len = m->pages * page - done,
		.mode = modes,
	};
	int error = ioctl(m->uffd, UFFDIO_MOVE, &arg) ? errno : 0;

	*moved = arg.move;
	return error;
}

/* Each tag exactly once: at the destination below @done, else at the source. */
static bool all_there(const struct move *m, size_t done, const struct kind *kind)
{
	for (size_t i = 0; i < m->pages; i++) {
		char *src = m->src + i * page, *dst = m->dst + i * page;
		bool at_dst = !kind->is_holes && i * page < done;

		if (is_there(m, dst) != at_dst || is_there(m, src) != (!at_dst && !kind->is_holes)) {
			ksft_print_msg("page %zu of %zu is not where %zu moved bytes leave it\n",
			       i, m->pages, done);
			return false;
		}
		if (!kind->is_holes && *(uint64_t *)(at_dst ? dst : src) != tag(i)) {
			ksft_print_msg("page %zu has lost its contents\n", i);
			return false;
		}
	}
	return true;
}

/* [best-effort.memory], [call.success], [call.short] */
static bool is_allowed(const struct move *m, int error, int64_t moved)
{
	int64_t length = m->pages * page;

	if (error == 0)
		return moved == length;
	if (error == ENOMEM)
		return moved == -ENOMEM;
	return error == EAGAIN && moved > 0 && moved < length;
}

enum ending { REPORTED = 0, SURVIVED, NOT_REACHED, WRONG };

/* In a process of its own, whose end makes the kernel count what it held. */
static enum ending try_with_failure(const struct kind *kind, int nth)
{
	int fail_nth = fail_nth_open(), left, error;
	struct move m = {};
	int64_t moved;
	size_t done;

	prepare(&m, kind);
	if (fail_nth < 0 || fail_nth_set(fail_nth, nth))
		broken("fail-nth");
	error = move_from(&m, 0, &moved);
	left = fail_nth_left(fail_nth);
	if (left < 0 || fail_nth_set(fail_nth, 0))
		broken("fail-nth");

	done = moved > 0 ? moved : 0;
	if (!is_allowed(&m, error, moved)) {
		ksft_print_msg("failure %d: %s, .move %lld\n", nth, strerrorname_np(error),
		       (long long)moved);
		return WRONG;
	}
	if (!all_there(&m, done, kind))
		return WRONG;
	if (done < m.pages * page) {
		int again = move_from(&m, done, &moved);

		if (again || !all_there(&m, m.pages * page, kind)) {
			ksft_print_msg("failure %d: moved again: %s\n", nth, strerrorname_np(again));
			return WRONG;
		}
	}
	if (!end_sharing(&m))
		return WRONG;
	return left ? NOT_REACHED : error ? REPORTED : SURVIVED;
}

static enum ending try_in_child(const struct kind *kind, int nth)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		exit(try_with_failure(kind, nth));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		broken("fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
}

static void run_kind(const struct kind *kind)
{
	int count[WRONG + 1] = { 0 }, nth = 1;
	enum ending ending;

	do {
		ending = try_in_child(kind, nth++);
		count[ending > WRONG ? WRONG : ending]++;
	} while (ending < NOT_REACHED && nth <= MAX_FAILURES);

	/* A move whose allocations cannot be made to fail shows nothing. */
	if (count[NOT_REACHED] == 1 && count[REPORTED])
		ksft_test_result_pass("%s: %d failures reported, %d survived\n", kind->name,
				      count[REPORTED], count[SURVIVED]);
	else
		ksft_test_result_fail("%s: %d failures reported, %d survived\n", kind->name,
				      count[REPORTED], count[SURVIVED]);
}

static bool huge_pages_are_on(void)
{
	char text[64] = "";
	int fd = open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		broken("transparent_hugepage/enabled");
	close(fd);
	return !strstr(text, "[never]");
}

static bool allows_copies(int argc, char **argv)
{
	if (argc == 1)
		return false;
	if (argc == 2 && !strcmp(argv[1], "--allow-copy"))
		return true;
	fprintf(stderr, "usage: failing-allocations [--allow-copy]\n");
	exit(2);
}

int main(int argc, char **argv)
{
	const bool copies = allows_copies(argc, argv);

	page = sysconf(_SC_PAGESIZE);
	huge = read_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");

	const size_t per_huge = huge / page;
	const struct kind kinds[] = {
		{ "one page", false, false, 1, 0, 0, NOBODY },
		{ "pages below two page tables", false, false, 64, 0, per_huge - 32, NOBODY },
		{ "a whole huge page", true, false, per_huge, 0, 0, NOBODY },
		{ "a huge page that is split", true, false, 64, 16, 16, NOBODY },
		{ "a huge page to a place that is not aligned", true, false, per_huge, 0, 1, NOBODY },
		{ "holes", false, true, 64, 0, per_huge - 32, NOBODY },
		{ "a page that a child shares", false, false, 1, 0, 0, CHILD },
		{ "pages that a child shares", false, false, 64, 0, per_huge - 32, CHILD },
		{ "pages that a child has shared", false, false, 64, 0, 0, CHILD_THAT_ENDED },
		{ "a part of a huge page that a child shares", true, false, 32, 16, 16, CHILD },
	};
	size_t n = sizeof(kinds) / sizeof(kinds[0]);

	/* Without the mode, those that are shared are refused. */
	while (!copies && kinds[n - 1].sharing != NOBODY)
		n--;
	if (fail_nth_prepare())
		ksft_exit_skip("this kernel injects no failures: %m\n");
	if (!huge_pages_are_on())
		ksft_exit_skip("transparent huge pages are switched off\n");
	if (copies)
		modes |= UFFDIO_MOVE_MODE_ALLOW_COPY;
	ksft_print_header();
	ksft_set_plan(n);
	for (size_t i = 0; i < n; i++)
		run_kind(&kinds[i]);
	ksft_finished();
}
