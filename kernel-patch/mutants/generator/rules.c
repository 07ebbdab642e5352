// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules, each named as in ids.  Conditions:
 *   check      what follows an if, or a loop's body, is never done
 *   always     it is always done
 *   uncalled   it is not even called, where the condition is a call that has an effect
 *   operand    one of several && or || is left out
 *   choice     always the first, or always the second of ?:
 *   compare    < for <=, == for !=
 * Statements:
 *   statement  one is left out
 *   jump       a return, break or goto is left out
 *   pair       both calls of a pair are left out: a lock that nobody takes
 * Values:
 *   errno      another one
 *   side       that of the destination for that of the source, and the reverse
 *   bit        one is not set, or cleared, in an entry
 *   flag       one of several | is left out
 *   mask       nothing of a &, or all
 *   addend     what is added or subtracted is left out
 *   count      a page more, or less
 *   least      always the first, or always the second of min() and max()
 *   number     one more, or less
 *   truth      true for false
 *   state      a sleep that no signal ends
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutants.h"

struct context {
	struct mutants *m;
	const struct source *s;
	const struct function *f;
};

/* What may be said of the place of an expression. */
#define PLACE_STORED	1	/* it has an address: a value in its place would not do */
#define PLACE_CONDITION	2	/* it is all of a condition */

static char *text_of(const struct context *c, const struct node *n)
{
	return tokens_text(c->s, n->first, n->last);
}

static bool sign_is(const struct context *c, const struct node *n, const char *sign)
{
	return token_is(c->s, n->sign, sign);
}

/* In place of @n there may be @is. */
static void replace(const struct context *c, const char *rule, const struct node *n, const char *is)
{
	char *before;

	if (!mutant_add(c->m, c->s, c->f, rule, n->first, n->last, is))
		return;
	if (asprintf(&before, "(MUTANT(%%zu) ? (%s) : (", is) < 0)
		refuse("no memory", "");
	mutant_edit(c->m, n->first, n->last, before, "))");
	free(before);
}

__attribute__((format(printf, 4, 5)))
static void replacef(const struct context *c, const char *rule, const struct node *n,
		     const char *format, ...)
{
	va_list values;
	char *is;
	int length;

	va_start(values, format);
	length = vasprintf(&is, format, values);
	va_end(values);
	if (length < 0)
		refuse("no memory", "");
	replace(c, rule, n, is);
	free(is);
}

static void leave_out(const struct context *c, const char *rule, const struct node *n)
{
	if (mutant_add(c->m, c->s, c->f, rule, n->first, n->last, ";"))
		mutant_edit(c->m, n->first, n->last, "{ if (!MUTANT(%zu)) ", " }");
}

static bool name_begins(const struct context *c, size_t t, const char *prefix)
{
	const struct token *token = &c->s->tokens[t];

	return token->kind == TOKEN_NAME && token->length >= strlen(prefix) &&
	       !strncmp(c->s->text + token->at, prefix, strlen(prefix));
}

static bool is_one_of(const struct context *c, const struct node *n, const char *const *prefixes)
{
	if (n->kind != NODE_CALL || n->kids[0]->kind != NODE_ATOM)
		return false;
	for (; *prefixes; prefixes++)
		if (name_begins(c, n->kids[0]->first, *prefixes))
			return true;
	return false;
}

/* What tells of a mistake, and does nothing else. */
static bool is_assertion(const struct context *c, const struct node *n)
{
	static const char *const prefixes[] = {
		"VM_WARN", "VM_BUG", "WARN", "BUG", "mmap_assert", "lockdep_", "__acquire",
		"__release", NULL
	};

	return is_one_of(c, n, prefixes);
}

static bool has_effect(const struct context *c, const struct node *n)
{
	static const char *const prefixes[] = {
		"put_user", "copy_from_user", "anon_vma_prepare", "pte_alloc", "mmget_not_zero",
		"folio_trylock", NULL
	};

	if (is_one_of(c, n, prefixes) || (n->kind == NODE_UNARY && sign_is(c, n, "++")))
		return true;
	for (size_t i = 0; i < n->n_kids; i++)
		if (has_effect(c, n->kids[i]))
			return true;
	return false;
}

