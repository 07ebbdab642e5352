// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "origin.h"

#include <err.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* One allocation: each by itself, so that sanitizers see its bounds. */
struct block {
	struct block *next;
	max_align_t bytes[];
};

struct mark {
	uintptr_t part;
	size_t order;
	struct position where;
};

struct complaint {
	struct position where;
	size_t order;
	const char *text;
};

struct origin {
	const char *paths[MAX_FILES];
	unsigned int n_paths;
	struct block *blocks;
	struct mark *marks;
	size_t n_marks, max_marks;
	size_t n_sorted;
	struct complaint complaints[MAX_ERRORS];
	size_t n_complaints;	/* may exceed MAX_ERRORS */
};

/* An error is one line, whatever the text that it quotes holds. */
static void flatten(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

struct origin *origin_new(const char *path)
{
	struct origin *o = calloc(1, sizeof(*o));

	if (!o)
		err(1, "specgen");
	origin_add(o, path);
	return o;
}

unsigned int origin_add(struct origin *o, const char *path)
{
	char *copy = origin_text(o, path, strlen(path));

	flatten(copy);
	o->paths[o->n_paths] = copy;
	return o->n_paths++;
}

const char *origin_path(const struct origin *o)
{
	return o->paths[0];
}

const char *origin_path_at(const struct origin *o, struct position where)
{
	return o->paths[where.file];
}

void origin_free(struct origin *o)
{
	if (!o)
		return;
	while (o->blocks) {
		struct block *next = o->blocks->next;

		free(o->blocks);
		o->blocks = next;
	}
	free(o->marks);
	free(o);
}

void *origin_alloc(struct origin *o, size_t size)
{
	/* nothing is something too: each part has an address of its own */
	struct block *b = calloc(1, sizeof(*b) + size + !size);

	if (!b)
		err(1, "specgen");
	b->next = o->blocks;
	o->blocks = b;
	return b->bytes;
}

char *origin_text(struct origin *o, const char *text, size_t length)
{
	char *copy = origin_alloc(o, length + 1);

	memcpy(copy, text, length);
	return copy;
}

void origin_mark(struct origin *o, const void *part, struct position where)
{
	if (o->n_marks == o->max_marks) {
		o->max_marks = o->max_marks ? 2 * o->max_marks : 1024;
		o->marks = reallocarray(o->marks, o->max_marks, sizeof(*o->marks));
		if (!o->marks)
			err(1, "specgen");
	}
	o->marks[o->n_marks] = (struct mark){ (uintptr_t)part, o->n_marks, where };
	o->n_marks++;
}

static int by_part(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->part != y->part)
		return x->part < y->part ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

struct position origin_of(struct origin *o, const void *part)
{
	size_t low = 0, high = o->n_marks;

	if (o->n_sorted != o->n_marks) {
		qsort(o->marks, o->n_marks, sizeof(*o->marks), by_part);
		o->n_sorted = o->n_marks;
	}
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (o->marks[middle].part <= (uintptr_t)part)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? o->marks[low - 1].where : (struct position){ .line = 1, .column = 1 };
}

static int by_place(const void *a, const void *b)
{
	const struct complaint *x = a, *y = b;

	if (x->where.file != y->where.file)
		return x->where.file < y->where.file ? -1 : 1;
	if (x->where.line != y->where.line)
		return x->where.line < y->where.line ? -1 : 1;
	if (x->where.column != y->where.column)
		return x->where.column < y->where.column ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool is_noted(const struct origin *o, struct position where, const char *text)
{
	for (size_t i = 0; i < o->n_complaints && i < MAX_ERRORS; i++) {
		const struct complaint *c = &o->complaints[i];

		if (c->where.file == where.file && c->where.line == where.line &&
		    c->where.column == where.column && !strcmp(c->text, text))
			return true;
	}
	return false;
}

void origin_error(struct origin *o, struct position where, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		err(1, "specgen");
	flatten(text);
	if (!is_noted(o, where, text)) {
		if (o->n_complaints < MAX_ERRORS)
			o->complaints[o->n_complaints] = (struct complaint){
				where, o->n_complaints, origin_text(o, text, length)
			};
		o->n_complaints++;
	}
	free(text);
}

void origin_blame(struct origin *o, unsigned int file)
{
	size_t shown = o->n_complaints < MAX_ERRORS ? o->n_complaints : MAX_ERRORS, kept = 0;

	for (size_t i = 0; i < shown; i++)
		if (o->complaints[i].where.file == file)
			o->complaints[kept++] = o->complaints[i];
	if (kept)
		o->n_complaints -= shown - kept;
}

size_t origin_errors(const struct origin *o)
{
	return o->n_complaints;
}

int origin_report(struct origin *o, FILE *errors)
{
	size_t shown = o->n_complaints < MAX_ERRORS ? o->n_complaints : MAX_ERRORS;
	struct position last = { .line = 1, .column = 1 };

	qsort(o->complaints, shown, sizeof(*o->complaints), by_place);
	for (size_t i = 0; i < shown; i++) {
		last = o->complaints[i].where;
		fprintf(errors, "%s:%d:%d: error: %s\n", origin_path_at(o, last), last.line,
			last.column, o->complaints[i].text);
	}
	if (o->n_complaints > shown)
		fprintf(errors, "%s:%d:%d: error: %zu further errors are not shown\n",
			origin_path_at(o, last), last.line, last.column, o->n_complaints - shown);
	return o->n_complaints;
}
