// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls beside changes of other mappings, whose pages lie in the same two page tables.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "machine/machine.h"
#include "scenarios/scenarios.h"
#include "scenarios/scene.h"

#define MOST_PAGES 16		/* of a call */
#define MOST_OTHERS 64		/* of the mapping that is remapped */
#define LEAST_ROUNDS 1000	/* to and fro; kernels that lock up did so within some hundred */
#define MOST_ROUNDS 100000
#define ROUNDS_MS 2000

/*
 * Two page tables that follow each other.  The first half of each is the calls', the
 * second half that of the other mapping, which is in one of them at a time.
 */
struct neighbours {
	struct scene scene;
	struct crew remapper;
	char *others[2];
	unsigned int n_others;	/* pages of that mapping */
	unsigned int remapped;
	int error;		/* of the first mremap that failed */
};

static void *remap_to_and_fro(void *argument)
{
	struct neighbours *n = argument;
	const size_t bytes = n->n_others * page_size();

	for (unsigned int i = 0; !__atomic_load_n(&n->remapper.stop, __ATOMIC_ACQUIRE); i++) {
		if (mremap(n->others[i & 1], bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
			   n->others[~i & 1]) == MAP_FAILED) {
			n->error = errno;
			break;
		}
		__atomic_fetch_add(&n->remapped, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void fill(char *start, unsigned int pages)
{
	for (unsigned int i = 0; i < pages; i++)
		fill_page(start + i * page_size(), scene_tag(i));
}

/* A hole in the room, which is without access, and a mapping of its own there. */
static char *map_at(struct test *t, char *place, unsigned int pages)
{
	char *start = mmap(place, pages * page_size(), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (start != place)
		machine_cannot(t, errno, "%u pages cannot be mapped", pages);
	madvise(start, pages * page_size(), MADV_NOHUGEPAGE);
	return start;
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* With large pages a table has few of them. */
static void build(struct neighbours *n, struct test *t)
{
	const unsigned int quarter = table_span() / page_size() / 4;
	struct scene *s = &n->scene;
	char *tables;

	scene_build(s, t, 1, 0);
	s->pages = least(MOST_PAGES, quarter);
	n->n_others = least(MOST_OTHERS, quarter);
	tables = map_aligned(t, 2 * table_span(), table_span());
	if (mprotect(tables, 2 * table_span(), PROT_NONE))
		test_broken(t, "mprotect: %s", strerror(errno));
	s->source = map_at(t, tables, s->pages);
	s->destination = map_at(t, tables + table_span(), s->pages);
	n->others[0] = tables + table_span() / 2;
	n->others[1] = n->others[0] + table_span();
	map_at(t, n->others[0], n->n_others);
	fill(s->source, s->pages);
	fill(n->others[0], n->n_others);
	scene_register(s, s->source, s->pages, UFFDIO_REGISTER_MODE_MISSING);
	scene_register(s, s->destination, s->pages, UFFDIO_REGISTER_MODE_MISSING);
}

static unsigned int count_misplaced(struct scene *s, const char *start, unsigned int pages)
{
	unsigned int misplaced = 0;

	for (unsigned int i = 0; i < pages; i++)
		misplaced += !!strcmp(look_at(s, start + i * page_size(), scene_tag(i)), "contents");
	return misplaced;
}

void scenario_other_mappings(struct test *t)
{
	struct neighbours n = { .error = 0 };
	struct scene *s = &n.scene;
	unsigned int turns = 0;
	struct pace pace;
	int error = 0;

	build(&n, t);
	crew_add(s, &n.remapper, remap_to_and_fro, &n);
	while (!__atomic_load_n(&n.remapped, __ATOMIC_ACQUIRE) && !n.error)
		wait_a_turn(&turns);
	pace = pace_of(LEAST_ROUNDS, MOST_ROUNDS, ROUNDS_MS);
	while (!error && pace_goes_on(&pace)) {
		error = scene_move(s, s->destination, s->source, s->pages, 0, NULL);
		if (!error)
			error = scene_move(s, s->source, s->destination, s->pages, 0, NULL);
	}
	crew_end(&n.remapper);
	test_observe(t, "errno", "%s", error_name(error));
	test_observe(t, "mremap", "%s", error_name(n.error));
	test_observe(t, "misplaced", "%u", count_misplaced(s, s->source, s->pages) +
		     count_misplaced(s, n.others[n.remapped & 1], n.n_others));
	scene_end(s);
}
