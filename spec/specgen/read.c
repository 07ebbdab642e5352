// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "values.h"

#define MAX_FACTS	32	/* of one scenario or deviation */

/* What a key's reader needs to know of a member. */
#define MEMBER(type, member)	.offset = offsetof(type, member)
#define LIST(type, member)	MEMBER(type, member), .count = offsetof(type, n_##member)

/* The values of the keys of the whole file, read in the order of their references. */
struct sections {
	struct value interface, needs, states, variations, rules, checks, outcomes,
		effects, vectors, scenarios, deviations;
};

static void read_later(struct reader *r, const struct value *v, void *into,
		       const struct field *f)
{
	(void)r, (void)f;
	*(struct value *)into = *v;
}

#define SECTION(name)	{ #name, read_later, MEMBER(struct sections, name) }

static const struct field title_fields[] = {
	{ "contract", read_text, MEMBER(struct contract, title) },
	{ 0 }
};

static const struct field section_fields[] = {
	SECTION(interface), SECTION(needs), SECTION(states), SECTION(variations),
	SECTION(rules), SECTION(checks), SECTION(outcomes), SECTION(effects),
	SECTION(vectors), SECTION(scenarios), SECTION(deviations),
	{ 0 }
};

/* interface */

static const struct field member_fields[] = {
	{ "name", read_identifier, MEMBER(struct member, name) },
	{ "type", read_identifier, MEMBER(struct member, type) },
	{ "offset", read_number, MEMBER(struct member, offset), .max = 0x3fff },
	{ "is", read_text, MEMBER(struct member, is) },
	{ 0 }
};
static const struct list_kind members = { sizeof(struct member), member_fields, NULL, NULL };

static const struct field structure_fields[] = {
	{ "name", read_identifier, MEMBER(struct interface, structure) },
	{ "size", read_positive, MEMBER(struct interface, size), .max = 0x3fff },
	{ "read", read_positive, MEMBER(struct interface, read), .max = 0x3fff },
	{ "members", read_entries, LIST(struct interface, members), .of = &members },
	{ 0 }
};

static const struct field mode_fields[] = {
	{ "name", read_identifier, MEMBER(struct mode_bit, name) },
	{ "bit", read_number, MEMBER(struct mode_bit, bit), .max = 63 },
	{ "is", read_text, MEMBER(struct mode_bit, is) },
	{ 0 }
};
static const struct list_kind modes = { sizeof(struct mode_bit), mode_fields, NULL, NULL };

static const struct field feature_fields[] = {
	{ "name", read_identifier, MEMBER(struct interface, feature) },
	{ "bit", read_number, MEMBER(struct interface, feature_bit), .max = 63 },
	{ 0 }
};

static const struct field interface_fields[] = {
	{ "ioctl", read_identifier, MEMBER(struct interface, ioctl) },
	{ "is", read_text, MEMBER(struct interface, is) },
	{ "type", read_number, MEMBER(struct interface, type), .max = 0xff },
	{ "number", read_number, MEMBER(struct interface, number), .max = 0xff },
	{ "value", read_number, MEMBER(struct interface, value), .max = UINT32_MAX },
	{ "structure", read_group, .of = structure_fields },
	{ "modes", read_entries, LIST(struct interface, modes), .of = &modes },
	{ "feature", read_group, .of = feature_fields },
	{ 0 }
};

/* needs, states, variations */

static const struct field need_fields[] = {
	{ "name", read_name, MEMBER(struct need, name) },
	{ "is", read_text, MEMBER(struct need, is) },
	{ 0 }
};
static const struct list_kind needs = { sizeof(struct need), need_fields, NULL, NULL };

static const struct word side_words[] = {
	{ "source", SIDE_SOURCE }, { "destination", SIDE_DESTINATION }, { 0 }
};
static const struct word span_words[] = { { "huge", 1 }, { 0 } };

