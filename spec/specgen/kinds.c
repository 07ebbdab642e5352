// SPDX-License-Identifier: GPL-2.0-only
#include "kinds.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "additions.h"
#include "emit.h"
#include "releases.h"
#include "shapes.h"

/* Structures: read from mappings */

/* Keys that fill one structure; a clause's are in two halves. */
struct half {
	const struct field *fields;
	void *base;
	struct value values[MAX_KEYS];
};

static struct value *find_key(struct half *halves, size_t n, const char *key)
{
	for (struct half *half = halves; half < halves + n; half++)
		for (size_t i = 0; half->fields[i].kind; i++)
			if (half->fields[i].key && !strcmp(half->fields[i].key, key))
				return &half->values[i];
	return NULL;
}

/* Keys that are none of these are left, if @some says so. */
static void collect_keys(struct reader *r, const struct value *v, struct half *halves, size_t n,
			 bool some)
{
	struct value key, value, *known;
	void *iterator = NULL;

	while (mapping_next(v, &iterator, &key, &value)) {
		value.key = value_text(r, &key);
		if (!value.key)
			continue;
		known = find_key(halves, n, value.key);
		if (!known && (some || (v->placing && is_placing_key(v->placing, value.key))))
			continue;
		if (!known)
			error_at_value(r, &key, "unknown key `%.60s`", value.key);
		else if (known->key)
			error_at_value(r, &key, "duplicate key `%s`", value.key);
		else
			*known = value;
	}
}

static void read_half(struct reader *r, const struct value *v, const struct half *half)
{
	for (size_t i = 0; half->fields[i].kind; i++) {
		const struct field *f = &half->fields[i];
		char *into = (char *)half->base + f->offset;

		if (!half->values[i].key) {
			if (f->key && !f->optional)
				error_at_value(r, v, "missing key `%s`", f->key);
			continue;
		}
		/* what has no member of its own is no part of its own either */
		if (f->member)
			origin_mark(r->origin, into, half->values[i].where);
		f->kind->read(r, &half->values[i], into, f);
	}
}

static void read_halves(struct reader *r, const struct value *v, struct half *halves, size_t n)
{
	if (!value_is_mapping(r, v))
		return;
	collect_keys(r, v, halves, n, false);
	for (size_t i = 0; i < n; i++)
		read_half(r, v, &halves[i]);
}

void read_some_fields(struct reader *r, const struct value *v, const struct field *fields,
		      void *base)
{
	struct half half = { .fields = fields, .base = base };

	/* that it is none is told by who reads all of it */
	if (!v->node || !fy_node_is_mapping(v->node))
		return;
	collect_keys(r, v, &half, 1, true);
	read_half(r, v, &half);
}

void read_fields(struct reader *r, const struct value *v, const struct field *fields, void *base)
{
	struct half half = { .fields = fields, .base = base };

	read_halves(r, v, &half, 1);
}

/* and printed as initializers */

static void begin_line(struct printer *p)
{
	for (unsigned int i = 0; i < p->depth; i++)
		fputc('\t', p->out);
}

/* What need not be given is not printed either where it is 0. */
static bool is_printed(const struct field *f, const char *base)
{
	static const char zeroes[sizeof(struct result)];

	if (f->count)
		return *(const size_t *)(base + f->count);
	return f->member && (!f->optional || memcmp(base + f->offset, zeroes, f->kind->size));
}

void print_fields(struct printer *p, const struct field *fields, const void *base)
{
	for (const struct field *f = fields; f->kind; f++) {
		if (f->kind == &kind_group)
			print_fields(p, f->of, base);
		if (!is_printed(f, base))
			continue;
		begin_line(p);
		fprintf(p->out, ".%s = ", f->member);
		f->kind->print(p, (const char *)base + f->offset, f);
		if (f->count)
			fprintf(p->out, ", .n_%s = %zu", f->member,
				*(const size_t *)((const char *)base + f->count));
		fprintf(p->out, ",\n");
	}
}

static void print_structure(struct printer *p, const struct field *fields, const void *base)
{
	fprintf(p->out, "{\n");
	p->depth++;
	print_fields(p, fields, base);
	p->depth--;
	begin_line(p);
	fprintf(p->out, "}");
}

/* Its keys fill the structure around it. */
static void read_group(struct reader *r, const struct value *v, void *into,
		       const struct field *f)
{
	read_fields(r, v, f->of, (char *)into - f->offset);
}
const struct kind kind_group = { .read = read_group };

static void read_part(struct reader *r, const struct value *v, void *into,
		      const struct field *f)
{
	const struct shape *shape = f->of;

	read_fields(r, v, shape->fields, into);
}

