// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where pages lie, what they carry, how they come and go.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/uffd.h"
#include "pages.h"
#include "test/compat.h"

#define HUGE_MOST	(64UL << 20)
#define PLAIN_SLOT	512
#define STORE_PAGES	64

struct lane lanes[LANES];
struct region regions[MAX_REGIONS];
size_t slot_pages;
bool protects;
int served_fd;
static int strict_fd;

struct tag *tags;
size_t n_tags, first_free_tag;
static uint32_t *waiting;
static size_t n_waiting, n_alive;
static pthread_mutex_t tags_lock = PTHREAD_MUTEX_INITIALIZER;

/* The mask is not kept: SA_NODEFER leaves the signals unblocked in the handler. */
static __thread sigjmp_buf guard_jump;
static __thread volatile sig_atomic_t guard_on;
#define GUARDED (sigsetjmp(guard_jump, 0) == 0 && (guard_on = 1))

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "stress: %s: %s\n", what, strerror(errno));
	_exit(1);
}

unsigned int movers_per_lane(void)
{
	return mix->overlap ? 2 : 1;
}

char *page_at(const struct region *r, size_t page)
{
	return r->start + page * page_size();
}

char *lane_page(enum region_name r, enum lane_name l, size_t page)
{
	return page_at(&regions[r], lanes[l].first + page);
}

static void on_fault(int number)
{
	if (!guard_on) {
		/* On return it comes again, and ends the process. */
		signal(number, SIG_DFL);
		return;
	}
	guard_on = 0;
	siglongjmp(guard_jump, 1);
}

void guard_install(void)
{
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}

/* Words of a page */

static uint64_t pattern(uint64_t tag, size_t word)
{
	return (tag + 1) * 0x9e3779b97f4a7c15ULL + word * 0xd1b54a32d192ed03ULL;
}

static size_t words_in_page(void)
{
	return page_size() / sizeof(uint64_t);
}

void write_page(char *at, uint64_t tag, uint64_t count)
{
	uint64_t *words = (uint64_t *)at;

	words[0] = (tag + 1) << COUNTER_BITS | count;
	for (size_t i = 1; i < words_in_page(); i++)
		words[i] = pattern(tag, i);
}

bool tag_of_word(uint64_t word, uint64_t *tag)
{
	*tag = (word >> COUNTER_BITS) - 1;
	return *tag < n_tags;
}

const char *inspect(const char *place, uint64_t *word)
{
	const volatile uint64_t *words = (const volatile uint64_t *)place;
	const char *volatile wrong = NULL;
	uint64_t tag;

	if (!GUARDED)
		return "cannot be read";
	*word = words[0];
	if (!tag_of_word(*word, &tag))
		wrong = "carries no tag";
	for (size_t i = 1; !wrong && i < words_in_page(); i++)
		if (words[i] != pattern(tag, i))
			wrong = "is damaged";
	guard_on = 0;
	return wrong;
}

bool whole(const char *place, enum property which, const char *who)
{
	uint64_t word = 0;
	const char *wrong = inspect(place, &word);

	if (wrong)
		broken(which, "a page that %s has read %s (first word %#llx)", who, wrong,
		       (unsigned long long)word);
	return !wrong;
}

bool add_to(char *place, uint64_t n, uint64_t *before)
{
	if (!GUARDED)
		return false;
	*before = atomic_fetch_add((_Atomic uint64_t *)place, n);
	guard_on = 0;
	return true;
}

void credit(uint64_t before, const char *place)
{
	uint64_t tag;

	if (tag_of_word(before, &tag))
		atomic_fetch_add(&tags[tag].credited, 1);
	else
		broken(INTACT, "a store met a page without a tag at %p (first word %#llx)", place,
		       (unsigned long long)before);
}

/* Tags that come and go */

size_t population(void)
{
	return __atomic_load_n(&n_alive, __ATOMIC_RELAXED);
}

static bool take_tag(uint32_t *tag)
{
	bool any;

	pthread_mutex_lock(&tags_lock);
	any = n_waiting > 0;
	if (any) {
		*tag = waiting[--n_waiting];
		tags[*tag].alive = true;
		n_alive++;
	}
	pthread_mutex_unlock(&tags_lock);
	return any;
}

