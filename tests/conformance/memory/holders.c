// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who hold pages beside the page table: children, rings, pipes, twins; and
 * whether they and this process see each other's stores.
 *
 * All of them let go when the test's process ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "machine/ksm.h"
#include "machine/machine.h"
#include "machine/ring.h"
#include "memory/layout_internal.h"

#define MERGE_SCANS	200	/* of KSM; far more than a merge takes */
#define MERGE_LOOKS	1000

/* Words of a page's first line that hold no tag, and what is stored to them. */
#define OUR_WORD	2
#define THEIR_WORD	3
#define OUR_STORE	0x6f757273ULL
#define THEIR_STORE	0x746865697273ULL

struct holders {
	int child;			/* socket to the child that shares pages, or -1 */
	char *twin;			/* a copy of the source, of which pages are merged */
	struct {
		int pipe[2];
		char *spliced;		/* the page in it */
		struct io_uring *ring;
		char *pinned;
	} of[SIDES][MAX_LETTERS];
};

static struct holders *holders_of(struct test *t, struct layout *l)
{
	if (l->built->holders)
		return l->built->holders;
	l->built->holders = calloc(1, sizeof(*l->built->holders));
	if (!l->built->holders)
		machine_cannot(t, ENOMEM, "no memory for a page's holders");
	l->built->holders->child = -1;
	return l->built->holders;
}

static volatile uint64_t *words_at(char *page)
{
	return (volatile uint64_t *)page;
}

/* Children */

/* What a child is asked about a letter of the source, and what it answers. */
struct question {
	unsigned int letter;
};

struct answer {
	bool whole;		/* it finds each of the letter's pages with all tags */
	uint64_t our_word;
};

static struct answer look_as_child(struct layout *l, unsigned int letter)
{
	const struct spot *s = &l->built->spots[ON_SOURCE][letter];
	char *first = spot_page(&l->source, s, 0);
	struct answer answer = { .whole = true, .our_word = words_at(first)[OUR_WORD] };

	for (size_t page = 0; page < s->filled; page++)
		answer.whole &= tags_are_whole(l->built,
					       (uint64_t *)spot_page(&l->source, s, page),
					       ON_SOURCE, letter, page);
	words_at(first)[THEIR_WORD] = THEIR_STORE;
	return answer;
}

