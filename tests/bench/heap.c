// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "heap.h"
#include "machine/kernel.h"
#include "run.h"

#define GRAIN		16	/* bytes */
#define LEAST_GRAINS	2	/* an object's head */
#define MOST_GRAINS	32
#define RUN		8	/* objects that live, or are garbage, in a row: what is allocated together dies together */

static uint64_t random_state;

/* The same heap each time: samples are to differ by the way alone. */
static uint32_t some(uint32_t below)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (random_state >> 33) % below;
}

static void *get(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		skip_row("no memory to be had: %s", strerror(errno));
	return p;
}

static uint64_t word_of(uint32_t name)
{
	return name * 0x9e3779b97f4a7c15ULL;
}

static size_t words_of(uint32_t bytes)
{
	return (bytes - sizeof(struct object)) / sizeof(uint64_t);
}

static void make_object(struct heap *h, size_t at, uint32_t bytes, uint32_t name)
{
	struct object *o = (struct object *)(h->start + at);

	*o = (struct object){ .bytes = bytes, .name = name };
	for (size_t i = 0; i < words_of(bytes); i++)
		o->body[i] = word_of(name);
}

static void let_survive(struct heap *h, size_t at, uint32_t bytes, uint32_t name)
{
	h->survivors[h->n++] = (struct survivor){ at, h->live, bytes, name };
	for (size_t page = (h->live + page_size() - 1) / page_size();
	     page * page_size() < h->live + bytes; page++)
		h->first[page] = h->n - 1;
	h->live += bytes;
}

void heap_make(struct heap *h, size_t bytes)
{
	uint32_t name = 0, size;
	bool lives = true;

	*h = (struct heap){ .bytes = bytes };
	h->start = table_start((char *)get(bytes + table_span()) + table_span() - 1);
	madvise(h->start, bytes, MADV_NOHUGEPAGE);
	h->survivors = get(bytes / (GRAIN * LEAST_GRAINS) * sizeof(*h->survivors));
	h->first = get((bytes / page_size() + 1) * sizeof(*h->first));
	random_state = 1;
	for (size_t at = 0; at < bytes; at += size) {
		size = (LEAST_GRAINS + some(MOST_GRAINS)) * GRAIN;
		if (at + size + GRAIN * LEAST_GRAINS > bytes)
			size = bytes - at;
		make_object(h, at, size, ++name);
		if (lives)
			let_survive(h, at, size, name);
		if (!some(RUN))
			lives = !lives;
	}
	h->pages = (h->live + page_size() - 1) / page_size();
}

/* Survivors that lay side by side do so again: how many there are from @i on, up to @end. */
static size_t count_neighbors(const struct heap *h, size_t i, size_t end)
{
	const struct survivor *s = &h->survivors[i];
	size_t n = 1;

	while (i + n < h->n && s[n].to < end && s[n].from == s[n - 1].from + s[n - 1].bytes)
		n++;
	return n;
}

void heap_build_page(const struct heap *h, const char *from, size_t page, char *to)
{
	size_t at = page * page_size(), end = at + page_size(), n;

	for (size_t i = h->first[page]; i < h->n && h->survivors[i].to < end; i += n) {
		const struct survivor *s = &h->survivors[i], *last;
		size_t begin = s->to < at ? at : s->to, stop;

		n = count_neighbors(h, i, end);
		last = s + n - 1;
		stop = last->to + last->bytes > end ? end : last->to + last->bytes;
		memcpy(to + (begin - at), from + s->from + (begin - s->to), stop - begin);
	}
}

size_t heap_frontier(const struct heap *h, size_t page)
{
	return page < h->pages ? h->survivors[h->first[page]].from : h->bytes;
}

void heap_check(const struct heap *h, uint64_t stores)
{
	uint64_t found = 0;

	for (size_t i = 0; i < h->n; i++) {
		const struct survivor *s = &h->survivors[i];
		const struct object *o = (const struct object *)(h->start + s->to);
		bool whole = o->name == s->name && o->bytes == s->bytes;

		for (size_t k = 0; whole && k < words_of(s->bytes); k++)
			whole = o->body[k] == word_of(s->name);
		if (!whole)
			fail_row("object %u of the heap is not whole at its new place", s->name);
		found += o->stores;
	}
	if (found != stores)
		fail_row("%llu of %llu stores of the application are there", (unsigned long long)found,
		      (unsigned long long)stores);
}
