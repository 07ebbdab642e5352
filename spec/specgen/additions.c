// SPDX-License-Identifier: GPL-2.0-only
#include "additions.h"

#include <string.h>

#include "shapes.h"

static void read_additions(struct reader *r, const struct value *v, void *into,
			   const struct field *f)
{
	struct additions *a = r->additions;

	(void)into;
	if (!value_is_list(r, v))
		return;
	if (!list_length(v)) {
		error_at_value(r, v, "`%s` is empty", v->key);
		return;
	}
	a->all[a->n].of = f->of;
	a->all[a->n].list = *v;
	a->n++;
}
const struct kind kind_additions = { .read = read_additions };

bool is_placing_key(const struct placing *placing, const char *key)
{
	for (const struct field *f = placing->fields; f->kind; f++)
		if (!strcmp(f->key, key))
			return true;
	return false;
}

/* A list under way; each place keeps the contract's entry, by whose id it is known. */
struct merging {
	struct reader *reader;
	const struct field *field;
	struct slot {
		struct value entry;
		struct value original;	/* no node: it is no place of the contract's */
	} *slots;
	size_t n;
};

/* An entry's own text of a key, or NULL. */
static const char *text_at(const struct value *entry, const char *key, size_t *length)
{
	struct value v;

	if (!entry_value(entry, key, &v) || !v.node || !fy_node_is_scalar(v.node))
		return NULL;
	return fy_node_get_scalar(v.node, length);
}

static bool has_text(const struct value *entry, const char *key, const char *text)
{
	size_t length;
	const char *own = text_at(entry, key, &length);

	return own && length == strlen(text) && !memcmp(own, text, length);
}

/* Clauses, vectors and scenarios have ids, everything else a name. */
static bool is_called(const struct value *entry, const char *name)
{
	return has_text(entry, "id", name) || has_text(entry, "name", name);
}

static struct slot *find_slot(struct merging *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->slots[i].original.node && is_called(&m->slots[i].original, name))
			return &m->slots[i];
	return NULL;
}

/* Has an entry all that another has, but for why, which is no rule, and its place? */
static bool has_all_of(const struct value *entry, const struct value *other,
		       const struct placing *p)
{
	void *iterator = NULL;
	struct value key, value, own;

	while (mapping_next(other, &iterator, &key, &value)) {
		const char *name = fy_node_get_scalar0(key.node);

		if (!name || !strcmp(name, "why") || is_placing_key(p, name))
			continue;
		if (!entry_value(entry, name, &own) || !fy_node_compare(own.node, value.node))
			return false;
	}
	return true;
}

static bool says_the_same(const struct value *original, const struct value *entry,
			  const struct placing *p)
{
	return has_all_of(entry, original, p) && has_all_of(original, entry, p);
}

static bool admits(const struct placing *p, const char *clause)
{
	for (size_t i = 0; i < p->n_contradicts; i++)
		if (p->contradicts[i] && !strcmp(p->contradicts[i], clause))
			return true;
	return false;
}

/* To say something else in the place of a must is to contradict it. */
static void look_for_overruled(struct merging *m, const struct slot *slot,
			       const struct value *entry, struct placing *p)
{
	struct reader *r = m->reader;

	if (!has_text(&slot->original, "level", "must") ||
	    says_the_same(&slot->original, entry, p))
		return;
	p->overrules = p->replaces;
	if (!admits(p, p->replaces))
		origin_error_at(r->origin, &p->replaces,
				"`%s` is a must of the contract: what says otherwise names it in `contradicts`",
				p->replaces);
}

static bool are_scenarios(const struct value *list)
{
	return !strcmp(list->key, "scenarios");
}

static void keep_replaced_scenario(struct reader *r, const struct value *original, struct placing *p)
{
	struct replaced_scenario *t = origin_alloc(r->origin, sizeof(*t));

	*t = (struct replaced_scenario){ *original, p, r->additions->replaced };
	r->additions->replaced = t;
}

static void put(struct merging *m, size_t at, const struct value *entry)
{
	memmove(&m->slots[at + 1], &m->slots[at], (m->n - at) * sizeof(*m->slots));
	m->slots[at] = (struct slot){ .entry = *entry };
	m->n++;
}

/* Others of the contract's refer to it by its id; a list of modes or states is what all else goes by. */
static bool is_replaceable(struct merging *m, const struct value *list, const struct slot *slot,
			   const struct value *entry, struct placing *p)
{
	struct origin *o = m->reader->origin;

	if (!strcmp(list->key, "modes") || !strcmp(list->key, "states")) {
		origin_error_at(o, &p->replaces, "`%s` of the contract stay as they are", list->key);
		return false;
	}
	if (has_text(&slot->original, "id", p->replaces) && !has_text(entry, "id", p->replaces)) {
		origin_error_at(o, &p->replaces,
				"what replaces `%.60s` keeps its id, by which it is known",
				p->replaces);
		return false;
	}
	return true;
}

static void replace(struct merging *m, const struct value *list, struct slot *slot,
		    const struct value *entry, struct placing *p)
{
	if (!is_replaceable(m, list, slot, entry, p)) {
		put(m, m->n, entry);
		return;
	}
	if (are_scenarios(list))
		keep_replaced_scenario(m->reader, &slot->original, p);
	else
		look_for_overruled(m, slot, entry, p);
	slot->entry = *entry;
}

