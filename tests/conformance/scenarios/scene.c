// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "machine/machine.h"
#include "machine/settings.h"
#include "scenarios/scene.h"
#include "scenarios/waiters.h"

#define LINE 64
#define SPINS 2000		/* some microseconds */
#define BUSY_TRIES 1000
#define PIPE_PAGES 256		/* references that each has room for, if it may be as large */
#define HUGE_TRIES 200		/* memory may be too scattered for a moment */

/* A neighbour without access keeps mappings from being merged. */
char *map_aligned(struct test *t, size_t bytes, size_t alignment)
{
	char *room = mmap(NULL, bytes + 2 * alignment, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *start = (char *)(((uintptr_t)room + alignment) & ~(alignment - 1));

	if (room == MAP_FAILED)
		machine_cannot(t, errno, "%zu bytes cannot be mapped", bytes);
	if (mprotect(start, bytes, PROT_READ | PROT_WRITE))
		machine_cannot(t, errno, "%zu bytes cannot be made accessible", bytes);
	return start;
}

char *map_pages(struct test *t, unsigned int pages)
{
	char *start = map_aligned(t, pages * page_size(), page_size());

	madvise(start, pages * page_size(), MADV_NOHUGEPAGE);
	return start;
}

void scene_register(struct scene *s, void *start, unsigned int pages, uint64_t mode)
{
	int error = uffd_register(s->uffd, start, pages * page_size(), mode, NULL);

	if (error)
		machine_cannot(s->test, error, "the range could not be registered");
}

static void open_scene(struct scene *s, struct test *t, uint64_t features)
{
	*s = (struct scene){ .test = t };
	s->uffd = uffd_open(features);
	if (s->uffd < 0)
		machine_cannot(t, errno, "no descriptor with the features %#llx",
			       (unsigned long long)features);
}

static bool huge_pages_come(struct scene *s)
{
	for (unsigned int i = 0; i < s->huge; i++) {
		char *place = s->source + i * huge_page_size();

		*(volatile char *)place = 1;
		if (page_mapped(s->test, place) != MAPPED_HUGE)
			return false;
	}
	return true;
}

/*
 * A place that got a small page for once has a page table, and on most kernels
 * keeps it; then only a new mapping gets huge pages.  When they have come, the
 * source is closed to them: where a part has been moved away khugepaged would make
 * a huge page of the rest, with zeroes in the holes.
 */
static void bring_huge_pages(struct scene *s)
{
	size_t bytes = s->huge * huge_page_size();

	madvise(s->source, bytes, MADV_HUGEPAGE);
	for (int i = 0; i < HUGE_TRIES && !huge_pages_come(s); i++) {
		if (mmap(s->source, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != s->source)
			machine_cannot(s->test, errno, "%zu bytes cannot be mapped anew", bytes);
		madvise(s->source, bytes, MADV_HUGEPAGE);
		let_others_run();
	}
	if (!huge_pages_come(s))
		machine_cannot(s->test, ENOMEM, "no huge page is to be had at the moment");
	madvise(s->source, bytes, MADV_NOHUGEPAGE);
}

static void fill_source(struct scene *s)
{
	if (s->huge)
		bring_huge_pages(s);
	for (unsigned int i = 0; i < s->pages; i++)
		fill_page(source_page(s, i), scene_tag(i));
}

void scene_refill(struct scene *s)
{
	madvise(s->source, s->pages * page_size(), MADV_DONTNEED);
	fill_source(s);
}

void scene_build(struct scene *s, struct test *t, unsigned int pages, uint64_t features)
{
	open_scene(s, t, features);
	s->pages = pages;
	s->source = map_pages(t, pages);
	s->destination = map_pages(t, pages);
	fill_source(s);
	scene_register(s, s->destination, pages, UFFDIO_REGISTER_MODE_MISSING);
}

void scene_adjoin(struct scene *s, bool upwards)
{
	char *lower = map_pages(s->test, 2 * s->pages), *upper = lower + s->pages * page_size();

	s->source = upwards ? lower : upper;
	s->destination = upwards ? upper : lower;
	scene_refill(s);
	scene_register(s, s->destination, s->pages, UFFDIO_REGISTER_MODE_MISSING);
}

/* So many pages a pipe may hold for anyone. */
static unsigned int pipe_pages(void)
{
	char most[32];
	unsigned long pages = PIPE_PAGES;

	if (!setting_read("/proc/sys/fs/pipe-max-size", most, sizeof(most)))
		pages = strtoul(most, NULL, 10) / page_size();
	return pages && pages < PIPE_PAGES ? pages : PIPE_PAGES;
}

/* Returns the end at which it can be read. */
static int splice_into_pipe(struct test *t, const struct iovec *parts, unsigned int n_parts,
			    unsigned int n_pages)
{
	ssize_t bytes = n_pages * page_size();
	int ends[2];

	if (pipe(ends) || fcntl(ends[1], F_SETPIPE_SZ, bytes) < bytes ||
	    vmsplice(ends[1], parts, n_parts, SPLICE_F_NONBLOCK) != bytes)
		machine_cannot(t, errno, "pages could not be spliced into a pipe");
	close(ends[1]);
	return ends[0];
}

int refer_by_pipes(struct test *t, char *page, unsigned int times)
{
	unsigned int most = pipe_pages();
	struct iovec pages[PIPE_PAGES];
	int end = -1;

	for (int i = 0; i < PIPE_PAGES; i++)
		pages[i] = (struct iovec){ .iov_base = page, .iov_len = page_size() };
	while (times) {
		unsigned int n = times < most ? times : most;

		end = splice_into_pipe(t, pages, n, n);
		times -= n;
	}
	return end;
}

void hold_by_pipes(struct test *t, char *pages, unsigned int n)
{
	unsigned int most = pipe_pages();

	for (unsigned int i = 0; i < n; i += most) {
		unsigned int held = n - i < most ? n - i : most;
		struct iovec part = {
			.iov_base = pages + i * page_size(), .iov_len = held * page_size()
		};

		splice_into_pipe(t, &part, 1, held);
	}
}

unsigned int pages_per_huge(void)
{
	return huge_page_size() / page_size();
}

void scene_build_huge(struct scene *s, struct test *t, unsigned int huge, uint64_t features)
{
	size_t bytes = huge * huge_page_size();

	open_scene(s, t, features);
	s->pages = bytes / page_size();
	s->huge = huge;
	s->source = map_aligned(t, bytes, huge_page_size());
	s->destination = map_aligned(t, bytes, huge_page_size());
	madvise(s->destination, bytes, MADV_HUGEPAGE);
	fill_source(s);
	scene_register(s, s->destination, s->pages, UFFDIO_REGISTER_MODE_MISSING);
}

void scene_make_huge_zero(struct scene *s)
{
	size_t bytes = s->pages * page_size();

	madvise(s->source, bytes, MADV_DONTNEED);
	madvise(s->source, bytes, MADV_HUGEPAGE);
	for (unsigned int i = 0; i < s->pages; i += pages_per_huge())
		(void)*(volatile char *)source_page(s, i);
	madvise(s->source, bytes, MADV_NOHUGEPAGE);
}

char *source_page(const struct scene *s, unsigned int i)
{
	return s->source + i * page_size();
}

char *destination_page(const struct scene *s, unsigned int i)
{
	return s->destination + i * page_size();
}

uint64_t scene_tag(unsigned int i)
{
	return 0x7a67000000000000ULL | i;
}

void fill_page(void *page, uint64_t tag)
{
	for (size_t at = 0; at < page_size(); at += LINE)
		*(uint64_t *)((char *)page + at) = tag;
}

uint64_t read_tag(const void *page)
{
	uint64_t tag = *(const volatile uint64_t *)page;

	for (size_t at = LINE; at < page_size(); at += LINE)
		if (*(const volatile uint64_t *)((const char *)page + at) != tag)
			return TAG_TORN;
	return tag;
}

const char *look_at(struct scene *s, const void *page, uint64_t tag)
{
	uint64_t seen;

	if (!page_is_there(s->test, page))
		return "hole";
	seen = read_tag(page);
	if (seen == tag)
		return "contents";
	return seen == 0 ? "zero" : "other";
}

void pages_there(struct test *t, const void *start, unsigned int pages, bool there[])
{
	uint64_t *entries = calloc(pages, sizeof(*entries));

	if (!entries)
		test_broken(t, "no memory for %u entries of pagemap", pages);
	pagemap_read(t, start, pages, entries);
	for (unsigned int i = 0; i < pages; i++)
		there[i] = entries[i] & (ENTRY_PRESENT | ENTRY_SWAPPED);
	free(entries);
}

int scene_move(struct scene *s, void *to, void *from, unsigned int pages, uint64_t mode,
	       int64_t *move)
{
	struct uffdio_move argument = {
		.dst = (uintptr_t)to,
		.src = (uintptr_t)from,
		.len = pages * page_size(),
		.mode = mode,
		.move = MOVE_SENTINEL,
	};
	int error = pagemap_move(s->test, s->uffd, &argument);

	if (move)
		*move = argument.move;
	return error;
}

int scene_move_patiently(struct scene *s, void *to, void *from, unsigned int pages, uint64_t mode,
			 int64_t *move)
{
	int error = EBUSY;

	for (int i = 0; i < BUSY_TRIES && error == EBUSY; i++) {
		if (i)
			let_others_run();
		error = scene_move(s, to, from, pages, mode, move);
	}
	return error;
}

/* Nobody else moves that page to that place. */
static bool has_moved(struct scene *s, const char *to, const char *from)
{
	return !page_is_there(s->test, from) && page_is_there(s->test, to);
}

int scene_move_told(struct scene *s, char *to, char *from, unsigned int pages, uint64_t mode,
		    int64_t *move, bool *moved_but_refused)
{
	const size_t bytes = pages * page_size();
	size_t done = 0;
	int error = 0;

	while (done < bytes) {
		error = scene_move(s, to + done, from + done, pages - done / page_size(), mode, move);
		if (*move > 0 && *move != MOVE_SENTINEL)
			done += *move;
		if ((error != EEXIST && error != EAGAIN) || !has_moved(s, to + done, from + done))
			break;
		*moved_but_refused = true;
		done += page_size();
		error = 0;
	}
	if (done)
		*move = done;
	return error;
}

void scene_make_tables(struct scene *s)
{
	madvise(s->destination, s->pages * page_size(), MADV_NOHUGEPAGE);
	for (unsigned int i = 0; i < s->pages; i += pages_per_huge()) {
		struct uffdio_zeropage zero = {
			.range = { (uintptr_t)destination_page(s, i), page_size() },
		};

		if (ioctl(s->uffd, UFFDIO_ZEROPAGE, &zero))
			test_broken(s->test, "UFFDIO_ZEROPAGE: %s", strerror(errno));
		if (madvise(destination_page(s, i), page_size(), MADV_DONTNEED))
			test_broken(s->test, "MADV_DONTNEED: %s", strerror(errno));
	}
}

/* The mapping of each is two for a moment. */
void scene_map_by_small(struct scene *s)
{
	madvise(s->destination, s->pages * page_size(), MADV_NOHUGEPAGE);
	for (unsigned int i = 0; i < s->pages; i += pages_per_huge()) {
		char *middle = source_page(s, i + pages_per_huge() / 2);

		if (mprotect(middle, page_size(), PROT_READ) ||
		    mprotect(middle, page_size(), PROT_READ | PROT_WRITE))
			machine_cannot(s->test, errno, "the access of a part cannot be changed");
		if (page_mapped(s->test, source_page(s, i)) != MAPPED_SMALL)
			test_broken(s->test, "the huge page is still mapped as one");
	}
}

/* A short move has met one of several huge pages that was busy. */
int scene_move_all(struct scene *s)
{
	unsigned int done = 0;
	int64_t move;
	int error;

	do {
		error = scene_move_patiently(s, destination_page(s, done), source_page(s, done),
					     s->pages - done, 0, &move);
		if (error != EAGAIN || move < (int64_t)page_size() || move == MOVE_SENTINEL)
			break;
		done += move / page_size();
	} while (done < s->pages);
	return error;
}

bool scene_is_all_at(struct scene *s, const char *place)
{
	for (unsigned int i = 0; i < s->pages; i++)
		if (!page_is_there(s->test, place + i * page_size()))
			return false;
	return true;
}

int scene_move_over_tables(struct scene *s)
{
	scene_make_tables(s);
	return scene_move_all(s);
}

int scene_move_in_halves(struct scene *s)
{
	const unsigned int half = pages_per_huge() / 2;
	int error = 0;

	madvise(s->destination, s->pages * page_size(), MADV_NOHUGEPAGE);
	for (unsigned int i = 0; i < s->pages && !error; i += half)
		error = scene_move_patiently(s, destination_page(s, i), source_page(s, i), half, 0,
					     NULL);
	return error;
}

pid_t sharing_child(struct test *t)
{
	pid_t child = machine_fork(t);

	while (child == 0)
		pause();
	return child;
}

void test_observe_result(struct test *t, const char *suffix, int error, int64_t move)
{
	char name[24];

	snprintf(name, sizeof(name), "errno%s", suffix);
	test_observe(t, name, "%s", error_name(error));
	snprintf(name, sizeof(name), "move%s", suffix);
	if (move == MOVE_SENTINEL)
		test_observe(t, name, "untouched");
	else if (error && move == -error)
		test_observe(t, name, "error");
	else if (move < 0 || move % page_size())
		test_observe(t, name, "%lld bytes", (long long)move);
	else
		test_observe(t, name, "%lld", (long long)(move / page_size()));
}

void scene_observe_move(struct scene *s, const char *suffix, unsigned int pages, uint64_t mode)
{
	int64_t move;
	int error = scene_move(s, s->destination, s->source, pages, mode, &move);

	test_observe_result(s->test, suffix, error, move);
}

void scene_observe_errno(struct scene *s, unsigned int pages, uint64_t mode)
{
	int error = scene_move(s, s->destination, s->source, pages, mode, NULL);

	test_observe(s->test, "errno", "%s", error_name(error));
}

void scene_wake(struct scene *s, void *start, unsigned int pages)
{
	struct uffdio_range range = { (uintptr_t)start, pages * page_size() };

	if (ioctl(s->uffd, UFFDIO_WAKE, &range))
		test_broken(s->test, "UFFDIO_WAKE: %s", strerror(errno));
}

void scene_protect(struct scene *s, void *start, unsigned int pages)
{
	struct uffdio_writeprotect protect = {
		.range = { (uintptr_t)start, pages * page_size() },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	if (ioctl(s->uffd, UFFDIO_WRITEPROTECT, &protect))
		test_broken(s->test, "UFFDIO_WRITEPROTECT: %s", strerror(errno));
}

int scene_copy(struct scene *s, void *to, const void *from, uint64_t mode)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)to,
		.src = (uintptr_t)from,
		.len = page_size(),
		.mode = mode,
	};

	return ioctl(s->uffd, UFFDIO_COPY, &copy) ? errno : 0;
}

