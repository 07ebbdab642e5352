// SPDX-License-Identifier: GPL-2.0-only
/*
 * Expectations turned into their contrary: is each of them looked at?
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge_internal.h"

static void flip_value(char value[MAX_VALUE])
{
	char *number_end;
	long number = strtol(value, &number_end, 10);

	if (isupper((unsigned char)value[0]) && isupper((unsigned char)value[1]))
		snprintf(value, MAX_VALUE, "0");		/* an errno */
	else if (!strcmp(value, "error"))
		snprintf(value, MAX_VALUE, "untouched");
	else if (*value && !*number_end)
		snprintf(value, MAX_VALUE, "%ld", number + 1);
	else if (!strcmp(value, "yes") || !strcmp(value, "no"))
		snprintf(value, MAX_VALUE, "%s", *value == 'y' ? "no" : "yes");
	else if (*value == '.')
		snprintf(value, MAX_VALUE, "P s0");
	else if (!value[1] || value[1] == ' ')
		snprintf(value, MAX_VALUE, ".");		/* a page */
	else
		snprintf(value, MAX_VALUE, "contrary");
}

/* The name of the @flip'th different thing that this ending expects, or NULL. */
static const char *flippable(const struct contract *c, const struct observed *seen,
			     const struct ending *e, int flip)
{
	for (size_t i = 0; i < e->n; i++) {
		bool repeated = false;

		if (!expectation_counts(c, &e->expect[i]) || !expectation_is_seen(seen, &e->expect[i]))
			continue;
		for (size_t k = 0; k < i && !repeated; k++)
			repeated = expectation_counts(c, &e->expect[k]) &&
				   !strcmp(e->expect[k].what, e->expect[i].what);
		if (!repeated && !flip--)
			return e->expect[i].what;
	}
	return NULL;
}

void judge_flips(const struct contract *c, const struct test_plan *plan,
		 const struct observed *seen, struct flips *flips)
{
	static struct ending endings[MAX_ENDINGS], flipped[MAX_ENDINGS];
	size_t n = oracle_endings(c, plan, endings), m;
	size_t best = best_ending(c, plan, seen, endings, n, &m);
	const char *what;

	memset(flips, 0, sizeof(*flips));
	for (int flip = 0; (what = flippable(c, seen, &endings[best], flip)); flip++) {
		memcpy(flipped, endings, n * sizeof(*endings));
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < flipped[i].n; k++)
				if (!strcmp(flipped[i].expect[k].what, what))
					flip_value(flipped[i].expect[k].value);
		best_ending(c, plan, seen, flipped, n, &m);
		flips->flipped++;
		if (m)
			continue;
		if (!flips->unnoticed++)
			snprintf(flips->first, sizeof(flips->first), "%s", what);
	}
}
