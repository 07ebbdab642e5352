// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a virtual CPU meets at the old place of pages that it has mapped.
 */
#define _GNU_SOURCE
#include "machine/machine.h"
#include "machine/vcpu.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define RUN 512
#define HOLES 3			/* before them */
#define TAG_HALF 4		/* bytes into a page: the half of its tag that is never 0 */
#define BEFORE 0x11111111
#define AFTER 0x22222222

/* Behind the tag, in a page's first line. */
static volatile uint32_t *word_of(char *page)
{
	return (volatile uint32_t *)page + 2;
}

static uint32_t offset_of_word(const struct scene *s, unsigned int page)
{
	return (char *)word_of(source_page(s, page)) - s->source;
}

static void store(struct scene *s, struct vcpu *v, unsigned int holes, uint32_t value)
{
	struct reason why;

	if (!vcpu_store(v, offset_of_word(s, holes), page_size(), s->pages - holes, value, &why))
		test_broken(s->test, "the virtual CPU: %s", why.text);
}

static bool meets_any(struct scene *s, struct vcpu *v, unsigned int holes)
{
	struct reason why;
	uint32_t met;

	if (!vcpu_look(v, holes * page_size() + TAG_HALF, page_size(), s->pages - holes, &met,
		       &why))
		test_broken(s->test, "the virtual CPU: %s", why.text);
	return met;
}

static unsigned int count_holding(struct scene *s, unsigned int holes, uint32_t value)
{
	unsigned int n = 0;

	for (unsigned int i = holes; i < s->pages; i++)
		n += page_is_there(s->test, destination_page(s, i)) &&
		     *word_of(destination_page(s, i)) == value;
	return n;
}

static void play_at(struct scene *s, unsigned int holes, uint32_t at)
{
	struct reason why;
	struct vcpu v;
	int error;

	if (!vcpu_make(&v, at, s->source, s->pages * page_size(), &why))
		test_broken(s->test, "the virtual machine: %s", why.text);
	if (holes)
		madvise(s->source, holes * page_size(), MADV_DONTNEED);
	store(s, &v, holes, BEFORE);
	error = scene_move(s, s->destination, s->source, s->pages,
			   holes ? UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES : 0, NULL);
	test_observe(s->test, "errno", "%s", error_name(error));
	test_observe(s->test, "met", "%s", meets_any(s, &v, holes) ? "yes" : "no");
	store(s, &v, holes, AFTER);
	test_observe(s->test, "kept", "%s",
		     count_holding(s, holes, BEFORE) == s->pages - holes ? "all" : "not all");
	scene_end(s);
}

static void play(struct scene *s, unsigned int holes)
{
	play_at(s, holes, VCPU_MEMORY);
}

/* Places of which the destination is the upper one; else it is the lower one. */
static void build_upwards(struct scene *s, struct test *t, unsigned int huge)
{
	size_t bytes;

	if (huge)
		scene_build_huge(s, t, huge, 0);
	else
		scene_build(s, t, RUN, 0);
	bytes = s->pages * page_size();
	s->source = map_aligned(t, 2 * bytes, bytes);
	s->destination = s->source + bytes;
	madvise(s->source, 2 * bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	scene_refill(s);
	scene_register(s, s->destination, s->pages, UFFDIO_REGISTER_MODE_MISSING);
}

void scenario_vcpu_one_page(struct test *t)
{
	struct scene s;

	scene_build(&s, t, 1, 0);
	play(&s, 0);
}

void scenario_vcpu_run(struct test *t)
{
	struct scene s;

	scene_build(&s, t, RUN, 0);
	play(&s, 0);
}

void scenario_vcpu_behind_holes(struct test *t)
{
	struct scene s;

	scene_build(&s, t, RUN, 0);
	play(&s, HOLES);
}

void scenario_vcpu_huge(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	play(&s, 0);
}

/* Its own addresses are not aligned as these are, so that it maps each small page by itself. */
void scenario_vcpu_huge_by_small(struct test *t)
{
	struct scene s;

	scene_build_huge(&s, t, 1, 0);
	play_at(&s, 0, VCPU_MEMORY + page_size());
}

void scenario_vcpu_upwards(struct test *t)
{
	struct scene s;

	build_upwards(&s, t, 0);
	play(&s, 0);
}

void scenario_vcpu_huge_upwards(struct test *t)
{
	struct scene s;

	build_upwards(&s, t, 1);
	play(&s, 0);
}
