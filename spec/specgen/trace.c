// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "derive.h"
#include "origin.h"
#include "telling.h"
#include "trace.h"

enum column {
	COLUMN_TEST,
	COLUMN_PAGE,
	COLUMN_CONTRACT,	/* the generated page, which has all that the others leave to it */
	COLUMN_PATCH,
	COLUMN_EXAMPLE,
	COLUMN_COUNT
};

static const char *const column_names[COLUMN_COUNT] = {
	"tests", "pages", "contract", "patch", "examples"
};

struct trace {
	const struct contract *contract;
	unsigned int (*cited)[COLUMN_COUNT];	/* by clause */
	bool present[COLUMN_COUNT];
	struct telling telling;
	int errors;
};

static void count_test(void *data, enum origin_kind kind, const char *name,
		       const struct test_plan *plan)
{
	struct trace *t = data;
	static struct ending endings[MAX_ENDINGS];
	size_t n = oracle_endings(t->contract, plan, endings);
	bool counted[MAX_CLAUSES] = { false };

	(void)kind;
	(void)name;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < endings[i].n; k++) {
			unsigned int clause = endings[i].expect[k].clause;

			if (!counted[clause])
				t->cited[clause][COLUMN_TEST]++;
			counted[clause] = true;
		}
}

/* The reading version, of the contract or of a proposal. */
static bool is_generated(const char *name)
{
	size_t length = strlen(name);

	return !strncmp(name, "uffdio_move_", 12) && length > 2 && !strcmp(name + length - 2, ".7");
}

static enum column column_of(const char *path)
{
	const char *name = strrchr(path, '/');

	if (!strncmp(path, "man2", 4))
		return COLUMN_PAGE;
	if (is_generated(name ? name + 1 : path))
		return COLUMN_CONTRACT;
	return strncmp(path, "examples/", 9) ? COLUMN_PATCH : COLUMN_EXAMPLE;
}

static int find_clause(const struct contract *c, const char *id, size_t length)
{
	for (size_t i = 0; i < c->n_clauses; i++)
		if (strlen(c->clauses[i].id) == length && !memcmp(c->clauses[i].id, id, length))
			return i;
	return -1;
}

/* The end of a clause's id, word.word in small letters, or NULL if it is none. */
static const char *end_of_id(const char *p)
{
	unsigned int dots = 0;

	if (!islower((unsigned char)*p))
		return NULL;
	for (; islower((unsigned char)*p) || isdigit((unsigned char)*p) || *p == '-' || *p == '.'; p++)
		dots += *p == '.';
	return dots && *p == ']' && p[-1] != '.' ? p : NULL;
}

static void read_line(struct trace *t, const char *path, int number, const char *text)
{
	for (const char *p = strchr(text, '['); p; p = strchr(p + 1, '[')) {
		const char *end = end_of_id(p + 1);
		int clause;

		if (!end)
			continue;
		clause = find_clause(t->contract, p + 1, end - p - 1);
		if (clause >= 0) {
			t->cited[clause][column_of(path)]++;
			continue;
		}
		fprintf(stderr, "%s:%d:%d: error: no clause is called '%.*s'\n", path, number,
			(int)(p - text) + 2, (int)(end - p - 1), p + 1);
		t->errors++;
	}
}

static void read_file(struct trace *t, const char *path)
{
	FILE *in = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!in) {
		fprintf(stderr, "%s:1:1: error: cannot read: %s\n", path, strerror(errno));
		t->errors++;
		return;
	}
	t->present[column_of(path)] = true;
	telling_begin(&t->telling);
	for (int number = 1; getline(&text, &size, in) >= 0; number++) {
		read_line(t, path, number, text);
		if (column_of(path) == COLUMN_PAGE)
			t->errors += telling_line(&t->telling, path, number, text);
	}
	free(text);
	fclose(in);
}

static void judge_clause(struct trace *t, size_t i)
{
	const struct clause *k = &t->contract->clauses[i];

	bool is_told = t->cited[i][COLUMN_PAGE] || t->cited[i][COLUMN_CONTRACT] ||
		       !t->present[COLUMN_PAGE];

	if (!is_told && (k->level == LEVEL_MUST || k->level == LEVEL_ADVICE)) {
		fprintf(stderr, "%s:%d:1: error: no page tells '%s'\n", k->proposed ? t->contract->proposal.file : t->contract->file, k->line, k->id);
		t->errors++;
	}
}

static void judge_deviation(struct trace *t, size_t i)
{
	const struct deviation *d = &t->contract->deviations[i];
	struct position at = origin_of(t->contract->origin, &d->id);

	if (t->telling.told[i] || !t->present[COLUMN_PAGE])
		return;
	fprintf(stderr, "%s:%d:%d: error: no page tells of '%s'\n", t->contract->file, at.line,
		at.column, d->id);
	t->errors++;
}

static void print_table(const struct trace *t, FILE *out)
{
	fprintf(out, "%-37s", "clause");
	for (unsigned int k = 0; k < COLUMN_COUNT; k++)
		fprintf(out, " %8s", column_names[k]);
	fputc('\n', out);
	for (size_t i = 0; i < t->contract->n_clauses; i++) {
		fprintf(out, "%-37s", t->contract->clauses[i].id);
		for (unsigned int k = 0; k < COLUMN_COUNT; k++)
			if (!t->present[k])
				fprintf(out, " %8s", "absent");
			else if (!t->cited[i][k])
				fprintf(out, " %8s", "-");
			else
				fprintf(out, " %8u", t->cited[i][k]);
		fprintf(out, "\n");
	}
}

int trace_citations(const struct contract *c, char **files, int n_files, FILE *out)
{
	struct trace t = { .contract = c, .present = { [COLUMN_TEST] = true } };

	t.cited = calloc(c->n_clauses, sizeof(*t.cited));
	t.telling = (struct telling){ .contract = c, .told = calloc(c->n_deviations + 1, sizeof(bool)) };
	if (!t.cited || !t.telling.told) {
		fprintf(stderr, "specgen: error: no memory\n");
		return 1;
	}
	derive_tests(c, count_test, &t);
	for (int i = 0; i < n_files; i++)
		read_file(&t, files[i]);
	for (size_t i = 0; i < c->n_clauses; i++)
		judge_clause(&t, i);
	for (size_t i = 0; i < c->n_deviations; i++)
		judge_deviation(&t, i);
	print_table(&t, out);
	free(t.telling.told);
	free(t.cited);
	return t.errors;
}