static const char *other_errno(const struct context *c, const struct node *n)
{
	static const char *const others[][2] = {
		{ "EINVAL", "EBUSY" }, { "ENOENT", "EEXIST" }, { "EEXIST", "ENOENT" },
		{ "EBUSY", "EAGAIN" }, { "EAGAIN", "EBUSY" }, { "EFAULT", "EINVAL" },
		{ "ENOMEM", "EAGAIN" }, { "ESRCH", "EINVAL" }, { "EINTR", "EAGAIN" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (token_is(c->s, n->first, others[i][0]))
			return others[i][1];
	if (name_begins(c, n->first, "E") && n->kind == NODE_ATOM)
		refuse("no other errno is known for ", text_of(c, n));
	return NULL;
}

/* dst_pmd for src_pmd; NULL: it has no side. */
static char *other_side(const struct context *c, size_t t)
{
	char *name = tokens_text(c->s, t, t);

	if (name_begins(c, t, "src"))
		memcpy(name, "dst", 3);
	else if (name_begins(c, t, "dst"))
		memcpy(name, "src", 3);
	else
		return NULL;
	return name;
}

static bool function_has(const struct context *c, const char *name)
{
	for (size_t t = c->f->parameters; t < c->f->body->last; t++)
		if (token_is(c->s, t, name) && !token_is(c->s, t - 1, "->") &&
		    !token_is(c->s, t - 1, "."))
			return true;
	return false;
}

static void expression(const struct context *c, const struct node *n, int place);

static void atom(const struct context *c, const struct node *n, int place)
{
	char *other = c->s->tokens[n->first].kind == TOKEN_NAME ? other_side(c, n->first) : NULL;

	if (place & PLACE_STORED)
		return;
	if (other && function_has(c, other))
		replace(c, "side", n, other);
	else if (token_is(c->s, n->first, "true"))
		replace(c, "truth", n, "false");
	else if (token_is(c->s, n->first, "false"))
		replace(c, "truth", n, "true");
	else if (token_is(c->s, n->first, "TASK_KILLABLE"))
		replace(c, "state", n, "TASK_UNINTERRUPTIBLE");
	else if (token_is(c->s, n->first, "HPAGE_PMD_SIZE")) {
		replace(c, "count", n, "HPAGE_PMD_SIZE + PAGE_SIZE");
		replace(c, "count", n, "HPAGE_PMD_SIZE - PAGE_SIZE");
	} else if (token_is(c->s, n->first, "1") || name_begins(c, n->first, "MOVE_")) {
		replacef(c, "number", n, "%s + 1", text_of(c, n));
		replacef(c, "number", n, "%s - 1", text_of(c, n));
	}
	free(other);
}

static void member(const struct context *c, const struct node *n, int place)
{
	bool behind_pointer = sign_is(c, n, "->");
	char *other = other_side(c, n->last);

	if (other && !(place & PLACE_STORED))
		replacef(c, "side", n, "%s%s%s", text_of(c, n->kids[0]), behind_pointer ? "->" : ".",
			 other);
	free(other);
	expression(c, n->kids[0], behind_pointer ? 0 : place & PLACE_STORED);
}

static void unary(const struct context *c, const struct node *n)
{
	const struct node *operand = n->kids[0];
	const char *other;
	bool stored = sign_is(c, n, "&") || sign_is(c, n, "++") || sign_is(c, n, "--");

	other = sign_is(c, n, "-") && tokens_are_added(c->s, n->first, n->last) ?
		other_errno(c, operand) : NULL;
	if (other)
		replacef(c, "errno", n, "-%s", other);
	else
		expression(c, operand, stored ? PLACE_STORED : 0);
}

static const char *other_comparison(const struct context *c, const struct node *n)
{
	static const char *const others[][2] = {
		{ "==", "!=" }, { "!=", "==" }, { "<", "<=" }, { "<=", "<" }, { ">", ">=" },
		{ ">=", ">" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (sign_is(c, n, others[i][0]))
			return others[i][1];
	return NULL;
}

static bool is_assignment(const struct context *c, const struct node *n)
{
	const struct token *t = &c->s->tokens[n->sign];

	return c->s->text[t->at + t->length - 1] == '=' && !other_comparison(c, n);
}

/* Of a && b || c, say, each part whose sign is another one. */
static void operands(const struct context *c, const struct node *n)
{
	bool is_and = sign_is(c, n, "&&");

	for (size_t i = 0; i < 2; i++) {
		const struct node *kid = n->kids[i];

		if (kid->kind == NODE_BINARY && sign_is(c, kid, is_and ? "&&" : "||"))
			continue;
		if (mutant_add(c->m, c->s, c->f, "operand", kid->first, kid->last,
			       is_and ? "true" : "false"))
			mutant_edit(c->m, kid->first, kid->last,
				    is_and ? "(MUTANT(%zu) || (" : "(!MUTANT(%zu) && (", "))");
	}
}

static void flags(const struct context *c, const struct node *n)
{
	for (size_t i = 0; i < 2; i++)
		if (n->kids[i]->kind != NODE_BINARY || !sign_is(c, n->kids[i], "|"))
			replace(c, "flag", n->kids[i], "0");
}

static bool is_atom(const struct context *c, const struct node *n, const char *name)
{
	return n->kind == NODE_ATOM && token_is(c->s, n->first, name);
}

static void arithmetic(const struct context *c, const struct node *n, int place)
{
	char *text = text_of(c, n), *first = text_of(c, n->kids[0]);

	if (sign_is(c, n, "|")) {
		flags(c, n);
	} else if (sign_is(c, n, "&") && !(place & PLACE_CONDITION)) {
		replace(c, "mask", n, "0");
		replace(c, "mask", n, first);
	} else if (sign_is(c, n, "+") || sign_is(c, n, "-")) {
		replace(c, "addend", n, first);
	} else if (sign_is(c, n, "*") && is_atom(c, n->kids[1], "PAGE_SIZE")) {
		replacef(c, "count", n, "%s + PAGE_SIZE", text);
		replacef(c, "count", n, "%s - PAGE_SIZE", text);
	} else if (sign_is(c, n, ">>") && is_atom(c, n->kids[1], "PAGE_SHIFT")) {
		replacef(c, "count", n, "(%s) + 1", text);
		replacef(c, "count", n, "(%s) - 1", text);
	}
	free(text);
	free(first);
}

static void binary(const struct context *c, const struct node *n, int place)
{
	const char *other = other_comparison(c, n);
	int first = 0, second = 0;

	if (is_assignment(c, n)) {
		first = PLACE_STORED;
	} else if (other) {
		replacef(c, "compare", n, "%s %s %s", text_of(c, n->kids[0]), other,
			 text_of(c, n->kids[1]));
	} else if (sign_is(c, n, "&&") || sign_is(c, n, "||")) {
		operands(c, n);
		first = second = PLACE_CONDITION;
	} else {
		arithmetic(c, n, place);
	}
	expression(c, n->kids[0], first);
	expression(c, n->kids[1], second);
}

static void call(const struct context *c, const struct node *n)
{
	static const char *const bits[] = { "pte_mk", "pmd_mk", "pte_swp_mk", "pte_swp_clear", NULL };
	static const char *const least[] = { "min", "max", NULL };
	static const char *const once[] = { "READ_ONCE", "WRITE_ONCE", NULL };
	size_t first = n->n_kids > 1 && n->kids[1]->kind == NODE_TYPE ? 2 : 1;

	if (is_assertion(c, n))
		return;
	if (is_one_of(c, n, bits))
		replace(c, "bit", n, text_of(c, n->kids[1]));
	if (is_one_of(c, n, least))
		for (size_t i = first; i < n->n_kids; i++)
			replace(c, "least", n, text_of(c, n->kids[i]));
	for (size_t i = first; i < n->n_kids; i++)
		expression(c, n->kids[i], i == 1 && is_one_of(c, n, once) ? PLACE_STORED : 0);
}

static void choice(const struct context *c, const struct node *n)
{
	const struct node *condition = n->kids[0];

	replace(c, "choice", condition, "1");
	if (mutant_add(c->m, c->s, c->f, "choice", condition->first, condition->last, "0"))
		mutant_edit(c->m, condition->first, condition->last, "(!MUTANT(%zu) && (", "))");
	expression(c, condition, PLACE_CONDITION);
	expression(c, n->kids[1], 0);
	expression(c, n->kids[2], 0);
}

static void expression(const struct context *c, const struct node *n, int place)
{
	switch (n->kind) {
	case NODE_ATOM:
		atom(c, n, place);
		break;
	case NODE_MEMBER:
		member(c, n, place);
		break;
	case NODE_UNARY:
		unary(c, n);
		break;
	case NODE_BINARY:
		binary(c, n, place);
		break;
	case NODE_CALL:
		call(c, n);
		break;
	case NODE_CHOICE:
		choice(c, n);
		break;
	case NODE_PAREN:
		expression(c, n->kids[0], place);
		break;
	case NODE_INDEX:
	case NODE_LIST:
		for (size_t i = 0; i < n->n_kids; i++)
			expression(c, n->kids[i], 0);
		break;
	default:
		break;
	}
}

static bool ends_with_jump(const struct node *n)
{
	while (n->kind == NODE_BLOCK && n->n_kids)
		n = n->kids[n->n_kids - 1];
	return n->kind == NODE_JUMP;
}

/* Of an if or a loop. */
static void condition(const struct context *c, const struct node *n)
{
	const struct node *condition = n->kids[0];
	size_t first = condition->first, last = condition->last;
	bool may_be_true = n->kind == NODE_IF && (n->n_kids == 3 || !ends_with_jump(n->kids[1]));

	if (condition->kind == NODE_TYPE)
		return;
	if (mutant_add(c->m, c->s, c->f, "check", first, last, "0"))
		mutant_edit(c->m, first, last, "((", ") && !MUTANT(%zu))");
	if (may_be_true && mutant_add(c->m, c->s, c->f, "always", first, last, "1"))
		mutant_edit(c->m, first, last, "((", ") || MUTANT(%zu))");
	if (has_effect(c, condition) && node_bare(c->s, condition)->kind != NODE_BINARY &&
	    mutant_add(c->m, c->s, c->f, "uncalled", first, last, "0"))
		mutant_edit(c->m, first, last, "(!MUTANT(%zu) && (", "))");
	expression(c, condition, PLACE_CONDITION);
}

/* @alone: there is nothing else in the branch of an if, or nothing after it in the function. */
static void statement(const struct context *c, const struct node *n, bool alone)
{
	switch (n->kind) {
	case NODE_BLOCK:
		for (size_t i = 0; i < n->n_kids; i++)
			statement(c, n->kids[i], n->n_kids == 1 ||
				  (n == c->f->body && i == n->n_kids - 1));
		break;
	case NODE_IF:
	case NODE_LOOP:
		condition(c, n);
		for (size_t i = 1; i < n->n_kids; i++)
			statement(c, n->kids[i], true);
		break;
	case NODE_SWITCH:
		statement(c, n->kids[1], true);
		break;
	case NODE_JUMP:
		if (!alone)
			leave_out(c, "jump", n);
		for (size_t i = 0; i < n->n_kids; i++)
			expression(c, n->kids[i], 0);
		break;
	case NODE_DO:
		if (is_assertion(c, n->kids[0]))
			break;
		leave_out(c, "statement", n);
		expression(c, n->kids[0], 0);
		break;
	case NODE_DECLARE:
		if (token_is(c->s, n->first, "static"))
			break;
		for (size_t i = 0; i < n->n_kids; i++)
			expression(c, n->kids[i], 0);
		break;
	default:
		break;
	}
}

/* Calls of a function among statements: at most a few. */
#define MOST_CALLS	16

struct calls {
	const struct node *list[MOST_CALLS];
	size_t n;
};

static void find_calls(const struct context *c, const struct node *n, const char *name,
		       struct calls *calls)
{
	if (n->kind == NODE_DO && is_call_of(c->s, n->kids[0], name) && calls->n < MOST_CALLS &&
	    tokens_are_added(c->s, n->first, n->last))
		calls->list[calls->n++] = n;
	for (size_t i = 0; i < n->n_kids; i++)
		find_calls(c, n->kids[i], name, calls);
}

static void leave_out_all(const struct context *c, const struct calls *calls)
{
	for (size_t i = 0; i < calls->n; i++)
		mutant_edit(c->m, calls->list[i]->first, calls->list[i]->last,
			    "{ if (!MUTANT(%zu)) ", " }");
}

static void pair(const struct context *c, const char *begin, const char *end)
{
	struct calls begins = {}, ends = {};

	find_calls(c, c->f->body, begin, &begins);
	find_calls(c, c->f->body, end, &ends);
	if (!begins.n || !ends.n)
		return;
	mutant_add(c->m, c->s, c->f, "pair", begins.list[0]->first, begins.list[0]->last, ";");
	leave_out_all(c, &begins);
	leave_out_all(c, &ends);
}

static const struct node *find_value(const struct context *c, const struct node *n, const char *name)
{
	const struct node *found = NULL;

	if (is_call_of(c->s, n, name))
		return n;
	for (size_t i = 0; i < n->n_kids && !found; i++)
		found = find_value(c, n->kids[i], name);
	return found;
}

/* A call that takes a lock and gives what is locked: there is another that does not lock it. */
static void pair_of_value(const struct context *c, const char *name, const char *without,
			  size_t first, size_t last, const char *end)
{
	const struct node *n = find_value(c, c->f->body, name);
	struct calls ends = {};
	char *is, *before, *values;

	find_calls(c, c->f->body, end, &ends);
	if (!n || !ends.n)
		return;
	values = tokens_text(c->s, n->kids[first]->first, n->kids[last]->last);
	if (asprintf(&is, "%s(%s)", without, values) < 0 ||
	    asprintf(&before, "(MUTANT(%%zu) ? %s : ", is) < 0)
		refuse("no memory", "");
	if (mutant_add(c->m, c->s, c->f, "pair", n->first, n->last, is)) {
		mutant_edit(c->m, n->first, n->last, before, ")");
		leave_out_all(c, &ends);
	}
	free(values);
	free(is);
	free(before);
}

void rules_apply(struct mutants *m, const struct source *s, const struct function *f)
{
	static const char *const pairs[][2] = {
		{ "mmap_read_lock", "mmap_read_unlock" },
		{ "anon_vma_lock_write", "anon_vma_unlock_write" },
		{ "lock_two_page_tables", "unlock_two_page_tables" },
		{ "spin_lock", "spin_unlock" },
		{ "spin_lock_nested", "spin_unlock" },
		{ "spin_lock", "pte_unmap_unlock" },
		{ "folio_get", "folio_put" },
		{ "mmu_notifier_invalidate_range_start", "mmu_notifier_invalidate_range_only_end" },
	};
	const struct context c = { .m = m, .s = s, .f = f };

	statement(&c, f->body, true);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		pair(&c, pairs[i][0], pairs[i][1]);
	pair_of_value(&c, "pmd_lock", "pmd_lockptr", 1, 2, "spin_unlock");
	pair_of_value(&c, "pte_offset_map_lock", "pte_offset_map", 2, 3, "pte_unmap_unlock");
}
