// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "validate.h"

#include <stdlib.h>
#include <limits.h>
#include <string.h>

#include "oracle.h"
#include "origin.h"
#include "shapes.h"
#include "validate_parts.h"

#define MAX_CELLS	65536	/* letters onto letters in each combination of modes */

/* Ids become identifiers of C, in which - and . are both an underscore. */
static char as_identifier(char c)
{
	return c == '-' || c == '.' ? '_' : c;
}

static int compare_names(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	const char *s = x->text, *t = y->text;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	while (*s && as_identifier(*s) == as_identifier(*t))
		s++, t++;
	return as_identifier(*s) - as_identifier(*t);
}

static int compare_names_and_places(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = compare_names(a, b);

	if (order)
		return order;
	if (x->where.file != y->where.file)
		return x->where.file < y->where.file ? -1 : 1;
	return x->where.line != y->where.line ? x->where.line - y->where.line :
						x->where.column - y->where.column;
}

static void tell_duplicate(const struct contract *c, const char *kind, const struct name *first,
			   const struct name *second)
{
	bool elsewhere = first->where.file != second->where.file;

	origin_error(c->origin, second->where, "duplicate %s `%s`: line %d%s%s has `%s`", kind,
		     second->text, first->where.line, elsewhere ? " of " : "",
		     elsewhere ? origin_path_at(c->origin, first->where) : "", first->text);
}

void validate_names(const struct contract *c, const char *kind, struct name *names, size_t n)
{
	qsort(names, n, sizeof(*names), compare_names_and_places);
	for (size_t i = 1; i < n; i++)
		if (!compare_names(&names[i - 1], &names[i]))
			tell_duplicate(c, kind, &names[i - 1], &names[i]);
}

static struct name name_at(const struct contract *c, const char *const *text)
{
	return (struct name){ *text, 0, origin_of(c->origin, text) };
}

/* Of a table: @first is the first entry's, @size bytes lie between one and the next. */
static void validate_names_of(const struct contract *c, const char *kind,
			      const char *const *first, size_t n, size_t size)
{
	struct name *names = origin_alloc(c->origin, n * sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = name_at(c, (const void *)((const char *)first + i * size));
	validate_names(c, kind, names, n);
}

#define VALIDATE_NAMES(c, kind, table, n, member) \
	validate_names_of(c, kind, &(table)->member, n, sizeof(*(table)))

static void validate_all_names(const struct contract *c)
{
	VALIDATE_NAMES(c, "need", c->needs, c->n_needs, name);
	VALIDATE_NAMES(c, "state", c->states, c->n_states, name);
	VALIDATE_NAMES(c, "variation", c->variations, c->n_variations, name);
	VALIDATE_NAMES(c, "id", c->clauses, c->n_clauses, id);
	VALIDATE_NAMES(c, "id", c->vectors, c->n_vectors, id);
	VALIDATE_NAMES(c, "id", c->scenarios, c->n_scenarios, id);
	VALIDATE_NAMES(c, "id", c->deviations, c->n_deviations, id);
	VALIDATE_NAMES(c, "function", c->scenarios, c->n_scenarios, function);
}

/* interface */

struct type {
	const char *name;
	unsigned int bytes;
	bool has_sign;
};

static const struct type *find_type(const char *name)
{
	static const struct type types[] = {
		{ "__u8", 1, false }, { "__s8", 1, true }, { "__u16", 2, false },
		{ "__s16", 2, true }, { "__u32", 4, false }, { "__s32", 4, true },
		{ "__u64", 8, false }, { "__s64", 8, true },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].name, name))
			return &types[i];
	return NULL;
}

