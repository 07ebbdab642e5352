// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define error_at_value(r, v, ...) origin_error((r)->origin, (v)->where, __VA_ARGS__)

/* Bytes of the character at @text, 0 if it is none. */
static size_t character_bytes(const unsigned char *text, size_t length)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c = text[0];
	size_t bytes = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;

	if (bytes < 2)
		return bytes;
	if (bytes > length)
		return 0;
	c &= 0x7f >> bytes;
	for (size_t i = 1; i < bytes; i++) {
		if (text[i] >> 6 != 2)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < smallest[bytes] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return bytes;
}

bool text_is_utf8(const char *text, size_t length, struct position *bad)
{
	*bad = (struct position){ 1, 1 };
	while (length) {
		size_t bytes = character_bytes((const unsigned char *)text, length);

		if (!bytes)
			return false;
		if (*text == '\n')
			*bad = (struct position){ bad->line + 1, 1 };
		else
			bad->column++;
		text += bytes;
		length -= bytes;
	}
	return true;
}

/* Positions */

/* The library tells where an empty mapping or list begins only in a report. */
static struct position reported_position(struct reader *r, struct fy_node *n,
					 struct position otherwise)
{
	struct fy_diag_error *e, *last = NULL;
	void *iterator = NULL;

	fy_node_report(n, FYET_ERROR, "here");
	while ((e = fy_diag_errors_iterate(r->diag, &iterator)))
		last = e;
	if (last && last->line > 0)
		otherwise = (struct position){ last->line, last->column };
	return otherwise;
}

static struct position scalar_position(struct fy_node *n, struct position otherwise)
{
	struct fy_token *token = fy_node_get_scalar_token(n);
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;
	enum fy_node_style style = fy_node_get_style(n);
	/* the mark is behind the opening quote, or an alias's asterisk */
	int sign = style == FYNS_DOUBLE_QUOTED || style == FYNS_SINGLE_QUOTED ||
		   style == FYNS_ALIAS;

	if (!mark)
		return otherwise;
	return (struct position){ mark->line + 1, mark->column + 1 - sign };
}

struct position node_position(struct reader *r, struct fy_node *n,
			      struct position otherwise)
{
	struct fy_node *first = NULL;

	if (!n)
		return otherwise;
	if (fy_node_is_scalar(n))
		return scalar_position(n, otherwise);
	if (fy_node_is_sequence(n))
		first = fy_node_sequence_get_by_index(n, 0);
	else if (fy_node_mapping_item_count(n) > 0)
		first = fy_node_pair_key(fy_node_mapping_get_by_index(n, 0));
	if (first)
		return node_position(r, first, otherwise);
	return reported_position(r, n, otherwise);
}

/* Nodes */

/* Tags and aliases would be a second way to say a thing. */
static bool value_is_plain(struct reader *r, const struct value *v)
{
	size_t length;

	if (v->node && fy_node_is_alias(v->node))
		error_at_value(r, v, "`%s`: an alias is not allowed here", v->key);
	else if (v->node && fy_node_get_tag(v->node, &length))
		error_at_value(r, v, "`%s`: a tag is not allowed here", v->key);
	else
		return true;
	return false;
}

bool value_is_list(struct reader *r, const struct value *v)
{
	if (!value_is_plain(r, v))
		return false;
	if (v->node && fy_node_is_sequence(v->node))
		return true;
	error_at_value(r, v, "`%s` has to be a list", v->key);
	return false;
}

size_t list_length(const struct value *list)
{
	int count = fy_node_sequence_item_count(list->node);

	return count > 0 ? count : 0;
}

bool list_next(struct reader *r, const struct value *list, void **iterator,
	       struct value *entry)
{
	struct fy_node *n = fy_node_sequence_iterate(list->node, iterator);

	if (!n)
		return false;
	*entry = (struct value){ n, list->key, node_position(r, n, list->where), true };
	return true;
}

