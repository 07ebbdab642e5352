// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "plans.h"
#include "test/status.h"

struct list {
	struct listed_test *tests;
	size_t n, room;
};

static _Noreturn void no_memory(void)
{
	fprintf(stderr, "uffdio-move-conformance: no memory for the list of tests\n");
	exit(EXIT_UNSURE);
}

static const char *copy(const char *text)
{
	char *copied = text ? strdup(text) : NULL;

	if (text && !copied)
		no_memory();
	return copied;
}

static void add(void *data, enum origin_kind kind, const char *name,
		const struct test_plan *plan)
{
	struct list *l = data;
	struct listed_test *test;
	char *whole;

	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 1024;
		l->tests = reallocarray(l->tests, l->room, sizeof(*l->tests));
	}
	if (!l->tests || asprintf(&whole, "%s.%s", origin_names[kind], name) < 0)
		no_memory();
	test = &l->tests[l->n++];
	test->name = whole;
	test->plan = *plan;
	test->plan.source = copy(plan->source);
	test->plan.destination = copy(plan->destination);
	test->plan.range = copy(plan->range);
}

const struct listed_test *plans_list(size_t *n)
{
	static struct list list;

	if (!list.tests && !derive_tests(&uffdio_move_contract, add, &list))
		no_memory();
	*n = list.n;
	return list.tests;
}
