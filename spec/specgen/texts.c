// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kinds of texts, and the letters of the alphabet.
 */
#define _GNU_SOURCE
#include "kinds.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "emit.h"
#include "oracle.h"

#define MAX_NAME	48	/* characters; generated names join two of these */
#define MAX_ID		64
#define MAX_ERRNO	4096

#define NUMBER(macro)	NUMBER_(macro)
#define NUMBER_(number)	#number

static void read_text(struct reader *r, const struct value *v, void *into,
		      const struct field *f)
{
	const char *text = value_text(r, v);

	if (text && f->kind->fits && !f->kind->fits(text))
		error_at_value(r, v, "`%s`: `%.60s` is not %s", v->key, text, f->kind->is);
	/* it is there, though wrong: nobody need miss it */
	if (text)
		*(const char **)into = text;
}

static void print_text(struct printer *p, const void *from, const struct field *f)
{
	(void)f;
	emit_string(*(const char *const *)from, p->out);
}
#define TEXT_KIND	.read = read_text, .print = print_text, .size = sizeof(const char *)

const struct kind kind_text = { TEXT_KIND };

/* A text that gets into a comment of C must not end it, nor seem to begin another. */
static bool is_comment(const char *text)
{
	return !strstr(text, "*/") && !strstr(text, "/*");
}
const struct kind kind_comment = { TEXT_KIND, .fits = is_comment, .is = "without /* and */" };

/* "1.1": major and minor, neither with a zero before it */
static bool is_version(const char *text)
{
	unsigned int major, minor;
	char again[24];

	if (sscanf(text, "%u.%u", &major, &minor) != 2)
		return false;
	snprintf(again, sizeof(again), "%u.%u", major, minor);
	return !strcmp(text, again);
}
const struct kind kind_version = {
	TEXT_KIND, .fits = is_version, .is = "a version of two numbers, such as 1.1"
};

/* A full stop before a space and a capital letter ends one, and begins another. */
static bool is_sentence(const char *text)
{
	for (const char *stop = strstr(text, ". "); stop; stop = strstr(stop + 1, ". "))
		if (isupper((unsigned char)stop[2]))
			return false;
	return text[strlen(text) - 1] == '.';
}
const struct kind kind_sentence = {
	TEXT_KIND, .fits = is_sentence, .is = "one sentence that ends with a full stop"
};

static bool is_error(const char *text)
{
	for (int e = 1; e < MAX_ERRNO; e++) {
		const char *known = strerrorname_np(e);

		if (known && !strcmp(known, text))
			return true;
	}
	return false;
}
const struct kind kind_error = { TEXT_KIND, .fits = is_error, .is = "an errno of this system" };

bool values_fit(const char *values, const struct kind *kind)
{
	char word[MAX_VALUE];

	for (;; values += strlen(word) + 1) {
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(values, "|"), values);
		if (!kind->fits(word))
			return false;
		if (!values[strlen(word)])
			return true;
	}
}

static bool is_errors(const char *text)
{
	return strlen(text) < MAX_VALUE && values_fit(text, &kind_error);
}
const struct kind kind_errors = {
	TEXT_KIND, .fits = is_errors, .is = "an errno of this system, or several with | between"
};

static bool is_error_or_none(const char *text)
{
	return !strcmp(text, "0") || is_error(text);
}
const struct kind kind_error_or_none = {
	TEXT_KIND, .fits = is_error_or_none, .is = "0 or an errno of this system"
};

static bool is_moved(const char *text)
{
	return !strcmp(text, "error") || !strcmp(text, "untouched") ||
	       !text[strspn(text, "0123456789")];
}
const struct kind kind_moved = {
	TEXT_KIND, .fits = is_moved, .is = "one of: a number, error, untouched"
};

static bool is_fact(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.[]";

	return !text[strspn(text, letters)] && strlen(text) < MAX_WHAT;
}
const struct kind kind_fact = {
	TEXT_KIND, .fits = is_fact,
	.is = "a fact's name: letters, digits and _ . [ ], fewer than " NUMBER(MAX_WHAT)
};

/* "a", or "a|b" with no alternative empty or given twice */
static bool is_value(const char *text)
{
	const char *at = text;

	for (size_t length; strlen(text) < MAX_VALUE; at += length + 1) {
		char word[MAX_VALUE] = "";

		length = strcspn(at, "|");
		memcpy(word, at, length);
		if (!length || (at[length] && value_allows(at + length + 1, word)))
			return false;
		if (!at[length])
			return true;
	}
	return false;
}
const struct kind kind_value = {
	TEXT_KIND, .fits = is_value,
	.is = "a value of fewer than " NUMBER(MAX_VALUE) " characters, or different ones with | between"
};

/* Words of a-z, 0-9 and -, joined by single separators. */
static bool is_name_with(const char *text, char separator, size_t longest)
{
	const char *start = text;

	if (strlen(text) > longest)
		return false;

	for (; *text; text++) {
		if (islower((unsigned char)*text) || isdigit((unsigned char)*text))
			continue;
		if (text == start || (*text != '-' && *text != separator))
			return false;
		if (!isalnum((unsigned char)text[-1]) || !isalnum((unsigned char)text[1]))
			return false;
	}
	return true;
}