/* No padding: it would be bytes that nobody has said anything about. */
static void validate_members(const struct contract *c)
{
	const struct interface *f = &c->interface;
	bool read_ends_here = false;
	unsigned int end = 0;

	for (size_t i = 0; i < f->n_members; i++) {
		const struct member *m = &f->members[i];
		const struct type *type = find_type(m->type);
		unsigned int bytes = type ? type->bytes : 0;

		if (!bytes) {
			error_at(c, &m->type, "`%.40s` is not one of __u8 to __u64, __s8 to __s64",
				 m->type);
			return;
		}
		if (m->offset % bytes)
			error_at(c, &m->offset, "offset %u is not aligned to the %u bytes of %s",
				 m->offset, bytes, m->type);
		else if (m->offset < end)
			error_at(c, &m->offset, "offset %u overlaps the member before, which ends at %u",
				 m->offset, end);
		else if (m->offset > end)
			error_at(c, &m->offset, "offset %u leaves a gap behind %u", m->offset, end);
		end = m->offset + bytes;
		read_ends_here |= end == f->read;
	}
	if (end != f->size)
		error_at(c, &f->size, "the members end at %u bytes and not at %u", end, f->size);
	if (!read_ends_here)
		error_at(c, &f->read, "no member ends at %u bytes", f->read);
}

/* The member that carries the mode bits. */
static const struct member *find_holder(const struct contract *c)
{
	const struct interface *f = &c->interface;
	const struct member *holder = NULL;

	for (size_t i = 0; i < f->n_members; i++) {
		if (f->members[i].holds != HOLDS_MODES)
			continue;
		if (holder)
			error_at(c, &f->members[i].holds, "`holds: modes`: `%s` does already",
				 holder->name);
		holder = &f->members[i];
	}
	if (!holder)
		error_at(c, &f->members, "no member has `holds: modes`");
	return holder;
}

static void validate_modes(const struct contract *c)
{
	const struct interface *f = &c->interface;
	const struct member *holder = find_holder(c);
	const struct type *type = holder ? find_type(holder->type) : NULL;
	size_t prefix = strlen(f->ioctl);

	if (type && type->has_sign)
		error_at(c, &holder->type, "a member with `holds: modes` has no sign");

	for (size_t i = 0; i < f->n_modes; i++) {
		const struct mode_bit *m = &f->modes[i];

		if (strncmp(m->name, f->ioctl, prefix) || strncmp(m->name + prefix, "_MODE_", 6) ||
		    !m->name[prefix + 6])
			error_at(c, &m->name, "a mode's name begins with %s_MODE_", f->ioctl);
		if (type && m->bit >= 8 * type->bytes)
			error_at(c, &m->bit, "bit %u is none of the %u of `%s`", m->bit,
				 8 * type->bytes, holder->name);
		for (size_t k = 0; k < i; k++)
			if (f->modes[k].bit == m->bit)
				error_at(c, &m->bit, "bit %u is already %s", m->bit,
					 f->modes[k].name);
	}
}

/* All that the header defines: one name stands for one thing, whatever it is. */
static void validate_identifiers(const struct contract *c)
{
	const struct interface *f = &c->interface;
	size_t n = 0, most = f->n_members + f->n_modes + 5;
	struct name *names = origin_alloc(c->origin, most * sizeof(*names));

	names[n++] = name_at(c, &f->ioctl);
	names[n++] = name_at(c, &f->structure);
	names[n++] = name_at(c, &f->feature);
	/* the header's own */
	names[n++] = (struct name){ .text = "UFFDIO_MOVE_ASSERT" };
	names[n++] = (struct name){ .text = "UFFDIO_MOVE_INTERFACE_H" };
	for (size_t i = 0; i < f->n_members; i++)
		names[n++] = name_at(c, &f->members[i].name);
	for (size_t i = 0; i < f->n_modes; i++)
		names[n++] = name_at(c, &f->modes[i].name);
	validate_names(c, "identifier", names, n);
}

static void validate_interface(const struct contract *c)
{
	const struct interface *f = &c->interface;
	/* _IOWR as on all architectures that have the operation */
	uint32_t value = UINT32_C(3) << 30 | f->size << 16 | f->type << 8 | f->number;

	if (f->value != value)
		error_at(c, &f->value, "_IOWR(0x%02X, 0x%02X, %u bytes) is 0x%08X and not 0x%08X",
			 f->type, f->number, f->size, value, f->value);
	validate_members(c);
	validate_modes(c);
	validate_identifiers(c);
}

