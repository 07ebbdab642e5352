// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "call/call.h"
#include "machine/machine.h"
#include "run.h"
#include "test/test_internal.h"

#define MOST_REPEATS	2000	/* of a call that is refused for something that passes */
#define MOST_LOST_STORES 2

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

/* Is an observation of this name among what some ending expects? */
static bool is_expected(const struct ending *endings, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < endings[i].n; k++)
			if (!strcmp(endings[i].expect[k].what, what))
				return true;
	return false;
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
		if (is_expected(endings, n, name))
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

/* Call once more, for @letters behind the first @moved; returns its error. */
static int call_again(struct test *t, struct call *c, unsigned int moved, unsigned int letters,
		      int64_t *move)
{
	struct uffdio_move again = c->values;
	size_t done = layout_bytes(&c->layout, c->from, c->from + moved);
	int error;

	again.dst += done;
	again.src += done;
	again.len = layout_bytes(&c->layout, c->from + moved, c->from + moved + letters);
	again.move = MOVE_SENTINEL;
	error = test_move(t, c->uffd, &again);
	*move = again.move;
	return error;
}

/*
 * The ending in which a call stopped behind @moved letters for @error; for any that
 * is cured by repeating the call if @error is NULL: what a short move hides may pass
 * before one can ask for it.
 */
static const struct ending *stopped_for(const struct ending *endings, size_t n,
					unsigned int moved, const char *error)
{
	for (size_t i = 0; i < n; i++) {
		const struct outcome *row = endings[i].stopped_by;

		if (!row || endings[i].moved != moved)
			continue;
		if (error ? value_allows(row_error(row), error) : row->cure == CURE_REPEAT)
			return &endings[i];
	}
	return NULL;
}

/* Returns the name of the error that the short move hid. */
static const char *observe_cause(struct test *t, struct call *c, unsigned int moved)
{
	int64_t move;
	int error = call_again(t, c, moved, c->length - moved, &move);

	observe_result(t, &c->layout, "cause.", c->from + moved, error, move);
	return error_name(error);
}

/*
 * Until the store is made, the page that it makes the process's own holds what KSM has
 * merged.  If KSM begins to merge it then, it gives up, but leaves it not exclusive: only
 * a store after that cures.
 */
static unsigned int stores_that_may_be_lost(const struct call *c, unsigned int i)
{
	return c->layout.source.letters[i] == 'K' ? MOST_LOST_STORES : 0;
}

static void observe_cure_by_store(struct test *t, struct call *c, unsigned int moved)
{
	unsigned int left = stores_that_may_be_lost(c, c->from + moved);
	int64_t move;
	int error;

	do {
		layout_store(t, &c->layout, c->from + moved);
		error = call_again(t, c, moved, 1, &move);
	} while (error == EBUSY && left--);
	observe_result(t, &c->layout, "cured.", c->from + moved, error, move);
}

static void observe_cure_by_repeating(struct test *t, struct call *c, unsigned int moved,
				      const char *refusal)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	int64_t move;
	int error;

	for (unsigned int i = 0;; i++) {
		error = call_again(t, c, moved, 1, &move);
		if (i == MOST_REPEATS || strcmp(error_name(error), refusal))
			break;
		if (i % 8 == 7)
			nanosleep(&pause, NULL);
		else
			sched_yield();
	}
	observe_result(t, &c->layout, "cured.", c->from + moved, error, move);
}

/* Returns the letters that have moved in the end. */
static unsigned int observe_cure(struct test *t, struct call *c, const struct ending *e,
				 unsigned int moved)
{
	if (!e || e->stopped_by->cure == CURE_NONE)
		return moved;
	if (e->stopped_by->cure == CURE_STORE)
		observe_cure_by_store(t, c, moved);
	else
		observe_cure_by_repeating(t, c, moved, row_error(e->stopped_by));
	return moved + !strcmp(observed_fact(&t->slot->observed, "cured.errno")->value, "0");
}

static void observe_holders(struct test *t, struct call *c, const struct ending *endings,
			    size_t n, unsigned int moved)
{
	char what[24];

	for (unsigned int i = 0; i < strlen(c->layout.source.letters); i++) {
		bool away = i >= c->from && i < c->from + moved;

		snprintf(what, sizeof(what), "holder[%u]", i);
		if (is_expected(endings, n, what))
			test_observe(t, what, "%s",
				     layout_holder(t, &c->layout, i,
						   away ? (int)(c->to + i - c->from) : -1));
	}
}

static void prepare_call(struct test *t, struct call *c, char source[], char destination[])
{
	const struct test_plan *plan = t->plan;

	*c = (struct call){
		.test = t, .range = plan->range, .from = plan->from, .to = plan->to,
		.mode = plan->mode,
	};
	c->length = notation_letters(plan->range ? plan->range : plan->source, source) - c->from;
	if (plan->length)
		c->length = plan->length;
	c->layout.source.letters = source;
	c->layout.destination.letters = source;
	if (!plan->range) {
		notation_letters(plan->destination, destination);
		c->layout.destination.letters = destination;
	}
	for (unsigned int i = 0; i < plan->n_variations; i++)
		variation_steps[plan->variations[i]].apply(c);
}

static void run_call(struct test *t)
{
	static struct ending endings[MAX_ENDINGS];
	size_t n = oracle_endings(contract, t->plan, endings);
	char source[MAX_LETTERS + 1], destination[MAX_LETTERS + 1];
	const struct ending *stopped = NULL;
	unsigned int moved;
	struct call c;

	prepare_call(t, &c, source, destination);
	call_build(&c);
	call_run(&c);

	if (c.argument_unreadable)
		test_observe(t, "errno", "%s", error_name(c.error));
	else
		observe_result(t, &c.layout, "", c.from, c.error, c.move);
	if (is_expected(endings, n, "members"))
		test_observe(t, "members", "%s", c.members_kept ? "kept" : "changed");
	test_observe(t, "mappings", "%s", c.mappings);
	moved = letters_moved(&c);
	if (!moved && !c.argument_unreadable)
		stopped = stopped_for(endings, n, 0, error_name(c.error));
	else if (moved && moved < c.length)
		stopped = stopped_for(endings, n, moved, NULL);
	if (moved && moved < c.length && !stopped)
		stopped = stopped_for(endings, n, moved, observe_cause(t, &c, moved));
	observe_pages(t, &c, endings, n);
	test_observe(t, "beside", "%s", layout_beside(t, &c.layout));
	moved = observe_cure(t, &c, stopped, moved);
	observe_holders(t, &c, endings, n, moved);
	if (c.finish)
		c.finish(&c);
}

void test_run(const struct test_plan *plan, struct slot *slot)
{
	struct test t = { .plan = plan, .slot = slot };

	for (unsigned int i = 0; i < contract->n_needs; i++)
		slot->observed.has |= (uint64_t)machine_has(i, NULL) << i;
	machine_require(&t, oracle_needs(contract, plan));
	if (plan->scenario >= 0)
		scenario_functions[plan->scenario](&t);
	else
		run_call(&t);
	test_observe(&t, "returns", "yes");
	slot->word = WORD_DONE;
}