static const struct field state_fields[] = {
	{ "letter", read_letter, MEMBER(struct state, letter) },
	{ "name", read_name, MEMBER(struct state, name) },
	{ "is", read_text, MEMBER(struct state, is) },
	{ "sides", read_words, MEMBER(struct state, sides), .of = side_words },
	{ "blank", read_truth, MEMBER(struct state, blank), .optional = true },
	{ "looks", read_letter, MEMBER(struct state, looks), .optional = true },
	{ "arrives", read_letter, MEMBER(struct state, arrives), .optional = true },
	{ "needs", read_needs, MEMBER(struct state, needs), .optional = true },
	{ "span", read_yes, MEMBER(struct state, huge), .optional = true, .of = span_words },
	{ "edge", read_truth, MEMBER(struct state, edge), .optional = true },
	{ "unmade", read_text, MEMBER(struct state, unmade), .optional = true },
	{ 0 }
};

static void end_state(struct reader *r, void *entry, struct position where)
{
	struct state *s = entry;

	(void)r, (void)where;
	if (!s->looks)
		s->looks = s->letter;
	if (!s->arrives)
		s->arrives = s->looks;
}
static const struct list_kind states = { sizeof(struct state), state_fields, NULL, end_state };

static const struct word facet_words[] = {
	{ "descriptor", FACET_DESCRIPTOR }, { "caller", FACET_CALLER },
	{ "argument", FACET_ARGUMENT }, { "dst-address", FACET_DST_ADDRESS },
	{ "src-address", FACET_SRC_ADDRESS }, { "length", FACET_LENGTH },
	{ "mode", FACET_MODE }, { "dst-mapping", FACET_DST_MAPPING },
	{ "src-mapping", FACET_SRC_MAPPING }, { "registration", FACET_REGISTRATION },
	{ "dst-pages", FACET_DST_PAGES }, { "src-pages", FACET_SRC_PAGES },
	{ 0 }
};

static const struct field variation_fields[] = {
	{ "name", read_name, MEMBER(struct variation, name) },
	{ "is", read_text, MEMBER(struct variation, is) },
	{ "touches", read_words, MEMBER(struct variation, touches), .of = facet_words },
	{ "needs", read_needs, MEMBER(struct variation, needs), .optional = true },
	{ 0 }
};
static const struct list_kind variations = {
	sizeof(struct variation), variation_fields, NULL, NULL
};

/* Clauses: keys that all have, then those of each section */

static const struct word level_words[] = {
	{ "must", LEVEL_MUST }, { "may", LEVEL_MAY }, { "observed", LEVEL_OBSERVED },
	{ "unspecified", LEVEL_UNSPECIFIED }, { 0 }
};

static const struct field clause_fields[] = {
	{ "id", read_id, MEMBER(struct clause, id) },
	{ "level", read_word, MEMBER(struct clause, level), .of = level_words },
	/* end_clause() says more about these than that they are missing */
	{ "rule", read_text_or_none, MEMBER(struct clause, rule), .optional = true },
	{ "why", read_text_or_none, MEMBER(struct clause, why), .optional = true },
	{ "untested", read_text, MEMBER(struct clause, untested), .optional = true },
	{ 0 }
};

static const struct word move_words[] = {
	{ "untouched", MOVE_UNTOUCHED }, { "error", MOVE_ERROR },
	{ "unreadable", MOVE_UNREADABLE }, { 0 }
};

static const struct field check_fields[] = {
	{ "errno", read_text, MEMBER(struct check, error) },
	{ "move", read_word, MEMBER(struct check, move), .of = move_words },
	{ "violate", read_variations, LIST(struct check, violate), .optional = true },
	{ "last", read_truth, MEMBER(struct check, last), .optional = true },
	{ 0 }
};

static void read_result(struct reader *r, const struct value *v, void *into,
			const struct field *f)
{
	struct outcome *o = (struct outcome *)((char *)into - f->offset);
	const char *text = value_text(r, v);

	if (!text)
		return;
	if (!strcmp(text, "moved")) {
		o->result = RESULT_MOVED;
	} else if (!strcmp(text, "counted")) {
		o->result = RESULT_COUNTED;
	} else if (*text == 'E') {
		o->result = RESULT_ERROR;
		o->error = text;
	} else {
		origin_error(r->origin, v->where,
			     "`result`: `%.60s` is not one of: moved, counted, an errno's name", text);
	}
}