void release(const uint32_t *which, size_t n)
{
	pthread_mutex_lock(&tags_lock);
	for (size_t i = 0; i < n; i++) {
		waiting[n_waiting++] = which[i];
		tags[which[i]].alive = false;
	}
	n_alive -= n;
	pthread_mutex_unlock(&tags_lock);
}

bool birth(char *place)
{
	struct uffdio_copy copy = {
		.dst = (uintptr_t)place,
		.src = (uintptr_t)me->buffer,
		.len = page_size(),
		.mode = protects && uffd_of(place) == served_fd && one_in(8) ?
			UFFDIO_COPY_MODE_WP : 0,
	};
	uint32_t tag;

	if (!take_tag(&tag))
		return false;
	write_page(me->buffer, tag, tags[tag].frozen);
	if (ioctl(uffd_of(place), UFFDIO_COPY, &copy) == 0)
		return true;
	release(&tag, 1);
	return false;
}

size_t freeze(char *start, size_t pages, uint32_t *which)
{
	size_t n = 0;

	for (size_t i = 0; i < pages; i++) {
		char *place = start + i * page_size();
		const char *wrong;
		uint64_t word = 0, tag;

		if (!count_pages(place, 1))
			continue;
		wrong = inspect(place, &word);
		if (wrong) {
			broken(INTACT, "a page that is to be dropped %s", wrong);
			continue;
		}
		tag_of_word(word, &tag);
		if (tag < first_free_tag) {
			broken(OFFSETS, "tag %u of another lane is among the free ones",
			       (unsigned int)tag);
			continue;
		}
		tags[tag].frozen = word & COUNTER;
		which[n++] = tag;
	}
	return n;
}

void check_frozen(char *start, size_t pages)
{
	for (size_t i = 0; i < pages; i++) {
		char *place = start + i * page_size();
		uint64_t word = 0, tag;

		if (count_pages(place, 1) && !inspect(place, &word) && tag_of_word(word, &tag) &&
		    (word & COUNTER) != tags[tag].frozen)
			broken(STORES, "tag %u was stored to after it had been moved out of reach",
			       (unsigned int)tag);
	}
}

/* Regions */

int uffd_of(const char *place)
{
	const char *free_lane = lane_page(FAR, FREE, 0);

	return place >= free_lane && place < free_lane + lanes[FREE].pages * page_size() ?
		served_fd : strict_fd;
}

static int register_range(char *start, size_t pages)
{
	return uffd_register(uffd_of(start), start, pages * page_size(),
			     UFFDIO_REGISTER_MODE_MISSING |
			     (protects ? UFFDIO_REGISTER_MODE_WP : 0), NULL);
}

