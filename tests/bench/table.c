// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "machine/kernel.h"
#include "report.h"
#include "statistics.h"

#define TITLE	44
#define FIRST	16
#define COLUMN	17

static void print_machine(const struct machine *m, FILE *out)
{
	fprintf(out, "Linux %s (%s), pages of %zu bytes, %s UTC\n", m->kernel, m->architecture,
		page_size(), m->date);
	fprintf(out, "%s, %u CPUs, %lu MiB, swap: %s, huge pages: %s, load %.1f\n\n", m->processor,
		m->cpus, m->memory_mib, m->swap, m->huge, m->load);
	fprintf(out, "Medians.  MOVE: with half of what lies between the quartiles; the others: in\n"
		"parentheses, what MOVE takes of what they take in the same round.\n");
}

static void format_number(char *text, size_t size, double number)
{
	snprintf(text, size, number < 10 ? "%.2f" : number < 100 ? "%.1f" : "%.0f", number);
}

static void format_ratio(char *text, size_t size, double ratio)
{
	snprintf(text, size, ratio < 0.1 ? "%.3f" : "%.2f", ratio);
}

static void print_way(const struct row *row, const struct record *record, enum way way, FILE *out)
{
	struct spread s = spread_of_way(record, way);
	char number[32], ratio[32], text[80];

	format_number(number, sizeof(number), s.median);
	if (way == MOVE) {
		snprintf(text, sizeof(text), "%s ±%.0f%%", number,
			 s.median > 0 ? 50 * (s.upper - s.lower) / s.median : 0);
	} else if (is_relative(row)) {
		snprintf(text, sizeof(text), "%s", number);
	} else {
		format_ratio(ratio, sizeof(ratio), spread_of_ratio(record, way).median);
		snprintf(text, sizeof(text), "%s (%s)", number, ratio);
	}
	/* The sign is two bytes, and one column. */
	fprintf(out, "%*s", (way == MOVE ? FIRST : COLUMN) + (strstr(text, "±") != NULL), text);
}

static void print_row(const struct row *row, const struct record *record, FILE *out)
{
	fprintf(out, "%-*s", TITLE, row->title);
	if (*record->error)
		fprintf(out, "  error: %s", record->error);
	else if (*record->reason)
		fprintf(out, "  not to be had: %s", record->reason);
	for (enum way way = 0; way < WAYS && !*record->error && !*record->reason; way++) {
		if (has_figures(row, record, way))
			print_way(row, record, way, out);
		else if (row->ways >> way)
			fprintf(out, "%*s", COLUMN, "-");
	}
	fputc('\n', out);
}

static void print_heading(const struct row *row, FILE *out)
{
	fprintf(out, "\n%-*s", TITLE, unit_of(row));
	for (enum way way = 0; way < WAYS && row->ways >> way; way++)
		fprintf(out, "%*s", way == MOVE ? FIRST : COLUMN, way_names[way]);
	fputc('\n', out);
}

static void print_group(const char *group, const struct record *records, FILE *out)
{
	const struct row *before = NULL;

	for (const struct row *row = rows; row < rows + n_rows; row++) {
		if (!options.selected[row - rows] || strcmp(row->group, group))
			continue;
		if (!before || strcmp(before->unit, row->unit))
			print_heading(row, out);
		print_row(row, &records[row - rows], out);
		before = row;
	}
}

static bool is_first_of_group(const struct row *row)
{
	for (const struct row *other = rows; other < row; other++)
		if (!strcmp(other->group, row->group))
			return false;
	return true;
}

/* A group's rows need not be behind each other: one may have a part that is of another group. */
void write_table(const struct machine *m, const struct record *records, FILE *out)
{
	print_machine(m, out);
	for (const struct row *row = rows; row < rows + n_rows; row++)
		if (is_first_of_group(row))
			print_group(row->group, records, out);
}