static void print_part(struct printer *p, const void *from, const struct field *f)
{
	const struct shape *shape = f->of;

	print_structure(p, shape->fields, from);
}
const struct kind kind_part = { .read = read_part, .print = print_part };

/* Lists */

/* A list, or the facts of a mapping: as many as there have to be at least? */
static bool is_long_enough(struct reader *r, const struct value *v, const struct field *f, size_t n)
{
	if (n >= f->min)
		return true;
	error_at_value(r, v, "`%s` is empty", v->key);
	return false;
}

/* The next entry, unless there are more than there may be. */
static bool next_of(struct reader *r, const struct value *v, const struct field *f, size_t n,
		    void **iterator, struct value *entry)
{
	if (!list_next(v, iterator, entry))
		return false;
	if (n < f->max)
		return true;
	error_at_value(r, too_much(r, entry), "`%s`: there are more than %lu", v->key, f->max);
	return false;
}

/* Room for a list's entries; @into and @f->count get the array and its length. */
static void *new_array(struct reader *r, size_t n, size_t size, void *into,
		       const struct field *f)
{
	size_t *count = (size_t *)((char *)into - f->offset + f->count);
	void *array;

	if (n > f->max)
		n = f->max;
	array = origin_alloc(r->origin, n * size);
	/* all pointers to arrays have one representation here */
	memcpy(into, &array, sizeof(array));
	*count = n;
	return array;
}

/* What an entry is told by where it stands. */
static void set_place(const struct field *fields, void *entry, const struct value *v)
{
	for (const struct field *f = fields; f->kind; f++)
		if (f->kind == &kind_line)
			*(int *)((char *)entry + f->offset) = v->where.line;
		else if (f->kind == &kind_proposed)
			*(bool *)((char *)entry + f->offset) = v->placing;
}

static void read_list(struct reader *r, const struct value *v, void *into,
		      const struct field *f)
{
	const struct shape *shape = f->of;
	void *iterator = NULL;
	struct value entry, merged;
	char *at;

	if (!value_is_list(r, v))
		return;
	v = with_additions(r, v, f, &merged);
	at = new_array(r, list_length(v), shape->size, into, f);
	for (size_t n = 0; next_of(r, v, f, n, &iterator, &entry); n++, at += shape->size) {
		origin_mark(r->origin, at, entry.where);
		set_place(shape->fields, at, &entry);
		if (shape->begin)
			shape->begin(at);
		read_fields(r, &entry, shape->fields, at);
		if (shape->end)
			shape->end(r, at, entry.where);
	}
}

static void print_entries(struct printer *p, const struct shape *shape, const char *entry,
			  size_t n)
{
	fprintf(p->out, "(const %s[]){\n", shape->type);
	p->depth++;
	for (; n; n--, entry += shape->size) {
		begin_line(p);
		print_structure(p, shape->fields, entry);
		fprintf(p->out, ",\n");
	}
	p->depth--;
	begin_line(p);
	fprintf(p->out, "}");
}

static size_t count_of(const void *from, const struct field *f)
{
	return *(const size_t *)((const char *)from - f->offset + f->count);
}

static void print_list(struct printer *p, const void *from, const struct field *f)
{
	print_entries(p, f->of, *(const char *const *)from, count_of(from, f));
}
const struct kind kind_list = { .read = read_list, .print = print_list };

static void read_clause_entry(struct reader *r, const struct value *entry,
			      const struct section_shape *s, void *own)
{
	struct contract *c = r->contract;
	struct clause *clause = &r->clauses[c->n_clauses];
	struct half halves[2] = { { .fields = clause_fields, .base = clause } };

	origin_mark(r->origin, clause, entry->where);
	clause->section = s->section;
	set_place(clause_fields, clause, entry);
	if (entry->placing) {
		clause->contradicts = entry->placing->contradicts;
		clause->n_contradicts = entry->placing->n_contradicts;
		clause->overrules = entry->placing->overrules;
	}
	if (own) {
		origin_mark(r->origin, own, entry->where);
		*(unsigned int *)own = c->n_clauses;
		halves[1].fields = s->shape->fields;
		halves[1].base = own;
	}
	read_halves(r, entry, halves, own ? 2 : 1);
	c->n_clauses++;
}

