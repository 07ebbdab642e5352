// SPDX-License-Identifier: GPL-2.0-only
#include "telling.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "releases.h"

#define MOST_RANGES 256		/* characters of all of a deviation's */

void telling_begin(struct telling *t)
{
	t->n = 0;
}

static bool is_in_id(char c)
{
	return islower((unsigned char)c) || isdigit((unsigned char)c) || c == '-';
}

/* The colon of "word-word: ", or NULL. */
static const char *end_of_name(const char *p)
{
	const char *start = p;

	if (!islower((unsigned char)*p))
		return NULL;
	while (is_in_id(*p))
		p++;
	return !strncmp(p, ": ", 2) && memchr(start, '-', p - start) ? p : NULL;
}

static const struct deviation *find(const struct contract *c, const char *id, size_t length)
{
	for (size_t i = 0; i < c->n_deviations; i++)
		if (strlen(c->deviations[i].id) == length && !memcmp(c->deviations[i].id, id, length))
			return &c->deviations[i];
	return NULL;
}

static void list_ranges(const struct deviation *d, char text[MOST_RANGES])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < d->n_kernels && length < MOST_RANGES; i++)
		length += snprintf(text + length, MOST_RANGES - length, "%s%s", i ? ", " : "",
				   d->kernels[i]);
}

/* What stands in brackets from @name on, up to @end: "id: ranges". */
static int cite(struct telling *t, const char *path, int number, const char *text,
		const char *name, const char *colon)
{
	const struct deviation *d = find(t->contract, name, colon - name);
	const char *said = colon + 2, *end = strchr(said, ']');
	char ranges[MOST_RANGES];

	if (!d || !end) {
		fprintf(stderr, "%s:%d:%d: error: no deviation is called '%.*s'\n", path, number,
			(int)(name - text) + 1, (int)(colon - name), name);
		return 1;
	}
	t->told[d - t->contract->deviations] = true;
	if (t->n < MOST_TOLD)
		t->of[t->n++] = d;
	list_ranges(d, ranges);
	if (strlen(ranges) == (size_t)(end - said) && !memcmp(ranges, said, end - said))
		return 0;
	fprintf(stderr, "%s:%d:%d: error: the contract has %s in '%s'\n", path, number,
		(int)(said - text) + 1, d->id, ranges);
	return 1;
}

static int read_comment(struct telling *t, const char *path, int number, const char *text)
{
	int errors = 0;

	for (const char *p = strchr(text, '['); p; p = strchr(p + 1, '[')) {
		const char *colon = end_of_name(p + 1);

		if (colon)
			errors += cite(t, path, number, text, p + 1, colon);
	}
	return errors;
}

/* Is it one that any of the paragraph's deviations is in, or the first without? */
static bool is_of_paragraph(const struct telling *t, const char *release)
{
	for (unsigned int i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->of[i]->n_kernels; k++)
			if (releases_have(t->of[i]->kernels[k], release) ||
			    releases_follow(t->of[i]->kernels[k], release))
				return true;
	return false;
}

static int read_text(struct telling *t, const char *path, int number, const char *text)
{
	char release[32];
	int errors = 0;

	for (const char *p = text; *p; ) {
		size_t length = strspn(p, "0123456789.");

		if (!length || (p > text && (isalnum((unsigned char)p[-1]) || p[-1] == '-'))) {
			p++;
			continue;
		}
		if (p[length - 1] != '.' && !strncmp(p + length, "-rc", 3))
			length += 3 + strspn(p + length + 3, "0123456789");
		while (length && p[length - 1] == '.')
			length--;
		snprintf(release, sizeof(release), "%.*s", (int)length, p);
		if (releases_are_one(release) && !is_of_paragraph(t, release)) {
			fprintf(stderr, "%s:%d:%d: error: the contract has what is told here neither "
				"in %s nor up to just before it\n", path, number, (int)(p - text) + 1,
				release);
			errors++;
		}
		p += length ? length : 1;
	}
	return errors;
}

/* A macro that begins another paragraph. */
static bool ends_paragraph(const char *text)
{
	static const char *const macros[] = {
		".P", ".PP", ".LP", ".IP", ".TP", ".TQ", ".SH", ".SS", ".TS",
	};

	for (size_t i = 0; i < sizeof(macros) / sizeof(macros[0]); i++)
		if (!strncmp(text, macros[i], strlen(macros[i])) &&
		    !isalnum((unsigned char)text[strlen(macros[i])]))
			return true;
	return false;
}

int telling_line(struct telling *t, const char *path, int number, const char *text)
{
	if (!strncmp(text, ".\\\"", 3))
		return read_comment(t, path, number, text);
	if (ends_paragraph(text))
		t->n = 0;
	return t->n ? read_text(t, path, number, text) : 0;
}