static const struct word or_words[] = { { "moved", 1 }, { 0 } };
static const struct word cure_words[] = { { "store", CURE_STORE }, { 0 } };

static const struct field outcome_fields[] = {
	{ "source", read_letters, MEMBER(struct outcome, source) },
	{ "destination", read_letters, MEMBER(struct outcome, destination) },
	{ "with", read_modes, MEMBER(struct outcome, with), .optional = true },
	{ "without", read_modes, MEMBER(struct outcome, without), .optional = true },
	{ "result", read_result, MEMBER(struct outcome, result) },
	{ "or", read_yes, MEMBER(struct outcome, or_moved), .optional = true, .of = or_words },
	{ "cure", read_word, MEMBER(struct outcome, cure), .optional = true, .of = cure_words },
	{ "arrives", read_letter, MEMBER(struct outcome, arrives), .optional = true },
	{ "splits", read_truth, MEMBER(struct outcome, splits), .optional = true },
	{ 0 }
};

static const struct word observe_words[] = {
	{ "success", OBSERVE_SUCCESS }, { "short", OBSERVE_SHORT },
	{ "cause", OBSERVE_CAUSE }, { "untouched", OBSERVE_UNTOUCHED },
	{ "source", OBSERVE_SOURCE }, { "destination", OBSERVE_DESTINATION },
	{ "unwritten", OBSERVE_UNWRITTEN }, { "returns", OBSERVE_RETURNS },
	{ "cure", OBSERVE_CURE }, { "frame", OBSERVE_FRAME },
	{ "writable", OBSERVE_WRITABLE }, { "soft-dirty", OBSERVE_SOFT_DIRTY },
	{ 0 }
};

static const struct field effect_fields[] = {
	{ "observe", read_word, MEMBER(struct effect, observe), .of = observe_words },
	{ "value", read_text, MEMBER(struct effect, value), .optional = true },
	{ "source", read_letters, MEMBER(struct effect, source), .optional = true },
	{ "needs", read_needs, MEMBER(struct effect, needs), .optional = true },
	{ 0 }
};

_Static_assert(!offsetof(struct check, clause) && !offsetof(struct outcome, clause) &&
	       !offsetof(struct effect, clause), "read_clause_section() sets the clause");

/* The keys that a level asks for. */
static void end_clause(struct reader *r, struct clause *c, struct position where)
{
	bool normative = c->level == LEVEL_MUST || c->level == LEVEL_MAY;

	if (!c->rule && c->level == LEVEL_MUST)
		origin_error(r->origin, where, "missing must-sentence: a must-clause has a `rule`");
	else if (!c->rule)
		origin_error(r->origin, where, "missing key `rule`");
	if (!c->why && normative)
		origin_error(r->origin, where, "missing key `why`: a must- or may-clause has one");
	if (!c->why)
		c->why = "";
	c->line = where.line;
}

/* A section of clauses, and the table of its own that goes with them. */
struct clause_section {
	struct value list;
	enum section section;
	const struct field *fields;	/* NULL: clauses and nothing else */
	size_t size;
	const void **table;
	size_t *count;
};

static void read_clause_section(struct reader *r, const struct clause_section *s,
				struct clause *clauses)
{
	struct contract *c = r->contract;
	void *iterator = NULL;
	struct value entry;
	char *item;

	*s->count = list_length(&s->list);
	item = origin_alloc(r->origin, *s->count * s->size);
	*s->table = item;
	if (s->fields)
		origin_mark(r->origin, s->table, s->list.where);
	for (; list_next(r, &s->list, &iterator, &entry); item += s->size) {
		struct clause *clause = &clauses[c->n_clauses];

		origin_mark(r->origin, item, entry.where);
		origin_mark(r->origin, clause, entry.where);
		clause->section = s->section;
		if (s->fields)
			*(unsigned int *)item = c->n_clauses;
		read_mapping(r, &entry, clause_fields, clause, s->fields, item);
		end_clause(r, clause, entry.where);
		c->n_clauses++;
	}
}

