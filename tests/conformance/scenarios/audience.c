// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "scenarios/audience.h"

void audience_add(struct audience *a, const char *place, void *address, bool store)
{
	if (a->n == MOST_WAITERS)
		test_broken(a->scene.test, "there is no room for a thread at %s", place);
	a->places[a->n] = place;
	waiter_touch(&a->scene, &a->waiters[a->n], address, store);
	a->n++;
}

void audience_await(struct audience *a)
{
	for (; a->awaited < a->n; a->awaited++)
		waiter_await(&a->scene, &a->waiters[a->awaited]);
}

void audience_around(struct audience *a, unsigned int from, unsigned int n)
{
	struct scene *s = &a->scene;

	audience_add(a, "before", destination_page(s, from - 1), false);
	audience_add(a, "first", destination_page(s, from), false);
	audience_add(a, "middle", destination_page(s, from + n / 2), false);
	audience_add(a, "last", destination_page(s, from + n - 1), false);
	audience_add(a, "behind", destination_page(s, from + n), false);
}

void audience_tell(struct audience *a, const char *suffix, const char *result)
{
	for (unsigned int i = 0; i < a->n; i++) {
		char fact[24];

		snprintf(fact, sizeof(fact), "%s%s", a->places[i], suffix);
		test_observe(a->scene.test, fact, "%s%s%s", result ? result : "",
			     result ? " " : "", waiter_became(&a->scene, &a->waiters[i]));
	}
}

unsigned int audience_misread(const struct audience *a)
{
	unsigned int misread = 0;

	for (unsigned int i = 0; i < a->n; i++) {
		const struct waiter *w = &a->waiters[i];
		unsigned int page = ((char *)w->address - a->scene.destination) / page_size();
		const char *read = waiter_read(w, scene_tag(page));

		misread += strcmp(read, "nothing") && strcmp(read, "contents");
	}
	return misread;
}
