/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a move costs, beside the other ways to get the same pages to the same place.
 *
 * A row is one piece of work; each way does it in turn, round after round.  What a
 * way took in a round is a sample, of the row's record.
 */
#ifndef UFFDIO_MOVE_BENCH_H
#define UFFDIO_MOVE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOST_ROUNDS	501
#define SENTENCE	200

enum way { MOVE, COPY, COPY_DROP, MREMAP, DONTUNMAP, MEMCPY, WAYS };

#define WAY(w)		(1U << (w))

/* What the source is before the call. */
enum state {
	PRESENT, HUGE, HUGE_IN_TABLE, ZERO, SWAPPED, HOLES, NOTHING,
	/* with a child; the second has been, and the third is in swap space */
	SHARED, LEFT, SWAPPED_SHARED,
};

/* What is where the pages are to go; "tables" are page tables without an entry. */
enum room { TABLES, BARE };

struct row {
	const char *name, *group, *title, *unit;
	void (*run)(const struct row *row);
	unsigned int ways;		/* WAY() of each; MOVE is one of them */
	bool allow_copy;		/* MOVE is by that mode, which is proposed */
	enum state state;
	enum room room;
	size_t batch, pages;		/* of a call, of a sample */
	size_t unit_pages;		/* for how many pages a figure stands; 0: one */
	bool apart;			/* each page goes to a page table of its own */
	unsigned int mappings;		/* further ones, of the same process */
	unsigned int threads, faulting;
	unsigned int weight;		/* of its share of the time; 0: one */
	unsigned int part;		/* another figure of the same run: its number */
};

extern const struct row rows[];
extern const size_t n_rows;

/* In memory shared with the process that runs the row. */
struct record {
	unsigned int rounds;
	double samples[WAYS][MOST_ROUNDS];
	int section[WAYS];		/* of the profile, from 1 on; 0 if there is none */
	char reason[SENTENCE];		/* it cannot be had here: why */
	char error[SENTENCE];		/* it did not do what it claims: what it did */
};

/* Wrong things that the program does itself on request, so that a check notices. */
enum fault { FAULT_NONE, FAULT_UNMOVED, FAULT_SPOILED, FAULT_STAYED, FAULT_STORE, FAULTS };

enum form { FORM_TABLE, FORM_CSV, FORM_JSON };

struct options {
	enum form form;
	bool list, quick, counted;
	unsigned int seconds;
	const char *save;
	enum fault fault;
	bool *selected;			/* of rows[] */
};

extern struct options options;
extern const char *const way_names[WAYS];
extern const char *const fault_names[FAULTS];

void read_options(int argc, char **argv);

/* Number of figures of the run that @row begins: its own, and those of its parts. */
static inline size_t parts_of(const struct row *row)
{
	size_t n = 1;

	while (row + n < rows + n_rows && row[n].part)
		n++;
	return n;
}

#endif