/* States */

bool letter_is_on(const struct contract *c, char letter, unsigned int side)
{
	const struct state *s = contract_state(c, letter);

	return s && (s->sides & side) == side;
}

bool letter_is_seen(const struct contract *c, char letter)
{
	const struct state *s = contract_state(c, letter);

	return s && s->looks == letter;
}

static void validate_state(const struct contract *c, const struct state *s)
{
	const struct state *same = contract_state(c, s->letter);

	if (same != s)
		error_at(c, s, "duplicate letter `%c`: `%s` has it", s->letter, same->name);
	if (!letter_is_seen(c, s->looks))
		error_at(c, &s->looks, "`looks`: `%c` is no state that looks like itself", s->looks);
	if (!letter_is_seen(c, s->arrives))
		error_at(c, &s->arrives, "`arrives`: `%c` is no state that looks like itself",
			 s->arrives);
}

static void validate_split(const struct contract *c, const struct state *s)
{
	const struct state *part = contract_state(c, s->split);

	if (s->shifted && !s->huge)
		error_at(c, &s->shifted, "`shifted` goes with `span: huge`");
	if (s->inner && (s->huge || s->edge))
		error_at(c, &s->inner, "`inner` goes neither with `span: huge` nor with `edge`");
	if (!s->split)
		return;
	if (!s->huge || s->looks != s->letter)
		error_at(c, &s->split, "`split` goes with `span: huge` and a state that looks like itself");
	else if (!letter_is_seen(c, s->split))
		error_at(c, &s->split, "`split`: `%c` is no state that looks like itself",
			 s->split);
	else if (part->huge || part->blank != s->blank)
		error_at(c, &s->split, "`split`: `%c` is no small page with contents of the same kind",
			 s->split);
}

/* Derived tests use these letters wherever the page that is looked at does not matter. */
static void validate_role(const struct contract *c, enum role role, const char *word)
{
	const struct state *found = NULL;

	for (size_t i = 0; i < c->n_states; i++) {
		const struct state *s = &c->states[i];

		if (s->role != role)
			continue;
		if (found)
			error_at(c, &s->role, "`role: %s`: `%c` has it already", word,
				 found->letter);
		if (s->sides != (SIDE_SOURCE | SIDE_DESTINATION) || s->looks != s->letter ||
		    s->arrives != s->letter || s->huge || s->edge || s->needs || s->unmade ||
		    s->blank != (role == ROLE_HOLE))
			error_at(c, &s->role, "`role: %s` is for a small %s, of both sides, that looks and arrives as itself, without edge and needs",
				 word, role == ROLE_HOLE ? "blank place" : "page with contents");
		found = s;
	}
	if (!found)
		error_at(c, c->states, "no state has `role: %s`", word);
}

static void validate_states(const struct contract *c)
{
	for (size_t i = 0; i < c->n_states; i++) {
		validate_state(c, &c->states[i]);
		validate_split(c, &c->states[i]);
	}
	validate_role(c, ROLE_PAGE, "page");
	validate_role(c, ROLE_HOLE, "hole");
}

/* Each letter of @letters is a state of that side, once; "*" is all of them. */
static void validate_letters(const struct contract *c, const char *const *letters,
			     unsigned int side)
{
	const char *side_name = side == SIDE_SOURCE ? "source" : "destination";

	if (!strcmp(*letters, "*"))
		return;
	for (const char *l = *letters; *l; l++) {
		if (!contract_state(c, *l))
			error_at(c, letters, "letter `%c` is not in the alphabet", *l);
		else if (!letter_is_on(c, *l, side))
			error_at(c, letters, "letter `%c` is no state of the %s", *l, side_name);
		else if (strchr(l + 1, *l))
			error_at(c, letters, "letter `%c` is given twice", *l);
	}
}

/* Clauses */

static void validate_clauses(const struct contract *c)
{
	for (size_t i = 0; i < c->n_clauses; i++) {
		const struct clause *k = &c->clauses[i];

		if (!k->why && level_binds(k->level))
			error_at(c, k, "missing key `why`: a clause of level %s has one",
				 word_of(level_words, k->level));
		if (k->level == LEVEL_ADVICE && k->section != SECTION_RULE)
			error_at(c, &k->level, "`level: advice` is for `rules`");
	}
}

