// SPDX-License-Identifier: GPL-2.0-only
#include "shapes.h"

#include <limits.h>
#include <string.h>

#include "additions.h"

#define MAX_SIZE	0x3fff	/* of a structure: the bits that a request number has for it */
#define MAX_VARIATIONS	256
#define MAX_ENTRIES	512	/* of a list that has no bound of its own */

/* A key and the member that it fills; one that the reader fills by itself. */
#define KEY(name, how, owner, into, ...) \
	{ .key = name, .kind = &how, .member = #into, .offset = offsetof(owner, into), \
	  ##__VA_ARGS__ }
#define LIST(name, how, owner, into, most, ...) \
	KEY(name, how, owner, into, .count = offsetof(owner, n_##into), .max = most, ##__VA_ARGS__)
#define GROUP(name, keys) \
	{ .key = name, .kind = &kind_group, .of = keys }

#define SHAPE(name, of, ...) \
	struct shape name##_shape = { \
		.type = "struct " #of, .size = sizeof(struct of), .fields = name##_fields, \
		##__VA_ARGS__ \
	}; \
	_Static_assert(sizeof(name##_fields) <= (MAX_KEYS + 1) * sizeof(struct field), \
		       "the reader has room for all keys of " #name)

#define OPTIONAL	.optional = true
#define OF(what)	.of = what
#define WORD(word, value)	{ word, value, #value }

/* interface */

static const struct word holds_words[] = { WORD("modes", HOLDS_MODES), {} };

static const struct field member_fields[] = {
	KEY("name", kind_identifier, struct member, name),
	KEY("type", kind_text, struct member, type),
	KEY("offset", kind_number, struct member, offset, .max = MAX_SIZE),
	KEY("is", kind_comment, struct member, is),
	KEY("holds", kind_word, struct member, holds, OPTIONAL, OF(holds_words)),
	{}
};
static const SHAPE(member, member);

static const struct field structure_fields[] = {
	KEY("name", kind_identifier, struct interface, structure),
	KEY("size", kind_number, struct interface, size, .min = 1, .max = MAX_SIZE),
	KEY("read", kind_number, struct interface, read, .min = 1, .max = MAX_SIZE),
	LIST("members", kind_list, struct interface, members, MAX_ENTRIES, OF(&member_shape)),
	{}
};

static const struct field mode_fields[] = {
	KEY("name", kind_identifier, struct mode_bit, name),
	KEY("bit", kind_number, struct mode_bit, bit, .max = 63),
	KEY("is", kind_comment, struct mode_bit, is),
	KEY(NULL, kind_proposed, struct mode_bit, proposed, OPTIONAL),
	{}
};
static const SHAPE(mode, mode_bit);

static const struct field feature_fields[] = {
	KEY("name", kind_identifier, struct interface, feature),
	KEY("bit", kind_number, struct interface, feature_bit, .max = 63),
	{}
};

static const struct field interface_fields[] = {
	KEY("ioctl", kind_identifier, struct interface, ioctl),
	KEY("is", kind_comment, struct interface, is),
	KEY("type", kind_number, struct interface, type, .max = 0xff),
	KEY("number", kind_number, struct interface, number, .max = 0xff),
	KEY("value", kind_number, struct interface, value, .max = UINT32_MAX),
	GROUP("structure", structure_fields),
	LIST("modes", kind_list, struct interface, modes, MAX_MODES, OF(&mode_shape)),
	GROUP("feature", feature_fields),
	{}
};
static const SHAPE(interface, interface);

/* floor, needs, states, variations */

static const struct field floor_fields[] = {
	KEY("tested", kind_number, struct floor, tested, .min = 1, .max = 100),
	KEY("why", kind_text, struct floor, why),
	{}
};
static const SHAPE(floor, floor);

static const struct field need_fields[] = {
	KEY("name", kind_name, struct need, name),
	KEY("is", kind_text, struct need, is),
	{}
};
static const SHAPE(need, need);

static const struct word side_words[] = {
	WORD("source", SIDE_SOURCE), WORD("destination", SIDE_DESTINATION), {}
};
static const struct word role_words[] = {
	WORD("page", ROLE_PAGE), WORD("hole", ROLE_HOLE), {}
};
static const struct word span_words[] = { { "huge", true, "true" }, {} };

static const struct field state_fields[] = {
	KEY("letter", kind_letter, struct state, letter),
	KEY("name", kind_name, struct state, name),
	KEY("is", kind_text, struct state, is),
	KEY("sides", kind_words, struct state, sides, .min = 1, OF(side_words)),
	KEY("role", kind_word, struct state, role, OPTIONAL, OF(role_words)),
	KEY("blank", kind_truth, struct state, blank, OPTIONAL),
	KEY("looks", kind_letter, struct state, looks, OPTIONAL),
	KEY("arrives", kind_letter, struct state, arrives, OPTIONAL),
	KEY("split", kind_letter, struct state, split, OPTIONAL),
	KEY("needs", kind_needs, struct state, needs, OPTIONAL),
	KEY("span", kind_yes, struct state, huge, OPTIONAL, OF(span_words)),
	KEY("shifted", kind_truth, struct state, shifted, OPTIONAL),
	KEY("inner", kind_truth, struct state, inner, OPTIONAL),
	KEY("edge", kind_truth, struct state, edge, OPTIONAL),
	KEY("unmade", kind_text, struct state, unmade, OPTIONAL),
	KEY(NULL, kind_line, struct state, line),
	KEY(NULL, kind_proposed, struct state, proposed, OPTIONAL),
	{}
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
static const SHAPE(state, state, .end = end_state);

static const struct word facet_words[] = {
	WORD("descriptor", FACET_DESCRIPTOR), WORD("caller", FACET_CALLER),
	WORD("argument", FACET_ARGUMENT), WORD("dst-address", FACET_DST_ADDRESS),
	WORD("src-address", FACET_SRC_ADDRESS), WORD("length", FACET_LENGTH),
	WORD("mode", FACET_MODE), WORD("dst-mapping", FACET_DST_MAPPING),
	WORD("src-mapping", FACET_SRC_MAPPING), WORD("registration", FACET_REGISTRATION),
	WORD("dst-pages", FACET_DST_PAGES), WORD("src-pages", FACET_SRC_PAGES),
	{}
};

static const struct field variation_fields[] = {
	KEY("name", kind_variation, struct variation, name),
	KEY("is", kind_text, struct variation, is),
	KEY("touches", kind_words, struct variation, touches, .min = 1, OF(facet_words)),
	KEY("arrives", kind_letter, struct variation, arrives, OPTIONAL),
	KEY("needs", kind_needs, struct variation, needs, OPTIONAL),
	KEY(NULL, kind_line, struct variation, line),
	{}
};
static const SHAPE(variation, variation);

/* Clauses: keys that all have, then those of each section */

const struct word level_words[] = {
	WORD("must", LEVEL_MUST), WORD("may", LEVEL_MAY), WORD("advice", LEVEL_ADVICE),
	WORD("observed", LEVEL_OBSERVED), WORD("unspecified", LEVEL_UNSPECIFIED), {}
};

static const struct word section_words[] = {
	WORD("rules", SECTION_RULE), WORD("checks", SECTION_CHECK),
	WORD("outcomes", SECTION_OUTCOME), WORD("effects", SECTION_EFFECT), {}
};

const struct field clause_fields[] = {
	KEY("id", kind_id, struct clause, id),
	KEY("level", kind_word, struct clause, level, OF(level_words)),
	KEY(NULL, kind_word, struct clause, section, OF(section_words)),
	KEY("rule", kind_sentence, struct clause, rule),
	KEY("why", kind_text, struct clause, why, OPTIONAL),
	KEY("untested", kind_text, struct clause, untested, OPTIONAL),
	KEY(NULL, kind_line, struct clause, line),
	KEY(NULL, kind_proposed, struct clause, proposed, OPTIONAL),
	LIST(NULL, kind_texts, struct clause, contradicts, MAX_CLAUSES),
	{}
};
static const SHAPE(clause, clause);

static const struct section_shape rule_section = { SECTION_RULE, NULL };

static const struct word move_words[] = {
	WORD("untouched", MOVE_UNTOUCHED), WORD("error", MOVE_ERROR),
	WORD("unreadable", MOVE_UNREADABLE), {}
};

static const struct field check_fields[] = {
	KEY(NULL, kind_clause, struct check, clause),
	KEY("errno", kind_error, struct check, error),
	KEY("move", kind_word, struct check, move, OF(move_words)),
	LIST("violate", kind_variations, struct check, violate, MAX_VARIATIONS, OPTIONAL),
	KEY("last", kind_truth, struct check, last, OPTIONAL),
	{}
};
static const SHAPE(check, check);
static const struct section_shape check_section = { SECTION_CHECK, &check_shape };

static const struct word cure_words[] = {
	WORD("store", CURE_STORE), WORD("repeat", CURE_REPEAT), {}
};

static const struct field outcome_fields[] = {
	KEY(NULL, kind_clause, struct outcome, clause),
	KEY("source", kind_letters, struct outcome, source),
	KEY("destination", kind_letters, struct outcome, destination),
	KEY("with", kind_modes, struct outcome, with, OPTIONAL),
	KEY("without", kind_modes, struct outcome, without, OPTIONAL),
	KEY("result", kind_result, struct outcome, result),
	KEY("or", kind_result, struct outcome, or, OPTIONAL),
	KEY("cure", kind_word, struct outcome, cure, OPTIONAL, OF(cure_words)),
	KEY("arrives", kind_letter, struct outcome, arrives, OPTIONAL),
	KEY("splits", kind_truth, struct outcome, splits, OPTIONAL),
	{}
};
static const SHAPE(outcome, outcome);
static const struct section_shape outcome_section = { SECTION_OUTCOME, &outcome_shape };

const struct word observation_words[] = {
	WORD("success", OBSERVE_SUCCESS), WORD("short", OBSERVE_SHORT),
	WORD("cause", OBSERVE_CAUSE), WORD("untouched", OBSERVE_UNTOUCHED),
	WORD("source", OBSERVE_SOURCE), WORD("destination", OBSERVE_DESTINATION),
	WORD("unwritten", OBSERVE_UNWRITTEN), WORD("returns", OBSERVE_RETURNS),
	WORD("cure", OBSERVE_CURE), WORD("repeat", OBSERVE_REPEAT),
	WORD("members", OBSERVE_MEMBERS), WORD("mappings", OBSERVE_MAPPINGS),
	WORD("beside", OBSERVE_BESIDE), WORD("frame", OBSERVE_FRAME),
	WORD("writable", OBSERVE_WRITABLE), WORD("soft-dirty", OBSERVE_SOFT_DIRTY),
	WORD("holder", OBSERVE_HOLDER), {}
};
static const struct word of_words[] = {
	WORD("moved", PAGES_MOVED), WORD("all", PAGES_ALL), {}
};

static const struct field effect_fields[] = {
	KEY(NULL, kind_clause, struct effect, clause),
	KEY("observe", kind_word, struct effect, observe, OF(observation_words)),
	KEY("value", kind_value, struct effect, value, OPTIONAL),
	KEY("source", kind_letters, struct effect, source, OPTIONAL),
	KEY("of", kind_word, struct effect, of, OPTIONAL, OF(of_words)),
	KEY("with", kind_modes, struct effect, with, OPTIONAL),
	KEY("without", kind_modes, struct effect, without, OPTIONAL),
	KEY("needs", kind_needs, struct effect, needs, OPTIONAL),
	LIST("unless", kind_variations, struct effect, unless, MAX_VARIATIONS, OPTIONAL),
	{}
};
static const SHAPE(effect, effect);
static const struct section_shape effect_section = { SECTION_EFFECT, &effect_shape };

_Static_assert(!offsetof(struct check, clause) && !offsetof(struct outcome, clause) &&
	       !offsetof(struct effect, clause), "a section's structures begin with the clause");

/* vectors, scenarios, deviations */

static const struct field call_fields[] = {
	KEY("from", kind_number, struct vector, from, OPTIONAL, .max = MAX_LETTERS),
	KEY("to", kind_number, struct vector, to, OPTIONAL, .max = MAX_LETTERS),
	KEY("length", kind_number, struct vector, length, OPTIONAL, .min = 1, .max = MAX_LETTERS),
	KEY("mode", kind_modes, struct vector, mode, OPTIONAL),
	{}
};

static const struct field expect_fields[] = {
	KEY("errno", kind_error_or_none, struct vector, error),
	KEY("moved", kind_moved, struct vector, moved),
	KEY("source", kind_notation, struct vector, source_after, OPTIONAL),
	KEY("destination", kind_notation, struct vector, destination_after, OPTIONAL),
	KEY("range", kind_notation, struct vector, range_after, OPTIONAL),
	{}
};

static const struct field vector_fields[] = {
	KEY("id", kind_name, struct vector, id),
	KEY("title", kind_text, struct vector, title),
	LIST("shows", kind_clauses, struct vector, shows, MAX_CLAUSES, .min = 1),
	KEY("source", kind_notation, struct vector, source, OPTIONAL),
	KEY("destination", kind_notation, struct vector, destination, OPTIONAL),
	KEY("range", kind_notation, struct vector, range, OPTIONAL),
	GROUP("call", call_fields),
	LIST("with", kind_variations, struct vector, with, MAX_TOGETHER, OPTIONAL),
	GROUP("expect", expect_fields),
	KEY(NULL, kind_line, struct vector, line),
	KEY(NULL, kind_proposed, struct vector, proposed, OPTIONAL),
	{}
};

#define NOT_GIVEN	UINT_MAX

static void begin_vector(void *entry)
{
	struct vector *v = entry;

	v->from = v->to = NOT_GIVEN;
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
			     "a vector with `range` has `from`, `to` and `length` in `call`");
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
static const SHAPE(vector, vector, .begin = begin_vector, .end = end_vector);

static const struct field fact_fields[] = {
	KEY("what", kind_fact, struct fact, what),
	KEY("value", kind_value, struct fact, value),
	{}
};
static const SHAPE(fact, fact);

static const struct field scenario_fields[] = {
	KEY("id", kind_name, struct scenario, id),
	KEY("title", kind_comment, struct scenario, title),
	LIST("shows", kind_clauses, struct scenario, shows, MAX_CLAUSES, .min = 1),
	KEY("function", kind_function, struct scenario, function),
	LIST("expect", kind_facts, struct scenario, expect, MAX_FACTS, .min = 1, OF(&fact_shape)),
	KEY("needs", kind_needs, struct scenario, needs, OPTIONAL),
	KEY(NULL, kind_line, struct scenario, line),
	KEY(NULL, kind_proposed, struct scenario, proposed, OPTIONAL),
	{}
};
static const SHAPE(scenario, scenario);

static const struct word hazard_words[] = { WORD("machine", HAZARD_MACHINE), {} };

static const struct field deviation_fields[] = {
	KEY("id", kind_name, struct deviation, id),
	KEY("clause", kind_clause, struct deviation, clause),
	KEY("is", kind_text, struct deviation, is),
	LIST("instead", kind_facts, struct deviation, instead, MAX_FACTS, .min = 1,
	     OF(&fact_shape)),
	LIST("kernels", kind_releases, struct deviation, kernels, MAX_KERNELS, .min = 1),
	KEY("architecture", kind_architecture, struct deviation, architecture, OPTIONAL),
	KEY("seen", kind_text, struct deviation, seen, OPTIONAL),
	KEY("by-chance", kind_truth, struct deviation, by_chance, OPTIONAL),
	KEY("why", kind_text, struct deviation, why),
	KEY("fixed", kind_text, struct deviation, fixed, OPTIONAL),
	KEY("hazard", kind_word, struct deviation, hazard, OPTIONAL, OF(hazard_words)),
	{}
};
static const SHAPE(deviation, deviation);

/* A proposal: what it is, and lists that become parts of the contract's */

#define PLACE \
	KEY("replaces", kind_text, struct placing, replaces, OPTIONAL), \
	KEY("before", kind_text, struct placing, before, OPTIONAL)

const struct field placing_fields[] = { PLACE, {} };

const struct field clause_placing_fields[] = {
	PLACE,
	LIST("contradicts", kind_texts, struct placing, contradicts, MAX_CLAUSES, .min = 1,
	     OPTIONAL),
	{}
};

#define ADDITIONS(name, what) \
	{ .key = name, .kind = &kind_additions, .of = what, .optional = true }

static const struct field extended_fields[] = {
	KEY("contract", kind_text, struct proposal, extends),
	KEY("version", kind_version, struct proposal, of_version),
	{}
};

static const struct field proposal_fields[] = {
	KEY("proposal", kind_identifier, struct proposal, name),
	GROUP("extends", extended_fields),
	KEY("version", kind_version, struct proposal, version),
	KEY("is", kind_text, struct proposal, is),
	ADDITIONS("modes", &mode_shape),
	ADDITIONS("needs", &need_shape),
	ADDITIONS("states", &state_shape),
	ADDITIONS("variations", &variation_shape),
	ADDITIONS("rules", &rule_section),
	ADDITIONS("checks", &check_section),
	ADDITIONS("outcomes", &outcome_section),
	ADDITIONS("effects", &effect_section),
	ADDITIONS("vectors", &vector_shape),
	ADDITIONS("scenarios", &scenario_shape),
	{}
};
const SHAPE(proposal, proposal);

/* What of it a program has; a contract that nothing extends has none of these. */
static const struct field told_of_proposal_fields[] = {
	KEY(NULL, kind_text, struct proposal, name, OPTIONAL),
	KEY(NULL, kind_text, struct proposal, version, OPTIONAL),
	KEY(NULL, kind_text, struct proposal, is, OPTIONAL),
	KEY(NULL, kind_text, struct proposal, file, OPTIONAL),
	{}
};
static const SHAPE(told_of_proposal, proposal);

/* The whole: what is referred to comes before what refers to it */
static const struct field contract_fields[] = {
	KEY("contract", kind_text, struct contract, title),
	KEY("version", kind_version, struct contract, version),
	KEY(NULL, kind_text, struct contract, file),
	KEY(NULL, kind_part, struct contract, proposal, OF(&told_of_proposal_shape)),
	KEY("floor", kind_part, struct contract, floor, OF(&floor_shape)),
	KEY("interface", kind_part, struct contract, interface, OF(&interface_shape)),
	LIST("needs", kind_list, struct contract, needs, MAX_NEEDS, OF(&need_shape)),
	LIST("states", kind_list, struct contract, states, MAX_STATES, OF(&state_shape)),
	LIST("variations", kind_list, struct contract, variations, MAX_VARIATIONS,
	     OF(&variation_shape)),
	LIST(NULL, kind_list, struct contract, clauses, MAX_CLAUSES, OF(&clause_shape)),
	{ .key = "rules", .kind = &kind_section, .of = &rule_section, .max = MAX_CLAUSES },
	LIST("checks", kind_section, struct contract, checks, MAX_ROWS, OF(&check_section)),
	LIST("outcomes", kind_section, struct contract, outcomes, MAX_ROWS,
	     OF(&outcome_section)),
	LIST("effects", kind_section, struct contract, effects, MAX_ROWS, OF(&effect_section)),
	LIST("vectors", kind_list, struct contract, vectors, MAX_ENTRIES, OF(&vector_shape)),
	LIST("scenarios", kind_list, struct contract, scenarios, MAX_ENTRIES,
	     OF(&scenario_shape)),
	LIST("deviations", kind_list, struct contract, deviations, MAX_ENTRIES,
	     OF(&deviation_shape)),
	{}
};
const SHAPE(contract, contract);
