// SPDX-License-Identifier: GPL-2.0-only
#include "nodes.h"

#include <string.h>

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
	*bad = (struct position){ .line = 1, .column = 1 };
	while (length) {
		size_t bytes = character_bytes((const unsigned char *)text, length);

		if (!bytes)
			return false;
		if (*text == '\n')
			*bad = (struct position){ .line = bad->line + 1, .column = 1 };
		else
			bad->column++;
		text += bytes;
		length -= bytes;
	}
	return true;
}

/*
 * The library tells where an empty mapping or list begins only in a report; one
 * that is collected by itself, so that many of them do not make a long list.
 */
static struct position reported_position(struct fy_node *n, struct position otherwise)
{
	struct fy_diag *diag = fy_diag_create(NULL);
	struct fy_diag_error *e;
	void *iterator = NULL;

	if (!diag)
		return otherwise;
	fy_diag_set_collect_errors(diag, true);
	fy_diag_node_report(diag, n, FYET_ERROR, "here");
	e = fy_diag_errors_iterate(diag, &iterator);
	if (e && e->line > 0) {
		otherwise.line = e->line;
		otherwise.column = e->column;
	}
	fy_diag_destroy(diag);
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
	return (struct position){ mark->line + 1, mark->column + 1 - sign, otherwise.file };
}

struct position node_position(struct fy_node *n, struct position otherwise)
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
		return node_position(first, otherwise);
	return reported_position(n, otherwise);
}

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

bool value_is_mapping(struct reader *r, const struct value *v)
{
	if (!value_is_plain(r, v))
		return false;
	if (v->node && fy_node_is_mapping(v->node))
		return true;
	error_at_value(r, v, "%s`%s` has to be a mapping", v->is_entry ? "an entry of " : "",
		       v->key);
	return false;
}

size_t list_length(const struct value *list)
{
	int count;

	if (list->entries)
		return list->n_entries;
	count = fy_node_sequence_item_count(list->node);
	return count > 0 ? count : 0;
}

bool list_next(const struct value *list, void **iterator, struct value *entry)
{
	size_t i = (uintptr_t)*iterator;
	struct fy_node *n;

	if (list->entries) {
		if (i == list->n_entries)
			return false;
		*entry = list->entries[i];
		*iterator = (void *)(i + 1);
		return true;
	}
	n = fy_node_sequence_iterate(list->node, iterator);
	if (n)
		*entry = (struct value){
			.node = n, .key = list->key, .where = node_position(n, list->where),
			.is_entry = true,
		};
	return n;
}

size_t mapping_length(const struct value *mapping)
{
	int count = fy_node_mapping_item_count(mapping->node);

	return count > 0 ? count : 0;
}

bool mapping_next(const struct value *mapping, void **iterator, struct value *key,
		  struct value *value)
{
	struct fy_node_pair *pair = fy_node_mapping_iterate(mapping->node, iterator);

	if (!pair)
		return false;
	*key = (struct value){ .node = fy_node_pair_key(pair), .key = "key" };
	key->where = node_position(key->node, mapping->where);
	*value = (struct value){ .node = fy_node_pair_value(pair) };
	value->where = node_position(value->node, key->where);
	return true;
}

bool entry_value(const struct value *entry, const char *name, struct value *value)
{
	void *iterator = NULL;
	struct value key;

	if (!entry->node || !fy_node_is_mapping(entry->node))
		return false;
	while (mapping_next(entry, &iterator, &key, value)) {
		size_t length = 0;
		const char *text = key.node ? fy_node_get_scalar(key.node, &length) : NULL;

		value->key = name;
		if (text && length == strlen(name) && !memcmp(text, name, length))
			return true;
	}
	return false;
}

/* YAML's own words for nothing, where they are not in quotes, and nothing but spaces. */
static bool is_empty(struct fy_node *n, const char *text, size_t length)
{
	static const char *const nothing[] = { "~", "null", "Null", "NULL" };

	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		if (fy_node_get_style(n) == FYNS_PLAIN && length == strlen(nothing[i]) &&
		    !memcmp(text, nothing[i], length))
			return true;
	while (length && text[length - 1] == ' ')
		length--;
	return !length;
}

/* Those of Unicode too: further line ends, and marks of direction, which compilers refuse. */
static bool is_control(const unsigned char *c)
{
	return c[0] < ' ' || c[0] == 0x7f || (c[0] == 0xc2 && c[1] < 0xa0) ||
	       (c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0xa8 && c[2] <= 0xae) ||
	       (c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9);
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
		if (!is_control((const unsigned char *)text + i))
			continue;
		error_at_value(r, v, "`%s` has to be one paragraph without control characters",
			       v->key);
		return NULL;
	}
	if (is_empty(v->node, text, length)) {
		error_at_value(r, v, "`%s` is empty", v->key);
		return NULL;
	}
	return origin_text(r->origin, text, length);
}

const char *value_text(struct reader *r, const struct value *v)
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

const char *value_bare_text(struct reader *r, const struct value *v, const char *kind)
{
	if (!value_is_plain(r, v))
		return NULL;
	if (v->node && fy_node_is_scalar(v->node) &&
	    fy_node_get_style(v->node) == FYNS_PLAIN)
		return value_text(r, v);
	error_at_value(r, v, "`%s` has to be %s", v->key, kind);
	return NULL;
}
