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

static void begin(struct test *t, struct layout *l, bool range)
{
	static unsigned int layouts;
	struct built *b = calloc(1, sizeof(*b));

	if (!b)
		machine_cannot(t, ENOMEM, "no memory for a layout");
	b->n = strlen(l->source.letters);
	if (b->n == 0 || b->n > MAX_LETTERS)
		test_broken(t, "\"%s\" is no range", l->source.letters);
	if (!range && strlen(l->destination.letters) != b->n)
		test_broken(t, "\"%s\" and \"%s\" differ in length", l->source.letters,
			    l->destination.letters);
	b->range = range;
	/* Equal pages of two tests at the same time would be merged by KSM. */
	b->nonce = (getpid() + (layouts++ << 22)) & 0xffffff;
	b->guard = -1;
	b->file[ON_SOURCE] = b->file[ON_DESTINATION] = -1;
	l->built = b;
	l->source.registered = l->destination.registered = -1;
}

/* The file has its contents by now; map it as a private one and read it. */
static void make_file_private(struct test *t, struct layout *l, enum side side)
{
	const struct area *a = area_of(l, side);

	if (mmap(a->mapping, a->mapping_pages * page_size(), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_FIXED, l->built->file[side], 0) == MAP_FAILED)
		test_broken(t, "mmap: %s", strerror(errno));
	for (unsigned int i = 0; i < l->built->n; i++) {
		const struct spot *s = &l->built->spots[side][i];

		if (s->made->tagged)
			(void)*(volatile char *)spot_page(a, s, 0);
	}
}

static bool needs_twin(const struct layout *l)
{
	for (unsigned int i = 0; i < l->built->n; i++)
		if (l->built->spots[ON_SOURCE][i].made->holder == hold_by_twin)
			return true;
	return false;
}

static void register_area(struct test *t, struct area *a, int uffd, uint64_t mode)
{
	int error = uffd_register(uffd, a->mapping, a->mapping_pages * page_size(), mode, NULL);

	if (error)
		machine_cannot(t, error, "the range could not be registered");
	a->registered = uffd;
	a->for_rwp = mode & UFFDIO_REGISTER_MODE_RWP;
}

/* A source with letters that only a registered range can have. */
static void register_source(struct test *t, struct layout *l)
{
	uint64_t mode = letters_mode(l->source.letters);

	if (!mode)
		return;
	if (l->source.registered < 0) {
		l->built->guard = uffd_open(letters_features(l->source.letters));
		if (l->built->guard < 0)
			machine_cannot(t, errno, "no descriptor for the source could be had");
		register_area(t, &l->source, l->built->guard, mode);
	}
	make_registered(t, l, ON_SOURCE);
	/* Poison stays when the registration goes. */
	if (mode == UFFDIO_REGISTER_MODE_MISSING && l->built->guard >= 0) {
		close(l->built->guard);
		l->built->guard = l->source.registered = -1;
	}
}

static void register_all(struct test *t, struct layout *l, int uffd, uint64_t mode)
{
	bool one_mapping = l->built->range || l->arrangement == ARRANGE_SAME;

	if (uffd >= 0) {
		mode = mode ? mode : UFFDIO_REGISTER_MODE_MISSING;
		mode |= letters_mode(l->destination.letters) & ~UFFDIO_REGISTER_MODE_MISSING;
		if (one_mapping)
			mode |= letters_mode(l->source.letters) & ~UFFDIO_REGISTER_MODE_MISSING;
		register_area(t, &l->destination, uffd, mode);
		if (one_mapping)
			l->source.registered = uffd;
		if (!l->built->range)
			make_registered(t, l, ON_DESTINATION);
	}
	register_source(t, l);
}

uint64_t layout_features(const struct layout *l)
{
	uint64_t features = l->destination.letters ? letters_features(l->destination.letters) : 0;

	/* In one mapping the source is registered like the destination. */
	if (!l->destination.letters || l->arrangement == ARRANGE_SAME)
		features |= letters_features(l->source.letters);
	return features;
}

static void build(struct test *t, struct layout *l, int uffd, uint64_t mode)
{
	struct built *b = l->built;

	place_areas(t, l);
	if (b->range)
		l->destination = l->source;
	make_stage(t, l, STAGE_SHARED);
	if (letters_have(l->source.letters, STAGE_SHARED))
		share_with_child(t, l, false);
	make_stage(t, l, STAGE_LEFT);
	if (letters_have(l->source.letters, STAGE_LEFT))
		share_with_child(t, l, true);
	make_stage(t, l, STAGE_ALONE);
	if (needs_twin(l))
		merge_with_twin(t, l);
	make_beside(l);
	make_stage(t, l, STAGE_TABLES);
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
	begin(t, l, false);
	build(t, l, uffd, register_mode);
}

void layout_build_range(struct test *t, struct layout *l, int uffd, uint64_t register_mode)
{
	l->destination = l->source;
	begin(t, l, true);
	build(t, l, uffd, register_mode);
}

size_t layout_bytes(const struct layout *l, unsigned int from, unsigned int to)
{
	size_t pages = 0;

	for (unsigned int i = from; i < to && i < l->built->n; i++)
		pages += l->built->spots[ON_SOURCE][i].pages;
	return pages * page_size();
}

void layout_store(struct test *t, struct layout *l, unsigned int i)
{
	const struct spot *s = &l->built->spots[ON_SOURCE][i];

	for (size_t page = 0; page < s->pages; page++) {
		volatile uint64_t *word = (uint64_t *)spot_page(&l->source, s, page);
		uint64_t entry;

		pagemap_read(t, (void *)word, 1, &entry);
		if (!(entry & (ENTRY_PRESENT | ENTRY_SWAPPED)) ||
		    (entry & ENTRY_PROTECTED && l->source.registered >= 0))
			test_broken(t, "source letter %u cannot be stored to", i);
		/* Beside the tag; with equal contents KSM would merge it again at once. */
		word[1]++;
	}
}
