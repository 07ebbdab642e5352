// SPDX-License-Identifier: GPL-2.0-only
/*
 * UFFDIO_MOVE: does it move what it should, refuse what it should, and say so?
 *
 * uffdio_move_cases.h has the cases, and for each of them what has to be seen
 * afterwards. Here they are set up, the call is made, and what is seen is
 * compared; what is right is not known here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/mman.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>

#include "kselftest_harness.h"
#include "uffdio_move.h"

#define MAX_LETTERS	16
#define MAX_ENDINGS	9	/* the last one is empty */
#define MAX_REPEATS	1000
#define MAX_TEXT	(MAX_LETTERS * 8)
#define RW		(PROT_READ | PROT_WRITE)

/* What becomes of .move, where it is no number of letters. */
#define UNTOUCHED	-1	/* left as it was, which was SENTINEL */
#define NEGATED		-2	/* the negated errno */
#define UNSEEN		-3	/* it cannot be looked at */
#define ODD		-4	/* none of these */
#define SENTINEL	0x5eed5eed5eedll

/* For the cases. */
#define DONTWAKE	UFFDIO_MOVE_MODE_DONTWAKE
#define ALLOW_SRC_HOLES	UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES

/* What a letter stands for. */
struct state {
	char letter;
	char looks;	/* the letter as which it is seen before the call */
	bool huge;	/* it is a whole huge page */
	bool edge;	/* it begins at a page table's first entry */
	const char *is, *needs;
};

/* What makes a page move that was refused. */
enum cure {
	NO_CURE,
	STORE,		/* a store to it */
	REPEAT,		/* the same call again: what was in the way passes */
};

/* One way in which a call may end. */
struct ending {
	int error, move;
	const char *source, *destination;
	int cause;
	enum cure cure;
};

/* A letter's place; opposite a huge page, the letter is in the first and holes are in the rest. */
struct slot {
	const struct state *state;
	char *page;
	size_t pages, filled;
	unsigned int side, number;
};

struct area {
	const char *name;	/* as words of plan->with begin */
	char *base, *edge;	/* where its mapping begins, and the second page table there */
	char *end;		/* of the letters */
	struct slot slots[MAX_LETTERS];
	unsigned int n;
};

struct plan {
	unsigned int from, to, letters;
	const char *shows, *source, *destination;
	__u64 mode;
	const char *with;
	struct ending endings[MAX_ENDINGS];
};

struct test {
	const struct plan *plan;
	struct area areas[2], *source, *destination;
	struct uffdio_move *argument;
	int uffd;
	pid_t child;
	unsigned int letters;	/* that are to be moved */
	unsigned int unheeded;	/* words of plan->with, a bit for each */
	char lacking[128];	/* why the case cannot be set up here */
};

FIXTURE_VARIANT(move)
{
	struct plan plan;
};

FIXTURE(move)
{
	struct test test;
};

#define CASE_AT(_from, _to, _letters, _name, _shows, _source, _destination, _mode, _with, ...)	\
FIXTURE_VARIANT_ADD(move, _name)								\
{												\
	.plan = { _from, _to, _letters, _shows, _source, _destination, _mode, _with,		\
		  { __VA_ARGS__ } }								\
}

#define CASE_OF(...) CASE_AT(0, 0, 0, __VA_ARGS__)

#include "uffdio_move_cases.h"

static size_t page_size, table_span, area_size;

static void lacks(struct test *t, const char *format, ...)
{
	va_list args;

	if (t->lacking[0])
		return;
	va_start(args, format);
	vsnprintf(t->lacking, sizeof(t->lacking), format, args);
	va_end(args);
}