/* What a clause of level may allows has to be said somewhere, and nowhere else. */
static void validate_level(const struct contract *c, unsigned int clause, bool has_alternatives,
			   const void *alternatives, const char *where)
{
	const struct clause *k = &c->clauses[clause];

	if (has_alternatives && k->level != LEVEL_MAY)
		error_at(c, alternatives, "alternatives go with `level: may`");
	else if (!has_alternatives && k->level == LEVEL_MAY && !k->untested)
		error_at(c, &k->level, "`level: may` goes with alternatives, %s", where);
}

static void validate_levels(const struct contract *c)
{
	for (size_t i = 0; i < c->n_checks; i++)
		validate_level(c, c->checks[i].clause, false, NULL, "which a check has not");
	for (size_t i = 0; i < c->n_outcomes; i++) {
		const struct outcome *o = &c->outcomes[i];

		bool several = o->result.error && strchr(o->result.error, '|');

		validate_level(c, o->clause, o->or.kind || several,
			       several ? (const void *)&o->result : &o->or, "by `or`");
	}
	for (size_t i = 0; i < c->n_effects; i++) {
		const struct effect *e = &c->effects[i];

		validate_level(c, e->clause, e->value && strchr(e->value, '|'), &e->value,
			       "in `value`");
	}
}

static void validate_variations(const struct contract *c)
{
	for (const struct variation *v = c->variations; v < c->variations + c->n_variations; v++)
		if (v->arrives && !letter_is_seen(c, v->arrives))
			error_at(c, &v->arrives, "`arrives`: `%c` is no state that looks like itself",
				 v->arrives);
}

/* Which variations and needs anything uses. */
struct uses {
	const struct check **violates[2];	/* by last, by variation: check, or NULL */
	bool *varied;				/* by variation: by a vector */
	uint64_t needs;
};

/* Of a check of the contract and one that is proposed it is the latter that is wrong. */
static void tell_violated(const struct contract *c, const unsigned int *v,
			  const struct check *first, const struct check *second)
{
	bool first_is_wrong = c->clauses[first->clause].proposed &&
			      !c->clauses[second->clause].proposed;
	const void *at = first_is_wrong ? (const void *)&first->violate : v;

	error_at(c, at, "`%s` already violates `%s`", c->variations[*v].name,
		 c->clauses[(first_is_wrong ? second : first)->clause].id);
}

/* What cannot be read cannot be written either: one before the pages, one after. */
static void collect_violations(const struct contract *c, struct uses *u)
{
	for (size_t i = 0; i < c->n_checks; i++) {
		const struct check *check = &c->checks[i], **violates = u->violates[check->last];

		for (size_t k = 0; k < check->n_violate; k++) {
			const unsigned int *v = &check->violate[k];

			if (violates[*v])
				tell_violated(c, v, violates[*v], check);
			else
				violates[*v] = check;
		}
	}
}

static void collect_uses(const struct contract *c, struct uses *u)
{
	for (int last = 0; last < 2; last++)
		u->violates[last] = origin_alloc(c->origin,
						 c->n_variations * sizeof(*u->violates[last]));
	u->varied = origin_alloc(c->origin, c->n_variations * sizeof(*u->varied));
	collect_violations(c, u);
	for (size_t i = 0; i < c->n_vectors; i++) {
		const struct vector *v = &c->vectors[i];

		for (size_t k = 0; k < v->n_with; k++)
			u->varied[v->with[k]] = true;
	}
	for (size_t i = 0; i < c->n_scenarios; i++)
		u->needs |= c->scenarios[i].needs;
	for (size_t i = 0; i < c->n_states; i++)
		u->needs |= c->states[i].needs;
	for (size_t i = 0; i < c->n_variations; i++)
		u->needs |= c->variations[i].needs;
	for (size_t i = 0; i < c->n_effects; i++)
		u->needs |= c->effects[i].needs;
}