static void place(struct merging *m, const struct value *list, const struct value *entry,
		  struct placing *p)
{
	const char *name = p->replaces ? p->replaces : p->before;
	struct slot *slot = name ? find_slot(m, name) : NULL;
	const void *at = p->replaces ? (const void *)&p->replaces : &p->before;

	/* one without a good place is at the end: that it is there, others count on */
	if (name && (!slot || (p->replaces && (p->before || slot->entry.placing))))
		put(m, m->n, entry);
	if (name && !slot) {
		origin_error_at(m->reader->origin, at, "`%s` of the contract has no `%.60s`",
				list->key, name);
	} else if (p->replaces && p->before) {
		origin_error_at(m->reader->origin, &p->before,
				"`before` and `replaces` exclude each other");
	} else if (!slot) {
		put(m, m->n, entry);
	} else if (p->before) {
		put(m, slot - m->slots, entry);
	} else if (slot->entry.placing) {
		origin_error_at(m->reader->origin, at, "`%s` is replaced already", name);
	} else {
		replace(m, list, slot, entry, p);
	}
}

static struct placing *read_placing(struct merging *m, const struct value *list,
				    const struct value *entry)
{
	struct reader *r = m->reader;
	struct placing *p = origin_alloc(r->origin, sizeof(*p));

	p->fields = m->field->kind == &kind_section || are_scenarios(list) ? clause_placing_fields :
									 placing_fields;
	read_some_fields(r, entry, p->fields, p);
	return p;
}

static void add_list(struct merging *m, const struct value *list)
{
	void *iterator = NULL;
	struct value entry;

	while (list_next(list, &iterator, &entry)) {
		struct placing *p = read_placing(m, list, &entry);

		entry.placing = p;
		place(m, list, &entry, p);
	}
}

static void begin_merging(struct merging *m, const struct value *list, size_t added)
{
	void *iterator = NULL;
	struct value entry;

	m->slots = origin_alloc(m->reader->origin, (list_length(list) + added) * sizeof(*m->slots));
	while (list_next(list, &iterator, &entry))
		m->slots[m->n++] = (struct slot){ entry, entry };
}

static const struct value *find_list(const struct reader *r, const struct field *f)
{
	for (size_t i = 0; r->additions && i < r->additions->n; i++)
		if (r->additions->all[i].of == f->of)
			return &r->additions->all[i].list;
	return NULL;
}

const struct value *with_additions(struct reader *r, const struct value *list,
				   const struct field *f, struct value *merged)
{
	const struct value *added = find_list(r, f);
	struct merging m = { .reader = r, .field = f };
	struct value *entries;

	if (!added)
		return list;
	begin_merging(&m, list, list_length(added));
	add_list(&m, added);
	entries = origin_alloc(r->origin, m.n * sizeof(*entries));
	for (size_t i = 0; i < m.n; i++)
		entries[i] = m.slots[i].entry;
	*merged = *list;
	merged->entries = entries;
	merged->n_entries = m.n;
	return merged;
}

const struct value *too_much(const struct reader *r, const struct value *entry)
{
	return !r->additions || entry->placing ? entry : &r->additions->all[0].list;
}

static bool is_must(const struct contract *contract, const char *id)
{
	for (size_t i = 0; i < contract->n_clauses; i++)
		if (!strcmp(contract->clauses[i].id, id))
			return contract->clauses[i].level == LEVEL_MUST;
	return false;
}

static bool is_shown(struct reader *r, const struct replaced_scenario *s, const char *clause)
{
	void *iterator = NULL;
	struct value shows, id;

	if (!entry_value(&s->original, "shows", &shows))
		return false;
	while (list_next(&shows, &iterator, &id)) {
		const char *text = value_text(r, &id);

		if (text && !strcmp(text, clause))
			return true;
	}
	return false;
}

static void look_at_replaced_scenario(struct reader *r, const struct replaced_scenario *s,
				      const struct contract *contract)
{
	const struct placing *p = s->by;

	for (size_t i = 0; i < contract->n_clauses; i++) {
		const char *id = contract->clauses[i].id;

		if (is_must(contract, id) && is_shown(r, s, id) && !admits(p, id))
			origin_error_at(r->origin, &p->replaces,
					"`%s` shows `%s`, a must of the contract: what shows otherwise names it in `contradicts`",
					p->replaces, id);
	}
	for (size_t i = 0; i < p->n_contradicts; i++)
		if (p->contradicts[i] && !(is_must(contract, p->contradicts[i]) &&
					   is_shown(r, s, p->contradicts[i])))
			origin_error_at(r->origin, &p->contradicts[i],
					"`contradicts`: `%.60s` is no must that `%s` shows",
					p->contradicts[i], p->replaces);
}

void look_at_replaced_scenarios(struct reader *r, const struct contract *contract)
{
	for (const struct replaced_scenario *s = r->additions->replaced; s; s = s->next)
		look_at_replaced_scenario(r, s, contract);
}
