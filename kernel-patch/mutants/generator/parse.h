/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of a source as trees, as far as slips are made in them.  What is not
 * understood is left out, and is an error if the series has added it.
 */
#ifndef PARSE_H
#define PARSE_H

#include "source.h"

enum node_kind {
	/* statements */
	NODE_BLOCK,		/* statements */
	NODE_IF,		/* condition, then, else if there is one */
	NODE_LOOP,		/* condition, or nothing; body */
	NODE_SWITCH,		/* value, body */
	NODE_JUMP,		/* return, goto, break, continue; the value, if there is one */
	NODE_DO,		/* an expression for its effect */
	NODE_DECLARE,		/* initial values */
	/* expressions */
	NODE_ATOM,
	NODE_CALL,		/* what is called, arguments */
	NODE_MEMBER,		/* of what; sign is . or -> */
	NODE_INDEX,		/* of what, index */
	NODE_UNARY,		/* operand; also a cast, whose sign is its parenthesis */
	NODE_BINARY,		/* both operands, with assignments */
	NODE_CHOICE,		/* condition, if so, if not */
	NODE_PAREN,		/* what is within */
	NODE_LIST,		/* values in braces */
	NODE_TYPE,		/* sizeof and the like: nothing to be changed */
};

struct node {
	enum node_kind kind;
	size_t first, last;	/* tokens */
	size_t sign;		/* the operator's token */
	struct node **kids;
	size_t n_kids;
};

struct function {
	char *name;
	size_t parameters;	/* the token of their parenthesis */
	struct node *body;
};

/* The function whose body has the next { at or after token *@t, which moves on; false: there is none. */
bool parse_function(const struct source *s, size_t *t, struct function *f);

/* What is in as many parentheses and likely()s as there are. */
const struct node *node_bare(const struct source *s, const struct node *n);

bool is_call_of(const struct source *s, const struct node *n, const char *name);

#endif