static void validate_uses(const struct contract *c, const struct uses *u)
{
	for (size_t i = 0; i < c->n_needs; i++)
		if (!(u->needs & UINT64_C(1) << i))
			error_at(c, &c->needs[i], "nothing has the need `%s`", c->needs[i].name);
	for (size_t i = 0; i < c->n_variations; i++)
		if (!u->violates[0][i] && !u->violates[1][i] && !u->varied[i])
			error_at(c, &c->variations[i], "no check or vector uses the variation `%s`",
				 c->variations[i].name);
}

/* Checks */

/* Is there a huge page among these that is seen otherwise when it has been split? */
static bool letters_split(const struct contract *c, const char *letters)
{
	for (size_t i = 0; i < c->n_states; i++) {
		const struct state *looks = contract_state(c, c->states[i].looks);

		if ((*letters == '*' || strchr(letters, c->states[i].letter)) && looks &&
		    looks->split)
			return true;
	}
	return false;
}

static void validate_outcome(const struct contract *c, const struct outcome *o)
{
	bool refuses = row_error(o), moves = row_may_move(o);
	bool several = refuses && strchr(row_error(o), '|');

	validate_letters(c, &o->source, SIDE_SOURCE);
	validate_letters(c, &o->destination, SIDE_DESTINATION);
	if (o->or.kind && !(refuses && moves))
		error_at(c, &o->or, "of `result` and `or` one is `moved` and the other an errno");
	if (several && (o->or.kind || o->cure))
		error_at(c, &o->result, "several errnos go with neither `or` nor `cure`");
	if (o->with & o->without)
		error_at(c, &o->without, "a mode bit is in `with` and in `without`");
	if (!refuses && o->cure)
		error_at(c, &o->cure, "`cure` goes with an errno");
	else if (o->cure == CURE_REPEAT && !moves)
		error_at(c, &o->cure, "`cure: repeat` goes with a page that may be moved as well");
	if (!refuses && !moves && o->splits)
		error_at(c, &o->splits, "`splits` goes with an errno, or a page that moves");
	else if (o->splits && !letters_split(c, o->source))
		error_at(c, &o->splits, "`splits`: none of the source's letters looks like a state with `split`");
	if (o->arrives && !letter_is_seen(c, o->arrives))
		error_at(c, &o->arrives, "`arrives`: `%c` is no state that looks like itself",
			 o->arrives);
	if (o->arrives && !moves)
		error_at(c, &o->arrives, "`arrives` goes with a page that moves");
}

/* What a row of the table decides: anything, and of each of its letters. */
struct decided {
	bool any, source[UCHAR_MAX + 1], destination[UCHAR_MAX + 1];
};

static void look_up_cell(const struct contract *c, const struct state *source,
			 const struct state *destination, struct decided *decided)
{
	bool open = false;

	for (unsigned int m = 0; m < contract_n_modes(c); m++) {
		uint64_t mode = contract_mode(c, m);
		const struct outcome *row = oracle_outcome(c, source->letter,
							   destination->letter, mode);

		if (row) {
			struct decided *d = &decided[row - c->outcomes];

			d->any = d->source[(unsigned char)source->letter] =
				d->destination[(unsigned char)destination->letter] = true;
		} else if (!open) {
			error_at(c, source, "no outcome for `%c` onto `%c` with mode 0x%llx",
				 source->letter, destination->letter, (unsigned long long)mode);
		}
		open |= !row;
	}
}

/* A good page is one that derived tests need not look at. */
static void validate_good_page(const struct contract *c)
{
	const struct state *page = contract_role(c, ROLE_PAGE);

	for (unsigned int m = 0; m < contract_n_modes(c); m++) {
		const struct outcome *row = oracle_outcome(c, page->letter,
							   contract_role(c, ROLE_HOLE)->letter,
							   contract_mode(c, m));

		if (row && (row_error(row) || !row_may_move(row)))
			error_at(c, c->clauses[row->clause].proposed ?
				    (const void *)&c->clauses[row->clause] : &page->role,
				 "`role: page`: `%s` does not just let it move onto a hole",
				 c->clauses[row->clause].id);
	}
}

