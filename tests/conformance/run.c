// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "call/call.h"
#include "judge.h"
#include "machine/machine.h"
#include "run.h"
#include "test/test_internal.h"

/* How long at most a page may be refused for what passes by itself. */
#define PASSING_MS	2000

static const struct contract *const contract = &uffdio_move_contract;

/* .move in letters, for a range whose letters may be huge. */
static void observe_result(struct test *t, const struct layout *l, const char *prefix,
			   unsigned int from, int error, int64_t move)
{
	char name[24];

	snprintf(name, sizeof(name), "%serrno", prefix);
	test_observe(t, name, "%s", error_name(error));
	snprintf(name, sizeof(name), "%smove", prefix);
	if (move == MOVE_SENTINEL) {
		test_observe(t, name, "untouched");
		return;
	}
	if (error && move == -error) {
		test_observe(t, name, "error");
		return;
	}
	for (unsigned int n = 0; from + n <= strlen(l->source.letters); n++)
		if ((int64_t)layout_bytes(l, from, from + n) == move) {
			test_observe(t, name, "%u", n);
			return;
		}
	test_observe(t, name, "%lld bytes", (long long)move);
}

/* Are the members that the kernel does not write as they were passed? */
static void observe_members(struct test *t, const struct call *c, const struct uffdio_move *passed)
{
	bool kept = c->argument->dst == passed->dst && c->argument->src == passed->src &&
		    c->argument->len == passed->len && c->argument->mode == passed->mode;

	test_observe(t, "members", kept ? "kept" : "changed");
}

/* Letters that the call says it has moved; 0 if it says no such thing. */
static unsigned int letters_moved(const struct call *c)
{
	if (c->argument_unreadable || c->move == MOVE_SENTINEL || c->move <= 0)
		return 0;
	for (unsigned int n = 1; n <= c->length; n++)
		if ((int64_t)layout_bytes(&c->layout, c->from, c->from + n) == c->move)
			return n;
	return 0;
}

/* Which of the further observations does an ending expect for this letter? */
static unsigned int wanted(const struct ending *endings, size_t n, unsigned int letter)
{
	static const struct {
		const char *name;
		enum observation observation;
	} names[] = {
		{ "frame", OBSERVE_FRAME },
		{ "writable", OBSERVE_WRITABLE },
		{ "soft_dirty", OBSERVE_SOFT_DIRTY },
	};
	unsigned int mask = 0;
	char name[24];

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s[%u]", names[i].name, letter);
		for (size_t k = 0; k < n; k++)
			for (size_t j = 0; j < endings[k].n; j++)
				if (!strcmp(endings[k].expect[j].what, name))
					mask |= 1u << names[i].observation;
	}
	return mask;
}

static void observe_pages(struct test *t, struct call *c, const struct ending *endings, size_t n)
{
	/* where .move cannot be looked at, the pages are what tells */
	unsigned int moved = c->argument_unreadable ? endings->moved : letters_moved(c);

	if (c->range) {
		layout_observe(t, &c->layout, "range", &c->layout.source);
		return;
	}
	for (unsigned int i = 0; i < moved; i++) {
		unsigned int mask = wanted(endings, n, c->to + i);

		if (mask)
			layout_observe_moved(t, &c->layout, c->to + i, c->to + i + 1, mask);
	}
	if (oracle_sees(contract, t->plan, SIDE_SOURCE))
		layout_observe(t, &c->layout, "source", &c->layout.source);
	if (oracle_sees(contract, t->plan, SIDE_DESTINATION))
		layout_observe(t, &c->layout, "destination", &c->layout.destination);
}

