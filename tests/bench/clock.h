/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Time in nanoseconds; or instructions, in a guest whose time stands for them.
 */
#ifndef UFFDIO_MOVE_BENCH_CLOCK_H
#define UFFDIO_MOVE_BENCH_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds of a steady clock, for how long something may go on. */
uint64_t clock_ns(void);

/* CPU time of the calling thread in nanoseconds. */
uint64_t clock_of_thread(void);

/* Does this machine's clock tell instructions? */
bool clock_counts(void);

/* What looking twice costs is subtracted from each span. */
void clock_learn(void);

/* Begin what is measured, and end it: what it took. */
uint64_t span_begin(void);
double span_end(uint64_t begun);

/*
 * Let who counts the instructions of the guest count those of the next spans, and end
 * that; was anything counted?
 */
void profile_begin(void);
bool profile_end(void);

#endif