/* A letter that rows above have decided would be told of a row that has no say in it. */
static void validate_letters_decided(const struct contract *c, unsigned int clause,
				     const char *const *letters, const bool *decided)
{
	if (!strcmp(*letters, "*"))
		return;
	for (const char *l = *letters; *l; l++)
		if (!decided[(unsigned char)*l])
			error_at(c, letters, "rows above decide every cell of `%s` that has `%c` there",
				 c->clauses[clause].id, *l);
}

/* Look up every cell: each has a row, and each row has a cell. */
static void validate_table(const struct contract *c)
{
	static struct decided decided[MAX_ROWS];
	size_t cells = 0;

	memset(decided, 0, sizeof(decided));

	for (size_t i = 0; i < c->n_states; i++)
		for (size_t k = 0; k < c->n_states; k++) {
			if (!(c->states[i].sides & SIDE_SOURCE) ||
			    !(c->states[k].sides & SIDE_DESTINATION))
				continue;
			cells += contract_n_modes(c);
			if (cells > MAX_CELLS) {
				error_at(c, &c->states[i], "the table of outcomes has more than %d cells",
					 MAX_CELLS);
				return;
			}
			look_up_cell(c, &c->states[i], &c->states[k], decided);
		}
	for (size_t i = 0; i < c->n_outcomes; i++) {
		const struct outcome *row = &c->outcomes[i];

		if (!decided[i].any) {
			error_at(c, &c->clauses[row->clause],
				 "unreachable: rows above decide every cell of `%s`",
				 c->clauses[row->clause].id);
			continue;
		}
		validate_letters_decided(c, row->clause, &row->source, decided[i].source);
		validate_letters_decided(c, row->clause, &row->destination, decided[i].destination);
	}
}

/* Effects */

static void validate_effect_value(const struct contract *c, const struct effect *e)
{
	static const char *const values[OBSERVE_COUNT] = {
		[OBSERVE_FRAME] = "same|other",
		[OBSERVE_WRITABLE] = "yes|no",
		[OBSERVE_SOFT_DIRTY] = "set|clear",
		[OBSERVE_HOLDER] = "apart|shares",
	};
	const char *known = values[e->observe];

	if (!e->value || !e->source)
		error_at(c, &e->observe, "`observe: %s` goes with `value` and `source`",
			 word_of(observation_words, e->observe));
	if (e->value && strcmp(e->value, known) && !value_allows(known, e->value))
		error_at(c, &e->value, "`value`: `%.40s` is neither %s nor one of the two",
			 e->value, known);
	if (e->of == PAGES_ALL && e->observe != OBSERVE_HOLDER)
		error_at(c, &e->of, "`of: all` goes with `observe: holder`: the others look at where a page has moved to");
	if (e->source && !strcmp(e->source, "*"))
		error_at(c, &e->source, "`source` of an effect names its letters");
	else if (e->source)
		validate_letters(c, &e->source, SIDE_SOURCE);
}

/* Do two effects speak of one observation, where they name letters of a same letter and mode? */
static bool effects_meet(const struct effect *a, const struct effect *b)
{
	if (a->observe != b->observe || (a->with & b->without) || (a->without & b->with))
		return false;
	return a->observe < OBSERVE_REQUIRED ||
	       (a->source && b->source && strpbrk(a->source, b->source));
}

static void validate_effect(const struct contract *c, size_t i)
{
	const struct effect *e = &c->effects[i];

	if (e->with & e->without)
		error_at(c, &e->without, "a mode bit is in `with` and in `without`");
	if (e->observe >= OBSERVE_REQUIRED)
		validate_effect_value(c, e);
	else if (e->value || e->source || e->of || e->needs || e->n_unless || e->with || e->without)
		error_at(c, e->value ? (const void *)&e->value :
			    e->source ? (const void *)&e->source :
			    e->of ? (const void *)&e->of :
			    e->needs ? (const void *)&e->needs :
			    e->with ? (const void *)&e->with :
			    e->without ? (const void *)&e->without : (const void *)&e->unless,
			 "`observe: %s` has no `value`, `source`, `of`, `with`, `without`, `needs` or `unless`",
			 word_of(observation_words, e->observe));
	for (size_t k = 0; k < i; k++)
		if (effects_meet(&c->effects[k], e)) {
			error_at(c, &e->observe, "`observe: %s` is already claimed by `%s`",
				 word_of(observation_words, e->observe),
				 c->clauses[c->effects[k].clause].id);
			return;
		}
}

