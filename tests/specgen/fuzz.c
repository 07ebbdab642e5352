// SPDX-License-Identifier: GPL-2.0-only
/*
 * specgen on contracts that nobody thought of, for clang's libFuzzer: read, looked
 * at, and if nothing is wrong with one, written in every form.  What stands behind a
 * line "#proposal" extends what stands before it.
 *
 * usage: fuzz-specgen [libFuzzer's options] CORPUS...
 *        fuzz-specgen --words: the language's keys and words, as a dictionary
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "emit.h"
#include "order.h"
#include "read.h"
#include "records.h"
#include "shapes.h"
#include "trace.h"
#include "validate.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed);

#define MAX_SECONDS	1	/* for a contract, here where it takes ten times as long */

static void write_all(const struct contract *c, FILE *out)
{
	emit_tables(c, out);
	emit_functions(c, out);
	emit_header(c, out);
	emit_page(c, &(struct records){ .n = 0 }, out);
	emit_cases(c, out);
	print_order(c, out);
	trace_citations(c, NULL, 0, out);
}

#define PROPOSAL	"\n#proposal\n"

static void look_at(const char *text, size_t length, FILE *out)
{
	const char *line = memmem(text, length, PROPOSAL, strlen(PROPOSAL));
	struct source contract = { "contract.yaml", text, length }, proposal;
	struct contract c;

	if (line) {
		contract.length = line + 1 - text;
		proposal = (struct source){ "proposal.yaml", line + 1, length - contract.length };
	}
	if (!contract_read(&contract, line ? &proposal : NULL, &c, out) &&
	    !contract_validate(&c, out))
		write_all(&c, out);
	contract_free(&c);
}

/* Of this process alone: the machine may have other work. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void too_slow(int signal)
{
	(void)signal;
	abort();
}

static void limit(unsigned int s)
{
	const struct itimerval timer = { .it_value.tv_sec = s };

	signal(SIGPROF, too_slow);
	setitimer(ITIMER_PROF, &timer, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static double slowest = 0.1;
	double begin = seconds(), took;
	static FILE *out;

	if (!out)
		out = fopen("/dev/null", "w");
	if (!out)
		err(1, "/dev/null");
	limit(MAX_SECONDS);
	/* no text is one too, which has to be somewhere */
	look_at(size ? (const char *)data : "", size, out);
	limit(0);
	took = seconds() - begin;
	if (took > slowest) {
		slowest = took;
		fprintf(stderr, "slowest so far: %.0f ms for %zu bytes\n", took * 1000, size);
	}
	return 0;
}

/* The language's words, from its own tables, and what is often a limit or has a meaning. */
static const char *words[512] = {
	"~", "null", "\"\"", "\" \"", "0", "1", "16", "17", "30", "31", "32", "63", "64", "255",
	"256", "4294967295", "\"?\"", "\"*\"", "\"a|b\"", "{}", "[]", "true", "false", "*/", "'",
	"returns", "EBUSY", "EEXIST", "EAGAIN", "P", "P P P P P P P P P P P P P P P P", "T", "F",
	"a-name-that-is-as-long-as-names-may-be-and-then-some-more",
};
static size_t n_words;

static void add_word(const char *word)
{
	for (size_t i = 0; i < n_words; i++)
		if (!strcmp(words[i], word))
			return;
	if (n_words == sizeof(words) / sizeof(words[0]))
		errx(1, "there are more words than there is room for");
	words[n_words++] = word;
}

static void add_words_of(const struct field *fields)
{
	for (const struct field *f = fields; f->kind; f++) {
		const struct section_shape *section = f->of;
		const struct shape *shape = f->of;

		if (f->key)
			add_word(f->key);
		if (f->kind == &kind_word || f->kind == &kind_words || f->kind == &kind_yes)
			for (const struct word *w = f->of; w->word; w++)
				add_word(w->word);
		else if (f->kind == &kind_group)
			add_words_of(f->of);
		else if (f->kind == &kind_part || (f->kind == &kind_list && f->key))
			add_words_of(shape->fields);
		else if (f->kind == &kind_section && section->shape)
			add_words_of(section->shape->fields);
	}
}

static bool is_word(char c)
{
	return c && (isalnum((unsigned char)c) || strchr("-_.", c));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	while (words[n_words])
		n_words++;
	add_words_of(clause_fields);
	add_words_of(contract_shape.fields);
	add_words_of(proposal_shape.fields);
	add_words_of(clause_placing_fields);
	add_word("#proposal");
	if (*argc != 2 || strcmp((*argv)[1], "--words"))
		return 0;
	for (size_t i = 0; i < n_words; i++) {
		putchar('"');
		for (const char *c = words[i]; *c; c++)
			printf(is_word(*c) ? "%c" : "\\x%02X", *c);
		printf("\"\n");
	}
	exit(0);
}

/* A contract under change. */
struct text {
	char *bytes;
	size_t length, most;
	unsigned int seed;
};

static size_t below(struct text *t, size_t n)
{
	return n ? rand_r(&t->seed) % n : 0;
}

/* Put @with in the place of some bytes, if there is room. */
static void replace(struct text *t, size_t at, size_t length, const char *with, size_t with_length)
{
	char *copy;

	if (t->length - length + with_length > t->most)
		return;
	/* it may be a part of the text */
	copy = strndup(with, with_length);
	if (!copy || strlen(copy) != with_length) {
		free(copy);
		return;
	}
	memmove(t->bytes + at + with_length, t->bytes + at + length, t->length - at - length);
	memcpy(t->bytes + at, copy, with_length);
	t->length = t->length - length + with_length;
	free(copy);
}

/* Some line, with its end. */
static size_t some_line(struct text *t, size_t *length)
{
	size_t at = below(t, t->length);
	const char *end;

	while (at && t->bytes[at - 1] != '\n')
		at--;
	end = memchr(t->bytes + at, '\n', t->length - at);
	*length = end ? (size_t)(end - t->bytes) - at + 1 : t->length - at;
	return at;
}

static size_t some_word(struct text *t, size_t *length)
{
	size_t at = below(t, t->length), end;

	while (at < t->length && !is_word(t->bytes[at]))
		at++;
	while (at && is_word(t->bytes[at - 1]))
		at--;
	for (end = at; end < t->length && is_word(t->bytes[end]); end++)
		;
	*length = end - at;
	return at;
}

/* A contract stays one best if whole lines and words are changed. */
static void change(struct text *t)
{
	size_t length, other_length, at, other;
	const char *word;

	switch (below(t, 6)) {
	case 0:		/* a line less */
		at = some_line(t, &length);
		replace(t, at, length, "", 0);
		break;
	case 1:		/* a line once more, elsewhere */
		other = some_line(t, &other_length);
		at = some_line(t, &length);
		replace(t, at, 0, t->bytes + other, other_length);
		break;
	case 2:		/* a line in the place of another */
		other = some_line(t, &other_length);
		at = some_line(t, &length);
		replace(t, at, length, t->bytes + other, other_length);
		break;
	case 3:		/* a word of the text */
		other = some_word(t, &other_length);
		at = some_word(t, &length);
		replace(t, at, length, t->bytes + other, other_length);
		break;
	default:	/* a word of the language */
		word = words[below(t, n_words)];
		at = some_word(t, &length);
		replace(t, at, length, word, strlen(word));
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned int seed)
{
	struct text t = { (char *)data, size, most, seed };

	if (!below(&t, 4))
		return LLVMFuzzerMutate(data, size, most);
	for (size_t n = 1 + below(&t, 4); n; n--)
		change(&t);
	return t.length;
}
