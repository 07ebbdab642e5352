/* SPDX-License-Identifier: GPL-2.0-only */
/* What was measured, for readers and for programs. */
#ifndef UFFDIO_MOVE_BENCH_REPORT_H
#define UFFDIO_MOVE_BENCH_REPORT_H

#include <stdio.h>

#include "bench.h"

/* The machine, as far as figures depend on it. */
struct machine {
	char kernel[80], processor[80], huge[64], swap[160], date[24];
	const char *architecture;
	unsigned int cpus;
	unsigned long memory_mib;
	double load;			/* of a minute, before the first row */
};

void machine_describe(struct machine *m);

void write_table(const struct machine *m, const struct record *records, FILE *out);
void write_csv(const struct machine *m, const struct record *records, FILE *out);
void write_json(const struct machine *m, const struct record *records, FILE *out);

/* What a figure of the row is of: "ns/page", "instructions/huge page", "ms". */
const char *unit_of(const struct row *row);

/* Is a figure what a way takes of what it takes itself?  It is not held against another way's. */
bool is_relative(const struct row *row);

/* Has the way figures in this row? */
bool has_figures(const struct row *row, const struct record *record, enum way way);

#endif
