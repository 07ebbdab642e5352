// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "releases.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBERS	3
#define MOST_DIGITS 5
#define NO_RC	INT_MAX

struct release {
	int number[NUMBERS];	/* -1: not given */
	int rc;			/* NO_RC: none */
};

/* Digits without a zero before them, as many as a release has; returns the text behind, or NULL. */
static const char *parse_number(const char *text, int *number)
{
	char *end;

	if (!isdigit((unsigned char)*text) || (*text == '0' && isdigit((unsigned char)text[1])))
		return NULL;
	*number = (int)strtol(text, &end, 10);
	return end - text <= MOST_DIGITS ? end : NULL;
}

/* Returns the text behind the release, or NULL. */
static const char *parse_release(const char *text, struct release *r)
{
	*r = (struct release){ { -1, -1, -1 }, NO_RC };
	for (int i = 0; i < NUMBERS; i++) {
		text = parse_number(text, &r->number[i]);
		if (!text)
			return NULL;
		if (*text != '.' || i == NUMBERS - 1)
			break;
		text++;
	}
	if (!strncmp(text, "-rc", 3))
		text = parse_number(text + 3, &r->rc);
	return r->number[1] < 0 ? NULL : text;
}

/* The two ends; *open: it goes on.  With one release, both are that. */
static bool parse_range(const char *text, struct release *first, struct release *last, bool *open)
{
	*open = false;
	text = parse_release(text, first);
	if (!text)
		return false;
	*last = *first;
	if (!*text)
		return true;
	*open = !strcmp(text, " on");
	if (*open)
		return true;
	if (strncmp(text, " to ", 4))
		return false;
	text = parse_release(text + 4, last);
	return text && !*text;
}

static int compare(const struct release *one, const struct release *other)
{
	for (int i = 0; i < NUMBERS; i++) {
		int a = one->number[i] < 0 ? 0 : one->number[i];
		int b = other->number[i] < 0 ? 0 : other->number[i];

		if (a != b)
			return a < b ? -1 : 1;
	}
	return one->rc < other->rc ? -1 : one->rc > other->rc;
}

/* Is it the same as far as the bound goes, or before? */
static bool is_up_to(const struct release *r, const struct release *bound)
{
	struct release cut = *r;

	for (int i = 0; i < NUMBERS; i++)
		if (bound->number[i] < 0)
			cut.number[i] = -1;
	return compare(&cut, bound) <= 0;
}

bool releases_are_one(const char *text)
{
	struct release r;
	const char *end = parse_release(text, &r);

	return end && !*end;
}

bool releases_are_range(const char *text)
{
	struct release first, last;
	bool open;

	return parse_range(text, &first, &last, &open) && compare(&first, &last) <= 0;
}

bool releases_have(const char *range, const char *release)
{
	struct release first, last, r;
	bool open;

	parse_range(range, &first, &last, &open);
	parse_release(release, &r);
	return compare(&r, &first) >= 0 && (open || is_up_to(&r, &last));
}

bool releases_follow(const char *range, const char *release)
{
	struct release first, last, r;
	bool open;

	parse_range(range, &first, &last, &open);
	parse_release(release, &r);
	if (open || r.rc != NO_RC || releases_have(range, release))
		return false;
	if (r.number[0] == last.number[0] && r.number[1] == last.number[1])
		return last.rc != NO_RC ? r.number[2] < 0 : r.number[2] == last.number[2] + 1;
	if (r.number[2] >= 0)
		return false;
	return (r.number[0] == last.number[0] && r.number[1] == last.number[1] + 1) ||
	       (r.number[0] == last.number[0] + 1 && r.number[1] == 0);
}

int releases_compare(const char *one, const char *other)
{
	struct release a, b;

	parse_release(one, &a);
	parse_release(other, &b);
	return compare(&a, &b);
}
