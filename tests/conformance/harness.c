// SPDX-License-Identifier: GPL-2.0-only
/*
 * One fixture for each origin of tests; the generated variants are its tests.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "harness.h"
#include "run.h"

static struct record *all_records;
static int flipped = -1;

static size_t index_of(const struct test_plan *plan)
{
	const struct listed_test *tests;
	size_t n;

	tests = harness_list(&n);
	for (size_t i = 0; i < n; i++)
		if (tests[i].plan == plan)
			return i;
	abort();
}

static unsigned int refusing_clause(const struct test_plan *plan)
{
	static struct ending endings[MAX_ENDINGS];
	size_t n = oracle_endings(&uffdio_move_contract, plan, endings);

	for (size_t i = 0; i < n; i++)
		if (endings[i].stopped_by)
			return endings[i].stopped_by->clause;
	return MAX_CLAUSES;
}

static bool is_alike(const struct test_plan *a, const struct test_plan *b)
{
	unsigned int clause = refusing_clause(a);

	if (a->scenario >= 0 || b->scenario >= 0)
		return false;
	if (clause < MAX_CLAUSES)
		return clause == refusing_clause(b);
	return a->source && b->source && !strcmp(a->source, b->source);
}

/* A test that is alike and has hung: once is enough, each takes its whole limit. */
static const struct listed_test *hung_before(const struct test_plan *plan)
{
	const struct listed_test *tests;
	size_t n;

	tests = harness_list(&n);
	for (size_t i = 0; i < n; i++)
		if (all_records[i].killed && tests[i].plan != plan &&
		    is_alike(tests[i].plan, plan))
			return &tests[i];
	return NULL;
}

static void run_variant(struct __test_metadata *_metadata, const struct test_plan *plan)
{
	struct record *record = &all_records[index_of(plan)];
	const struct listed_test *hung = hung_before(plan);

	if (hung) {
		record->verdict = VERDICT_SKIPPED;
		snprintf(record->text, sizeof(record->text), "%s never returned", hung->name);
	} else {
		test_run(plan, flipped, record);
	}
	if (record->verdict == VERDICT_SKIPPED)
		SKIP(return, "%s", record->text);
	EXPECT_TRUE(record->verdict != VERDICT_FAILS)
		TH_LOG("%s", record->text);
}

#define ORIGIN(name)							\
	FIXTURE(name) {};						\
	FIXTURE_VARIANT(name) { struct test_plan plan; };		\
	FIXTURE_SETUP(name) {}						\
	FIXTURE_TEARDOWN(name) {}					\
	TEST_F_TIMEOUT(name, holds, TEST_SECONDS)			\
	{								\
		run_variant(_metadata, &variant->plan);			\
	}

ORIGIN(check)
ORIGIN(order)
ORIGIN(cell)
ORIGIN(vector)
ORIGIN(scenario)

#include "contract_tests.h"

static struct __fixture_metadata *const fixtures[] = {
	&_check_fixture_object,
	&_order_fixture_object,
	&_cell_fixture_object,
	&_vector_fixture_object,
	&_scenario_fixture_object,
};

/* Each fixture's variant structure holds a plan and nothing else. */
static const struct test_plan *plan_of(const struct __fixture_variant_metadata *variant)
{
	return variant->data;
}

static size_t count_tests(void)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++)
		for (struct __fixture_variant_metadata *v = fixtures[i]->variant; v; v = v->next)
			n++;
	return n;
}

const struct listed_test *harness_list(size_t *n)
{
	static struct listed_test *tests;
	static size_t n_tests;
	size_t k = 0;

	*n = n_tests;
	if (tests)
		return tests;
	*n = n_tests = count_tests();
	tests = calloc(n_tests, sizeof(*tests));
	if (!tests) {
		perror("uffdio-move-conformance: no memory for the list of tests");
		exit(1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++)
		for (struct __fixture_variant_metadata *v = fixtures[i]->variant; v;
		     v = v->next, k++) {
			snprintf(tests[k].name, sizeof(tests[k].name), "%s.%s", fixtures[i]->name,
				 v->name);
			tests[k].plan = plan_of(v);
		}
	return tests;
}

void harness_be_patient(unsigned int factor)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++)
		for (struct __test_metadata *t = fixtures[i]->tests; t; t = t->next)
			t->timeout = TEST_SECONDS * factor;
}

/* This harness runs all that is registered, and has no filter of its own. */
static void unlink_unselected(bool (*selected)(size_t index))
{
	size_t k = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fixtures); i++) {
		struct __fixture_variant_metadata **link = &fixtures[i]->variant;

		while (*link) {
			if (selected(k++))
				link = &(*link)->next;
			else
				*link = (*link)->next;
		}
		if (!fixtures[i]->variant)
			fixtures[i]->tests = NULL;
	}
}

_Noreturn void harness_run(bool (*selected)(size_t index), int flip, struct record *records)
{
	size_t n;

	all_records = records;
	flipped = flip;
	harness_list(&n);
	unlink_unselected(selected);
	exit(test_harness_run(0, NULL));
}

static void __attribute__((constructor)) __constructor_order_last(void)
{
	if (!__constructor_order)
		__constructor_order = _CONSTRUCTOR_ORDER_BACKWARD;
}
