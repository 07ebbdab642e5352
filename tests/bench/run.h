/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each row runs in a process of its own: what it maps, pins and swaps out is gone
 * when it ends, and one that goes wrong takes no other with it.
 */
#ifndef UFFDIO_MOVE_BENCH_RUN_H
#define UFFDIO_MOVE_BENCH_RUN_H

#include "bench.h"

/* Run the rows that are selected; returns the record of each, in the order of rows[]. */
struct record *run_rows(void);

/* What follows is for the rows' functions. */

/* Is there to be another round?  The first one is not recorded: it warms up. */
bool round_begins(void);
void round_ends(void);

/* To be called before each sample, and after it. */
void sample_begins(void);
void sample_ends(unsigned int part, enum way way, double value);

/* End the row: the machine lacks something for it; or what was measured is not what it claims. */
_Noreturn void skip_row(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void fail_row(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* When all rounds have ended: that part has no figure if a sample is not above 0; the others have theirs. */
void skip_part_unless_positive(unsigned int part, const char *reason);

/* Is this the wrong thing that is to be done?  True once in a process. */
bool plays(enum fault fault);

/* Keep the calling thread on the @n'th of the CPUs that the program may use; how many these are. */
void stay_on(unsigned int n);
unsigned int count_cpus(void);

#endif
