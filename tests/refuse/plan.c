// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "plan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_TIMES	10000
#define MOST_STEPS	100000
#define MOST_NUMBER	1000000

const char *const meeting_words[MEETINGS] = {
	[MEETS_NOTHING] = "none",
	[MEETS_BUSY] = "EBUSY",
	[MEETS_SHORT] = "short",
	[MEETS_FORK] = "forked",
	[MEETS_CHANGING] = "EAGAIN",
	[MEETS_MEMORY] = "ENOMEM",
	[MEETS_EXISTS] = "EEXIST",
	[MEETS_HOLE] = "ENOENT",
};

struct reading {
	const char *text, *at;
	char *why;
};

static bool refuse(const struct reading *r, const char *what)
{
	snprintf(r->why, 160, "column %zu: %s", (size_t)(r->at - r->text) + 1, what);
	return false;
}

static void skip_blanks(struct reading *r)
{
	while (isspace((unsigned char)*r->at))
		r->at++;
}

static bool take(struct reading *r, const char *word)
{
	size_t length = strlen(word);

	skip_blanks(r);
	if (strncmp(r->at, word, length) ||
	    (isalpha((unsigned char)word[0]) && isalnum((unsigned char)r->at[length])))
		return false;
	r->at += length;
	return true;
}

static bool read_number(struct reading *r, unsigned int *n, unsigned int least, unsigned int most)
{
	unsigned long value;
	char *end;

	skip_blanks(r);
	if (!isdigit((unsigned char)*r->at))
		return refuse(r, "a number is wanted here");
	value = strtoul(r->at, &end, 10);
	if (value < least || value > most)
		return refuse(r, "that number is out of range");
	r->at = end;
	*n = value;
	return true;
}

static bool read_meeting(struct reading *r, struct step *step)
{
	if (take(r, "delay")) {
		step->meeting = MEETS_DELAY;
		if (!read_number(r, &step->ms, 1, MOST_NUMBER))
			return false;
		step->after = take(r, "after");
		return true;
	}
	for (step->meeting = 0; step->meeting < MEETINGS; step->meeting++)
		if (take(r, meeting_words[step->meeting]))
			return step->meeting != MEETS_SHORT ||
			       read_number(r, &step->page, 1, MOST_NUMBER);
	skip_blanks(r);
	return refuse(r, "a step is EBUSY, forked, EAGAIN, ENOMEM, EEXIST, ENOENT, short N, delay MS or none");
}

static bool has_page(enum meeting meeting)
{
	return meeting == MEETS_BUSY || meeting == MEETS_MEMORY || meeting == MEETS_EXISTS ||
	       meeting == MEETS_HOLE;
}

static bool read_step(struct reading *r, struct step *step, unsigned int *times)
{
	*step = (struct step){ 0 };
	*times = 1;
	if (!read_meeting(r, step))
		return false;
	if (has_page(step->meeting) && take(r, "at") &&
	    !read_number(r, &step->page, 0, MOST_NUMBER))
		return false;
	if (step->meeting == MEETS_CHANGING && take(r, "until")) {
		if (!take(r, "cured"))
			return refuse(r, "'until' is followed by 'cured'");
		step->until_cured = true;
	}
	if (take(r, "at"))
		return refuse(r, "'at' goes with EBUSY, ENOMEM, EEXIST and ENOENT, and before '*'");
	if (take(r, "until"))
		return refuse(r, "'until cured' goes with EAGAIN");
	if (!take(r, "*"))
		return true;
	if (!read_number(r, times, 1, MOST_TIMES))
		return false;
	return !take(r, "at") || refuse(r, "'at' goes before '*'");
}

static bool add(struct plan *plan, const struct step *step, unsigned int times)
{
	struct step *steps = realloc(plan->steps, (plan->n + times) * sizeof(*steps));

	if (!steps)
		return false;
	plan->steps = steps;
	while (times--)
		steps[plan->n++] = *step;
	return true;
}

bool plan_parse(const char *text, struct plan *plan, char why[160])
{
	struct reading r = { text, text, why };

	plan->steps = NULL;
	plan->n = plan->next = 0;
	do {
		unsigned int times;
		struct step step;

		if (!read_step(&r, &step, &times))
			goto bad;
		if (plan->n + times > MOST_STEPS || !add(plan, &step, times)) {
			refuse(&r, "these are more steps than there is room for");
			goto bad;
		}
	} while (take(&r, ","));
	skip_blanks(&r);
	if (!*r.at)
		return true;
	refuse(&r, "a comma or the end is wanted here");
bad:
	plan_free(plan);
	return false;
}

bool plan_has(const struct plan *plan, enum meeting meeting)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->steps[i].meeting == meeting)
			return true;
	return false;
}

void plan_free(struct plan *plan)
{
	free(plan->steps);
	plan->steps = NULL;
	plan->n = 0;
}

const struct step *plan_next(struct plan *plan)
{
	return plan->next < plan->n ? &plan->steps[plan->next++] : NULL;
}

/* splitmix64: each seed has a sequence of its own, and none is a bad one. */
static uint64_t draw(struct plan *plan)
{
	uint64_t z = plan->state += 0x9E3779B97F4A7C15ULL;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
	z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
	return z ^ z >> 31;
}

uint64_t plan_draw(struct plan *plan, uint64_t below)
{
	return draw(plan) % below;
}

bool plan_strikes(struct plan *plan)
{
	return draw(plan) >> 11 < plan->rate * 0x1p53;
}
