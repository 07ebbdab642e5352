// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

struct parser {
	const struct source *s;
	size_t t;
	bool lost;	/* something is not understood */
};

static bool at(const struct parser *p, const char *word)
{
	return token_is(p->s, p->t, word);
}

static bool take(struct parser *p, const char *word)
{
	if (!at(p, word))
		return false;
	p->t++;
	return true;
}

static void want(struct parser *p, const char *word)
{
	if (!take(p, word))
		p->lost = true;
}

static enum token_kind kind(const struct parser *p, size_t ahead)
{
	size_t t = p->t + ahead;

	return t < p->s->n_tokens ? p->s->tokens[t].kind : TOKEN_END;
}

static struct node *node_new(enum node_kind kind, size_t first)
{
	struct node *n = zeroed(1, sizeof(*n));

	n->kind = kind;
	n->first = first;
	return n;
}

static void add_kid(struct node *n, struct node *kid)
{
	n->kids = realloc(n->kids, (n->n_kids + 1) * sizeof(*n->kids));
	if (!n->kids)
		refuse("no memory", "");
	n->kids[n->n_kids++] = kid;
}

static struct node *ended(struct parser *p, struct node *n)
{
	n->last = p->t > n->first ? p->t - 1 : n->first;
	return n;
}

static bool is_one_of(const struct source *s, size_t t, const char *const *words)
{
	for (; *words; words++)
		if (token_is(s, t, *words))
			return true;
	return false;
}

static bool names_type(const struct source *s, size_t t)
{
	static const char *const words[] = {
		"struct", "union", "enum", "unsigned", "signed", "long", "int", "short", "char",
		"void", "bool", "const", "static", "__u64", "__s64", "u64", "u32", "__force", NULL,
	};
	const struct token *token = &s->tokens[t];

	if (token->kind != TOKEN_NAME)
		return false;
	if (is_one_of(s, t, words))
		return true;
	return token->length > 2 && !strncmp(s->text + token->at + token->length - 2, "_t", 2);
}

/* Past a pair of brackets, of whichever kind, that begins here. */
static void skip_brackets(struct parser *p)
{
	int depth = 0;

	do {
		if (at(p, "(") || at(p, "[") || at(p, "{"))
			depth++;
		if (at(p, ")") || at(p, "]") || at(p, "}"))
			depth--;
		p->t++;
	} while (depth && kind(p, 0) != TOKEN_END);
}

static struct node *assignment(struct parser *p);
static struct node *expression(struct parser *p);
static struct node *statement(struct parser *p);

/* { a, .b = c } */
static struct node *value_list(struct parser *p)
{
	struct node *n = node_new(NODE_LIST, p->t);

	want(p, "{");
	while (!at(p, "}") && !p->lost) {
		if (take(p, ".")) {
			p->t++;
			want(p, "=");
		}
		add_kid(n, at(p, "{") ? value_list(p) : assignment(p));
		if (!take(p, ","))
			break;
	}
	want(p, "}");
	return ended(p, n);
}

static struct node *argument(struct parser *p)
{
	struct node *n;

	if (!names_type(p->s, p->t))
		return assignment(p);
	n = node_new(NODE_TYPE, p->t);
	while (!at(p, ",") && !at(p, ")") && kind(p, 0) != TOKEN_END)
		p->t++;
	return ended(p, n);
}

static struct node *atom(struct parser *p)
{
	struct node *n = node_new(NODE_ATOM, p->t);

	if (at(p, "sizeof") || at(p, "offsetof")) {
		n->kind = NODE_TYPE;
		p->t++;
		skip_brackets(p);
	} else if (at(p, "(")) {
		n->kind = NODE_PAREN;
		p->t++;
		add_kid(n, expression(p));
		want(p, ")");
	} else if (kind(p, 0) == TOKEN_TEXT) {
		while (kind(p, 0) == TOKEN_TEXT || kind(p, 0) == TOKEN_NAME)
			p->t++;
	} else if (kind(p, 0) == TOKEN_NAME || kind(p, 0) == TOKEN_NUMBER) {
		p->t++;
	} else {
		p->lost = true;
	}
	return ended(p, n);
}

static struct node *around(enum node_kind kind, struct node *inner, size_t sign)
{
	struct node *n = node_new(kind, inner->first);

	n->sign = sign;
	add_kid(n, inner);
	return n;
}

static struct node *postfix(struct parser *p)
{
	struct node *n = atom(p);

	while (!p->lost) {
		if (at(p, "(")) {
			n = around(NODE_CALL, n, p->t++);
			while (!at(p, ")") && !p->lost) {
				add_kid(n, argument(p));
				if (!take(p, ","))
					break;
			}
			want(p, ")");
		} else if (at(p, "[")) {
			n = around(NODE_INDEX, n, p->t++);
			add_kid(n, expression(p));
			want(p, "]");
		} else if (at(p, ".") || at(p, "->")) {
			n = around(NODE_MEMBER, n, p->t);
			p->t += 2;
		} else if (at(p, "++") || at(p, "--")) {
			n = around(NODE_UNARY, n, p->t++);
		} else {
			break;
		}
		ended(p, n);
	}
	return n;
}