/* Is the call to differ in this way: "word", or "src-word" or "both-word" of an area? */
static bool differs(struct test *t, const struct area *a, const char *way)
{
	const char *word = t->plan->with, *next;
	unsigned int i;

	for (i = 0; *word; i++, word = next) {
		size_t length = strcspn(word, " ");

		next = word + length + strspn(word + length, " ");
		if (a) {
			size_t prefix = strncmp(word, "both-", 5) ? 4 : 5;

			if (prefix == 4 && strncmp(word, a->name, 4))
				continue;
			word += prefix;
			length -= prefix;
		}
		if (strlen(way) == length && !strncmp(word, way, length)) {
			t->unheeded &= ~(1 << i);
			return true;
		}
	}
	return false;
}

/* Where the letters lie. */

static bool has_letter(const struct area *a, const char *letters)
{
	unsigned int i;

	for (i = 0; i < a->n; i++)
		if (strchr(letters, a->slots[i].state->letter))
			return true;
	return false;
}

static void read_letters(struct area *a, const char *notation)
{
	size_t i;

	for (; notation && *notation; notation++)
		for (i = 0; i < ARRAY_SIZE(states); i++)
			if (states[i].letter == *notation)
				a->slots[a->n++].state = &states[i];
}

/* Letters before the edge; if nothing has to begin there they all lie behind it. */
static long letters_before_edge(const struct test *t)
{
	unsigned int i;

	for (i = 0; i < t->source->n; i++)
		if (t->source->slots[i].state->edge || t->destination->slots[i].state->edge)
			return i;
	return -8;
}

static void place_letters(struct test *t, struct area *a)
{
	unsigned int i;

	a->edge = a->base + table_span;
	a->end = a->edge - letters_before_edge(t) * (long)page_size;
	if (a == t->destination && has_letter(t->source, "M"))
		a->end += page_size;
	for (i = 0; i < a->n; i++) {
		struct slot *s = &a->slots[i];

		s->side = a == &t->areas[1];
		s->number = i;
		s->page = a->end;
		s->pages = t->source->slots[i].state->huge ||
			   t->destination->slots[i].state->huge ? table_span / page_size : 1;
		s->filled = s->state->huge ? s->pages : 1;
		a->end += s->pages * page_size;
	}
}

static size_t length_of(const struct test *t, unsigned int from, unsigned int letters)
{
	size_t pages = 0;

	while (letters--)
		pages += t->source->slots[from++].pages;
	return pages * page_size;
}

static int file_for(struct test *t, const struct area *a)
{
	bool secret = differs(t, a, "secretmem");
	int fd = secret ? syscall(__NR_memfd_secret, 0) : memfd_create(a->name, 0);

	if (fd < 0 || ftruncate(fd, area_size))
		lacks(t, "no %s: %s", secret ? "secret memory" : "memfd", strerror(errno));
	return fd;
}

static void map_area(struct test *t, const struct area *a, size_t size)
{
	bool is_shared = differs(t, a, "shmem") || differs(t, a, "secretmem");
	bool is_file = is_shared || differs(t, a, "file-page") || differs(t, a, "file-copy");
	int flags = MAP_FIXED | MAP_NORESERVE;

	flags |= is_shared || differs(t, a, "shared-anonymous") ? MAP_SHARED : MAP_PRIVATE;
	flags |= is_file ? 0 : MAP_ANONYMOUS;
	flags |= differs(t, a, "hugetlb") ? MAP_HUGETLB : 0;
	if (mmap(a->base, size, RW, flags, is_file ? file_for(t, a) : -1, 0) == MAP_FAILED)
		lacks(t, "no memory of this kind: %s", strerror(errno));
	madvise(a->base, size, MADV_NOHUGEPAGE);
}

static void lock_area(struct test *t, const struct area *a)
{
	bool one_onfault = differs(t, NULL, "both-locked-one-onfault"), failed = false;

	if (differs(t, NULL, "both-locked") || (one_onfault && a == t->source))
		failed = mlock(a->base, area_size) ||
			 madvise(a->base, area_size, MADV_DONTNEED_LOCKED);
	else if (differs(t, a, "locked") || one_onfault)
		failed = mlock2(a->base, area_size, MLOCK_ONFAULT);
	if (failed)
		lacks(t, "no locked memory: %s", strerror(errno));
}

