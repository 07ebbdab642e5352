// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory tags of arm64 (MTE): they belong to the memory, and not to its address.
 */
#include <errno.h>
#include <sys/mman.h>

#include "machine/arm64.h"
#include "machine/machine.h"
#include "scenarios/paging.h"
#include "scenarios/scenarios.h"

#define FEW 8

/*
 * One for all of a page: QEMU 7.2 has no more than two.  Never 0, which is what memory has
 * that was given none.
 */
static unsigned int tag_of(unsigned int page)
{
	return 1 + page % 15;
}

static bool has_tags(const char *start, unsigned int page)
{
	for (size_t at = 0; at < page_size(); at += TAG_GRANULE)
		if (arm64_tag(start + page * page_size() + at) != tag_of(page))
			return false;
	return true;
}

static void give_tags(struct scene *s)
{
	int access = PROT_READ | PROT_WRITE | ARM64_PROT_MTE;
	size_t bytes = s->pages * page_size();

	if (mprotect(s->source, bytes, access) || mprotect(s->destination, bytes, access))
		machine_cannot(s->test, errno, "the mappings could not be given memory tags");
	for (unsigned int i = 0; i < s->pages; i++)
		for (size_t at = 0; at < page_size(); at += TAG_GRANULE)
			arm64_set_tag(source_page(s, i) + at, tag_of(i));
	for (unsigned int i = 0; i < s->pages; i++)
		if (!has_tags(s->source, i))
			test_broken(s->test, "page %u has other memory tags than it was given", i);
}

static void observe_tags(struct scene *s, int error)
{
	unsigned int kept = 0, right = 0;

	for (unsigned int i = 0; i < s->pages && !error; i++) {
		if (!page_is_there(s->test, destination_page(s, i)))
			continue;
		kept += has_tags(s->destination, i);
		right += read_tag(destination_page(s, i)) == scene_tag(i);
	}
	test_observe(s->test, "errno", "%s", error_name(error));
	test_observe(s->test, "tags", "%s", kept == s->pages ? "kept" : "lost");
	test_observe(s->test, "contents", "%s", right == s->pages ? "all" : "not all");
	scene_end(s);
}

static int move_all(struct scene *s)
{
	return scene_move_patiently(s, s->destination, s->source, s->pages, 0, NULL);
}

void scenario_memory_tags(struct test *t)
{
	struct scene s;

	scene_build(&s, t, FEW, 0);
	give_tags(&s);
	observe_tags(&s, move_all(&s));
}

void scenario_memory_tags_huge(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	give_tags(&s);
	observe_tags(&s, move_all(&s));
}

void scenario_memory_tags_split(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	give_tags(&s);
	observe_tags(&s, scene_move_in_halves(&s));
}

void scenario_memory_tags_swapped(struct test *t)
{
	struct scene s;

	stay_on_cpu(t, -1);
	scene_build(&s, t, FEW, 0);
	give_tags(&s);
	swap_out(&s, s.source, FEW);
	observe_tags(&s, move_all(&s));
}
