// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "statistics.h"

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void sort_numbers(double *numbers, size_t n)
{
	qsort(numbers, n, sizeof(*numbers), compare);
}

double quantile(const double *sorted, size_t n, double share)
{
	double at = share * (n - 1);
	size_t below = at;

	if (below + 1 >= n)
		return sorted[n - 1];
	return sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
}

static struct spread spread_of(double *numbers, size_t n)
{
	sort_numbers(numbers, n);
	return (struct spread){
		.least = numbers[0],
		.lower = quantile(numbers, n, 0.25),
		.median = quantile(numbers, n, 0.5),
		.upper = quantile(numbers, n, 0.75),
	};
}

struct spread spread_of_way(const struct record *record, enum way way)
{
	double numbers[MOST_ROUNDS];

	memcpy(numbers, record->samples[way], record->rounds * sizeof(numbers[0]));
	return spread_of(numbers, record->rounds);
}

struct spread spread_of_ratio(const struct record *record, enum way way)
{
	double numbers[MOST_ROUNDS];

	for (unsigned int i = 0; i < record->rounds; i++)
		numbers[i] = record->samples[MOVE][i] / record->samples[way][i];
	return spread_of(numbers, record->rounds);
}