/* The destination below the source; nothing else comes near them. */
static void place(struct test *t)
{
	struct area *source = t->source, *destination = t->destination;
	size_t upper_span = table_span * (page_size / sizeof(void *));
	size_t unit = has_letter(source, "~") ? upper_span : table_span;
	bool is_one = differs(t, NULL, "same-mapping");
	uintptr_t edge;
	char *room = mmap(NULL, 4 * area_size + 2 * unit, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (room == MAP_FAILED) {
		lacks(t, "no room for page tables: %s", strerror(errno));
		return;
	}
	edge = ((uintptr_t)room + 3 * area_size) / unit * unit + unit;
	source->base = (char *)(edge - table_span);
	if (source != destination) {
		destination->base = source->base - area_size;
		if (!is_one && !differs(t, NULL, "adjacent"))
			destination->base -= area_size;
		map_area(t, destination, is_one ? 2 * area_size : area_size);
	}
	if (!is_one)
		map_area(t, source, area_size);
	place_letters(t, source);
	place_letters(t, destination);
	lock_area(t, source);
	lock_area(t, destination);
}

/* Descriptors. */

static int open_uffd(struct test *t, __u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);

	if (uffd < 0 || (!differs(t, NULL, "no-handshake") && ioctl(uffd, UFFDIO_API, &api)))
		lacks(t, "no userfaultfd with features %llx: %s", features, strerror(errno));
	return uffd;
}

static void register_at(struct test *t, int uffd, char *start, size_t size, __u64 mode)
{
	struct uffdio_register reg = {
		.range = { .start = (uintptr_t)start, .len = size }, .mode = mode,
	};

	if (ioctl(uffd, UFFDIO_REGISTER, &reg))
		lacks(t, "no registration with mode %llx: %s", mode, strerror(errno));
}

static void register_areas(struct test *t)
{
	const struct area *source = t->source, *destination = t->destination;
	bool is_one = differs(t, NULL, "same-mapping");
	__u64 mode = UFFDIO_REGISTER_MODE_MISSING;
	int uffd = t->uffd;

	if (differs(t, source, "registered"))
		register_at(t, t->uffd, source->base, area_size, mode);
	if (differs(t, source, "registered-elsewhere"))
		register_at(t, open_uffd(t, 0), source->base, area_size, mode);
	if (differs(t, NULL, "registered-for-protection-only"))
		mode = UFFDIO_REGISTER_MODE_WP;
	if (differs(t, NULL, "registered-for-both"))
		mode |= UFFDIO_REGISTER_MODE_WP;
	if (differs(t, destination, "registered-elsewhere"))
		uffd = open_uffd(t, 0);
	if (!differs(t, NULL, "no-handshake") && !differs(t, destination, "not-registered") &&
	    !differs(t, destination, "file-copy"))
		register_at(t, uffd, destination->base, is_one ? 2 * area_size : area_size, mode);
}

/* What is seen: letters, and whose contents are behind them. */

static __u64 tag_of(const struct slot *s, size_t k)
{
	return 0xfeedull << 48 | (__u64)s->side << 40 | (__u64)s->number << 32 | k;
}

static void write_tags(const struct slot *s)
{
	size_t k;

	for (k = 0; k < s->filled; k++) {
		__u64 *words = (void *)(s->page + k * page_size);

		words[0] = tag_of(s, k);
		words[page_size / sizeof(*words) - 1] = words[0];
	}
}

/* The slot whose page @k has these contents, or NULL. */
static const struct slot *owner_of(struct test *t, const char *page, size_t k)
{
	const __u64 *words = (const void *)page;
	__u64 tag = words[page_size / sizeof(*words) - 1];
	const struct slot *s = &t->areas[tag >> 40 & 1].slots[tag >> 32 & (MAX_LETTERS - 1)];

	return tag == words[0] && tag == tag_of(s, k) ? s : NULL;
}