static const char *copy_of_text(struct reader *r, const struct value *v,
				const char *text, size_t length)
{
	struct position bad;

	while (length && text[length - 1] == '\n')
		length--;
	if (!text_is_utf8(text, length, &bad)) {
		error_at_value(r, v, "`%s` is not UTF-8", v->key);
		return NULL;
	}
	for (size_t i = 0; i < length; i++) {
		if ((unsigned char)text[i] >= ' ' && text[i] != 0x7f)
			continue;
		error_at_value(r, v, "`%s` has to be one paragraph without control characters",
			       v->key);
		return NULL;
	}
	return origin_text(r->origin, text, length);
}

/* A text that may be empty, NULL and an error noted if it is no text. */
static const char *any_text(struct reader *r, const struct value *v)
{
	const char *text = NULL;
	size_t length = 0;

	if (!value_is_plain(r, v))
		return NULL;
	if (v->node && !fy_node_is_scalar(v->node)) {
		error_at_value(r, v, "`%s` has to be a text", v->key);
		return NULL;
	}
	if (v->node)
		text = fy_node_get_scalar(v->node, &length);
	return copy_of_text(r, v, text ? text : "", text ? length : 0);
}

const char *value_text(struct reader *r, const struct value *v)
{
	const char *text = any_text(r, v);

	if (!text || *text)
		return text;
	error_at_value(r, v, "`%s` is empty", v->key);
	return NULL;
}

/* A number or truth is written bare; in quotes it is a text. */
static const char *bare_text(struct reader *r, const struct value *v, const char *kind)
{
	if (!value_is_plain(r, v))
		return NULL;
	if (v->node && fy_node_is_scalar(v->node) &&
	    fy_node_get_style(v->node) == FYNS_PLAIN)
		return value_text(r, v);
	error_at_value(r, v, "`%s` has to be %s", v->key, kind);
	return NULL;
}

/* Mappings */

/* The keys that fill one structure. */
struct half {
	const struct field *fields;
	char *base;
	uint64_t seen;		/* bit i: fields[i] */
};

static const struct field *find_field(struct half halves[2], const char *key,
				      struct half **half)
{
	for (*half = halves; *half < halves + 2; ++*half)
		for (const struct field *f = (*half)->fields; f && f->key; f++)
			if (!strcmp(f->key, key))
				return f;
	return NULL;
}

static void missing_keys(struct reader *r, const struct value *v, const struct half *half)
{
	const struct field *fields = half->fields;

	for (size_t i = 0; fields && fields[i].key; i++)
		if (!fields[i].optional && !(half->seen & UINT64_C(1) << i))
			error_at_value(r, v, "missing key `%s`", fields[i].key);
}

static void read_pair(struct reader *r, const struct value *key, struct fy_node *node,
		      struct half halves[2])
{
	const char *text = value_text(r, key);
	const struct field *f;
	struct value value;
	struct half *half;
	uint64_t bit;

	if (!text)
		return;
	f = find_field(halves, text, &half);
	if (!f) {
		error_at_value(r, key, "unknown key `%.60s`", text);
		return;
	}
	bit = UINT64_C(1) << (f - half->fields);
	if (half->seen & bit) {
		error_at_value(r, key, "duplicate key `%s`", f->key);
		return;
	}
	half->seen |= bit;
	value = (struct value){ node, f->key, node_position(r, node, key->where), false };
	/* a group is no part of its own: its keys fill the structure around it */
	if (f->read != read_group)
		origin_mark(r->origin, half->base + f->offset, value.where);
	f->read(r, &value, half->base + f->offset, f);
}

void read_mapping(struct reader *r, const struct value *v, const struct field *fields,
		  void *base, const struct field *more_fields, void *more)
{
	struct half halves[2] = { { fields, base, 0 }, { more_fields, more, 0 } };
	struct fy_node_pair *pair;
	void *iterator = NULL;

	if (!value_is_plain(r, v))
		return;
	if (!v->node || !fy_node_is_mapping(v->node)) {
		error_at_value(r, v, "%s`%s` has to be a mapping",
			       v->is_entry ? "an entry of " : "", v->key);
		return;
	}
	while ((pair = fy_node_mapping_iterate(v->node, &iterator))) {
		struct fy_node *n = fy_node_pair_key(pair);
		struct value key = { n, "key", node_position(r, n, v->where), false };

		read_pair(r, &key, fy_node_pair_value(pair), halves);
	}
	missing_keys(r, v, &halves[0]);
	missing_keys(r, v, &halves[1]);
}