/* Call once more behind the @moved letters, and again while the error is @passing's. */
static void repeat(struct test *t, struct call *c, const char *prefix, unsigned int moved,
		   unsigned int letters, const char *passing)
{
	int64_t until = now_ms() + patient_ms(PASSING_MS);

	struct uffdio_move again = c->values;
	size_t done = layout_bytes(&c->layout, c->from, c->from + moved);
	int error;

	again.dst += done;
	again.src += done;
	again.len = layout_bytes(&c->layout, c->from + moved, c->from + moved + letters);
	do {
		again.move = MOVE_SENTINEL;
		error = test_move(t, c->uffd, &again);
	} while (passing && !strcmp(error_name(error), passing) && now_ms() < until);
	observe_result(t, &c->layout, prefix, c->from + moved, error, again.move);
}

/*
 * The ending that the result so far speaks for, and that this would cure.  What
 * stopped a short move is not asked for where it may pass meanwhile.
 */
static const struct ending *curable(const struct test *t, const struct ending *endings, size_t n,
				    unsigned int moved, enum cure cure)
{
	bool asked = moved && cure != CURE_REPEAT;
	const char *error = "";

	for (size_t i = 0; i < t->observed.n; i++)
		if (!strcmp(t->observed.facts[i].what, asked ? "cause.errno" : "errno"))
			error = t->observed.facts[i].value;
	for (size_t i = 0; i < n; i++) {
		const struct outcome *row = endings[i].stopped_by;

		if (row && row->cure == cure && endings[i].moved == moved &&
		    !strcmp(error, moved && !asked ? "EAGAIN" : row_error(row)))
			return &endings[i];
	}
	return NULL;
}

static void run_call(struct test *t)
{
	static struct ending endings[MAX_ENDINGS];
	const struct test_plan *plan = t->plan;
	size_t n = oracle_endings(contract, plan, endings);
	char source[MAX_LETTERS + 1], destination[MAX_LETTERS + 1];
	struct call c = {
		.test = t, .range = plan->range, .from = plan->from, .to = plan->to,
		.mode = plan->mode,
	};
	const struct ending *cure = NULL, *passing = NULL;
	struct uffdio_move passed;
	unsigned int moved;

	c.length = notation_letters(plan->range ? plan->range : plan->source, source) - c.from;
	if (plan->length)
		c.length = plan->length;
	c.layout.source.letters = source;
	c.layout.destination.letters = source;
	if (!plan->range) {
		notation_letters(plan->destination, destination);
		c.layout.destination.letters = destination;
	}
	for (unsigned int i = 0; i < plan->n_variations; i++)
		variation_steps[plan->variations[i]].apply(&c);
	call_build(&c);
	passed = c.values;
	call_run(&c);

	if (!c.argument_unreadable)
		observe_members(t, &c, &passed);
	if (c.argument_unreadable)
		test_observe(t, "errno", "%s", error_name(c.error));
	else
		observe_result(t, &c.layout, "", c.from, c.error, c.move);
	moved = letters_moved(&c);
	if (!c.argument_unreadable)
		passing = curable(t, endings, n, moved, CURE_REPEAT);
	if (moved && moved < c.length && !passing)
		repeat(t, &c, "cause.", moved, c.length - moved, NULL);
	observe_pages(t, &c, endings, n);
	if (!c.argument_unreadable && !passing)
		cure = curable(t, endings, n, moved, CURE_STORE);
	if (cure) {
		layout_store(t, &c.layout, c.from + cure->moved);
		repeat(t, &c, "cured.", cure->moved, 1, NULL);
	} else if (passing) {
		repeat(t, &c, "cured.", passing->moved, 1, row_error(passing->stopped_by));
	}
	if (c.finish)
		c.finish(&c);
}

void test_run(const struct test_plan *plan, int flip, struct record *record)
{
	struct test t = { .plan = plan, .record = record };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memset(record, 0, sizeof(*record));
	record->started = true;
	for (unsigned int i = 0; i < contract->n_needs; i++)
		t.observed.has |= (uint64_t)machine_has(i, NULL) << i;
	machine_require(&t, oracle_needs(contract, plan));
	if (plan->scenario >= 0)
		scenario_functions[plan->scenario](&t);
	else
		run_call(&t);
	test_observe(&t, "returns", "yes");
	judge(contract, plan, &t.observed, flip, record);
}
