// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

#define MOST_CONDITIONS	32	/* #if within #if */

_Noreturn void refuse(const char *message, const char *word)
{
	fprintf(stderr, "mutants: %s%s\n", message, word);
	exit(2);
}

void *zeroed(size_t n, size_t size)
{
	void *array = calloc(n ? n : 1, size);

	if (!array)
		refuse("no memory", "");
	return array;
}

static char *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, '\0', file) < 0) {
		if (!file || ferror(file))
			refuse("cannot be read: ", path);
		text = zeroed(1, 1);
	}
	fclose(file);
	*length = strlen(text);
	return text;
}

static void read_added(struct source *s, const char *path)
{
	size_t length;
	char *text = read_file(path, &length), *at = text, *end;

	for (unsigned long line; (line = strtoul(at, &end, 10)), end != at; at = end) {
		if (line > s->n_lines)
			refuse("there is no such line: ", path);
		s->added[line] = true;
	}
	free(text);
}

/* Where the preprocessor is. */
struct conditions {
	bool left_out[MOST_CONDITIONS];	/* an #else part */
	size_t depth;
};

static bool is_left_out(const struct conditions *c)
{
	for (size_t i = 0; i < c->depth; i++)
		if (c->left_out[i])
			return true;
	return false;
}

static void follow_directive(struct conditions *c, const char *line)
{
	const char *word = line + 1 + strspn(line + 1, " \t");

	if (!strncmp(word, "if", 2)) {
		if (c->depth == MOST_CONDITIONS)
			refuse("too many conditions", "");
		c->left_out[c->depth++] = false;
	} else if (!strncmp(word, "el", 2) && c->depth) {
		c->left_out[c->depth - 1] = true;
	} else if (!strncmp(word, "endif", 5) && c->depth) {
		c->depth--;
	}
}

static size_t length_of_quoted(const char *text)
{
	size_t n = 1;

	while (text[n] && text[n] != *text)
		n += text[n] == '\\' && text[n + 1] ? 2 : 1;
	return n + !!text[n];
}

static size_t length_of_sign(const char *text)
{
	static const char *const longer[] = {
		"<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&",
		"||", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
	};

	for (size_t i = 0; i < sizeof(longer) / sizeof(*longer); i++)
		if (!strncmp(text, longer[i], strlen(longer[i])))
			return strlen(longer[i]);
	return 1;
}

static size_t length_of_word(const char *text)
{
	size_t n = 0;

	while (isalnum((unsigned char)text[n]) || text[n] == '_')
		n++;
	return n;
}

static size_t length_of_comment(const char *text)
{
	const char *end;

	if (text[1] == '/')
		return strcspn(text, "\n");
	end = strstr(text + 2, "*/");
	return end ? (size_t)(end + 2 - text) : strlen(text);
}

/* With the lines that a backslash joins to it. */
static size_t length_of_directive(const char *text)
{
	size_t n = 0;

	do {
		n += strcspn(text + n, "\n");
	} while (text[n] && text[n - 1] == '\\' && text[++n]);
	return n;
}

static struct token token_at(const char *text, size_t at)
{
	unsigned char c = text[at];
	struct token t = { .at = at, .kind = TOKEN_SIGN };

	if (isdigit(c)) {
		t.kind = TOKEN_NUMBER;
		t.length = length_of_word(text + at);
	} else if (isalpha(c) || c == '_') {
		t.kind = TOKEN_NAME;
		t.length = length_of_word(text + at);
	} else if (c == '"' || c == '\'') {
		t.kind = TOKEN_TEXT;
		t.length = length_of_quoted(text + at);
	} else {
		t.length = length_of_sign(text + at);
	}
	return t;
}

static size_t length_of_no_token(struct conditions *c, const char *text, bool line_begins)
{
	if (isspace((unsigned char)*text))
		return 1;
	if (*text == '#' && line_begins) {
		follow_directive(c, text);
		return length_of_directive(text);
	}
	if (*text == '/' && (text[1] == '/' || text[1] == '*'))
		return length_of_comment(text);
	return 0;
}

static void read_tokens(struct source *s)
{
	struct conditions conditions = {};
	unsigned int line = 1;
	bool line_begins = true;
	size_t at = 0;

	s->tokens = zeroed(s->length + 1, sizeof(*s->tokens));
	while (s->text[at]) {
		size_t n = length_of_no_token(&conditions, s->text + at, line_begins);

		if (!n) {
			struct token t = token_at(s->text, at);

			t.line = line;
			n = t.length;
			line_begins = false;
			if (!is_left_out(&conditions))
				s->tokens[s->n_tokens++] = t;
		}
		for (; n; n--)
			if (s->text[at++] == '\n') {
				line++;
				line_begins = true;
			}
	}
	s->tokens[s->n_tokens++] = (struct token){ .kind = TOKEN_END, .at = at, .line = line };
}

void source_read(struct source *s, const char *tree, const char *name)
{
	char path[4096];

	*s = (struct source){ .name = name };
	snprintf(path, sizeof(path), "%s/%s", tree, name);
	s->text = read_file(path, &s->length);
	for (size_t i = 0; i < s->length; i++)
		s->n_lines += s->text[i] == '\n';
	s->added = zeroed(s->n_lines + 2, sizeof(*s->added));
	snprintf(path, sizeof(path), "%s/%s.added", tree, name);
	read_added(s, path);
	read_tokens(s);
}

bool token_is(const struct source *s, size_t t, const char *word)
{
	const struct token *token = &s->tokens[t];

	return token->length == strlen(word) &&
	       !strncmp(s->text + token->at, word, token->length);
}

bool tokens_are_added(const struct source *s, size_t first, size_t last)
{
	for (size_t t = first; t <= last; t++)
		if (!s->added[s->tokens[t].line])
			return false;
	return true;
}

char *tokens_text(const struct source *s, size_t first, size_t last)
{
	size_t from = s->tokens[first].at, n = 0;
	char *text = zeroed(s->tokens[last].at + s->tokens[last].length - from + 1, 1);

	for (size_t t = first; t <= last; t++) {
		const struct token *token = &s->tokens[t];

		if (t > first && token->at > s->tokens[t - 1].at + s->tokens[t - 1].length)
			text[n++] = ' ';
		memcpy(text + n, s->text + token->at, token->length);
		n += token->length;
	}
	return text;
}
