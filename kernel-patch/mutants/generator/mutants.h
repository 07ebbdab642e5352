/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mutants of a source: each is one slip, made where MUTANT(its number) is true.
 */
#ifndef MUTANTS_H
#define MUTANTS_H

#include "parse.h"

struct mutant {
	char *id;		/* function.rule.n */
	const char *file;
	unsigned int line;
	char *was, *is;
};

/* What is put around tokens. */
struct edit {
	size_t first, last, order;
	char *before, *after;
};

struct mutants {
	struct mutant *list;
	size_t n;
	/* of the source that is at hand */
	struct edit *edits;
	size_t n_edits;
};

/* One more, whose slip changes tokens @first to @last of @function; NULL: the series has not added them. */
struct mutant *mutant_add(struct mutants *m, const struct source *s, const struct function *f,
			  const char *rule, size_t first, size_t last, const char *is);

/* @before and @after may have one %zu, the mutant's number. */
void mutant_edit(struct mutants *m, size_t first, size_t last, const char *before,
		 const char *after);

/* All slips that the rules know of in @f. */
void rules_apply(struct mutants *m, const struct source *s, const struct function *f);

#endif