bool next_event(struct scene *s, struct uffd_msg *event)
{
	return read(s->uffd, event, sizeof(*event)) == sizeof(*event);
}

const char *event_name(const struct uffd_msg *event)
{
	switch (event->event) {
	case UFFD_EVENT_PAGEFAULT:
		return "pagefault";
	case UFFD_EVENT_FORK:
		return "fork";
	case UFFD_EVENT_REMAP:
		return "remap";
	case UFFD_EVENT_REMOVE:
		return "remove";
	case UFFD_EVENT_UNMAP:
		return "unmap";
	}
	return "other";
}

void scene_end(struct scene *s)
{
	close(s->uffd);
	while (s->n_waiters > 0)
		pthread_join(s->waiters[--s->n_waiters]->thread, NULL);
}

void let_others_run(void)
{
	struct timespec moment = { .tv_nsec = 20000 };

	nanosleep(&moment, NULL);
}

void wait_a_turn(unsigned int *turns)
{
	if (++*turns > SPINS)
		let_others_run();
}

void stay_on_cpu(struct test *t, int n)
{
	cpu_set_t allowed, one;
	int cpu = sched_getcpu();

	if (cpu < 0 || sched_getaffinity(0, sizeof(allowed), &allowed))
		machine_cannot(t, errno, "the CPUs that may be used are not told");
	for (int i = 0; n >= 0 && i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &allowed) && n-- == 0)
			cpu = i;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		machine_cannot(t, errno, "a thread cannot be kept on a CPU");
}

struct pace pace_of(unsigned int least, unsigned int most, int64_t ms)
{
	return (struct pace){ .least = least, .most = most, .until = now_ms() + ms };
}

bool pace_goes_on(struct pace *p)
{
	if (p->begun >= p->least && (p->begun >= p->most || now_ms() > p->until))
		return false;
	p->begun++;
	return true;
}

void crew_add(struct scene *s, struct crew *c, void *(*run)(void *), void *argument)
{
	machine_thread(s->test, &c->threads[c->n], run, argument);
	c->n++;
}

void crew_end(struct crew *c)
{
	__atomic_store_n(&c->stop, 1, __ATOMIC_RELEASE);
	while (c->n > 0)
		pthread_join(c->threads[--c->n], NULL);
}
