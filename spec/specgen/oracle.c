// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oracle.h"

/* A walk under way: the pages as they are now, and what is expected so far. */
struct walk {
	const struct contract *contract;
	const struct test_plan *plan;
	/* in a range, both sides are the first array */
	struct place places[2][MAX_LETTERS];
	bool left_split[2][MAX_LETTERS];	/* refused, but perhaps split */
	unsigned int letters[2];
	unsigned int from, to, length;
	unsigned int moved;
	struct moved_page {
		const struct outcome *row;
		char source;			/* letter that was moved */
		unsigned int to;
	} pages[MAX_LETTERS];
	const struct outcome *stopped_by;
};

unsigned int notation_letters(const char *notation, char letters[MAX_LETTERS + 1])
{
	unsigned int n = 0;

	for (; *notation; notation++) {
		if (*notation == ' ')
			continue;
		if (n == MAX_LETTERS)
			return 0;
		letters[n++] = *notation;
	}
	letters[n] = '\0';
	return n;
}

const struct state *contract_state(const struct contract *c, char letter)
{
	for (size_t i = 0; i < c->n_states; i++)
		if (c->states[i].letter == letter)
			return &c->states[i];
	return NULL;
}

const struct state *contract_role(const struct contract *c, enum role role)
{
	for (size_t i = 0; i < c->n_states; i++)
		if (c->states[i].role == role)
			return &c->states[i];
	return NULL;
}

unsigned int contract_n_modes(const struct contract *c)
{
	return 1u << c->interface.n_modes;
}

uint64_t contract_mode(const struct contract *c, unsigned int number)
{
	uint64_t mode = 0;

	for (size_t i = 0; i < c->interface.n_modes; i++)
		if (number >> i & 1)
			mode |= UINT64_C(1) << c->interface.modes[i].bit;
	return mode;
}

const char *mode_word(const struct contract *c, size_t mode)
{
	return c->interface.modes[mode].name + strlen(c->interface.ioctl) + strlen("_MODE_");
}

const struct effect *contract_effect(const struct contract *c, enum observation o)
{
	for (size_t i = 0; i < c->n_effects; i++)
		if (c->effects[i].observe == o)
			return &c->effects[i];
	return NULL;
}

static bool fits(const char *letters, char letter)
{
	return *letters == '*' || strchr(letters, letter);
}

bool row_fits(const struct outcome *row, char source, char destination, uint64_t mode)
{
	return (mode & row->with) == row->with && !(mode & row->without) &&
	       fits(row->source, source) && fits(row->destination, destination);
}

bool effect_fits(const struct effect *effect, uint64_t mode)
{
	return (mode & effect->with) == effect->with && !(mode & effect->without);
}

const struct outcome *oracle_outcome(const struct contract *c, char source,
				     char destination, uint64_t mode)
{
	for (size_t i = 0; i < c->n_outcomes; i++)
		if (row_fits(&c->outcomes[i], source, destination, mode))
			return &c->outcomes[i];
	return NULL;
}

bool value_allows(const char *expected, const char *value)
{
	size_t length;

	for (;; expected += length + 1) {
		length = strcspn(expected, "|");
		if (strlen(value) == length && !memcmp(expected, value, length))
			return true;
		if (!expected[length])
			return false;
	}
}

const struct expectation *ending_expects(const struct ending *e, const char *what)
{
	for (size_t i = 0; i < e->n; i++)
		if (!strcmp(e->expect[i].what, what))
			return &e->expect[i];
	return NULL;
}

bool level_binds(enum level level)
{
	return level == LEVEL_MUST || level == LEVEL_MAY || level == LEVEL_ADVICE;
}

bool row_may_move(const struct outcome *row)
{
	return row->result.kind == RESULT_MOVED || row->or.kind == RESULT_MOVED;
}

const char *result_word(const struct result *result)
{
	return result->error ? result->error : result->kind == RESULT_MOVED ? "moved" : "counted";
}

const char *row_error(const struct outcome *row)
{
	/* NULL where it is no error */
	return row->result.error ? row->result.error : row->or.error;
}

static bool violates(const struct check *check, const struct test_plan *plan)
{
	for (unsigned int i = 0; i < plan->n_variations; i++)
		for (size_t j = 0; j < check->n_violate; j++)
			if (check->violate[j] == plan->variations[i])
				return true;
	return false;
}

const struct check *oracle_check(const struct contract *c, const struct test_plan *plan)
{
	for (size_t i = 0; i < c->n_checks; i++)
		if (!c->checks[i].last && violates(&c->checks[i], plan))
			return &c->checks[i];
	return NULL;
}

