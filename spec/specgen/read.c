// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "additions.h"
#include "shapes.h"

static struct position beginning(const struct reader *r)
{
	return (struct position){ 1, 1, r->file };
}

/* The library's own messages, which come with a place. */
static bool note_diagnostics(struct reader *r, struct fy_diag *diag)
{
	struct fy_diag_error *e;
	void *iterator = NULL;
	bool any = false;

	while ((e = fy_diag_errors_iterate(diag, &iterator))) {
		struct position where = { e->line, e->column, r->file };

		if (where.line < 1 || where.column < 1)
			where = beginning(r);
		if (e->type < FYET_ERROR)
			continue;
		origin_error(r->origin, where, "%s", e->msg ? e->msg : "not YAML");
		any = true;
	}
	return any;
}

/* One document; the parser says no more than that there is none. */
static struct fy_document *load_document(struct reader *r, struct fy_parser *parser,
					 struct fy_diag *diag)
{
	struct fy_document *d = fy_parse_load_document(parser), *second = NULL;
	struct position where = beginning(r);

	if (d && fy_document_root(d))
		second = fy_parse_load_document(parser);
	if (second) {
		where = node_position(fy_document_root(second), where);
		origin_error(r->origin, where, "a second document begins here");
		fy_parse_document_destroy(parser, second);
	} else if (!note_diagnostics(r, diag) && (!d || !fy_document_root(d))) {
		origin_error(r->origin, where, "the %s is empty", r->what);
	}
	return d;
}

static void read_root(struct reader *r, struct fy_node *root)
{
	struct value v = { .node = root, .key = r->what, .where = beginning(r) };

	v.where = node_position(root, v.where);
	read_fields(r, &v, r->fields, r->into);
}

/* A document, and what holds it. */
struct loaded {
	struct fy_diag *diag;
	struct fy_parser *parser;
	struct fy_document *document;
};

static void load_yaml(struct reader *r, struct loaded *l, const char *text, size_t length)
{
	struct fy_diag *diag = fy_diag_create(NULL);
	/* duplicate keys are told where they stand by read_fields() */
	struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_ALLOW_DUPLICATE_KEYS,
		.diag = diag,
	};

	*l = (struct loaded){ .diag = diag, .parser = diag ? fy_parser_create(&config) : NULL };
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	if (!l->parser || fy_parser_set_string(l->parser, text, length))
		origin_error(r->origin, beginning(r), "libfyaml could not be set up");
	else
		l->document = load_document(r, l->parser, diag);
}