static struct node *unary(struct parser *p)
{
	static const char *const signs[] = { "!", "~", "-", "+", "*", "&", "++", "--", NULL };
	struct node *n = node_new(NODE_UNARY, p->t);

	n->sign = p->t;
	if (kind(p, 0) == TOKEN_SIGN && is_one_of(p->s, p->t, signs)) {
		p->t++;
		add_kid(n, unary(p));
		return ended(p, n);
	}
	if (at(p, "(") && names_type(p->s, p->t + 1)) {
		skip_brackets(p);
		add_kid(n, at(p, "{") ? value_list(p) : unary(p));
		return ended(p, n);
	}
	free(n);
	return postfix(p);
}

static int precedence(const struct parser *p)
{
	static const char *const signs[][5] = {
		{ "||" }, { "&&" }, { "|" }, { "^" }, { "&" }, { "==", "!=" },
		{ "<", ">", "<=", ">=" }, { "<<", ">>" }, { "+", "-" }, { "*", "/", "%" },
	};

	if (kind(p, 0) == TOKEN_SIGN)
		for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++)
			if (is_one_of(p->s, p->t, signs[i]))
				return i + 1;
	return 0;
}

static struct node *binary(struct parser *p, int least)
{
	struct node *n = unary(p);
	int level;

	while (!p->lost && (level = precedence(p)) >= least && level) {
		n = around(NODE_BINARY, n, p->t++);
		add_kid(n, binary(p, level + 1));
		ended(p, n);
	}
	return n;
}

static struct node *choice(struct parser *p)
{
	struct node *n = binary(p, 1);

	if (p->lost || !at(p, "?"))
		return n;
	n = around(NODE_CHOICE, n, p->t++);
	add_kid(n, expression(p));
	want(p, ":");
	add_kid(n, choice(p));
	return ended(p, n);
}

static struct node *assignment(struct parser *p)
{
	static const char *const signs[] = {
		"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", NULL
	};
	struct node *n = choice(p);

	if (p->lost || kind(p, 0) != TOKEN_SIGN || !is_one_of(p->s, p->t, signs))
		return n;
	n = around(NODE_BINARY, n, p->t++);
	add_kid(n, assignment(p));
	return ended(p, n);
}

static struct node *expression(struct parser *p)
{
	struct node *n = assignment(p);

	while (!p->lost && at(p, ",")) {
		n = around(NODE_BINARY, n, p->t++);
		add_kid(n, assignment(p));
		ended(p, n);
	}
	return n;
}

static bool declares(const struct parser *p)
{
	static const char *const after[] = { "=", ";", ",", "[", NULL };
	const struct source *s = p->s;

	if (kind(p, 0) != TOKEN_NAME)
		return false;
	if (names_type(s, p->t) || kind(p, 1) == TOKEN_NAME)
		return true;
	return token_is(s, p->t + 1, "*") && kind(p, 2) == TOKEN_NAME &&
	       is_one_of(s, p->t + 3, after);
}

/* Types and names are passed over; what follows a = is a value. */
static struct node *declaration(struct parser *p)
{
	struct node *n = node_new(NODE_DECLARE, p->t);

	while (!at(p, ";") && !p->lost && kind(p, 0) != TOKEN_END) {
		if (take(p, "="))
			add_kid(n, at(p, "{") ? value_list(p) : assignment(p));
		else if (at(p, "(") || at(p, "["))
			skip_brackets(p);
		else
			p->t++;
	}
	want(p, ";");
	return ended(p, n);
}

static struct node *condition(struct parser *p)
{
	struct node *n;

	want(p, "(");
	n = expression(p);
	want(p, ")");
	return n;
}

static struct node *nothing(struct parser *p)
{
	struct node *n = node_new(NODE_TYPE, p->t);

	n->last = n->first;
	return n;
}

static struct node *for_loop(struct parser *p)
{
	struct node *n = node_new(NODE_LOOP, p->t++);

	want(p, "(");
	if (!at(p, ";"))
		expression(p);
	want(p, ";");
	add_kid(n, at(p, ";") ? nothing(p) : expression(p));
	want(p, ";");
	if (!at(p, ")"))
		expression(p);
	want(p, ")");
	add_kid(n, statement(p));
	return ended(p, n);
}

static struct node *do_loop(struct parser *p)
{
	struct node *n = node_new(NODE_LOOP, p->t++);
	struct node *body = statement(p);

	want(p, "while");
	add_kid(n, condition(p));
	add_kid(n, body);
	want(p, ";");
	return ended(p, n);
}

static struct node *with_condition(struct parser *p, enum node_kind kind)
{
	struct node *n = node_new(kind, p->t++);

