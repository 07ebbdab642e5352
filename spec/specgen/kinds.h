/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kinds of values that a contract is made of.  A kind knows how to read a
 * YAML node into the member of a structure, and how to print that member as a C
 * initializer; a structure is a table of its members (shapes.h), along which both
 * the reader and the emitter walk.
 */
#ifndef UFFDIO_MOVE_KINDS_H
#define UFFDIO_MOVE_KINDS_H

#include <stdbool.h>
#include <stdio.h>

#include "contract.h"
#include "nodes.h"

struct field;

/* Where initializers go. */
struct printer {
	FILE *out;
	const struct contract *contract;
	unsigned int depth;	/* tabs before a line */
};

struct kind {
	/* into and from: the member */
	void (*read)(struct reader *r, const struct value *v, void *into, const struct field *f);
	void (*print)(struct printer *p, const void *from, const struct field *f);
	size_t size;	/* of the member, if it may be left out */
	/* of texts: is it one?  NULL: any is */
	bool (*fits)(const char *text);
	/* of references: the index or bit of a thing by its name, SIZE_MAX if there is none */
	size_t (*find)(const struct contract *c, const char *name);
	const char *is;	/* what has to fit, or be found */
};

#define MAX_KEYS	24	/* of one structure */

/* One member of a structure. */
struct field {
	const char *key;	/* in YAML; NULL: the reader sets it by itself */
	const struct kind *kind;	/* NULL ends the table */
	const char *member;	/* in C; NULL: none of its own */
	size_t offset;
	size_t count;		/* of a list: the member with its length */
	const void *of;		/* what the kind's comment says */
	unsigned long min, max;	/* of a number, or of a list's length */
	bool optional;
};

/* A word of a closed vocabulary, and what it stands for. */
struct word {
	const char *word;	/* NULL ends the table */
	unsigned int value;
	const char *name;	/* of the value, in C */
};

/* What a mapping becomes. */
struct shape {
	const char *type;	/* in C */
	size_t size;
	const struct field *fields;
	/* both may be NULL: before and after an entry's keys are read */
	void (*begin)(void *entry);
	void (*end)(struct reader *r, void *entry, struct position where);
};

/* A section of clauses, and the table of its own that goes with them. */
struct section_shape {
	enum section section;
	const struct shape *shape;	/* begins with the clause's index; NULL: no table */
};

/* Fill @base from a mapping. */
void read_fields(struct reader *r, const struct value *v, const struct field *fields, void *base);

/* The same of those keys that are in @fields, whatever other keys there are. */
void read_some_fields(struct reader *r, const struct value *v, const struct field *fields,
		      void *base);

/* A line with the initializer of each member. */
void print_fields(struct printer *p, const struct field *fields, const void *base);

/* The word that stands for a value. */
const char *word_of(const struct word *words, unsigned int value);

/* The comment is the member's type, then what @of is. */
extern const struct kind
	kind_text,		/* const char *: one paragraph, not empty */
	kind_comment,		/* const char *: one that gets into a comment of C */
	kind_sentence,		/* const char * */
	kind_version,		/* const char * */
	kind_error,		/* const char *: an errno's name */
	kind_errors,		/* const char *: one or several, with | between */
	kind_error_or_none,	/* const char *: or "0" */
	kind_moved,		/* const char *: letters, "error" or "untouched" */
	kind_fact,		/* const char *: the name of one */
	kind_value,		/* const char *: of a fact, "a|b": either */
	kind_id,		/* const char *: words of a-z 0-9 and -, joined by dots */
	kind_name,		/* const char *: one such word */
	kind_variation,		/* const char *: the same, of a variation */
	kind_identifier,	/* const char *: of C */
	kind_function,		/* const char *: of a scenario */
	kind_notation,		/* const char *: letters separated by single spaces */
	kind_letters,		/* const char *: the same, without the spaces; or "*" */
	kind_letter,		/* char */
	kind_number,		/* unsigned int, from @min to @max */
	kind_line,		/* int: where the entry stands */
	kind_proposed,		/* bool: it stands in a proposal */
	kind_truth,		/* bool */
	kind_word,		/* enum; struct word[] */
	kind_yes,		/* bool, true; struct word[] of one */
	kind_words,		/* unsigned int, a mask; struct word[] */
	kind_result,		/* struct result */
	kind_facts,		/* pointer to an array of struct fact; the shape of one */
	kind_needs,		/* uint64_t mask */
	kind_modes,		/* uint64_t mask */
	kind_variations,	/* pointer to an array of indices */
	kind_clauses,		/* pointer to an array of indices */
	kind_deviation,		/* unsigned int, index */
	kind_deviations,	/* pointer to an array of indices */
	kind_architecture,	/* const char *: as records have it */
	kind_texts,		/* pointer to an array of const char * */
	kind_releases,		/* the same, each a range of releases (releases.h) */
	kind_clause,		/* unsigned int, index */
	kind_group,		/* none: further keys of the same structure; struct field[] */
	kind_part,		/* a structure; struct shape */
	kind_list,		/* pointer to an array of structures; struct shape */
	kind_section;		/* pointer to an array of structures; struct section_shape */

/* Does each of the values that @values has between bars fit a kind of text? */
bool values_fit(const char *values, const struct kind *kind);

#endif
