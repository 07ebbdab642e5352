/* SPDX-License-Identifier: GPL-2.0-only */
/* The kinds of rows: each function runs all rounds of one, in a process of its own. */
#ifndef UFFDIO_MOVE_BENCH_KINDS_H
#define UFFDIO_MOVE_BENCH_KINDS_H

#include "bench.h"

void run_pages(const struct row *row);
void run_threads(const struct row *row);
void run_compaction(const struct row *row);

#endif
