/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From YAML nodes to C values: mappings with a closed set of keys, lists of
 * them, and the kinds of text and numbers that a contract is made of.
 *
 * Each structure has a table of its keys; a key's reader puts the value into
 * the structure and marks where it stood.  What is wrong is noted with the
 * origin, and reading goes on.
 */
#ifndef UFFDIO_MOVE_VALUES_H
#define UFFDIO_MOVE_VALUES_H

#include <stdbool.h>

#include <libfyaml.h>

#include "contract.h"
#include "origin.h"

struct reader {
	struct origin *origin;
	struct contract *contract;
	struct fy_diag *diag;	/* collects what the library says */
};

/* A node, the key or list that it is the value of, and its place. */
struct value {
	struct fy_node *node;	/* may be NULL: nothing given */
	const char *key;
	struct position where;
	bool is_entry;		/* of the list that is the key's value */
};

struct field;
typedef void read_value(struct reader *r, const struct value *v, void *into,
			const struct field *f);

/* One key of a mapping. */
struct field {
	const char *key;
	read_value *read;
	size_t offset;		/* of the member that it fills */
	bool optional;
	size_t count;		/* of the member with a list's count */
	const void *of;		/* further words of the kind: a kind of list, words, keys */
	unsigned long max;	/* of a number */
};

/* A word of a closed vocabulary, and what it stands for. */
struct word {
	const char *word;	/* NULL ends the table */
	unsigned int value;
};

/* What a list of mappings becomes. */
struct list_kind {
	size_t size;		/* of one entry */
	const struct field *fields;
	/* both may be NULL: before and after an entry's keys are read */
	void (*begin)(void *entry, struct position where);
	void (*end)(struct reader *r, void *entry, struct position where);
};

/* Is it UTF-8?  If not, @bad is where the first byte stands that is none. */
bool text_is_utf8(const char *text, size_t length, struct position *bad);

/* Fill @base, and @more by @more_fields unless that is NULL, from a mapping. */
void read_mapping(struct reader *r, const struct value *v, const struct field *fields,
		  void *base, const struct field *more_fields, void *more);

/* Note an error unless it is a list; only then the next two may be called. */
bool value_is_list(struct reader *r, const struct value *v);
size_t list_length(const struct value *list);
/* The next entry; start with *iterator NULL.  Returns false at the end. */
bool list_next(struct reader *r, const struct value *list, void **iterator,
	       struct value *entry);

/* A scalar's text as a string of the origin's, NULL and an error noted if it has none. */
const char *value_text(struct reader *r, const struct value *v);

/* Where the node stands: its text, or its first key or entry. */
struct position node_position(struct reader *r, struct fy_node *n,
			      struct position otherwise);

/* Readers.  The comment is what @into points to, then what @of is. */
read_value read_group;		/* base of the outer structure; its struct field[] */
read_value read_entries;	/* pointer to an array; struct list_kind */
read_value read_text;		/* const char *: one paragraph, not empty */
read_value read_text_or_none;	/* the same, left alone if empty */
read_value read_id;		/* const char *: words of a-z 0-9 and -, joined by dots */
read_value read_name;		/* const char *: one such word */
read_value read_identifier;	/* const char *: of C */
read_value read_letter;		/* char */
read_value read_notation;	/* const char *: letters separated by single spaces */
read_value read_letters;	/* const char *: the same, without the spaces */
read_value read_number;		/* unsigned int, at most @max */
read_value read_positive;	/* the same, and not 0 */
read_value read_truth;		/* bool */
read_value read_word;		/* enum; struct word[] */
read_value read_yes;		/* bool, true; struct word[] of one */
read_value read_words;		/* unsigned int, a mask; struct word[] */
read_value read_facts;		/* pointer to an array of struct fact */
read_value read_needs;		/* uint64_t mask */
read_value read_modes;		/* uint64_t mask */
read_value read_variations;	/* pointer to an array of indices */
read_value read_clauses;	/* pointer to an array of indices */
read_value read_clause;		/* unsigned int, index */

#endif