static void read_section(struct reader *r, const struct value *v, void *into,
			 const struct field *f)
{
	const struct section_shape *s = f->of;
	void *iterator = NULL;
	struct value entry, merged;
	char *own = NULL;

	if (!value_is_list(r, v))
		return;
	v = with_additions(r, v, f, &merged);
	if (s->shape)
		own = new_array(r, list_length(v), s->shape->size, into, f);
	for (size_t n = 0; next_of(r, v, f, n, &iterator, &entry); n++) {
		if (r->contract->n_clauses == MAX_CLAUSES) {
			error_at_value(r, too_much(r, &entry), "there are more than %d clauses",
				       MAX_CLAUSES);
			return;
		}
		read_clause_entry(r, &entry, s, own);
		if (own)
			own += s->shape->size;
	}
}

static void print_section(struct printer *p, const void *from, const struct field *f)
{
	const struct section_shape *s = f->of;

	print_entries(p, s->shape, *(const char *const *)from, count_of(from, f));
}
const struct kind kind_section = { .read = read_section, .print = print_section };

/* Numbers and truth */

static void read_number(struct reader *r, const struct value *v, void *into,
			const struct field *f)
{
	const char *text = value_bare_text(r, v, "a number");
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
	else if (number < f->min)
		error_at_value(r, v, "`%s` is smaller than %lu", v->key, f->min);
	else
		*(unsigned int *)into = number;
}

static void print_number(struct printer *p, const void *from, const struct field *f)
{
	unsigned int number = *(const unsigned int *)from;

	fprintf(p->out, f->max > 0x3fff ? "0x%X" : "%u", number);
}
const struct kind kind_number = {
	.read = read_number, .print = print_number, .size = sizeof(unsigned int)
};
const struct kind kind_line = { .print = print_number, .size = sizeof(int) };

static void read_truth(struct reader *r, const struct value *v, void *into,
		       const struct field *f)
{
	const char *text = value_bare_text(r, v, "true or false");

	(void)f;
	if (!text)
		return;
	if (strcmp(text, "true") && strcmp(text, "false"))
		error_at_value(r, v, "`%s` has to be true or false", v->key);
	else
		*(bool *)into = *text == 't';
}

static void print_truth(struct printer *p, const void *from, const struct field *f)
{
	(void)f;
	fprintf(p->out, *(const bool *)from ? "true" : "false");
}
const struct kind kind_proposed = { .print = print_truth, .size = sizeof(bool) };
const struct kind kind_truth = { .read = read_truth, .print = print_truth, .size = sizeof(bool) };

/* Vocabularies */

const char *word_of(const struct word *words, unsigned int value)
{
	while (words->word && words->value != value)
		words++;
	return words->word;
}

static const struct word *find_word(struct reader *r, const struct value *v,
				    const struct word *words)
{
	const char *text = value_text(r, v);
	char *known = NULL;
	size_t size;
	FILE *list;

	if (!text)
		return NULL;
	for (const struct word *w = words; w->word; w++)
		if (!strcmp(w->word, text))
			return w;
	list = open_memstream(&known, &size);
	for (const struct word *w = words; list && w->word; w++)
		fprintf(list, "%s%s", w == words ? "" : ", ", w->word);
	if (list)
		fclose(list);
	error_at_value(r, v, "`%s`: `%.60s` is not one of: %s", v->key, text, known ? known : "");
	free(known);
	return NULL;
}

static void read_word(struct reader *r, const struct value *v, void *into,
		      const struct field *f)
{
	const struct word *w = find_word(r, v, f->of);

	if (w)
		*(unsigned int *)into = w->value;
}

static void print_word(struct printer *p, const void *from, const struct field *f)
{
	const struct word *w = f->of;

	while (w->value != *(const unsigned int *)from)
		w++;
	fprintf(p->out, "%s", w->name);
}
const struct kind kind_word = {
	.read = read_word, .print = print_word, .size = sizeof(unsigned int)
};

static void read_yes(struct reader *r, const struct value *v, void *into,
		     const struct field *f)
{
	if (find_word(r, v, f->of))
		*(bool *)into = true;
}
const struct kind kind_yes = { .read = read_yes, .print = print_truth, .size = sizeof(bool) };

static void read_words(struct reader *r, const struct value *v, void *into,
		       const struct field *f)
{
	unsigned int *mask = into;
	void *iterator = NULL;
	struct value entry;

	if (!value_is_list(r, v))
		return;
	is_long_enough(r, v, f, list_length(v));
	while (list_next(v, &iterator, &entry)) {
		const struct word *w = find_word(r, &entry, f->of);

		if (w && *mask & w->value)
			error_at_value(r, &entry, "`%s`: `%s` is given twice", v->key, w->word);
		else if (w)
			*mask |= w->value;
	}
}