/* The check, if violated, that replaces every result which writes .move. */
static const struct check *last_check(const struct contract *c, const struct test_plan *plan)
{
	for (size_t i = 0; i < c->n_checks; i++)
		if (c->checks[i].last && violates(&c->checks[i], plan))
			return &c->checks[i];
	return NULL;
}

static struct expectation *new_expectation(struct ending *e, unsigned int clause)
{
	struct expectation *x = &e->expect[e->n];

	if (e->n == MAX_EXPECTATIONS) {
		e->overrun = true;
		return NULL;
	}
	e->n++;
	x->clause = clause;
	x->needs = 0;
	return x;
}

/* Returns NULL if there is no room. */
static struct expectation *expect(struct ending *e, unsigned int clause, const char *value,
				  const char *what, ...) __attribute__((format(printf, 4, 5)));

static struct expectation *expect(struct ending *e, unsigned int clause, const char *value,
				  const char *what, ...)
{
	struct expectation *x = new_expectation(e, clause);
	size_t size = strlen(value) + 1;
	va_list args;
	int length;

	if (!x)
		return NULL;
	va_start(args, what);
	length = vsnprintf(x->what, sizeof(x->what), what, args);
	va_end(args);
	e->overrun |= length >= MAX_WHAT || size > MAX_VALUE;
	memcpy(x->value, value, size > MAX_VALUE ? MAX_VALUE : size);
	x->value[MAX_VALUE - 1] = '\0';
	return x;
}

/* What is expected already, under another clause too. */
static void expect_too(struct ending *e, unsigned int clause, const struct expectation *x)
{
	struct expectation *copy = new_expectation(e, clause);

	if (copy) {
		*copy = *x;
		copy->clause = clause;
	}
}

/* An ending as it begins: its table is filled as far as it is used. */
static void begin_ending(struct ending *e)
{
	e->n = 0;
	e->overrun = false;
	e->moved = 0;
	e->stopped_by = NULL;
	e->refused_by = NULL;
}

static unsigned int claims(const struct contract *c, enum observation o)
{
	const struct effect *effect = contract_effect(c, o);

	return effect ? effect->clause : 0;
}

/* What layout_observe() tells of this place. */
static void describe(const struct contract *c, const struct place *p, bool perhaps_split,
		     char value[MAX_VALUE])
{
	const struct state *state = contract_state(c, p->letter);
	char split = perhaps_split ? contract_state(c, state->looks)->split : 0;
	char contents[16] = "";

	if (!state->blank)
		snprintf(contents, sizeof(contents), " %c%u", p->whose, p->index);
	snprintf(value, MAX_VALUE, "%c%s", state->looks, contents);
	if (split)
		snprintf(value, MAX_VALUE, "%c%s|%c%s", state->looks, contents, split, contents);
}

static void expect_places(const struct walk *w, struct ending *e, unsigned int area,
			  const char *name)
{
	const struct contract *c = w->contract;

	for (unsigned int i = 0; i < w->letters[area]; i++) {
		const struct outcome *moved_here = NULL, *counted = NULL;
		bool moved_away = false;
		char value[MAX_VALUE];

		for (unsigned int k = 0; k < w->moved; k++) {
			const struct outcome *row = w->pages[k].row;
			bool here = (w->plan->range || area == 1) && w->pages[k].to == i;
			bool away = (w->plan->range || area == 0) && w->from + k == i;

			if (row->result.kind == RESULT_COUNTED) {
				counted = here || away ? row : counted;
				continue;
			}
			moved_here = here ? row : moved_here;
			moved_away |= away;
		}
		describe(c, &w->places[area][i], w->left_split[area][i], value);
		if (moved_here) {
			expect(e, moved_here->clause, value, "%s[%u]", name, i);
			expect(e, claims(c, OBSERVE_DESTINATION), value, "%s[%u]", name, i);
		} else if (moved_away) {
			expect(e, claims(c, OBSERVE_SOURCE), value, "%s[%u]", name, i);
		} else {
			if (counted)
				expect(e, counted->clause, value, "%s[%u]", name, i);
			expect(e, claims(c, OBSERVE_UNTOUCHED), value, "%s[%u]", name, i);
		}
	}
}

static const char *const fact_names[OBSERVE_COUNT] = {
	[OBSERVE_FRAME] = "frame",
	[OBSERVE_WRITABLE] = "writable",
	[OBSERVE_SOFT_DIRTY] = "soft_dirty",
	[OBSERVE_HOLDER] = "holder",
};

static void expect_of_page(struct ending *e, const struct effect *effect, unsigned int number)
{
	struct expectation *x = expect(e, effect->clause, effect->value, "%s[%u]",
				       fact_names[effect->observe], number);

	if (x)
		x->needs = effect->needs;
}