static int by_position(const void *a, const void *b)
{
	const struct clause_section *x = a, *y = b;

	return x->list.where.line < y->list.where.line ? -1 :
	       x->list.where.line > y->list.where.line ? 1 :
	       x->list.where.column - y->list.where.column;
}

static void read_clause_sections(struct reader *r, const struct sections *s)
{
	struct contract *c = r->contract;
	const void *no_table;
	size_t n = 0, n_rules;
	struct clause *clauses;
	struct clause_section order[] = {
		{ s->rules, SECTION_RULE, NULL, 0, &no_table, &n_rules },
		{ s->checks, SECTION_CHECK, check_fields, sizeof(struct check),
		  (const void **)&c->checks, &c->n_checks },
		{ s->outcomes, SECTION_OUTCOME, outcome_fields, sizeof(struct outcome),
		  (const void **)&c->outcomes, &c->n_outcomes },
		{ s->effects, SECTION_EFFECT, effect_fields, sizeof(struct effect),
		  (const void **)&c->effects, &c->n_effects },
	};
	size_t n_order = sizeof(order) / sizeof(order[0]);

	/* clauses are told in the order of the file */
	qsort(order, n_order, sizeof(order[0]), by_position);
	for (size_t i = 0; i < n_order; i++) {
		if (order[i].list.key && !value_is_list(r, &order[i].list))
			order[i].list.key = NULL;
		if (order[i].list.key)
			n += list_length(&order[i].list);
	}
	clauses = origin_alloc(r->origin, n * sizeof(*clauses));
	c->clauses = clauses;
	for (size_t i = 0; i < n_order; i++)
		if (order[i].list.key)
			read_clause_section(r, &order[i], clauses);
}

/* vectors, scenarios, deviations */

static const struct field move_fields[] = {
	{ "from", read_number, MEMBER(struct vector, from), .optional = true, .max = MAX_LETTERS },
	{ "to", read_number, MEMBER(struct vector, to), .optional = true, .max = MAX_LETTERS },
	{ "length", read_positive, MEMBER(struct vector, length), .optional = true,
	  .max = MAX_LETTERS },
	{ "mode", read_modes, MEMBER(struct vector, mode), .optional = true },
	{ 0 }
};

static const struct field expect_fields[] = {
	{ "errno", read_text, MEMBER(struct vector, error) },
	{ "moved", read_text, MEMBER(struct vector, moved) },
	{ "source", read_notation, MEMBER(struct vector, source_after), .optional = true },
	{ "destination", read_notation, MEMBER(struct vector, destination_after), .optional = true },
	{ "range", read_notation, MEMBER(struct vector, range_after), .optional = true },
	{ 0 }
};

static const struct field vector_fields[] = {
	{ "id", read_id, MEMBER(struct vector, id) },
	{ "title", read_text, MEMBER(struct vector, title) },
	{ "shows", read_clauses, LIST(struct vector, shows) },
	{ "source", read_notation, MEMBER(struct vector, source), .optional = true },
	{ "destination", read_notation, MEMBER(struct vector, destination), .optional = true },
	{ "range", read_notation, MEMBER(struct vector, range), .optional = true },
	{ "move", read_group, .of = move_fields },
	{ "with", read_variations, LIST(struct vector, with), .optional = true },
	{ "expect", read_group, .of = expect_fields },
	{ 0 }
};

#define NOT_GIVEN	UINT_MAX

static void begin_vector(void *entry, struct position where)
{
	struct vector *v = entry;

	v->from = v->to = NOT_GIVEN;
	v->line = where.line;
}

/* Two ranges or one, the same before and after. */
static bool vector_has_ranges(const struct vector *v)
{
	bool two = v->source && v->destination && v->source_after && v->destination_after;
	bool one = v->range && v->range_after;
	bool any_of_two = v->source || v->destination || v->source_after || v->destination_after;
	bool any_of_one = v->range || v->range_after;

	return (two && !any_of_one) || (one && !any_of_two);
}