void read_group(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	read_mapping(r, v, f->of, (char *)into - f->offset, NULL, NULL);
}

/* Lists */

/* Room for a list's entries; @into and @f->count get the array and its length. */
static void *new_array(struct reader *r, size_t n, size_t size, void *into,
		       const struct field *f)
{
	void *array = origin_alloc(r->origin, n * size);
	size_t *count = (size_t *)((char *)into - f->offset + f->count);

	/* all pointers to arrays have one representation here */
	memcpy(into, &array, sizeof(array));
	*count = n;
	return array;
}

void read_entries(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	const struct list_kind *kind = f->of;
	void *iterator = NULL;
	struct value entry;
	char *at;

	if (!value_is_list(r, v))
		return;
	at = new_array(r, list_length(v), kind->size, into, f);
	for (; list_next(r, v, &iterator, &entry); at += kind->size) {
		origin_mark(r->origin, at, entry.where);
		if (kind->begin)
			kind->begin(at, entry.where);
		read_mapping(r, &entry, kind->fields, at, NULL, NULL);
		if (kind->end)
			kind->end(r, at, entry.where);
	}
}

/* Texts */

void read_text(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	const char *text = value_text(r, v);

	(void)f;
	if (text)
		*(const char **)into = text;
}

void read_text_or_none(struct reader *r, const struct value *v, void *into,
		       const struct field *f)
{
	const char *text = any_text(r, v);

	(void)f;
	if (text && *text)
		*(const char **)into = text;
}

