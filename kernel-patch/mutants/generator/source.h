/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file of C as a row of tokens: comments and preprocessor's lines are none, nor is
 * what stands in the #else part of a condition.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind { TOKEN_END, TOKEN_NAME, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_SIGN };

struct token {
	enum token_kind kind;
	size_t at, length;	/* in the file's text */
	unsigned int line;
};

struct source {
	const char *name;	/* below the kernel's tree */
	char *text;
	size_t length;
	struct token *tokens;	/* the last one is TOKEN_END */
	size_t n_tokens;
	bool *added;		/* by line: is it the series'? */
	unsigned int n_lines;
};

_Noreturn void refuse(const char *message, const char *word);
void *zeroed(size_t n, size_t size);

/* @name below @tree, and the numbers of the lines that the series adds, in @name.added. */
void source_read(struct source *s, const char *tree, const char *name);

bool token_is(const struct source *s, size_t t, const char *word);

/* Are all of their lines the series'? */
bool tokens_are_added(const struct source *s, size_t first, size_t last);

/* Tokens @first to @last, with one blank where there was any space; to be freed. */
char *tokens_text(const struct source *s, size_t first, size_t last);

#endif