static void validate_effects(const struct contract *c, struct position section)
{
	for (size_t i = 0; i < c->n_effects; i++)
		validate_effect(c, i);
	for (enum observation o = 0; o < OBSERVE_REQUIRED; o++)
		if (!contract_effect(c, o))
			origin_error(c->origin, section, "no effect has `observe: %s`",
				     word_of(observation_words, o));
}

/* Scenarios and deviations */

/* What the runner of a test tells by itself. */
static bool is_told_anyway(const char *what)
{
	return !strcmp(what, "returns") || !strncmp(what, "returns[", 8);
}

static void validate_facts(const struct contract *c, const struct fact *facts, size_t n,
			   bool deviates)
{
	for (const struct fact *f = facts; f < facts + n; f++) {
		bool is_errno = !strcmp(f->what, "errno") || !strncmp(f->what, "errno.", 6);

		if (!deviates && is_told_anyway(f->what))
			error_at(c, &f->what, "`%s` is told of every test, and is no fact of its own",
				 f->what);
		if (!deviates && (*f->value == '?' || strstr(f->value, "|?")))
			error_at(c, &f->value, "`?` is for a deviation's `instead` alone");
		else if (is_errno && !values_fit(f->value, &kind_error_or_none))
			error_at(c, &f->value, "`%s`: `%s` is not %s", f->what, f->value,
				 kind_error_or_none.is);
	}
}

/* Alternatives where a clause of level may is shown, and only there. */
static void validate_alternatives(const struct contract *c, const struct scenario *s)
{
	const unsigned int *may = NULL;
	const struct fact *open = NULL;

	for (size_t i = 0; i < s->n_shows && !may; i++)
		if (c->clauses[s->shows[i]].level == LEVEL_MAY)
			may = &s->shows[i];
	for (size_t i = 0; i < s->n_expect && !open; i++)
		if (strchr(s->expect[i].value, '|'))
			open = &s->expect[i];
	if (open && !may)
		error_at(c, &open->value, "alternatives go with a clause of `level: may`, and `%s` shows none",
			 s->id);
	else if (may && !open)
		error_at(c, may, "`%s` is of `level: may`, and `%s` expects no alternatives",
			 c->clauses[*may].id, s->id);
}

static void validate_scenarios(const struct contract *c)
{
	for (size_t i = 0; i < c->n_scenarios; i++) {
		const struct scenario *s = &c->scenarios[i];

		validate_facts(c, s->expect, s->n_expect, false);
		validate_alternatives(c, s);
	}
}

int contract_validate(const struct contract *c, FILE *errors)
{
	struct uses uses = { 0 };

	validate_all_names(c);
	validate_interface(c);
	validate_states(c);
	validate_variations(c);
	validate_clauses(c);
	collect_uses(c, &uses);
	validate_uses(c, &uses);
	for (size_t i = 0; i < c->n_outcomes; i++)
		validate_outcome(c, &c->outcomes[i]);
	validate_effects(c, origin_of(c->origin, &c->effects));
	validate_levels(c);
	validate_scenarios(c);
	for (size_t i = 0; i < c->n_deviations; i++)
		validate_facts(c, c->deviations[i].instead, c->deviations[i].n_instead, true);
	/* the tables are looked up only if they mean something */
	if (!origin_errors(c->origin)) {
		validate_table(c);
		validate_good_page(c);
		validate_contradictions(c);
	}
	validate_vectors(c, !origin_errors(c->origin));
	if (!origin_errors(c->origin))
		validate_tests(c);
	return origin_report(c->origin, errors);
}
