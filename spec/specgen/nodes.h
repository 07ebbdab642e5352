/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The nodes of a YAML file, each with its place: texts, lists and mappings.
 *
 * What is wrong is noted with the origin, and reading goes on.
 */
#ifndef UFFDIO_MOVE_NODES_H
#define UFFDIO_MOVE_NODES_H

#include <stdbool.h>

#include <libfyaml.h>

#include "contract.h"
#include "origin.h"

struct field;
struct additions;

struct reader {
	struct origin *origin;
	unsigned int file;	/* of the origin's: the one that is loaded */
	struct contract *contract;
	struct clause *clauses;	/* the contract's, while they are read */
	struct additions *additions;	/* what a proposal adds to the lists; NULL: nothing */
	/* what the file holds as a whole: what it is called, its keys, and where they go */
	const char *what;
	const struct field *fields;
	void *into;
};

/* A node, the key or list that it is the value of, and its place. */
struct value {
	struct fy_node *node;	/* may be NULL: nothing given */
	const char *key;
	struct position where;
	bool is_entry;		/* of the list that is the key's value */
	/* of a list to which a proposal adds: all entries; NULL: those of the node */
	const struct value *entries;
	size_t n_entries;
	/* of an entry that a proposal adds: what it says of its place; else NULL */
	const struct placing *placing;
};

/* Note an error at a value. */
#define error_at_value(r, v, ...) origin_error((r)->origin, (v)->where, __VA_ARGS__)

/* Is it UTF-8?  If not, @bad is where the first byte stands that is none. */
bool text_is_utf8(const char *text, size_t length, struct position *bad);

/* Where the node stands: its text, or its first key or entry. */
struct position node_position(struct fy_node *n, struct position otherwise);

/* Note an error unless it is a list, or a mapping; only then the next ones may be called. */
bool value_is_list(struct reader *r, const struct value *v);
bool value_is_mapping(struct reader *r, const struct value *v);

size_t list_length(const struct value *list);
/* The next entry; start with *@iterator NULL.  Returns false at the end. */
bool list_next(const struct value *list, void **iterator, struct value *entry);

size_t mapping_length(const struct value *mapping);
/* The next key and its value, whose .key is still to be set. */
bool mapping_next(const struct value *mapping, void **iterator, struct value *key,
		  struct value *value);

/* The value of a key of an entry; false if it is no mapping, or has no such key. */
bool entry_value(const struct value *entry, const char *name, struct value *value);

/* A scalar's text as a string of the origin's, NULL and an error noted if it has none. */
const char *value_text(struct reader *r, const struct value *v);

/* The same where the text is a number or a truth: it is written bare, in quotes it is a text. */
const char *value_bare_text(struct reader *r, const struct value *v, const char *kind);

#endif