bool map_anew(char *start, size_t pages)
{
	return mmap(start, pages * page_size(), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == start &&
	       register_range(start, pages) == 0;
}

bool is_page(uint64_t entry)
{
	return entry & (ENTRY_PRESENT | ENTRY_SWAPPED);
}

void read_entries(const char *start, size_t pages, uint64_t *entries)
{
	if (!pagemap_entries(start, pages, entries))
		give_up("/proc/self/pagemap");
}

size_t count_pages(const char *start, size_t pages)
{
	uint64_t entries[CHUNK];
	size_t there = 0;

	for (size_t done = 0; done < pages; done += CHUNK) {
		size_t n = pages - done < CHUNK ? pages - done : CHUNK;

		read_entries(start + done * page_size(), n, entries);
		for (size_t i = 0; i < n; i++)
			there += is_page(entries[i]);
	}
	return there;
}

/* Each begins as a huge page does, and no two adjoin. */
static void make_region(struct region *r, size_t pages)
{
	size_t slot = slot_pages * page_size(), bytes = pages * page_size();
	char *room = mmap(NULL, bytes + 2 * slot, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED)
		give_up("no room for a region");
	r->start = (char *)(((uintptr_t)room + slot) & ~(uintptr_t)(slot - 1));
	r->pages = pages;
	if (mprotect(r->start, bytes, PROT_READ | PROT_WRITE))
		give_up("no memory for a region");
}

static void choose_sizes(void)
{
	size_t huge = huge_page_size();

	slot_pages = huge && huge <= HUGE_MOST ? huge / page_size() : PLAIN_SLOT;
	lanes[PAIRED] = (struct lane){ 0, 2 * slot_pages };
	lanes[FREE] = (struct lane){ 2 * slot_pages, slot_pages };
	lanes[QUIET] = (struct lane){ 3 * slot_pages, slot_pages };
}

static void make_regions(void)
{
	make_region(&regions[NEAR], 4 * slot_pages);
	make_region(&regions[FAR], 4 * slot_pages);
	make_region(&regions[PIT], slot_pages);
	make_region(&regions[STORE], STORE_PAGES);
	make_region(&regions[GRAVE], regions[PIT].pages);
	make_region(&regions[COPIES], lanes[QUIET].pages / 2);
	for (unsigned int i = 0; i < LANES * movers_per_lane(); i++)
		make_region(&regions[OWN + i], lanes[i % LANES].pages);
	for (enum region_name r = NEAR; r <= FAR; r++) {
		size_t quiet = lanes[QUIET].pages * page_size();

		madvise(regions[r].start, lanes[QUIET].first * page_size(), MADV_HUGEPAGE);
		madvise(lane_page(r, QUIET, 0), quiet, MADV_NOHUGEPAGE);
		madvise(lane_page(r, QUIET, 0), quiet, MADV_MERGEABLE);
	}
	madvise(regions[COPIES].start, regions[COPIES].pages * page_size(), MADV_MERGEABLE);
}

static void *array(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		give_up("no memory");
	return p;
}

/* As many free tags as there are places, so that each hole can be filled. */
static void make_tags(void)
{
	size_t quiet_tags = lanes[QUIET].pages / 2, free_tags = 2 * lanes[FREE].pages;

	free_tags += regions[PIT].pages + regions[STORE].pages;
	free_tags += movers_per_lane() * lanes[FREE].pages;
	first_free_tag = lanes[PAIRED].pages + quiet_tags;
	n_tags = first_free_tag + free_tags;
	tags = array(n_tags, sizeof(*tags));
	waiting = array(n_tags, sizeof(*waiting));

	for (size_t i = 0; i < lanes[PAIRED].pages; i++)
		write_page(lane_page(NEAR, PAIRED, i), i, 0);
	for (size_t i = 0; i < quiet_tags; i++) {
		write_page(lane_page(NEAR, QUIET, 2 * i), lanes[PAIRED].pages + i, 0);
		write_page(page_at(&regions[COPIES], i), lanes[PAIRED].pages + i, 0);
	}
	n_alive = lanes[FREE].pages;
	for (size_t i = 0; i < n_alive; i++)
		write_page(lane_page(NEAR, FREE, i), first_free_tag + i, 0);
	for (size_t i = 0; i < first_free_tag + n_alive; i++)
		tags[i].alive = true;
	for (size_t tag = n_tags; tag > first_free_tag + n_alive; tag--)
		waiting[n_waiting++] = tag - 1;
}

static int open_descriptor(uint64_t features)
{
	int fd = protects ? uffd_open(features | UFFD_FEATURE_PAGEFAULT_FLAG_WP) : -1;

	if (fd < 0) {
		protects = false;
		fd = uffd_open(features);
	}
	if (fd < 0)
		give_up("userfaultfd");
	return fd;
}

void regions_build(void)
{
	protects = true;
	strict_fd = open_descriptor(UFFD_FEATURE_SIGBUS);
	served_fd = open_descriptor(0);
	choose_sizes();
	make_regions();
	make_tags();
	for (enum region_name r = NEAR; r < MAX_REGIONS; r++) {
		size_t from = 0, to = regions[r].pages;

		if (r == GRAVE || r == COPIES || !to)
			continue;
		/* The far region's free lane is on another descriptor. */
		for (enum lane_name l = PAIRED; r <= FAR && l < QUIET; l++) {
			if (register_range(lane_page(r, l, 0), lanes[l].pages))
				give_up("UFFDIO_REGISTER");
			from += lanes[l].pages;
		}
		if (register_range(page_at(&regions[r], from), to - from))
			give_up("UFFDIO_REGISTER");
	}
}
