// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order in which a layout comes about.
 *
 * Pages that a child is to share are there before it is forked, all others only
 * afterwards: so they need no advice against being shared, which would split
 * their mapping.  Ranges are registered last, for a page that is missing from a
 * registered one cannot be touched.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory/layout_internal.h"

static void prepare_keeper(struct test *t, struct layout *l, bool range)
{
	static unsigned int layouts;
	struct keeper *k = calloc(1, sizeof(*k));

	if (!k)
		test_broken(t, "no memory");
	k->n = strlen(l->source.letters);
	if (k->n == 0 || k->n > MAX_LETTERS)
		test_broken(t, "\"%s\" is no range", l->source.letters);
	if (!range && strlen(l->destination.letters) != k->n)
		test_broken(t, "\"%s\" and \"%s\" differ in length", l->source.letters,
			    l->destination.letters);
	k->range = range;
	/* Equal pages of two tests at the same time would be merged by KSM. */
	k->nonce = (getpid() + (layouts++ << 22)) & 0xffffff;
	k->guard = -1;
	k->pipe[0] = k->pipe[1] = -1;
	k->file[ON_SOURCE] = k->file[ON_DESTINATION] = -1;
	l->keepers = k;
	l->source.registered = l->destination.registered = -1;
}

/* The file has its contents by now; map it as a private one and read it. */
static void make_file_private(struct test *t, struct layout *l, enum side side)
{
	const struct area *a = area_of(l, side);

	if (mmap(a->mapping, a->mapping_pages * page_size(), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, l->keepers->file[side], 0) == MAP_FAILED)
		test_broken(t, "mmap: %s", strerror(errno));
	for (unsigned int i = 0; i < l->keepers->n; i++) {
		const struct slot *s = &l->keepers->slots[side][i];

		if (s->has_tag)
			(void)*(volatile char *)slot_page(a, s, 0);
	}
}

static void register_area(struct test *t, struct area *a, int uffd, uint64_t mode)
{
	int error = uffd_register(uffd, a->mapping, a->mapping_pages * page_size(), mode, NULL);

	if (error)
		test_skip(t, "the range could not be registered: %s", strerror(error));
	a->registered = uffd;
}

/* A source with letters that only a registered range can have. */
static void register_source(struct test *t, struct layout *l)
{
	uint64_t mode = letters_mode(l->source.letters);
	struct layout alone = { .source = l->source, .destination.letters = "" };

	if (!mode)
		return;
	if (l->source.registered < 0) {
		/* As the one range of a layout, whose features are those of its letters. */
		alone.arrangement = ARRANGE_SAME;
		l->keepers->guard = uffd_open(layout_features(&alone));
		if (l->keepers->guard < 0)
			test_skip(t, "no descriptor for the source: %s", strerror(errno));
		register_area(t, &l->source, l->keepers->guard, mode);
	}
	make_registered(t, l, ON_SOURCE, l->source.registered);
	/* Poison stays when the registration goes. */
	if (mode == UFFDIO_REGISTER_MODE_MISSING && l->keepers->guard >= 0) {
		close(l->keepers->guard);
		l->keepers->guard = l->source.registered = -1;
	}
}

static void register_all(struct test *t, struct layout *l, int uffd, uint64_t mode)
{
	bool one_mapping = l->keepers->range || l->arrangement == ARRANGE_SAME;

	if (uffd >= 0) {
		mode = mode ? mode : UFFDIO_REGISTER_MODE_MISSING;
		mode |= letters_mode(l->destination.letters) & UFFDIO_REGISTER_MODE_WP;
		if (one_mapping)
			mode |= letters_mode(l->source.letters) & UFFDIO_REGISTER_MODE_WP;
		register_area(t, &l->destination, uffd, mode);
		if (one_mapping)
			l->source.registered = uffd;
		if (!l->keepers->range)
			make_registered(t, l, ON_DESTINATION, uffd);
	}
	register_source(t, l);
}

/* Pages count as soft-dirty from the start, unless that is cleared. */
static void clear_soft_dirty(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	/* A failure shows as a bit that is set where the contract expects it clear. */
	if (write(fd, "4", 1) != 1)
		errno = 0;
	close(fd);
}

static void build(struct test *t, struct layout *l, int uffd, uint64_t mode)
{
	struct keeper *k = l->keepers;

	place_areas(t, l);
	if (k->range)
		l->destination = l->source;
	make_shared(t, l, "fFs");
	make_shared(t, l, "Cc");
	make_large(t, l, "TMBtrHL");
	make_pages(t, l);
	make_tables(t, l);
	for (unsigned int side = 0; side < layout_sides(l); side++)
		if (area_of(l, side)->backing == BACKING_FILE_PAGE)
			make_file_private(t, l, side);
	register_all(t, l, uffd, mode);
	if (this_kernel()->soft_dirty)
		clear_soft_dirty();
	for (unsigned int side = 0; side < layout_sides(l); side++)
		verify(t, l, side);
}

void layout_build(struct test *t, struct layout *l, int uffd, uint64_t register_mode)
{
	prepare_keeper(t, l, false);
	build(t, l, uffd, register_mode);
}

void layout_build_range(struct test *t, struct layout *l, int uffd, uint64_t register_mode)
{
	l->destination = l->source;
	prepare_keeper(t, l, true);
	build(t, l, uffd, register_mode);
}

size_t layout_bytes(const struct layout *l, unsigned int from, unsigned int to)
{
	size_t pages = 0;

	for (unsigned int i = from; i < to && i < l->keepers->n; i++)
		pages += l->keepers->slots[ON_SOURCE][i].pages;
	return pages * page_size();
}

void layout_store(struct test *t, struct layout *l, unsigned int i)
{
	const struct slot *s = &l->keepers->slots[ON_SOURCE][i];

	for (size_t page = 0; page < s->pages; page++) {
		volatile uint64_t *word = (uint64_t *)slot_page(&l->source, s, page);
		uint64_t entry;

		pagemap_read(t, (void *)word, 1, &entry);
		if (!(entry & (ENTRY_PRESENT | ENTRY_SWAPPED)) ||
		    (entry & ENTRY_PROTECTED && l->source.registered >= 0))
			test_broken(t, "source letter %u cannot be stored to", i);
		/* Beside the tag; with equal contents KSM would merge it again at once. */
		word[1]++;
	}
}
