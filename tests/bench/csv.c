// SPDX-License-Identifier: GPL-2.0-only
/*
 * A line for each way of each row; one for a row that has no figures.
 */
#include "report.h"
#include "statistics.h"

static void print_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void print_row(const struct row *row, FILE *out)
{
	fprintf(out, "%s,%s,", row->name, row->group);
	print_quoted(row->title, out);
	fprintf(out, ",%s,%zu,%u,%u,%u,", unit_of(row), row->batch, row->mappings, row->threads,
		row->faulting);
}

static void print_way(const struct row *row, const struct record *record, enum way way, FILE *out)
{
	struct spread s = spread_of_way(record, way);
	struct spread ratio;

	print_row(row, out);
	fprintf(out, "%s,%u,%.9g,%.9g,%.9g,%.9g,", way_names[way], record->rounds, s.median, s.lower,
		s.upper, s.least);
	if (is_relative(row)) {
		fputs(",,,,\n", out);
		return;
	}
	ratio = spread_of_ratio(record, way);
	fprintf(out, "%.6g,%.6g,%.6g,,\n", ratio.median, ratio.lower, ratio.upper);
}

static void print_without(const struct row *row, const struct record *record, FILE *out)
{
	print_row(row, out);
	fputs(",,,,,,,,,", out);
	print_quoted(record->reason, out);
	fputc(',', out);
	print_quoted(record->error, out);
	fputc('\n', out);
}

void write_csv(const struct machine *m, const struct record *records, FILE *out)
{
	(void)m;
	fputs("row,group,title,unit,batch,mappings,threads,faulting,way,rounds,median,lower,upper,"
	      "least,ratio,ratio_lower,ratio_upper,reason,error\n", out);
	for (const struct row *row = rows; row < rows + n_rows; row++) {
		const struct record *record = &records[row - rows];

		if (!options.selected[row - rows])
			continue;
		if (*record->reason || *record->error)
			print_without(row, record, out);
		for (enum way way = 0; way < WAYS; way++)
			if (has_figures(row, record, way))
				print_way(row, record, way, out);
	}
}