/* Of this process: a file opened before a fork would show the parent's pages. */
static void read_pagemap(const char *page, size_t n, __u64 *entries)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t size = n * sizeof(*entries);

	if (pread(fd, entries, size, (uintptr_t)page / page_size * sizeof(*entries)) != size) {
		perror("/proc/self/pagemap");
		abort();
	}
	close(fd);
}

/* A bit of an entry there. */
static bool is_present(__u64 entry)
{
	return entry >> 63 & 1;
}

static bool is_swapped(__u64 entry)
{
	return entry >> 62 & 1;
}

static bool is_protected(__u64 entry)
{
	return entry >> 57 & 1;
}

/* Has the mapping with this address a huge page? */
static bool maps_huge(const char *address)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long low, high, kb = 0;
	bool here = false;
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &low, &high) == 2)
			here = low <= (uintptr_t)address && (uintptr_t)address < high;
		else if (here && sscanf(line, "AnonHugePages: %lu", &kb) == 1)
			break;
	}
	if (f)
		fclose(f);
	return kb;
}

static char letter_at(const char *page, __u64 entry, bool huge)
{
	if (is_swapped(entry))
		return 'S';
	if (!is_present(entry))
		return '.';
	if (is_protected(entry))
		return 'W';
	if (huge)
		return 'T';
	return !page[0] && !memcmp(page, page + 1, page_size - 1) ? 'Z' : 'P';
}

/* "P:s0" if all of the letter's pages are so, and in their order; "?" if they are mixed. */
static void look_at(struct test *t, const struct area *a, const struct slot *s, char *text)
{
	bool huge = s->page >= a->edge && s->page < a->edge + table_span && maps_huge(s->page);
	const struct slot *owner = NULL;
	size_t k, filled = s->pages;
	__u64 entries[s->pages];
	char letter;

	read_pagemap(s->page, s->pages, entries);
	letter = letter_at(s->page, entries[0], huge);
	if (letter != '.') {
		owner = letter == 'Z' ? NULL : owner_of(t, s->page, 0);
		filled = owner ? owner->filled : 1;
	}
	/* the rest of a huge page of which the letter is a part is not looked at */
	for (k = 1; k < s->pages && !strchr("tr", s->state->letter); k++) {
		const char *page = s->page + k * page_size;

		if (letter_at(page, entries[k], huge) != (k < filled ? letter : '.') ||
		    (k < filled && owner && owner_of(t, page, k) != owner))
			letter = '?';
	}
	text += sprintf(text, "%c", letter);
	if (owner)
		sprintf(text, ":%c%u", owner->side ? 'd' : 's', owner->number);
}

static void look(struct test *t, const struct area *a, char *text)
{
	unsigned int i;

	if (differs(t, a, "read-only") || differs(t, a, "no-access"))
		mprotect(a->base, area_size, RW);
	for (i = 0; i < a->n; i++) {
		if (i)
			*text++ = ' ';
		look_at(t, a, &a->slots[i], text);
		text += strlen(text);
	}
}

/* How the states come about. */

static bool is_among(const struct area *a, const char *page)
{
	return page >= a->slots[0].page && page < a->end;
}

/* With something beside the letters in it, where there is room and it is not to be empty. */
static void make_table(const struct area *a, char *page, bool empty)
{
	char *first = (char *)((uintptr_t)page / table_span * table_span);
	char *last = first + table_span - page_size;

	if (!empty && !is_among(a, last)) {
		madvise(last, page_size, MADV_POPULATE_READ);
	} else if (!empty && !is_among(a, first)) {
		madvise(first, page_size, MADV_POPULATE_READ);
	} else {
		madvise(page, page_size, MADV_POPULATE_READ);
		madvise(page, page_size, MADV_DONTNEED);
	}
}

static void make_tables(struct test *t, const struct area *a)
{
	unsigned int i;

	for (i = 0; i < a->n && !differs(t, a, "hugetlb"); i++) {
		const struct slot *s = &a->slots[i];
		char *last = s->page + (s->pages - 1) * page_size;

		if (s->state->letter == '_')	/* a neighbour has the tables above it */
			madvise(a->edge + 2 * table_span, page_size, MADV_POPULATE_READ);
		if (!strchr(".e", s->state->letter))
			continue;
		make_table(a, s->page, s->state->letter == 'e');
		if ((uintptr_t)last / table_span != (uintptr_t)s->page / table_span)
			make_table(a, last, s->state->letter == 'e');
	}
}