static void expect_of_moved(const struct walk *w, struct ending *e, const struct effect *effect)
{
	for (unsigned int k = 0; k < w->moved; k++)
		if (w->pages[k].row->result.kind != RESULT_COUNTED &&
		    strchr(effect->source, w->pages[k].source))
			expect_of_page(e, effect, effect->observe == OBSERVE_HOLDER ?
				       w->from + k : w->pages[k].to);
}

static void expect_of_all(const struct walk *w, struct ending *e, const struct effect *effect)
{
	char source[MAX_LETTERS + 1];

	notation_letters(w->plan->source, source);
	for (unsigned int i = 0; source[i]; i++)
		if (strchr(effect->source, source[i]))
			expect_of_page(e, effect, i);
}

static bool is_excepted(const struct effect *effect, const struct test_plan *plan)
{
	for (unsigned int i = 0; i < plan->n_variations; i++)
		for (size_t k = 0; k < effect->n_unless; k++)
			if (effect->unless[k] == plan->variations[i])
				return true;
	return false;
}

/* What is expected of single pages; in a range nobody looks at that. */
static void expect_of_pages(const struct walk *w, struct ending *e)
{
	const struct contract *c = w->contract;

	for (size_t i = 0; i < c->n_effects && !w->plan->range; i++) {
		const struct effect *effect = &c->effects[i];

		if (effect->observe < OBSERVE_REQUIRED || is_excepted(effect, w->plan) ||
		    !effect_fits(effect, w->plan->mode))
			continue;
		if (effect->of == PAGES_MOVED)
			expect_of_moved(w, e, effect);
		else if (!e->refused_by)
			expect_of_all(w, e, effect);
	}
}

static unsigned int touched(const struct contract *c, const struct test_plan *plan)
{
	unsigned int facets = 0;

	for (unsigned int i = 0; i < plan->n_variations; i++)
		facets |= c->variations[plan->variations[i]].touches;
	return facets;
}

/* Of any call, however it ends. */
static void expect_of_call(const struct walk *w, struct ending *e)
{
	const struct contract *c = w->contract;

	if (!(touched(c, w->plan) & FACET_ARGUMENT))
		expect(e, claims(c, OBSERVE_MEMBERS), "kept", "members");
	expect(e, claims(c, OBSERVE_MAPPINGS), "kept", "mappings");
	expect(e, claims(c, OBSERVE_BESIDE), "untouched", "beside");
	expect(e, claims(c, OBSERVE_RETURNS), "yes", "returns");
}

/* A call that goes on behind what has moved fails with what stopped it. */
static void expect_cause(const struct walk *w, struct ending *e)
{
	unsigned int cause = claims(w->contract, OBSERVE_CAUSE);

	expect(e, w->stopped_by->clause, row_error(w->stopped_by), "cause.errno");
	expect(e, cause, row_error(w->stopped_by), "cause.errno");
	expect(e, cause, "error", "cause.move");
}

static void expect_cured(struct ending *e, unsigned int clause)
{
	expect(e, clause, "0", "cured.errno");
	expect(e, clause, "1", "cured.move");
}

/* errno and .move when the pages were walked. */
static void expect_result(const struct walk *w, struct ending *e)
{
	const struct outcome *stop = w->stopped_by;
	const struct contract *c = w->contract;
	char count[16];

	snprintf(count, sizeof(count), "%u", w->moved);
	if (!stop) {
		expect(e, claims(c, OBSERVE_SUCCESS), "0", "errno");
		expect(e, claims(c, OBSERVE_SUCCESS), count, "move");
		for (unsigned int k = 0; k < w->moved; k++)
			expect(e, w->pages[k].row->clause, "0", "errno");
		return;
	}
	if (w->moved) {
		expect(e, claims(c, OBSERVE_SHORT), "EAGAIN", "errno");
		expect(e, claims(c, OBSERVE_SHORT), count, "move");
	} else {
		expect(e, stop->clause, row_error(stop), "errno");
		expect(e, stop->clause, "error", "move");
	}
	/* what passes by itself may have passed */
	if (w->moved && stop->cure != CURE_REPEAT)
		expect_cause(w, e);
	if (stop->cure == CURE_STORE) {
		expect_cured(e, stop->clause);
		expect_cured(e, claims(c, OBSERVE_CURE));
	}
	if (stop->cure == CURE_REPEAT)
		expect_cured(e, claims(c, OBSERVE_REPEAT));
}