	add_kid(n, condition(p));
	add_kid(n, statement(p));
	if (kind == NODE_IF && take(p, "else"))
		add_kid(n, statement(p));
	return ended(p, n);
}

static struct node *jump(struct parser *p)
{
	struct node *n = node_new(NODE_JUMP, p->t);
	bool has_value = at(p, "return");

	p->t++;
	if (has_value && !at(p, ";"))
		add_kid(n, expression(p));
	else if (!at(p, ";"))
		p->t++;
	want(p, ";");
	return ended(p, n);
}

static struct node *block(struct parser *p)
{
	struct node *n = node_new(NODE_BLOCK, p->t);

	want(p, "{");
	while (!at(p, "}") && kind(p, 0) != TOKEN_END)
		add_kid(n, statement(p));
	want(p, "}");
	return ended(p, n);
}

/* A call for its effect, or a macro that is a loop's head. */
static struct node *effect(struct parser *p)
{
	struct node *n = node_new(NODE_DO, p->t);

	add_kid(n, expression(p));
	if (!p->lost && !at(p, ";")) {
		n->kind = NODE_LOOP;
		n->kids[0] = nothing(p);
		add_kid(n, statement(p));
		return ended(p, n);
	}
	want(p, ";");
	return ended(p, n);
}

static bool skip_label(struct parser *p)
{
	if (at(p, "case") || at(p, "default")) {
		while (!at(p, ":") && kind(p, 0) != TOKEN_END)
			p->t++;
		p->t++;
		return true;
	}
	if (kind(p, 0) != TOKEN_NAME || !token_is(p->s, p->t + 1, ":"))
		return false;
	p->t += 2;
	return true;
}

static struct node *plain_statement(struct parser *p)
{
	if (at(p, "{"))
		return block(p);
	if (at(p, "if"))
		return with_condition(p, NODE_IF);
	if (at(p, "while"))
		return with_condition(p, NODE_LOOP);
	if (at(p, "switch"))
		return with_condition(p, NODE_SWITCH);
	if (at(p, "for"))
		return for_loop(p);
	if (at(p, "do"))
		return do_loop(p);
	if (at(p, "return") || at(p, "goto") || at(p, "break") || at(p, "continue"))
		return jump(p);
	if (take(p, ";"))
		return node_new(NODE_TYPE, p->t - 1);
	return declares(p) ? declaration(p) : effect(p);
}

/* What is not understood is passed over as far as its end. */
static struct node *statement(struct parser *p)
{
	size_t first;
	struct node *n;

	while (skip_label(p))
		;
	if (at(p, "}"))
		return nothing(p);
	first = p->t;
	n = plain_statement(p);
	if (!p->lost)
		return n;
	p->lost = false;
	p->t = first;
	while (!at(p, ";") && !at(p, "{") && !at(p, "}") && kind(p, 0) != TOKEN_END) {
		if (at(p, "("))
			skip_brackets(p);
		else
			p->t++;
	}
	if (at(p, "{"))
		skip_brackets(p);
	else if (at(p, ";"))
		p->t++;
	n = node_new(NODE_TYPE, first);
	ended(p, n);
	for (size_t t = n->first; t <= n->last; t++)
		if (p->s->added[p->s->tokens[t].line])
			refuse("a statement is not understood: ", tokens_text(p->s, first, n->last));
	return n;
}

/* The first name that a parenthesis follows, since what came before has ended. */
static size_t name_of_function(const struct source *s, size_t begin, size_t brace)
{
	for (size_t t = begin; t + 1 < brace; t++)
		if (s->tokens[t].kind == TOKEN_NAME && token_is(s, t + 1, "("))
			return t;
	return 0;
}

bool parse_function(const struct source *s, size_t *t, struct function *f)
{
	struct parser p = { .s = s, .t = *t };
	size_t begin = *t;

	while (kind(&p, 0) != TOKEN_END) {
		size_t name;

		if (at(&p, "(") || at(&p, "[")) {
			skip_brackets(&p);
			continue;
		}
		if (!at(&p, "{")) {
			if (at(&p, ";") || at(&p, "}"))
				begin = p.t + 1;
			p.t++;
			continue;
		}
		name = name_of_function(s, begin, p.t);
		if (!name || token_is(s, p.t - 1, "=")) {
			skip_brackets(&p);
			continue;
		}
		f->name = tokens_text(s, name, name);
		f->parameters = name + 1;
		f->body = block(&p);
		*t = p.t;
		return true;
	}
	return false;
}

bool is_call_of(const struct source *s, const struct node *n, const char *name)
{
	return n->kind == NODE_CALL && n->kids[0]->kind == NODE_ATOM &&
	       token_is(s, n->kids[0]->first, name);
}

const struct node *node_bare(const struct source *s, const struct node *n)
{
	while (n->kind == NODE_PAREN || is_call_of(s, n, "likely") || is_call_of(s, n, "unlikely"))
		n = n->kids[n->n_kids - 1];
	return n;
}