static bool page_out(const struct slot *s)
{
	__u64 entry;

	madvise(s->page, page_size, MADV_PAGEOUT);
	read_pagemap(s->page, 1, &entry);
	return is_swapped(entry);
}

/* A page that waits in another CPU's batch is not reclaimed; one made anew is in ours. */
static void swap_out(struct test *t, const struct slot *s)
{
	struct sysinfo info;
	int tries;

	if (sysinfo(&info) || !info.freeswap) {
		lacks(t, "no %s", s->state->needs);
		return;
	}
	for (tries = 0; tries < 30 && !page_out(s); tries++) {
		usleep(tries * 250);
		if (s->state->letter == 'V')
			continue;
		madvise(s->page, page_size, MADV_DONTNEED);
		write_tags(s);
	}
}

static void hold_by_pipe(struct test *t, char *page)
{
	struct iovec one = { page, page_size };
	int ends[2];

	if (pipe(ends) || vmsplice(ends[1], &one, 1, SPLICE_F_NONBLOCK) != (ssize_t)page_size)
		lacks(t, "no vmsplice: %s", strerror(errno));
}

/* Where locked memory is limited, what the rings of earlier tests had may still count. */
static void pin(struct test *t, const struct slot *s)
{
	struct iovec buffer = { s->page, s->filled * page_size };
	struct io_uring_params params = {};
	int ring = syscall(__NR_io_uring_setup, 1, &params), tries = 0;

	while (syscall(__NR_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1)) {
		if (ring < 0 || errno != ENOMEM || tries++ == 500) {
			lacks(t, "no io_uring with registered buffers: %s", strerror(errno));
			return;
		}
		usleep(2000);
	}
}