static void unload(struct loaded *l)
{
	if (l->document)
		fy_parse_document_destroy(l->parser, l->document);
	fy_parser_destroy(l->parser);
	fy_diag_destroy(l->diag);
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

static struct reader begin_reading(struct contract *c, const char *path)
{
	memset(c, 0, sizeof(*c));
	c->origin = origin_new(path);
	c->file = origin_path(c->origin);
	c->clauses = origin_alloc(c->origin, MAX_CLAUSES * sizeof(*c->clauses));
	return (struct reader){
		.origin = c->origin, .contract = c, .clauses = (struct clause *)c->clauses,
		.what = "contract", .fields = contract_shape.fields, .into = c,
	};
}

static void load_text(struct reader *r, struct loaded *l, const char *text, size_t length)
{
	struct position bad;

	*l = (struct loaded){ .document = NULL };
	if (text_is_utf8(text, length, &bad)) {
		load_yaml(r, l, text, length);
		return;
	}
	bad.file = r->file;
	origin_error(r->origin, bad, "the file is not UTF-8");
}

/* The text, or what is in the file if there is none. */
static void load(struct reader *r, struct loaded *l, const struct source *source)
{
	const char *error = NULL;
	char *text = NULL;
	size_t length = 0;

	*l = (struct loaded){ .document = NULL };
	if (source->text) {
		load_text(r, l, source->text, source->length);
		return;
	}
	error = load_file(source->path, r->origin, &text, &length);
	if (error)
		origin_error(r->origin, beginning(r), "%s", error);
	else
		load_text(r, l, text, length);
}

void read_file(struct reader *r, const char *path)
{
	struct loaded l;

	load(r, &l, &(struct source){ .path = path });
	if (!origin_errors(r->origin))
		read_root(r, fy_document_root(l.document));
	unload(&l);
}

/* It extends this contract, of this version, which may have changed since. */
static void look_at_extended(struct reader *r, struct proposal *p, struct fy_node *root)
{
	struct value contract = { .node = root, .key = "contract", .where = { 1, 1, 0 } }, v;
	const char *title = NULL, *version = NULL;

	if (entry_value(&contract, "contract", &v))
		title = value_text(r, &v);
	if (entry_value(&contract, "version", &v))
		version = value_text(r, &v);
	if (title && p->extends && strcmp(title, p->extends))
		origin_error_at(r->origin, &p->extends, "`extends`: the contract is `%.60s` and not `%.60s`",
				title, p->extends);
	else if (version && p->of_version && strcmp(version, p->of_version))
		origin_error_at(r->origin, &p->of_version,
				"`extends`: the contract is of version %.20s and not %.20s", version,
				p->of_version);
}

/* Names of files are made of it. */
static void look_at_name(struct reader *r, const struct proposal *p)
{
	if (p->name && !strcasecmp(p->name, "contract"))
		origin_error_at(r->origin, &p->name, "`%s`: the contract's own page is called that",
				p->name);
}

/* The proposal, whose lists wait for those of the contract. */
static void read_proposal(struct reader *r, struct fy_node *root, struct proposal *p)
{
	struct reader of_proposal = *r;

	of_proposal.what = "proposal";
	of_proposal.fields = proposal_shape.fields;
	of_proposal.into = p;
	read_root(&of_proposal, root);
	look_at_name(r, p);
	if (!r->additions->n)
		origin_error(r->origin, node_position(root, beginning(r)),
			     "the proposal extends nothing: it has no list with an entry");
}

/* What is proposed is held against it. */
static const struct contract *read_alone(struct reader *r, struct fy_node *root)
{
	struct contract *c = origin_alloc(r->origin, sizeof(*c));
	struct reader alone = *r;

	c->origin = r->origin;
	c->file = r->contract->file;
	c->clauses = origin_alloc(r->origin, MAX_CLAUSES * sizeof(*c->clauses));
	alone.contract = alone.into = c;
	alone.clauses = (struct clause *)c->clauses;
	alone.file = 0;
	alone.what = "contract";
	read_root(&alone, root);
	return c;
}

static void read_extended(struct reader *r, const struct source *contract,
			  const struct source *proposal)
{
	struct proposal *p = &r->contract->proposal;
	struct loaded base, further;
	unsigned int of_proposal = origin_add(r->origin, proposal->path);

	load(r, &base, contract);
	if (!origin_errors(r->origin))
		r->contract->extended = read_alone(r, fy_document_root(base.document));
	r->file = of_proposal;
	r->what = "proposal";
	p->file = origin_path_at(r->origin, beginning(r));
	load(r, &further, proposal);
	if (!origin_errors(r->origin)) {
		struct additions additions = { .n = 0 };

		r->additions = &additions;
		read_proposal(r, fy_document_root(further.document), p);
		r->file = 0;
		r->what = "contract";
		look_at_extended(r, p, fy_document_root(base.document));
		read_root(r, fy_document_root(base.document));
		look_at_replaced_scenarios(r, r->contract->extended);
		/* the contract alone has none */
		origin_blame(r->origin, of_proposal);
	}
	unload(&further);
	unload(&base);
}

int contract_read(const struct source *contract, const struct source *proposal,
		  struct contract *c, FILE *errors)
{
	struct reader r = begin_reading(c, contract->path);

	if (proposal) {
		read_extended(&r, contract, proposal);
	} else {
		struct loaded l;

		load(&r, &l, contract);
		if (!origin_errors(r.origin))
			read_root(&r, fy_document_root(l.document));
		unload(&l);
	}
	return origin_report(c->origin, errors);
}

void contract_free(struct contract *c)
{
	origin_free(c->origin);
	memset(c, 0, sizeof(*c));
}