static _Noreturn void be_child(struct layout *l, int socket)
{
	struct question question;

	while (read(socket, &question, sizeof(question)) == sizeof(question)) {
		struct answer answer = look_as_child(l, question.letter);

		if (write(socket, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

void share_with_child(struct test *t, struct layout *l, bool gone)
{
	int sockets[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		machine_cannot(t, errno, "no socket could be had");
	pid = machine_fork(t);
	if (pid == 0 && gone)
		_exit(0);
	if (pid == 0) {
		close(sockets[0]);
		be_child(l, sockets[1]);
	}
	close(sockets[1]);
	if (gone) {
		close(sockets[0]);
		test_wait(t, pid);
	} else {
		holders_of(t, l)->child = sockets[0];
	}
}

static const char *relation(bool they_see_us, bool we_see_them)
{
	if (they_see_us != we_see_them)
		return they_see_us ? "it sees our stores" : "we see its stores";
	return they_see_us ? "shares" : "apart";
}

const char *hold_by_child(const struct place_of *p, char *page)
{
	int child = holders_of(p->test, p->layout)->child;
	struct question question = { p->letter };
	struct answer answer;

	words_at(page)[OUR_WORD] = OUR_STORE;
	if (write(child, &question, sizeof(question)) != sizeof(question) ||
	    read(child, &answer, sizeof(answer)) != sizeof(answer))
		return "the child has died of it";
	if (!answer.whole)
		return "the child finds other contents";
	return relation(answer.our_word == OUR_STORE, words_at(page)[THEIR_WORD] == THEIR_STORE);
}

/* Rings */

void make_pinned(const struct place_of *p)
{
	struct holders *h = holders_of(p->test, p->layout);

	h->of[p->side][p->letter].pinned = page_of(p);
	h->of[p->side][p->letter].ring =
		ring_pin(p->test, page_of(p), spot_of(p)->pages * page_size());
}

const char *hold_by_ring(const struct place_of *p, char *page)
{
	struct holders *h = holders_of(p->test, p->layout);
	struct io_uring *ring = h->of[p->side][p->letter].ring;
	uint64_t *pinned = (uint64_t *)h->of[p->side][p->letter].pinned;
	uint64_t seen = 0, theirs = THEIR_STORE;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		machine_cannot(p->test, errno, "no pipe could be had");
	words_at(page)[OUR_WORD] = OUR_STORE;
	if (!ring_write(ring, ends[1], &pinned[OUR_WORD]) ||
	    read(ends[0], &seen, sizeof(seen)) != sizeof(seen))
		return "no I/O from the pinned page";
	if (write(ends[1], &theirs, sizeof(theirs)) != sizeof(theirs) ||
	    !ring_read(ring, ends[0], &pinned[THEIR_WORD]))
		return "no I/O into the pinned page";
	return relation(seen == OUR_STORE, words_at(page)[THEIR_WORD] == THEIR_STORE);
}

/* Pipes */

static void splice_page(const struct place_of *p, char *page)
{
	struct holders *h = holders_of(p->test, p->layout);
	struct iovec whole = { page, page_size() };
	int *ends = h->of[p->side][p->letter].pipe;

	if (pipe2(ends, O_CLOEXEC))
		machine_cannot(p->test, errno, "no pipe could be had");
	if (vmsplice(ends[1], &whole, 1, SPLICE_F_NONBLOCK) != (ssize_t)page_size())
		machine_cannot(p->test, errno, "the page could not be held by a pipe");
	h->of[p->side][p->letter].spliced = page;
}

void make_spliced(const struct place_of *p)
{
	splice_page(p, page_of(p));
}

void make_beside_spliced(const struct place_of *p)
{
	char *part = part_outside(area_of(p->layout, p->side), spot_of(p));

	if (!part)
		test_broken(p->test, "the range has no room beside it in the huge page");
	splice_page(p, part);
}

/* A pipe cannot be stored to by who holds it: what it shows is all there is to see. */
const char *hold_by_pipe(const struct place_of *p, char *page)
{
	int from = holders_of(p->test, p->layout)->of[p->side][p->letter].pipe[0];
	uint64_t words[OUR_WORD + 1];

	words_at(page)[OUR_WORD] = OUR_STORE;
	if (read(from, words, sizeof(words)) != sizeof(words))
		return "the pipe cannot be read";
	return words[OUR_WORD] == OUR_STORE ? "shares" : "apart";
}

const char *hold_beside_by_pipe(const struct place_of *p, char *page)
{
	(void)page;
	return hold_by_pipe(p, holders_of(p->test, p->layout)->of[p->side][p->letter].spliced);
}

/* Twins */

static uint64_t frame_at(struct test *t, const char *page)
{
	uint64_t entry;

	pagemap_read(t, page, 1, &entry);
	return entry_frame(entry);
}

static char *in_twin(const struct holders *h, const struct spot *s)
{
	return h->twin + s->first * page_size();
}

/* Letters that are to be merged have a twin and nothing else that makes them. */
static bool is_merged(const struct spot *s)
{
	return s->made->holder == hold_by_twin;
}

static bool all_merged(struct test *t, struct layout *l)
{
	for (unsigned int i = 0; i < l->built->n; i++) {
		const struct spot *s = &l->built->spots[ON_SOURCE][i];

		if (is_merged(s) && frame_at(t, spot_page(&l->source, s, 0)) !=
				    frame_at(t, in_twin(l->built->holders, s)))
			return false;
	}
	return true;
}

static void copy_to_twin(struct test *t, struct layout *l)
{
	size_t length = l->source.pages * page_size();
	char *twin = mmap(NULL, length, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (twin == MAP_FAILED)
		machine_cannot(t, errno, "no memory could be mapped");
	holders_of(t, l)->twin = twin;
	for (unsigned int i = 0; i < l->built->n; i++) {
		const struct spot *s = &l->built->spots[ON_SOURCE][i];

		if (is_merged(s))
			memcpy(in_twin(l->built->holders, s), spot_page(&l->source, s, 0),
			       page_size());
	}
	if (madvise(twin, length, MADV_MERGEABLE))
		machine_cannot(t, errno, "no page can be merged");
}

void merge_with_twin(struct test *t, struct layout *l)
{
	struct timespec pause = { .tv_nsec = 300000 };
	const struct area *a = &l->source;
	unsigned long last;

	copy_to_twin(t, l);
	/* All of the mapping, or it would be two. */
	madvise(a->mapping, a->mapping_pages * page_size(), MADV_MERGEABLE);
	last = ksm_full_scans() + MERGE_SCANS;
	/* It is the scans that count, which come slowly on a busy machine. */
	for (int i = 0; i < MERGE_LOOKS || ksm_full_scans() < last; i++) {
		if (all_merged(t, l))
			return;
		if (i % MERGE_LOOKS == 0 && !ksm_keep_scanning())
			test_broken(t, "somebody has stopped KSM");
		nanosleep(&pause, NULL);
	}
	test_broken(t, "KSM did not merge the page in %d scans", MERGE_SCANS);
}

const char *hold_by_twin(const struct place_of *p, char *page)
{
	char *twin = in_twin(holders_of(p->test, p->layout), spot_of(p));

	words_at(page)[OUR_WORD] = OUR_STORE;
	words_at(twin)[THEIR_WORD] = THEIR_STORE;
	if (!tags_are_whole(p->layout->built, (uint64_t *)twin, ON_SOURCE, p->letter, 0))
		return "the twin has other contents";
	return relation(words_at(twin)[OUR_WORD] == OUR_STORE,
			words_at(page)[THEIR_WORD] == THEIR_STORE);
}

const char *layout_holder(struct test *t, struct layout *l, unsigned int i, int moved_to)
{
	struct place_of p = { t, l, ON_SOURCE, i };
	enum side now = moved_to < 0 ? ON_SOURCE : ON_DESTINATION;
	const struct spot *s = &l->built->spots[now][moved_to < 0 ? (int)i : moved_to];
	char *page = spot_page(area_of(l, now), s, 0);

	if (!page_is_there(t, page))
		return "the page is not there";
	return spot_of(&p)->made->holder(&p, page);
}