static void print_words(struct printer *p, const void *from, const struct field *f)
{
	unsigned int mask = *(const unsigned int *)from;
	const char *between = "";

	for (const struct word *w = f->of; w->word; w++) {
		if (!(mask & w->value))
			continue;
		fprintf(p->out, "%s%s", between, w->name);
		between = " | ";
	}
}
const struct kind kind_words = {
	.read = read_words, .print = print_words, .size = sizeof(unsigned int)
};

static void read_result(struct reader *r, const struct value *v, void *into,
			const struct field *f)
{
	const char *text = value_text(r, v);
	struct result *result = into;

	(void)f;
	if (!text)
		return;
	if (!strcmp(text, "moved"))
		result->kind = RESULT_MOVED;
	else if (!strcmp(text, "counted"))
		result->kind = RESULT_COUNTED;
	else if (kind_errors.fits(text))
		*result = (struct result){ RESULT_ERROR, text };
	else
		error_at_value(r, v, "`%s`: `%.60s` is not one of: moved, counted, an errno's name",
			       v->key, text);
}

static void print_result(struct printer *p, const void *from, const struct field *f)
{
	const struct result *result = from;

	(void)f;
	if (result->kind == RESULT_ERROR)
		fprintf(p->out, "{ RESULT_ERROR, \"%s\" }", result->error);
	else
		fprintf(p->out, "{ %s, NULL }", result->kind == RESULT_MOVED ?
			"RESULT_MOVED" : "RESULT_COUNTED");
}
const struct kind kind_result = {
	.read = read_result, .print = print_result, .size = sizeof(struct result)
};

/* Facts: a mapping whose keys are the test's own */

static void read_facts(struct reader *r, const struct value *v, void *into,
		       const struct field *f)
{
	static const struct field what = { .kind = &kind_fact }, said = { .kind = &kind_value };
	struct value key, value;
	void *iterator = NULL;
	struct fact *facts;

	if (!value_is_mapping(r, v) || !is_long_enough(r, v, f, mapping_length(v)))
		return;
	facts = new_array(r, mapping_length(v), sizeof(*facts), into, f);
	for (size_t i = 0; mapping_next(v, &iterator, &key, &value); i++) {
		if (i == f->max) {
			error_at_value(r, &key, "`%s`: there are more than %lu", v->key, f->max);
			return;
		}
		origin_mark(r->origin, &facts[i], key.where);
		what.kind->read(r, &key, &facts[i].what, &what);
		value.key = facts[i].what;
		if (!value.key)
			continue;
		said.kind->read(r, &value, &facts[i].value, &said);
		origin_mark(r->origin, &facts[i].value, value.where);
		for (size_t k = 0; k < i; k++)
			if (facts[k].what && !strcmp(facts[k].what, value.key))
				error_at_value(r, &key, "duplicate key `%s`", value.key);
	}
}
const struct kind kind_facts = { .read = read_facts, .print = print_list };

/* References */

/* In a table whose entries begin with their names. */
static size_t find_in(const void *table, size_t n, size_t size, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		const char *const *known = (const void *)((const char *)table + i * size);

		if (*known && !strcmp(*known, name))
			return i;
	}
	return SIZE_MAX;
}

_Static_assert(!offsetof(struct need, name) && !offsetof(struct variation, name) &&
	       !offsetof(struct clause, id), "find_in() looks for the name there");

static size_t find_need(const struct contract *c, const char *name)
{
	return find_in(c->needs, c->n_needs, sizeof(*c->needs), name);
}

static size_t find_variation(const struct contract *c, const char *name)
{
	return find_in(c->variations, c->n_variations, sizeof(*c->variations), name);
}

static size_t find_deviation(const struct contract *c, const char *name)
{
	return find_in(c->deviations, c->n_deviations, sizeof(*c->deviations), name);
}