static void protect(struct test *t, const struct area *a, const struct slot *s)
{
	struct uffdio_writeprotect wp = {
		.range = { .start = (uintptr_t)s->page, .len = page_size },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int uffd = open_uffd(t, UFFD_FEATURE_PAGEFAULT_FLAG_WP);

	register_at(t, uffd, a->base, area_size, UFFDIO_REGISTER_MODE_WP);
	if (ioctl(uffd, UFFDIO_WRITEPROTECT, &wp))
		lacks(t, "no write protection: %s", strerror(errno));
}

static void make_letter(struct test *t, struct area *a, const struct slot *s)
{
	const char letter = s->state->letter;

	if (differs(t, a, "hugetlb") || s->state->looks == '.')
		return;
	if (letter == 'Z' || differs(t, a, "file-page")) {
		madvise(s->page, page_size, MADV_POPULATE_READ);
		return;
	}
	if (s->state->looks == 'T')
		madvise(a->base, area_size, MADV_HUGEPAGE);
	write_tags(s);
	if (s->state->looks == 'T')
		madvise(a->base, area_size, MADV_NOHUGEPAGE);
	if (strchr("WV", letter))
		protect(t, a, s);
	if (strchr("SscV", letter))
		swap_out(t, s);
	if (strchr("DB", letter))
		pin(t, s);
	if (letter == 'R')
		hold_by_pipe(t, s->page);
	if (letter == 'r')
		hold_by_pipe(t, a->edge + table_span - page_size);
}

#define WITH_CHILD	"FCfsc"

static void make_letters(struct test *t, struct area *a, bool with_child)
{
	unsigned int i;

	for (i = 0; i < a->n && !t->lacking[0]; i++)
		if (!!strchr(WITH_CHILD, a->slots[i].state->letter) == with_child)
			make_letter(t, a, &a->slots[i]);
}

/* A child has what there is at its birth. */
static void share(struct test *t, bool goes)
{
	t->child = fork();
	if (t->child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (!goes)
			pause();
		_exit(0);
	}
	if (goes)
		waitpid(t->child, NULL, 0);
}

static void make(struct test *t)
{
	make_tables(t, t->source);
	make_tables(t, t->destination);
	if (has_letter(t->source, WITH_CHILD)) {
		make_letters(t, t->source, true);
		share(t, has_letter(t->source, "Cc"));
	}
	make_letters(t, t->source, false);
	if (t->destination != t->source)
		make_letters(t, t->destination, false);
}

/* Without a look at contents, which would bring back what is swapped. */
static void verify(struct test *t, const struct area *a, const char *expected)
{
	unsigned int i;

	for (i = 0; i < a->n && expected && !t->lacking[0]; i++) {
		const struct slot *s = &a->slots[i];
		__u64 entry;
		char letter;

		read_pagemap(s->page, 1, &entry);
		letter = letter_at(s->page, entry, s->state->looks == 'T' && maps_huge(s->page));
		if (letter != s->state->looks)
			lacks(t, "no %s: what is to be %s looks like '%c'",
			      s->state->needs[0] ? s->state->needs : "way to make it",
			      s->state->is, letter);
	}
}

/* How the call differs, once the pages are there. */

static void change(struct test *t, const struct area *a)
{
	const size_t behind = a->base + area_size - a->end;
	int result = 0;

	if (differs(t, a, "read-only"))
		result = mprotect(a->base, area_size, PROT_READ);
	if (differs(t, a, "no-access"))
		result = mprotect(a->base, area_size, PROT_NONE);
	if (differs(t, a, "executable"))
		result = mprotect(a->base, area_size, RW | PROT_EXEC);
	if (differs(t, a, "unmapped") || differs(t, a, "unmapped-holes-allowed"))
		result = munmap(a->base, area_size);
	if (differs(t, a, "past-end"))
		result = munmap(a->end, behind);
	if (differs(t, a, "two-mappings"))
		result = madvise(a->end, behind, MADV_DONTFORK);
	if (result)
		lacks(t, "no such mapping for %s: %s", a->name, strerror(errno));
}

static void *drop(void *page)
{
	madvise(page, page_size, MADV_DONTNEED);
	return NULL;
}

/* A change of the address space stands still until its event has been read. */
static void begin_change(struct test *t)
{
	char *page = mmap(NULL, page_size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pollfd events = { .fd = t->uffd, .events = POLLIN };
	pthread_t thread;

	register_at(t, t->uffd, page, page_size, UFFDIO_REGISTER_MODE_MISSING);
	if (pthread_create(&thread, NULL, drop, page) || poll(&events, 1, 2000) != 1)
		lacks(t, "no event of a change");
}

/* The lowest power of two, from the bits that all tasks have, where nothing can be mapped. */
static __u64 beyond_task(void)
{
	unsigned int bit = 47;

	while (bit < 62 && !munmap((void *)(uintptr_t)(1ull << bit), page_size))
		bit++;
	return 1ull << bit;
}

static __u64 address_of(struct test *t, const struct area *a, unsigned int letter)
{
	__u64 address = (uintptr_t)a->slots[letter].page;

	if (differs(t, a, "unaligned"))
		address += 8;
	if (differs(t, a, "wraps"))
		address = -(__u64)page_size;
	if (differs(t, a, "beyond-task"))
		address = beyond_task();
	if (differs(t, a, "tagged"))
		address |= 0x42ull << 56;
	return address;
}

static void vary_move(struct test *t, struct uffdio_move *move)
{
	unsigned int side;

	for (side = 0; side < 2; side++)
		if (differs(t, &t->areas[side], "past-end") ||
		    differs(t, &t->areas[side], "two-mappings"))
			move->len += page_size;
	if (differs(t, NULL, "length-unaligned"))
		move->len -= 8;
	if (differs(t, NULL, "length-zero"))
		move->len = 0;
	if (differs(t, NULL, "unknown-mode-bit-2"))
		move->mode |= 1ull << 2;
	if (differs(t, NULL, "unknown-mode-bit-63"))
		move->mode |= 1ull << 63;
	if (differs(t, NULL, "src-unmapped-holes-allowed"))
		move->mode |= ALLOW_SRC_HOLES;
}

/* The structure lies across two pages where a part of it is to be out of reach. */
static void fill_argument(struct test *t)
{
	size_t in_reach = sizeof(struct uffdio_move);
	int access = PROT_NONE;
	struct uffdio_move move = {
		.dst = address_of(t, t->destination, t->plan->to),
		.src = address_of(t, t->source, t->plan->from),
		.len = length_of(t, t->plan->from, t->letters),
		.mode = t->plan->mode,
		.move = SENTINEL,
	};
	char *pages = mmap(NULL, 2 * page_size, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	vary_move(t, &move);
	if (differs(t, NULL, "argument-unreadable"))
		in_reach = 0;
	if (differs(t, NULL, "argument-half-readable"))
		in_reach = offsetof(struct uffdio_move, len);
	if (differs(t, NULL, "argument-result-inaccessible"))
		in_reach = offsetof(struct uffdio_move, move);
	if (differs(t, NULL, "argument-result-unwritable")) {
		in_reach = offsetof(struct uffdio_move, move);
		access = PROT_READ;
	}
	t->argument = (void *)(pages + page_size - in_reach);
	*t->argument = move;
	mprotect(pages + page_size, page_size, access);
}

static void vary(struct test *t)
{
	verify(t, t->source, t->plan->endings[0].source);
	verify(t, t->destination, t->plan->endings[0].destination);
	change(t, t->source);
	change(t, t->destination);
	if (differs(t, NULL, "changing"))
		begin_change(t);
	fill_argument(t);
}

/* The call. */

static int make_call(void *data)
{
	struct test *t = data;

	return ioctl(t->uffd, UFFDIO_MOVE, t->argument) ? errno : 0;
}

/* A child's exit status is the errno; it has the structure in shared memory. */
static int call_by_child(struct test *t, int flags)
{
	static long long stack[1 << 13];
	int status = -1;

	waitpid(clone(make_call, stack + ARRAY_SIZE(stack), flags | SIGCHLD, t), &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int call(struct test *t)
{
	if (differs(t, NULL, "caller-forked-child"))
		return call_by_child(t, 0);
	if (differs(t, NULL, "caller-vfork-child"))
		return call_by_child(t, CLONE_VM | CLONE_VFORK);
	if (differs(t, NULL, "caller-shares-memory"))
		return call_by_child(t, CLONE_VM);
	return make_call(t);
}

/* .move in letters behind @from, or what else became of it. */
static int letters_moved(const struct test *t, unsigned int from, int error, __s64 move)
{
	unsigned int letters;

	if (move == SENTINEL)
		return UNTOUCHED;
	if (error && move == -error)
		return NEGATED;
	for (letters = 0; from + letters <= t->source->n; letters++)
		if (move == (__s64)length_of(t, from, letters))
			return letters;
	return ODD;
}

/* The same call for @letters from @from on; says what became of .move, too. */
static int call_again(struct test *t, unsigned int from, unsigned int letters, int *move)
{
	size_t done = length_of(t, t->plan->from, from - t->plan->from);
	struct uffdio_move again = {
		.dst = t->argument->dst + done,
		.src = t->argument->src + done,
		.len = length_of(t, from, letters),
		.mode = t->argument->mode,
		.move = SENTINEL,
	};
	int error = ioctl(t->uffd, UFFDIO_MOVE, &again) ? errno : 0;

	*move = letters_moved(t, from, error, again.move);
	return error;
}

FIXTURE_SETUP(move)
{
	static void (*const steps[])(struct test *t) = { place, make, register_areas, vary };
	const struct plan *plan = &variant->plan;
	struct test *t = &self->test;
	const char *c;
	size_t i;

	t->plan = plan;
	for (c = plan->with; *c; c++)
		t->unheeded = t->unheeded << (*c == ' ') | 1;
	t->areas[0].name = "src-";
	t->areas[1].name = "dst-";
	read_letters(&t->areas[0], plan->source);
	read_letters(&t->areas[1], plan->destination);
	t->source = &t->areas[0];
	t->destination = &t->areas[plan->destination ? 1 : 0];
	t->letters = plan->letters ? plan->letters : t->source->n;
	t->uffd = open_uffd(t, differs(t, NULL, "changing") ? UFFD_FEATURE_EVENT_REMOVE : 0);
	for (i = 0; i < ARRAY_SIZE(steps) && !t->lacking[0]; i++)
		steps[i](t);
}

FIXTURE_TEARDOWN(move)
{
	if (self->test.child > 0)
		kill(self->test.child, SIGKILL);
}

static bool is_one(const struct ending *e)
{
	return e->error || e->move;
}

/* Ends this so, as far as it can be looked at? */
static bool is_so(const struct ending *e, const struct ending *seen)
{
	return e->error == seen->error && e->move == seen->move && e->cause == seen->cause &&
	       (!e->source || !strcmp(e->source, seen->source)) &&
	       (!e->destination || !strcmp(e->destination, seen->destination));
}

/* May what stops a call behind so many letters have passed before one asks for it? */
static bool may_pass(const struct ending *e, int moved)
{
	for (; is_one(e); e++)
		if (e->cure == REPEAT && e->move == moved)
			return true;
	return false;
}

static int call_cured(struct test *t, unsigned int letter, enum cure cure, int *moved)
{
	int error, tries = cure == REPEAT ? MAX_REPEATS : 1;

	if (cure == STORE)
		write_tags(&t->source->slots[letter]);
	do
		error = call_again(t, letter, 1, moved);
	while (error == EBUSY && --tries && !usleep(1000));
	return error;
}

TEST_F(move, ends_as_expected)
{
	const struct plan *plan = &variant->plan;
	const struct ending *e = plan->endings;
	struct test *t = &self->test;
	char source[MAX_TEXT] = "", destination[MAX_TEXT] = "";
	struct ending seen = { .move = UNSEEN, .source = source, .destination = destination };
	unsigned int from = plan->from, letters = t->letters;
	int again = NEGATED;

	if (t->lacking[0])
		SKIP(return, "%s", t->lacking);
	seen.error = call(t);
	ASSERT_EQ(0, t->unheeded)
		TH_LOG("this program does not know all of \"%s\"", plan->with);
	if (e->move != UNSEEN)
		seen.move = letters_moved(t, from, seen.error, t->argument->move);
	if (seen.move > 0) {
		from += seen.move;
		letters -= seen.move;
	}
	if (seen.move > 0 && letters && !may_pass(e, seen.move))
		seen.cause = call_again(t, from, letters, &again);
	EXPECT_EQ(NEGATED, again);
	if (e->source)
		look(t, t->source, source);
	if (e->destination)
		look(t, t->destination, destination);

	while (is_one(e) && !is_so(e, &seen))
		e++;
	ASSERT_TRUE(is_one(e))
		TH_LOG("%s: \"%s\", .move %d, source \"%s\", destination \"%s\", then \"%s\"",
		       plan->shows, strerror(seen.error), seen.move, source, destination,
		       strerror(seen.cause));
	if (e->cure) {
		EXPECT_EQ(0, call_cured(t, from, e->cure, &again));
		EXPECT_EQ(1, again);
	}
}

int main(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API };
	int uffd = syscall(__NR_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		ksft_exit_skip("no userfaultfd: %s\n", strerror(errno));
	if (!(api.features & UFFD_FEATURE_MOVE))
		ksft_exit_skip("this kernel has no UFFDIO_MOVE\n");
	close(uffd);
	page_size = sysconf(_SC_PAGESIZE);
	table_span = page_size * (page_size / sizeof(void *));
	area_size = 4 * table_span;
	return test_harness_run(argc, argv);
}