static void end_vector(struct reader *r, void *entry, struct position where)
{
	struct vector *v = entry;
	size_t letters;

	if (!vector_has_ranges(v)) {
		origin_error(r->origin, where,
			     "a vector has `source` and `destination` or else `range`, both before and in `expect`");
		return;
	}
	if (v->range && (v->from == NOT_GIVEN || v->to == NOT_GIVEN || !v->length)) {
		origin_error(r->origin, where,
			     "a vector with `range` has `from`, `to` and `length` in `move`");
		return;
	}
	if (v->from == NOT_GIVEN)
		v->from = 0;
	if (v->to == NOT_GIVEN)
		v->to = v->from;
	letters = ((v->range ? strlen(v->range) : strlen(v->source)) + 1) / 2;
	if (!v->length && v->from < letters)
		v->length = letters - v->from;
}
static const struct list_kind vectors = {
	sizeof(struct vector), vector_fields, begin_vector, end_vector
};

static const struct field scenario_fields[] = {
	{ "id", read_id, MEMBER(struct scenario, id) },
	{ "title", read_text, MEMBER(struct scenario, title) },
	{ "shows", read_clauses, LIST(struct scenario, shows) },
	{ "function", read_identifier, MEMBER(struct scenario, function) },
	{ "expect", read_facts, LIST(struct scenario, expect), .max = MAX_FACTS },
	{ "needs", read_needs, MEMBER(struct scenario, needs), .optional = true },
	{ 0 }
};

static const struct list_kind scenarios = {
	sizeof(struct scenario), scenario_fields, NULL, NULL
};

static const struct field deviation_fields[] = {
	{ "id", read_id, MEMBER(struct deviation, id) },
	{ "clause", read_clause, MEMBER(struct deviation, clause) },
	{ "is", read_text, MEMBER(struct deviation, is) },
	{ "instead", read_facts, LIST(struct deviation, instead), .max = MAX_FACTS },
	{ "kernels", read_text, MEMBER(struct deviation, kernels) },
	{ "why", read_text, MEMBER(struct deviation, why) },
	{ "fixed", read_text, MEMBER(struct deviation, fixed), .optional = true },
	{ 0 }
};
static const struct list_kind deviations = {
	sizeof(struct deviation), deviation_fields, NULL, NULL
};

/* The whole */

#define PART(name)	{ #name, read_entries, LIST(struct contract, name), .of = &name }

static void read_part(struct reader *r, const struct value *v, const struct field *f)
{
	if (v->key)
		f->read(r, v, (char *)r->contract + f->offset, f);
}

static void read_root(struct reader *r, struct fy_node *root)
{
	/* what is referred to comes before what refers to it */
	static const struct field before[] = { PART(needs), PART(states), PART(variations) };
	static const struct field after[] = { PART(vectors), PART(scenarios), PART(deviations) };
	struct value v = { root, "contract", { 1, 1 }, false };
	struct sections s = { 0 };

	v.where = node_position(r, root, v.where);
	read_mapping(r, &v, title_fields, r->contract, section_fields, &s);
	if (s.interface.key)
		read_mapping(r, &s.interface, interface_fields, &r->contract->interface, NULL, NULL);
	read_part(r, &s.needs, &before[0]);
	if (r->contract->n_needs > 64)
		origin_error_at(r->origin, &r->contract->needs[64],
				"there are more than 64 needs");
	read_part(r, &s.states, &before[1]);
	read_part(r, &s.variations, &before[2]);
	read_clause_sections(r, &s);
	read_part(r, &s.vectors, &after[0]);
	read_part(r, &s.scenarios, &after[1]);
	read_part(r, &s.deviations, &after[2]);
}

/* The library's own messages, which come with a place. */
static bool note_diagnostics(struct reader *r)
{
	struct fy_diag_error *e;
	void *iterator = NULL;
	bool any = false;

	while ((e = fy_diag_errors_iterate(r->diag, &iterator))) {
		struct position where = { e->line > 0 ? e->line : 1, e->column > 0 ? e->column : 1 };

		if (e->type < FYET_ERROR)
			continue;
		origin_error(r->origin, where, "%s", e->msg ? e->msg : "not YAML");
		any = true;
	}
	return any;
}

