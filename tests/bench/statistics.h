/* SPDX-License-Identifier: GPL-2.0-only */
/* What many samples say. */
#ifndef UFFDIO_MOVE_BENCH_STATISTICS_H
#define UFFDIO_MOVE_BENCH_STATISTICS_H

#include "bench.h"

struct spread {
	double least, lower, median, upper;	/* lower, upper: quartiles */
};

void sort_numbers(double *numbers, size_t n);

/* Of sorted numbers: the one that a @share of them, from 0 to 1, does not exceed. */
double quantile(const double *sorted, size_t n, double share);

struct spread spread_of_way(const struct record *record, enum way way);

/* Of MOVE's sample divided by the one of another way in the same round. */
struct spread spread_of_ratio(const struct record *record, enum way way);

#endif
