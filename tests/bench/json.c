// SPDX-License-Identifier: GPL-2.0-only
#include <jansson.h>

#include "machine/kernel.h"
#include "report.h"
#include "statistics.h"

#define FORM	1	/* of what is written; another one for what readers would notice */

static json_t *machine_told(const struct machine *m)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:i, s:I, s:s, s:s, s:f, s:s}",
			 "kernel", m->kernel, "architecture", m->architecture,
			 "processor", m->processor, "page", (json_int_t)page_size(),
			 "cpus", (int)m->cpus, "memory_mib", (json_int_t)m->memory_mib,
			 "swap", m->swap, "huge", m->huge, "load", m->load, "date", m->date);
}

static json_t *spread_told(struct spread s)
{
	return json_pack("{s:f, s:f, s:f, s:f}", "median", s.median, "lower", s.lower,
			 "upper", s.upper, "least", s.least);
}

static json_t *figure_told(const struct row *row, const struct record *record, enum way way)
{
	json_t *figure = spread_told(spread_of_way(record, way));

	json_object_set_new(figure, "way", json_string(way_names[way]));
	json_object_set_new(figure, "rounds", json_integer(record->rounds));
	if (way != MOVE && !is_relative(row))
		json_object_set_new(figure, "ratio", spread_told(spread_of_ratio(record, way)));
	if (record->section[way]) {
		json_object_set_new(figure, "section", json_integer(record->section[way]));
		/* The section is of the first round. */
		json_object_set_new(figure, "section_figure", json_real(record->samples[way][0]));
	}
	return figure;
}

/* How many pages, or whatever a figure is of, a sample has; a section of the profile is of all. */
static size_t units_of(const struct row *row)
{
	return row->pages / (row->unit_pages ? row->unit_pages : 1);
}

static json_t *row_told(const struct row *row, const struct record *record)
{
	json_t *told = json_pack("{s:s, s:s, s:s, s:s, s:I, s:i, s:i, s:i}",
				 "name", row->name, "group", row->group, "title", row->title,
				 "unit", unit_of(row), "batch", (json_int_t)row->batch,
				 "mappings", (int)row->mappings, "threads", (int)row->threads,
				 "faulting", (int)row->faulting);
	json_t *figures;

	json_object_set_new(told, "units", json_integer(units_of(row)));
	if (*record->error)
		json_object_set_new(told, "error", json_string(record->error));
	else if (*record->reason)
		json_object_set_new(told, "reason", json_string(record->reason));
	if (*record->error || *record->reason)
		return told;
	figures = json_array();
	for (enum way way = 0; way < WAYS; way++)
		if (has_figures(row, record, way))
			json_array_append_new(figures, figure_told(row, record, way));
	json_object_set_new(told, "figures", figures);
	return told;
}

void write_json(const struct machine *m, const struct record *records, FILE *out)
{
	json_t *list = json_array(), *all;

	for (const struct row *row = rows; row < rows + n_rows; row++)
		if (options.selected[row - rows])
			json_array_append_new(list, row_told(row, &records[row - rows]));
	all = json_pack("{s:i, s:s, s:o, s:o}", "form", FORM, "measure",
			options.counted ? "instructions" : "time", "machine", machine_told(m),
			"rows", list);
	/* What could not be written the stream remembers. */
	json_dumpf(all, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	fputc('\n', out);
	json_decref(all);
}