/* One document; the parser says no more than that there is none. */
static struct fy_document *load_document(struct reader *r, struct fy_parser *parser)
{
	struct fy_document *d = fy_parse_load_document(parser), *second = NULL;
	struct position where = { 1, 1 };

	if (d && fy_document_root(d))
		second = fy_parse_load_document(parser);
	if (second) {
		where = node_position(r, fy_document_root(second), where);
		origin_error(r->origin, where, "a second document begins here");
		fy_parse_document_destroy(parser, second);
	} else if (!note_diagnostics(r) && (!d || !fy_document_root(d))) {
		origin_error(r->origin, where, "the contract is empty");
	}
	return d;
}

static void read_yaml(struct reader *r, const char *text, size_t length)
{
	/* duplicate keys are told where they stand by read_mapping() */
	struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_ALLOW_DUPLICATE_KEYS,
		.diag = r->diag,
	};
	struct fy_parser *parser = fy_parser_create(&config);
	struct fy_document *d = NULL;

	if (!parser || fy_parser_set_string(parser, text, length)) {
		origin_error(r->origin, (struct position){ 1, 1 }, "libfyaml could not be set up");
	} else {
		d = load_document(r, parser);
		if (d && !origin_errors(r->origin))
			read_root(r, fy_document_root(d));
	}
	if (d)
		fy_parse_document_destroy(parser, d);
	fy_parser_destroy(parser);
}

/* The file */

/* Read up to @size bytes; returns their number, or -1 with errno set. */
static ssize_t read_bytes(int fd, char *text, size_t size)
{
	size_t length = 0;

	while (length < size) {
		ssize_t n = read(fd, text + length, size - length);

		if (n < 0)
			return -1;
		if (!n)
			break;
		length += n;
	}
	return length;
}

/* What keeps a file from being read at all, or NULL. */
static const char *load_file(const char *path, struct origin *o, char **text, size_t *length)
{
	static const char too_large[] = "the file is larger than 4 MiB";
	/* a FIFO must not be waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *error = NULL;
	struct stat status;
	ssize_t n = 0;

	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &status)) {
		error = strerror(errno);
	} else if (!S_ISREG(status.st_mode)) {
		error = S_ISDIR(status.st_mode) ? strerror(EISDIR) : "not a regular file";
	} else if (status.st_size > MAX_CONTRACT_BYTES) {
		error = too_large;
	} else {
		/* it may grow meanwhile */
		*text = origin_alloc(o, MAX_CONTRACT_BYTES + 1);
		n = read_bytes(fd, *text, MAX_CONTRACT_BYTES + 1);
		if (n < 0)
			error = strerror(errno);
		else if (n > MAX_CONTRACT_BYTES)
			error = too_large;
	}
	close(fd);
	*length = n;
	return error;
}

int contract_read(const char *path, struct contract *c, FILE *errors)
{
	struct fy_diag_cfg config;
	struct position where = { 1, 1 };
	const char *error;
	struct reader r;
	char *text = NULL;
	size_t length = 0;

	memset(c, 0, sizeof(*c));
	c->origin = origin_new(path);
	error = load_file(path, c->origin, &text, &length);
	if (error) {
		origin_error(c->origin, where, "%s", error);
		return origin_report(c->origin, errors);
	}
	if (!text_is_utf8(text, length, &where)) {
		origin_error(c->origin, where, "the file is not UTF-8");
		return origin_report(c->origin, errors);
	}
	fy_diag_cfg_default(&config);
	config.colorize = false;
	r = (struct reader){ c->origin, c, fy_diag_create(&config) };
	if (!r.diag) {
		origin_error(c->origin, where, "libfyaml could not be set up");
		return origin_report(c->origin, errors);
	}
	fy_diag_set_collect_errors(r.diag, true);
	read_yaml(&r, text, length);
	fy_diag_destroy(r.diag);
	return origin_report(c->origin, errors);
}

void contract_free(struct contract *c)
{
	origin_free(c->origin);
	memset(c, 0, sizeof(*c));
}