static void expect_areas(const struct walk *w, struct ending *e)
{
	bool source = oracle_sees(w->contract, w->plan, SIDE_SOURCE);
	bool destination = oracle_sees(w->contract, w->plan, SIDE_DESTINATION);

	if (w->plan->range && source && destination)
		expect_places(w, e, 0, "range");
	if (!w->plan->range && source)
		expect_places(w, e, 0, "source");
	if (!w->plan->range && destination)
		expect_places(w, e, 1, "destination");
}

/* errno, .move, and each letter's place, but for what another clause leaves open. */
static bool is_result(const struct contract *c, const struct expectation *x)
{
	static const char *const names[] = { "errno", "move", "source[", "destination[", "range[" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = strlen(names[i]);

		if (!strncmp(x->what, names[i], length) &&
		    (!x->what[length] || names[i][length - 1] == '['))
			return level_binds(c->clauses[x->clause].level);
	}
	return false;
}

/* A vector's clauses are shown by the result as a whole. */
static void expect_shown(const struct contract *c, const struct test_plan *plan, struct ending *e)
{
	const struct vector *v = plan->vector < 0 ? NULL : &c->vectors[plan->vector];
	size_t n = e->n;

	for (size_t i = 0; v && i < n; i++) {
		const struct expectation *x = &e->expect[i];
		bool repeated = false;

		for (size_t k = 0; k < i && !repeated; k++)
			repeated = !strcmp(e->expect[k].what, x->what) &&
				   is_result(c, &e->expect[k]);
		for (size_t k = 0; k < v->n_shows && !repeated && is_result(c, x); k++)
			expect_too(e, v->shows[k], x);
	}
}

static void finish_walk(struct walk *w, struct ending *e)
{
	const struct check *last = last_check(w->contract, w->plan);

	begin_ending(e);
	e->moved = w->moved;
	e->stopped_by = w->stopped_by;
	if (last) {
		e->refused_by = last;
		e->stopped_by = NULL;
		expect(e, last->clause, last->error, "errno");
	} else {
		expect_result(w, e);
	}
	expect_areas(w, e);
	expect_shown(w->contract, w->plan, e);
	expect_of_pages(w, e);
	expect_of_call(w, e);
	if (w->stopped_by)
		expect(e, w->stopped_by->clause, "yes", "returns");
}

/* What is one small page of a huge page is split together with its neighbours. */
static void split_neighbours(struct walk *w, unsigned int i)
{
	const struct contract *c = w->contract;
	const struct place *places = w->places[0];
	const struct state *state = contract_state(c, places[i].letter);

	if (state->huge || !contract_state(c, state->looks)->huge)
		return;
	for (unsigned int k = i; k-- && places[k].letter == state->letter; )
		w->left_split[0][k] = true;
	for (unsigned int k = i + 1; k < w->letters[0] && places[k].letter == state->letter; k++)
		w->left_split[0][k] = true;
}

/* The letter as which a page is seen that has moved. */
static char arrival(const struct walk *w, char letter, const struct outcome *row)
{
	const struct contract *c = w->contract;
	char arrives = row->arrives ? row->arrives : contract_state(c, letter)->arrives;

	for (unsigned int i = 0; i < w->plan->n_variations; i++) {
		char instead = c->variations[w->plan->variations[i]].arrives;

		if (instead && arrives == contract_role(c, ROLE_PAGE)->letter)
			return instead;
	}
	return arrives;
}

static void move_page(struct walk *w, unsigned int k, const struct outcome *row)
{
	unsigned int destination_area = w->plan->range ? 0 : 1;
	struct place *from = &w->places[0][w->from + k];
	struct place *to = &w->places[destination_area][w->to + k];

	w->pages[k].row = row;
	w->pages[k].source = from->letter;
	w->pages[k].to = w->to + k;
	w->moved++;
	if (row->result.kind == RESULT_COUNTED)
		return;
	split_neighbours(w, w->from + k);
	/* one that might have been refused may arrive whole or split */
	w->left_split[destination_area][w->to + k] = row_error(row) || row->splits;
	*to = *from;
	to->letter = arrival(w, from->letter, row);
	*from = (struct place){ .letter = contract_role(w->contract, ROLE_HOLE)->letter };
}

static void refuse_page(struct walk *w, unsigned int k, const struct outcome *row)
{
	w->stopped_by = row;
	if (!row->splits)
		return;
	w->left_split[0][w->from + k] = true;
	split_neighbours(w, w->from + k);
}

/*
 * Walk on from letter @k.  Each letter adds one ending at most, in which it is
 * refused, and the last one that in which none is: no more than MAX_ENDINGS.
 * Returns their number, or 0 if the tables do not decide.
 */