static size_t find_clause(const struct contract *c, const char *name)
{
	return find_in(c->clauses, c->n_clauses, sizeof(*c->clauses), name);
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

static size_t read_reference(struct reader *r, const struct value *v, const struct field *f)
{
	const char *text = value_text(r, v);
	size_t index;

	if (!text)
		return SIZE_MAX;
	index = f->kind->find(r->contract, text);
	if (index == SIZE_MAX)
		error_at_value(r, v, "`%s`: there is no %s `%.60s`", v->key, f->kind->is, text);
	return index;
}

static void read_mask(struct reader *r, const struct value *v, void *into,
		      const struct field *f)
{
	uint64_t *mask = into;
	void *iterator = NULL;
	struct value entry;

	if (!value_is_list(r, v))
		return;
	while (list_next(v, &iterator, &entry)) {
		size_t bit = read_reference(r, &entry, f);

		if (bit > 63)
			continue;
		if (*mask & UINT64_C(1) << bit)
			error_at_value(r, &entry, "`%s`: this %s is given twice", v->key,
				       f->kind->is);
		*mask |= UINT64_C(1) << bit;
	}
}

static void print_mask(struct printer *p, const void *from, const struct field *f)
{
	(void)f;
	fprintf(p->out, "0x%" PRIx64, *(const uint64_t *)from);
}
#define MASK_KIND	.read = read_mask, .print = print_mask, .size = sizeof(uint64_t)

const struct kind kind_needs = { MASK_KIND, .find = find_need, .is = "need" };
const struct kind kind_modes = { MASK_KIND, .find = find_mode, .is = "mode bit" };

static void read_indices(struct reader *r, const struct value *v, void *into,
			 const struct field *f)
{
	void *iterator = NULL;
	unsigned int *indices;
	struct value entry;

	if (!value_is_list(r, v) || !is_long_enough(r, v, f, list_length(v)))
		return;
	indices = new_array(r, list_length(v), sizeof(*indices), into, f);
	for (size_t n = 0; next_of(r, v, f, n, &iterator, &entry); n++) {
		size_t index = read_reference(r, &entry, f);

		origin_mark(r->origin, &indices[n], entry.where);
		indices[n] = index == SIZE_MAX ? UINT_MAX : index;
		for (size_t i = 0; i < n && index != SIZE_MAX; i++)
			if (indices[i] == index)
				error_at_value(r, &entry, "`%s`: this %s is given twice", v->key,
					       f->kind->is);
	}
}

static void print_indices(struct printer *p, const void *from, const struct field *f)
{
	const unsigned int *indices = *(const unsigned int *const *)from;

	fprintf(p->out, "(const unsigned int[]){");
	for (size_t i = 0; i < count_of(from, f); i++)
		fprintf(p->out, "%s%u", i ? ", " : " ", indices[i]);
	fprintf(p->out, " }");
}
#define INDICES_KIND	.read = read_indices, .print = print_indices

const struct kind kind_variations = { INDICES_KIND, .find = find_variation, .is = "variation" };
const struct kind kind_clauses = { INDICES_KIND, .find = find_clause, .is = "clause" };

static void read_texts(struct reader *r, const struct value *v, void *into,
		       const struct field *f)
{
	void *iterator = NULL;
	const char **texts;
	struct value entry;

	if (!value_is_list(r, v) || !is_long_enough(r, v, f, list_length(v)))
		return;
	texts = new_array(r, list_length(v), sizeof(*texts), into, f);
	for (size_t n = 0; next_of(r, v, f, n, &iterator, &entry); n++) {
		const char *text = value_text(r, &entry);

		origin_mark(r->origin, &texts[n], entry.where);
		if (text && f->kind->fits && !f->kind->fits(text))
			error_at_value(r, &entry, "`%s`: `%.60s` is not %s", v->key, text, f->kind->is);
		texts[n] = text;
	}
}

static void print_texts(struct printer *p, const void *from, const struct field *f)
{
	const char *const *texts = *(const char *const *const *)from;

	fprintf(p->out, "(const char *const[]){");
	for (size_t i = 0; i < count_of(from, f); i++) {
		fprintf(p->out, "%s", i ? ", " : " ");
		emit_string(texts[i], p->out);
	}
	fprintf(p->out, " }");
}

const struct kind kind_texts = { .read = read_texts, .print = print_texts };
const struct kind kind_releases = {
	.read = read_texts, .print = print_texts, .fits = releases_are_range,
	.is = "a range of releases, such as 6.8 to 6.14, 6.16.3, or 6.18 on"
};

static void read_clause(struct reader *r, const struct value *v, void *into,
			const struct field *f)
{
	size_t index = read_reference(r, v, f);

	if (index != SIZE_MAX)
		*(unsigned int *)into = index;
}

const struct kind kind_deviation = {
	.read = read_clause, .find = find_deviation, .is = "deviation"
};
const struct kind kind_deviations = { INDICES_KIND, .find = find_deviation, .is = "deviation" };

static void print_clause(struct printer *p, const void *from, const struct field *f)
{
	unsigned int clause = *(const unsigned int *)from;

	(void)f;
	fprintf(p->out, "%u /* %s */", clause, p->contract->clauses[clause].id);
}
const struct kind kind_clause = {
	.read = read_clause, .print = print_clause, .find = find_clause, .is = "clause"
};
