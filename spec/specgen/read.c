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

#include "shapes.h"

/* The library's own messages, which come with a place. */
static bool note_diagnostics(struct reader *r, struct fy_diag *diag)
{
	struct fy_diag_error *e;
	void *iterator = NULL;
	bool any = false;

	while ((e = fy_diag_errors_iterate(diag, &iterator))) {
		struct position where = { e->line, e->column };

		if (where.line < 1 || where.column < 1)
			where = (struct position){ 1, 1 };
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
	struct position where = { 1, 1 };

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
	struct value v = { root, r->what, { 1, 1 }, false };

	v.where = node_position(root, v.where);
	read_fields(r, &v, r->fields, r->into);
}

static void read_yaml(struct reader *r, const char *text, size_t length)
{
	struct fy_diag *diag = fy_diag_create(NULL);
	/* duplicate keys are told where they stand by read_fields() */
	struct fy_parse_cfg config = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_ALLOW_DUPLICATE_KEYS,
		.diag = diag,
	};
	struct fy_parser *parser = diag ? fy_parser_create(&config) : NULL;
	struct fy_document *d = NULL;

	if (diag)
		fy_diag_set_collect_errors(diag, true);
	if (!parser || fy_parser_set_string(parser, text, length)) {
		origin_error(r->origin, (struct position){ 1, 1 }, "libfyaml could not be set up");
	} else {
		d = load_document(r, parser, diag);
		if (d && !origin_errors(r->origin))
			read_root(r, fy_document_root(d));
	}
	if (d)
		fy_parse_document_destroy(parser, d);
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
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

static void read_text(struct reader *r, const char *text, size_t length)
{
	struct position bad;

	if (text_is_utf8(text, length, &bad))
		read_yaml(r, text, length);
	else
		origin_error(r->origin, bad, "the file is not UTF-8");
}

void read_file(struct reader *r, const char *path)
{
	char *text = NULL;
	size_t length = 0;
	const char *error = load_file(path, r->origin, &text, &length);

	if (error)
		origin_error(r->origin, (struct position){ 1, 1 }, "%s", error);
	else
		read_text(r, text, length);
}

int contract_read(const char *path, struct contract *c, FILE *errors)
{
	struct reader r = begin_reading(c, path);

	read_file(&r, path);
	return origin_report(c->origin, errors);
}

int contract_read_text(const char *path, const char *text, size_t length, struct contract *c,
		       FILE *errors)
{
	struct reader r = begin_reading(c, path);

	read_text(&r, text, length);
	return origin_report(c->origin, errors);
}

void contract_free(struct contract *c)
{
	origin_free(c->origin);
	memset(c, 0, sizeof(*c));
}