static size_t walk_from(const struct walk *before, unsigned int k, struct ending *endings)
{
	const struct contract *c = before->contract;
	struct walk w = *before;
	const struct outcome *row;
	size_t n = 0;

	if (k == w.length) {
		finish_walk(&w, &endings[0]);
		return 1;
	}
	row = oracle_outcome(c, w.places[0][w.from + k].letter,
			     w.places[w.plan->range ? 0 : 1][w.to + k].letter, w.plan->mode);
	if (!row)
		return 0;
	if (row_may_move(row) || row->result.kind == RESULT_COUNTED) {
		move_page(&w, k, row);
		n = walk_from(&w, k + 1, endings);
		if (!n)
			return 0;
	}
	if (row_error(row)) {
		w = *before;
		refuse_page(&w, k, row);
		finish_walk(&w, &endings[n++]);
	}
	return n;
}

static void place_letters(struct walk *w, unsigned int area, const char *notation, char whose)
{
	char letters[MAX_LETTERS + 1];

	w->letters[area] = notation_letters(notation, letters);
	for (unsigned int i = 0; i < w->letters[area]; i++)
		w->places[area][i] = (struct place){ letters[i], whose, i };
}

static void begin_walk(struct walk *w, const struct contract *c, const struct test_plan *plan)
{
	memset(w, 0, sizeof(*w));
	w->contract = c;
	w->plan = plan;
	w->from = plan->from;
	w->to = plan->to;
	if (plan->range) {
		place_letters(w, 0, plan->range, 's');
	} else {
		place_letters(w, 0, plan->source, 's');
		place_letters(w, 1, plan->destination, 'd');
	}
	w->length = plan->length ? plan->length : w->letters[0] - plan->from;
}

bool oracle_sees(const struct contract *c, const struct test_plan *plan, unsigned int side)
{
	/* a variation of the pages leaves nothing there that could be read back */
	return !oracle_check(c, plan) ||
	       !(touched(c, plan) & (side == SIDE_SOURCE ? FACET_SRC_PAGES : FACET_DST_PAGES));
}

static uint64_t notation_needs(const struct contract *c, const char *notation)
{
	uint64_t needs = 0;

	for (; notation && *notation; notation++)
		if (*notation != ' ')
			needs |= contract_state(c, *notation)->needs;
	return needs;
}

uint64_t oracle_needs(const struct contract *c, const struct test_plan *plan)
{
	uint64_t needs = 0;

	if (plan->scenario >= 0)
		return c->scenarios[plan->scenario].needs;
	for (unsigned int i = 0; i < plan->n_variations; i++)
		needs |= c->variations[plan->variations[i]].needs;
	return needs | notation_needs(c, plan->source) | notation_needs(c, plan->destination) |
	       notation_needs(c, plan->range);
}

static void refused(const struct contract *c, const struct test_plan *plan,
		    const struct check *check, struct ending *e)
{
	const struct check *last = last_check(c, plan);
	struct walk w;

	begin_ending(e);
	/* what cannot be written cannot tell the result either */
	if (last && check->move == MOVE_ERROR)
		check = last;
	e->refused_by = check;
	expect(e, check->clause, check->error, "errno");
	if (check->move == MOVE_ERROR)
		expect(e, check->clause, "error", "move");
	else if (check->move == MOVE_UNTOUCHED && !(touched(c, plan) & FACET_ARGUMENT))
		expect(e, claims(c, OBSERVE_UNWRITTEN), "untouched", "move");
	begin_walk(&w, c, plan);
	expect_areas(&w, e);
	expect_shown(c, plan, e);
	expect_of_call(&w, e);
}

static void played(const struct contract *c, const struct scenario *s, struct ending *e)
{
	begin_ending(e);
	for (size_t i = 0; i < s->n_expect; i++)
		for (size_t k = 0; k < s->n_shows; k++)
			expect(e, s->shows[k], s->expect[i].value, "%s", s->expect[i].what);
	expect(e, claims(c, OBSERVE_RETURNS), "yes", "returns");
	for (size_t k = 0; k < s->n_shows; k++)
		expect(e, s->shows[k], "yes", "returns");
}

size_t oracle_endings(const struct contract *c, const struct test_plan *plan,
		      struct ending endings[MAX_ENDINGS])
{
	const struct check *check;
	struct walk w;

	if (plan->scenario >= 0) {
		played(c, &c->scenarios[plan->scenario], &endings[0]);
		return 1;
	}
	check = oracle_check(c, plan);
	if (check) {
		refused(c, plan, check, &endings[0]);
		return 1;
	}
	begin_walk(&w, c, plan);
	return walk_from(&w, 0, endings);
}