/* Words of a-z, 0-9 and -, joined by single separators. */
static bool is_name(const char *text, char separator)
{
	const char *start = text;

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

void read_id(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	const char *text = value_text(r, v);

	(void)f;
	if (text && !is_name(text, '.'))
		error_at_value(r, v, "`%s`: an id is made of a-z, 0-9 and -, in parts joined by dots",
			       v->key);
	else if (text)
		*(const char **)into = text;
}

void read_name(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	const char *text = value_text(r, v);

	(void)f;
	if (text && !is_name(text, '-'))
		error_at_value(r, v, "`%s`: a name is made of a-z, 0-9 and -", v->key);
	else if (text)
		*(const char **)into = text;
}

void read_identifier(struct reader *r, const struct value *v, void *into,
		     const struct field *f)
{
	const char *text = value_text(r, v);

	(void)f;
	if (!text)
		return;
	*(const char **)into = text;
	for (const char *c = text; *c; c++) {
		if (*c == '_' || (isascii(*c) && (isalpha((unsigned char)*c) ||
						  (c != text && isdigit((unsigned char)*c)))))
			continue;
		error_at_value(r, v, "`%s` has to be an identifier of C", v->key);
		return;
	}
}

/* "*" and "?" mean any and unknown; quotes would have to be escaped everywhere. */
static bool is_letter(char c)
{
	return c > ' ' && c < 0x7f && !strchr("*?\"'\\", c);
}

void read_letter(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	const char *text = value_text(r, v);

	(void)f;
	if (!text)
		return;
	if (text[1] || !is_letter(*text))
		error_at_value(r, v, "`%s` has to be one printable character other than * ? \" ' \\",
			       v->key);
	else
		*(char *)into = *text;
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

void read_notation(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	const char *text = value_text(r, v);

	(void)f;
	if (text && !is_notation(text))
		error_at_value(r, v, "`%s` has to be letters separated by single spaces", v->key);
	/* it is there, though wrong: end_vector() need not miss it */
	if (text)
		*(const char **)into = text;
}

void read_letters(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	const char *text = value_text(r, v);
	char *letters, *to;

	(void)f;
	if (!text)
		return;
	if (!is_notation(text) && strcmp(text, "*")) {
		error_at_value(r, v, "`%s` has to be letters separated by single spaces, or \"*\"",
			       v->key);
		return;
	}
	letters = to = origin_alloc(r->origin, strlen(text) + 1);
	for (; *text; text++)
		if (*text != ' ')
			*to++ = *text;
	*(const char **)into = letters;
}

/* Numbers and truth */

void read_number(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	const char *text = bare_text(r, v, "a number");
	unsigned long long number;
	bool octal;
	char *end;

	if (!text)
		return;
	errno = 0;
	number = strtoull(text, &end, 0);
	octal = text[0] == '0' && isdigit((unsigned char)text[1]);
	if (!isdigit((unsigned char)*text) || *end || octal)
		error_at_value(r, v, "`%s` has to be a number, decimal or with 0x", v->key);
	else if (errno || number > f->max)
		error_at_value(r, v, "`%s` is larger than %lu", v->key, f->max);
	else
		*(unsigned int *)into = number;
}

void read_positive(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	size_t errors = origin_errors(r->origin);

	read_number(r, v, into, f);
	if (origin_errors(r->origin) == errors && !*(unsigned int *)into)
		error_at_value(r, v, "`%s` must not be 0", v->key);
}

void read_truth(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	const char *text = bare_text(r, v, "true or false");

	(void)f;
	if (!text)
		return;
	if (strcmp(text, "true") && strcmp(text, "false"))
		error_at_value(r, v, "`%s` has to be true or false", v->key);
	else
		*(bool *)into = *text == 't';
}

/* Vocabularies */

static void error_of_word(struct reader *r, const struct value *v, const char *text,
			  const struct word *words)
{
	char known[256] = "";
	size_t length = 0;

	for (; words->word; words++) {
		int more = snprintf(known + length, sizeof(known) - length, "%s%s",
				    length ? ", " : "", words->word);

		if (more < 0 || length + more >= sizeof(known))
			break;
		length += more;
	}
	error_at_value(r, v, "`%s`: `%.60s` is not one of: %s", v->key, text, known);
}

static const struct word *find_word(struct reader *r, const struct value *v,
				    const struct word *words)
{
	const char *text = value_text(r, v);

	if (!text)
		return NULL;
	for (const struct word *w = words; w->word; w++)
		if (!strcmp(w->word, text))
			return w;
	error_of_word(r, v, text, words);
	return NULL;
}

void read_word(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	const struct word *w = find_word(r, v, f->of);

	if (w)
		*(unsigned int *)into = w->value;
}

void read_yes(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	if (find_word(r, v, f->of))
		*(bool *)into = true;
}

void read_words(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	unsigned int *mask = into;
	void *iterator = NULL;
	struct value entry;

	if (!value_is_list(r, v))
		return;
	if (!list_length(v))
		error_at_value(r, v, "`%s` is empty", v->key);
	while (list_next(r, v, &iterator, &entry)) {
		const struct word *w = find_word(r, &entry, f->of);

		if (w && *mask & w->value)
			error_at_value(r, &entry, "`%s`: `%s` is given twice", v->key, w->word);
		else if (w)
			*mask |= w->value;
	}
}

/* Facts: a mapping whose keys are the test's own */

static void read_fact(struct reader *r, const struct value *key, struct fy_node *node,
		      struct fact *facts, size_t i)
{
	struct value value = { node, key->key, node_position(r, node, key->where), false };

	origin_mark(r->origin, &facts[i], key->where);
	facts[i].what = value_text(r, key);
	if (!facts[i].what)
		return;
	value.key = facts[i].what;
	facts[i].value = value_text(r, &value);
	origin_mark(r->origin, &facts[i].value, value.where);
	for (size_t k = 0; k < i; k++)
		if (facts[k].what && !strcmp(facts[k].what, facts[i].what))
			error_at_value(r, key, "duplicate key `%s`", facts[i].what);
}

void read_facts(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	struct fy_node_pair *pair;
	void *iterator = NULL;
	struct fact *facts;
	int n;

	if (!value_is_plain(r, v))
		return;
	n = v->node && fy_node_is_mapping(v->node) ? fy_node_mapping_item_count(v->node) : 0;
	if (n < 1 || (unsigned long)n > f->max) {
		error_at_value(r, v, "`%s` has to be a mapping of 1 to %lu facts", v->key, f->max);
		return;
	}
	facts = new_array(r, n, sizeof(*facts), into, f);
	for (size_t i = 0; (pair = fy_node_mapping_iterate(v->node, &iterator)); i++) {
		struct fy_node *node = fy_node_pair_key(pair);
		struct value key = { node, "key", node_position(r, node, v->where), false };

		read_fact(r, &key, fy_node_pair_value(pair), facts, i);
	}
}

/* References */

/* The index of a thing by its name, SIZE_MAX if there is none. */
typedef size_t find_name(const struct contract *c, const char *name);

static size_t find_need(const struct contract *c, const char *name)
{
	size_t i = 0;

	while (i < c->n_needs && (!c->needs[i].name || strcmp(c->needs[i].name, name)))
		i++;
	return i < c->n_needs ? i : SIZE_MAX;
}

static size_t find_variation(const struct contract *c, const char *name)
{
	size_t i = 0;

	while (i < c->n_variations &&
	       (!c->variations[i].name || strcmp(c->variations[i].name, name)))
		i++;
	return i < c->n_variations ? i : SIZE_MAX;
}

static size_t find_clause(const struct contract *c, const char *name)
{
	size_t i = 0;

	while (i < c->n_clauses && (!c->clauses[i].id || strcmp(c->clauses[i].id, name)))
		i++;
	return i < c->n_clauses ? i : SIZE_MAX;
}

/* A mode bit by what its constant's name has behind "UFFDIO_MOVE_MODE_". */
static size_t find_mode(const struct contract *c, const char *name)
{
	const char *ioctl = c->interface.ioctl ? c->interface.ioctl : "";
	size_t prefix = strlen(ioctl);

	for (size_t i = 0; i < c->interface.n_modes; i++) {
		const char *constant = c->interface.modes[i].name;

		if (constant && !strncmp(constant, ioctl, prefix) &&
		    !strncmp(constant + prefix, "_MODE_", 6) &&
		    !strcmp(constant + prefix + 6, name))
			return c->interface.modes[i].bit;
	}
	return SIZE_MAX;
}

static bool read_reference(struct reader *r, const struct value *v, find_name *find,
			   const char *kind, size_t *index)
{
	const char *text = value_text(r, v);

	if (!text)
		return false;
	*index = find(r->contract, text);
	if (*index != SIZE_MAX)
		return true;
	error_at_value(r, v, "`%s`: there is no %s `%.60s`", v->key, kind, text);
	return false;
}

static void read_mask(struct reader *r, const struct value *v, uint64_t *mask,
		      find_name *find, const char *kind)
{
	void *iterator = NULL;
	struct value entry;
	size_t bit;

	if (!value_is_list(r, v))
		return;
	while (list_next(r, v, &iterator, &entry)) {
		if (!read_reference(r, &entry, find, kind, &bit) || bit > 63)
			continue;
		if (*mask & UINT64_C(1) << bit)
			error_at_value(r, &entry, "`%s`: this %s is given twice", v->key, kind);
		*mask |= UINT64_C(1) << bit;
	}
}

static void read_indices(struct reader *r, const struct value *v, void *into,
			 const struct field *f, find_name *find, const char *kind)
{
	void *iterator = NULL;
	unsigned int *indices;
	struct value entry;
	size_t index;

	if (!value_is_list(r, v))
		return;
	indices = new_array(r, list_length(v), sizeof(*indices), into, f);
	for (size_t n = 0; list_next(r, v, &iterator, &entry); n++) {
		origin_mark(r->origin, &indices[n], entry.where);
		indices[n] = UINT_MAX;
		if (!read_reference(r, &entry, find, kind, &index))
			continue;
		indices[n] = index;
		for (size_t i = 0; i < n; i++)
			if (indices[i] == index)
				error_at_value(r, &entry, "`%s`: this %s is given twice", v->key, kind);
	}
}

void read_needs(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	(void)f;
	read_mask(r, v, into, find_need, "need");
}

void read_modes(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	(void)f;
	read_mask(r, v, into, find_mode, "mode bit");
}

void read_variations(struct reader *r, const struct value *v, void *into,
		     const struct field *f)
{
	read_indices(r, v, into, f, find_variation, "variation");
}

void read_clauses(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	read_indices(r, v, into, f, find_clause, "clause");
}

void read_clause(struct reader *r, const struct value *v, void *into, const struct field *f)
{
	size_t index;

	(void)f;
	if (read_reference(r, v, find_clause, "clause", &index))
		*(unsigned int *)into = index;
}
