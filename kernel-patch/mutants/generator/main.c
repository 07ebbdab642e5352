// SPDX-License-Identifier: GPL-2.0-only
/*
 * Usage: mutants TREE [-o DIR] FILE...
 *
 * Prints the mutants of each FILE below TREE, one a line: its name, the file, the line's number,
 * what stands there and what stands there in its place.  A mutant's number is that of its line.
 * Only what is on a line whose number stands in FILE.added is mutated.
 *
 *   -o DIR  writes the files there, with all mutants in them: MUTANT(N) tells whether the Nth
 *           is wanted
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mutants.h"

#define MOST_MUTANTS	10000
#define MOST_EDITS	(2 * MOST_MUTANTS)

static size_t count_of(const struct mutants *m, const char *prefix)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += !strncmp(m->list[i].id, prefix, strlen(prefix));
	return n;
}

struct mutant *mutant_add(struct mutants *m, const struct source *s, const struct function *f,
			  const char *rule, size_t first, size_t last, const char *is)
{
	struct mutant *new = &m->list[m->n];
	char id[256];
	int length;

	if (!tokens_are_added(s, first, last))
		return NULL;
	if (m->n == MOST_MUTANTS)
		refuse("too many mutants", "");
	length = snprintf(id, sizeof(id), "%s.%s.", f->name, rule);
	snprintf(id + length, sizeof(id) - length, "%zu", count_of(m, id) + 1);
	*new = (struct mutant){
		.id = strdup(id), .file = s->name, .line = s->tokens[first].line,
		.was = tokens_text(s, first, last), .is = strdup(is),
	};
	if (!new->id || !new->is)
		refuse("no memory", "");
	m->n++;
	return new;
}

static char *with_number(const char *format, size_t number)
{
	char *text = zeroed(strlen(format) + 24, 1);
	const char *at = strstr(format, "%zu");

	if (!at)
		return strcpy(text, format);
	sprintf(text, "%.*s%zu%s", (int)(at - format), format, number, at + 3);
	return text;
}

void mutant_edit(struct mutants *m, size_t first, size_t last, const char *before,
		 const char *after)
{
	if (m->n_edits == MOST_EDITS)
		refuse("too many changes", "");
	m->edits[m->n_edits] = (struct edit){
		.first = first, .last = last, .order = m->n_edits,
		.before = with_number(before, m->n), .after = with_number(after, m->n),
	};
	m->n_edits++;
}

/* What is around the others first; edits of the same tokens keep their order. */
static int outer_first(const void *a, const void *b)
{
	const struct edit *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->last != y->last)
		return x->last > y->last ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void write_token(const struct mutants *m, const struct source *s, size_t t, size_t *at,
			FILE *out)
{
	const struct token *token = &s->tokens[t];

	fwrite(s->text + *at, 1, token->at - *at, out);
	for (size_t i = 0; i < m->n_edits; i++)
		if (m->edits[i].first == t)
			fputs(m->edits[i].before, out);
	fwrite(s->text + token->at, 1, token->length, out);
	*at = token->at + token->length;
	for (size_t i = m->n_edits; i--;)
		if (m->edits[i].last == t)
			fputs(m->edits[i].after, out);
}

static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0777) && errno != EEXIST)
			refuse("cannot be made: ", path);
		*slash = '/';
	}
}

static void write_source(const struct mutants *m, const struct source *s, const char *directory)
{
	char path[4096];
	size_t at = 0;
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", directory, s->name);
	make_directories(path);
	out = fopen(path, "w");
	if (!out)
		refuse("cannot be written: ", path);
	for (size_t t = 0; t < s->n_tokens; t++)
		write_token(m, s, t, &at, out);
	if (fclose(out))
		refuse("cannot be written: ", path);
}

static bool is_added_to(const struct source *s, const struct function *f)
{
	for (size_t t = f->body->first; t <= f->body->last; t++)
		if (s->added[s->tokens[t].line])
			return true;
	return false;
}

static void mutate(struct mutants *m, const char *tree, const char *name, const char *directory)
{
	struct source s;
	struct function f;
	size_t t = 0;

	source_read(&s, tree, name);
	m->n_edits = 0;
	while (parse_function(&s, &t, &f))
		if (is_added_to(&s, &f))
			rules_apply(m, &s, &f);
	qsort(m->edits, m->n_edits, sizeof(*m->edits), outer_first);
	if (directory)
		write_source(m, &s, directory);
}

int main(int argc, char **argv)
{
	struct mutants m = {
		.list = zeroed(MOST_MUTANTS, sizeof(*m.list)),
		.edits = zeroed(MOST_EDITS, sizeof(*m.edits)),
	};
	const char *directory = NULL;
	int arg = 2;

	if (argc > 3 && !strcmp(argv[2], "-o")) {
		directory = argv[3];
		arg = 4;
	}
	if (arg >= argc)
		refuse("mutants TREE [-o DIR] FILE...", "");
	for (; arg < argc; arg++)
		mutate(&m, argv[1], argv[arg], directory);
	for (size_t i = 0; i < m.n; i++)
		printf("%s\t%s\t%u\t%s\t%s\n", m.list[i].id, m.list[i].file, m.list[i].line,
		       m.list[i].was, m.list[i].is);
	if (fflush(stdout) || ferror(stdout))
		refuse("the list could not be written", "");
	return 0;
}