static bool is_id(const char *text)
{
	return is_name_with(text, '.', MAX_ID) && strchr(text, '.');
}
const struct kind kind_id = {
	TEXT_KIND, .fits = is_id,
	.is = "a clause's id: parts of a-z, 0-9 and - joined by dots, up to " NUMBER(MAX_ID)
};

static bool is_name(const char *text)
{
	return is_name_with(text, '-', MAX_NAME);
}
const struct kind kind_name = {
	TEXT_KIND, .fits = is_name, .is = "a name of a-z, 0-9 and -, up to " NUMBER(MAX_NAME)
};

/* Those of which there can be records. */
static bool is_architecture(const char *text)
{
	static const char *const all[] = { "x86_64", "arm64", "riscv64", "s390x", "ppc64el" };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(text, all[i]))
			return true;
	return false;
}
const struct kind kind_architecture = {
	TEXT_KIND, .fits = is_architecture,
	.is = "an architecture: x86_64, arm64, riscv64, s390x or ppc64el"
};

/* variation_steps is the table of them all. */
static bool is_variation(const char *text)
{
	return is_name(text) && strcmp(text, "steps");
}
const struct kind kind_variation = {
	TEXT_KIND, .fits = is_variation,
	.is = "a name of a-z, 0-9 and -, up to " NUMBER(MAX_NAME) ", that is not taken"
};

/* Words that C or C++ has for itself, or that headers and compilers define. */
static bool is_taken(const char *name)
{
	static const char *const taken[] = {
		"alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool",
		"break", "case", "catch", "char", "char16_t", "char32_t", "char8_t", "class",
		"co_await", "co_return", "co_yield", "compl", "concept", "const", "const_cast",
		"consteval", "constexpr", "constinit", "continue", "decltype", "default",
		"delete", "do", "double", "dynamic_cast", "else", "enum", "errno", "explicit",
		"export", "extern", "false", "float", "for", "friend", "goto", "i386", "if",
		"inline", "int", "linux", "long", "main", "max_align_t", "mutable",
		"namespace", "new", "noexcept", "not", "not_eq", "nullptr", "nullptr_t", "NULL",
		"offsetof", "operator", "or", "or_eq", "private", "protected", "ptrdiff_t",
		"public", "register", "reinterpret_cast", "requires", "restrict", "return",
		"short", "signed", "size_t", "sizeof", "static", "static_assert", "static_cast",
		"struct", "switch", "template", "this", "thread_local", "throw", "true", "try",
		"typedef", "typeid", "typename", "typeof", "typeof_unqual", "union", "unix",
		"unsigned", "unreachable", "using", "virtual", "void", "volatile", "wchar_t",
		"while", "xor", "xor_eq",
	};

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (!strcmp(taken[i], name))
			return true;
	/* reserved by C for itself, and by C++ wherever they stand */
	return (name[0] == '_' && isupper((unsigned char)name[1])) || strstr(name, "__");
}

static bool is_identifier(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!isascii(*c) || (*c != '_' && !isalpha(*c) && (c == text || !isdigit(*c))))
			return false;
	return strlen(text) <= MAX_ID && !is_taken(text);
}
const struct kind kind_identifier = {
	TEXT_KIND, .fits = is_identifier,
	.is = "an identifier of C that is not taken, up to " NUMBER(MAX_ID)
};

static bool is_function(const char *text)
{
	/* scenario_functions is the table of them all */
	return is_identifier(text) && !strncmp(text, "scenario_", 9) &&
	       strcmp(text, "scenario_functions");
}
const struct kind kind_function = {
	TEXT_KIND, .fits = is_function, .is = "an identifier that begins with scenario_ and is not taken"
};

/* Those that mean something where letters are written, or would have to be escaped. */
#define NO_LETTERS	"* ? | : \" ' \\"

static bool is_letter(char c)
{
	return c > ' ' && c < 0x7f && !strchr(NO_LETTERS, c);
}

static bool is_notation(const char *text)
{
	for (;; text += 2) {
		if (!is_letter(text[0]))
			return false;
		if (!text[1])
			return true;
		if (text[1] != ' ')
			return false;
	}
}
const struct kind kind_notation = {
	TEXT_KIND, .fits = is_notation, .is = "letters separated by single spaces"
};

static bool is_notation_or_any(const char *text)
{
	return is_notation(text) || !strcmp(text, "*");
}

static void read_letters(struct reader *r, const struct value *v, void *into,
			 const struct field *f)
{
	char *to = NULL;

	read_text(r, v, &to, f);
	*(const char **)into = to;
	for (const char *from = to; from && *from; from++)
		if (*from != ' ')
			*to++ = *from;
	if (to)
		*to = '\0';
}
const struct kind kind_letters = {
	.read = read_letters, .print = print_text, .size = sizeof(const char *),
	.fits = is_notation_or_any, .is = "letters separated by single spaces, or \"*\""
};

static void read_letter(struct reader *r, const struct value *v, void *into,
			const struct field *f)
{
	const char *text = value_text(r, v);

	(void)f;
	if (!text)
		return;
	if (text[1] || !is_letter(*text))
		error_at_value(r, v, "`%s` has to be one printable character other than "
			       NO_LETTERS, v->key);
	else
		*(char *)into = *text;
}

static void print_letter(struct printer *p, const void *from, const struct field *f)
{
	(void)f;
	fprintf(p->out, "'%c'", *(const char *)from);
}
const struct kind kind_letter = { .read = read_letter, .print = print_letter, .size = 1 };
