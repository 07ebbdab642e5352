// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "records.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kinds.h"
#include "read.h"
#include "releases.h"

#define MAX_ROWS_OF_RECORD	256
#define MAX_TEXTS		64

#define KEY(name, how, owner, into, ...) \
	{ .key = name, .kind = &how, .member = #into, .offset = offsetof(owner, into), \
	  ##__VA_ARGS__ }
#define LIST(name, how, owner, into, most, ...) \
	KEY(name, how, owner, into, .count = offsetof(owner, n_##into), .max = most, ##__VA_ARGS__)
#define SHAPE(name) \
	static const struct shape name##_shape = { \
		.type = "struct " #name, .size = sizeof(struct name), .fields = name##_fields }

static const struct field record_tests_fields[] = {
	KEY("holds", kind_number, struct record_tests, holds, .max = 1000000),
	KEY("deviates", kind_number, struct record_tests, deviates, .max = 1000000),
	KEY("fails", kind_number, struct record_tests, fails, .max = 1000000),
	KEY("skipped", kind_number, struct record_tests, skipped, .max = 1000000),
	KEY("broken", kind_number, struct record_tests, broken, .max = 1000000),
	{}
};
SHAPE(record_tests);

static const struct field record_deviates_fields[] = {
	KEY("clause", kind_clause, struct record_deviates, clause),
	KEY("deviation", kind_deviation, struct record_deviates, deviation),
	{}
};
SHAPE(record_deviates);

static const struct field record_down_fields[] = {
	KEY("test", kind_text, struct record_down, test),
	KEY("said", kind_text, struct record_down, said),
	KEY("deviation", kind_name, struct record_down, deviation, .optional = true),
	{}
};
SHAPE(record_down);

static const struct field record_lacking_fields[] = {
	KEY("tests", kind_number, struct record_lacking, tests, .max = 1000000),
	KEY("for", kind_text, struct record_lacking, why),
	{}
};
SHAPE(record_lacking);

#define CLAUSES(name) \
	LIST(#name, kind_clauses, struct record, name, MAX_CLAUSES, .optional = true)
static const struct field record_fields[] = {
	KEY("kernel", kind_text, struct record, kernel),
	KEY("architecture", kind_text, struct record, architecture),
	KEY("release", kind_text, struct record, release),
	KEY("page", kind_number, struct record, page, .min = 4096, .max = 65536),
	KEY("contract", kind_version, struct record, contract),
	KEY("date", kind_text, struct record, date),
	KEY("tests", kind_part, struct record, tests, .of = &record_tests_shape),
	LIST("deviates", kind_list, struct record, deviates, MAX_ROWS_OF_RECORD,
	     .optional = true, .of = &record_deviates_shape),
	LIST("met", kind_deviations, struct record, met, MAX_ROWS_OF_RECORD, .optional = true),
	LIST("down", kind_list, struct record, down, MAX_TEXTS, .optional = true,
	     .of = &record_down_shape),
	LIST("complaints", kind_texts, struct record, complaints, MAX_TEXTS, .optional = true),
	LIST("lacking", kind_list, struct record, lacking, MAX_TEXTS, .optional = true,
	     .of = &record_lacking_shape),
	CLAUSES(fails), CLAUSES(differs), CLAUSES(untested), CLAUSES(works), CLAUSES(holds),
	{}
};

/* The version that the file names; one that names none is read, and refused for it. */
static bool is_of_other_version(const char *path, const struct contract *c)
{
	static const char key[] = "contract: \"";
	FILE *file = fopen(path, "re");
	bool other = false;
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		size_t length = strcspn(line, "\r\n");

		line[length] = '\0';
		if (!strncmp(line, key, strlen(key)) && length && line[length - 1] == '"') {
			line[length - 1] = '\0';
			other = strcmp(line + strlen(key), c->version);
		}
	}
	if (file)
		fclose(file);
	return other;
}

static int read_record(const char *path, const struct contract *c, struct record *record,
		       FILE *errors)
{
	struct reader r = {
		.contract = (struct contract *)c, .what = "record", .fields = record_fields,
		.into = record,
	};

	*record = (struct record){ .origin = origin_new(path) };
	r.origin = record->origin;
	record->file = origin_path(record->origin);
	read_file(&r, path);
	if (!origin_errors(record->origin) && strcmp(record->contract, c->version))
		origin_error_at(record->origin, &record->contract,
				"a version is written as \"%s\", in double quotes", c->version);
	return origin_report(record->origin, errors);
}

static int is_record(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && !strcmp(dot, ".yaml");
}

static bool is_file(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

bool record_is_of_release(const struct record *record)
{
	return releases_are_one(record->kernel);
}

static int newest_first(const void *one, const void *other)
{
	const struct record *a = one, *b = other;
	int order = record_is_of_release(a) - record_is_of_release(b);

	if (!order && record_is_of_release(a))
		order = releases_compare(a->kernel, b->kernel);
	return order ? -order : strcmp(b->architecture, a->architecture);
}

/* They stand beside each other. */
static int refuse_doubles(const struct records *records, FILE *errors)
{
	int wrong = 0;

	for (size_t i = 1; i < records->n; i++) {
		const struct record *a = &records->all[i - 1], *b = &records->all[i];

		if (strcmp(a->kernel, b->kernel) || strcmp(a->architecture, b->architecture))
			continue;
		fprintf(errors, "%s:1:1: error: %s for %s is recorded in %s, too\n", b->file,
			b->kernel, b->architecture, a->file);
		wrong++;
	}
	return wrong;
}

int records_read(const char *directory, const struct contract *c, struct records *records,
		 FILE *errors)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, is_record, alphasort), wrong = 0;

	*records = (struct records){};
	if (n < 0) {
		fprintf(errors, "%s:1:1: error: %s\n", directory, strerror(errno));
		return 1;
	}
	records->all = calloc(n ? n : 1, sizeof(*records->all));
	for (int i = 0; i < n; i++) {
		char *path;

		if (!records->all || asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0) {
			fprintf(errors, "%s:1:1: error: no memory\n", directory);
			return 1;
		}
		/* to open another kind may never return */
		if (!is_file(path)) {
			fprintf(errors, "%s:1:1: error: a record is a file, and this is none\n", path);
			wrong++;
		} else if (is_of_other_version(path, c))
			records->n_others++;
		else
			wrong += read_record(path, c, &records->all[records->n++], errors);
		free(path);
		free(entries[i]);
	}
	free(entries);
	if (wrong)
		return wrong;
	qsort(records->all, records->n, sizeof(*records->all), newest_first);
	return refuse_doubles(records, errors);
}

void records_free(struct records *records)
{
	for (size_t i = 0; i < records->n; i++)
		origin_free(records->all[i].origin);
	free(records->all);
	*records = (struct records){};
}

static bool is_among(unsigned int index, const unsigned int *indices, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (indices[i] == index)
			return true;
	return false;
}

/* The deviation by which it deviates, or -1. */
static int record_deviation(const struct record *record, unsigned int clause)
{
	for (size_t i = 0; i < record->n_deviates; i++)
		if (record->deviates[i].clause == clause)
			return record->deviates[i].deviation;
	return -1;
}

bool record_has_met(const struct record *record, const struct contract *c,
		    unsigned int deviation)
{
	(void)c;
	return is_among(deviation, record->met, record->n_met);
}

/* "transparent huge pages: this kernel is built without them" */
static bool lacks(const struct record *record, const struct need *need)
{
	size_t length = strlen(need->is);

	for (size_t i = 0; i < record->n_lacking; i++) {
		const char *why = record->lacking[i].why;

		if (!strncmp(why, need->is, length) && why[length] == ':')
			return true;
	}
	return false;
}

static bool was_run(const struct record *record, const struct contract *c,
		    const struct scenario *s)
{
	for (size_t i = 0; i < c->n_needs; i++)
		if (s->needs >> i & 1 && lacks(record, &c->needs[i]))
			return false;
	return true;
}

static bool could_tell(const struct scenario *s, const struct deviation *d)
{
	if (!is_among(d->clause, s->shows, s->n_shows))
		return false;
	for (size_t i = 0; i < s->n_expect; i++)
		for (size_t k = 0; k < d->n_instead; k++)
			if (!strcmp(s->expect[i].what, d->instead[k].what))
				return true;
	return false;
}

/* Others that show the clause may have run where none did that could tell of it. */
static bool could_meet(const struct record *record, const struct contract *c,
		       const struct deviation *d)
{
	bool told_by_scenarios = false;

	for (size_t i = 0; i < c->n_scenarios; i++) {
		if (!could_tell(&c->scenarios[i], d))
			continue;
		if (was_run(record, c, &c->scenarios[i]))
			return true;
		told_by_scenarios = true;
	}
	return !told_by_scenarios;
}

bool record_keeps(const struct record *record, const struct contract *c, unsigned int deviation)
{
	const struct deviation *d = &c->deviations[deviation];

	return !record_has_met(record, c, deviation) &&
	       record_of_clause(record, d->clause) == KNOWN_HOLDS && could_meet(record, c, d);
}

static bool is_said_to_have(const struct deviation *d, const char *release)
{
	for (size_t i = 0; i < d->n_kernels; i++)
		if (releases_have(d->kernels[i], release))
			return true;
	return false;
}

static bool can_be_met_on(const struct deviation *d, const char *architecture)
{
	return !d->architecture || !strcmp(d->architecture, architecture);
}

bool record_is_said_to_deviate(const struct record *record, const struct contract *c,
			       unsigned int deviation)
{
	const struct deviation *d = &c->deviations[deviation];

	return record_is_of_release(record) && can_be_met_on(d, record->architecture) &&
	       is_said_to_have(d, record->kernel);
}

bool record_is_clean(const struct record *record, const struct contract *c,
		     const struct records *records, unsigned int deviation)
{
	const struct deviation *d = &c->deviations[deviation];

	/* luck is no evidence, where a machine is at stake */
	if (!record_is_of_release(record) || d->by_chance || is_said_to_have(d, record->kernel) ||
	    !record_keeps(record, c, deviation))
		return false;
	for (size_t i = 0; i < records->n; i++)
		if (!strcmp(records->all[i].kernel, record->kernel) &&
		    record_has_met(&records->all[i], c, deviation))
			return false;
	return true;
}

/* Do both belong to one series, 6.18 say? */
static bool is_of_series(const struct record *one, const struct record *other)
{
	size_t length = strcspn(one->kernel, ".") + 1;

	length += strspn(one->kernel + length, "0123456789");
	return !strncmp(one->kernel, other->kernel, length) &&
	       !isdigit((unsigned char)other->kernel[length]);
}

static bool is_released(const struct record *r, const char *architecture)
{
	return record_is_of_release(r) && !strcmp(r->architecture, architecture);
}

/*
 * The releases of an architecture of which @fits is so, oldest first, those of a series that
 * follow each other as one: "6.12.43 to 6.12.117, 7.0.4".  Returns whether there is any.
 */
static bool print_runs(const struct records *records, const char *architecture,
		       bool (*fits)(const struct record *record, const struct contract *c,
				    unsigned int deviation),
		       const struct contract *c, unsigned int deviation, const char *before,
		       void (*print)(const char *text, FILE *out), FILE *out)
{
	const struct record *first = NULL, *last = NULL;
	bool any = false;

	for (size_t i = records->n + 1; i-- > 0; ) {
		const struct record *r = i ? &records->all[i - 1] : NULL;

		if (r && !is_released(r, architecture))
			continue;
		if (r && first && is_of_series(last, r) && fits(r, c, deviation)) {
			last = r;
			continue;
		}
		if (first) {
			fputs(any ? ", " : before, out);
			print(first->kernel, out);
			if (first != last) {
				fputs(" to ", out);
				print(last->kernel, out);
			}
			any = true;
		}
		first = last = r && fits(r, c, deviation) ? r : NULL;
	}
	return any;
}

const char *records_architecture(const struct records *records, size_t *at)
{
	for (; *at < records->n; (*at)++) {
		const struct record *r = &records->all[*at];
		bool again = !record_is_of_release(r);

		for (size_t i = 0; i < *at && !again; i++)
			again = is_released(&records->all[i], r->architecture);
		if (!again)
			return records->all[(*at)++].architecture;
	}
	return NULL;
}

bool records_print_seen(const struct records *records, const struct contract *c,
			unsigned int deviation, const char *before,
			void (*print)(const char *text, FILE *out), FILE *out)
{
	const char *architecture;
	bool any = false;

	for (size_t at = 0; (architecture = records_architecture(records, &at)); ) {
		char met[64], not_met[64];
		bool here;

		if (!can_be_met_on(&c->deviations[deviation], architecture))
			continue;
		snprintf(met, sizeof(met), "%s%s: met on ", before, architecture);
		snprintf(not_met, sizeof(not_met), "%s%s: not met on ", before, architecture);
		here = print_runs(records, architecture, record_has_met, c, deviation, met, print,
				  out);
		any |= here;
		if (print_runs(records, architecture, record_keeps, c, deviation,
			       here ? "; not on " : not_met, print, out) || here)
			fputs(".\n", out);
	}
	return any;
}

enum known record_of_clause(const struct record *r, unsigned int clause)
{
	if (record_deviation(r, clause) >= 0)
		return KNOWN_DEVIATES;
	if (is_among(clause, r->holds, r->n_holds) || is_among(clause, r->works, r->n_works))
		return KNOWN_HOLDS;
	if (is_among(clause, r->differs, r->n_differs))
		return KNOWN_DIFFERS;
	if (is_among(clause, r->fails, r->n_fails))
		return KNOWN_FAILS;
	return is_among(clause, r->untested, r->n_untested) ? KNOWN_UNTESTED : KNOWN_NOT;
}

/* Where the list of kernels stands. */
static void check_claim(const struct contract *c, unsigned int deviation,
			const struct record *record)
{
	const struct deviation *d = &c->deviations[deviation];
	bool met = record_has_met(record, c, deviation);
	bool said = record_is_said_to_deviate(record, c, deviation);

	if (met && !said)
		origin_error_at(c->origin, &d->kernels,
				"`kernels`: %s (%s) has it, says %s, and is in none of these ranges",
				record->kernel, record->architecture, record->file);
	else if (said && !d->by_chance && record_keeps(record, c, deviation))
		origin_error_at(c->origin, &d->kernels,
				"`kernels`: %s (%s) is in these ranges, and keeps %s, says %s",
				record->kernel, record->architecture, c->clauses[d->clause].id,
				record->file);
}

static void check_record(const struct contract *c, const struct record *record)
{
	for (size_t i = 0; i < record->n_fails; i++)
		origin_error_at(c->origin, &c->clauses[record->fails[i]],
				"%s (%s) breaks %s in a way that no deviation names, says %s",
				record->kernel, record->architecture,
				c->clauses[record->fails[i]].id, record->file);
}

int records_check(const struct contract *c, const struct records *records, FILE *errors)
{
	for (size_t i = 0; i < records->n; i++) {
		check_record(c, &records->all[i]);
		for (size_t k = 0; k < c->n_deviations && record_is_of_release(&records->all[i]); k++)
			check_claim(c, k, &records->all[i]);
	}
	return origin_report(c->origin, errors);
}
