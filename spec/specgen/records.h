/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records: what kernels were seen to do (spec/README.md has the keys of the files).
 */
#ifndef UFFDIO_MOVE_RECORDS_H
#define UFFDIO_MOVE_RECORDS_H

#include <stdio.h>

#include "contract.h"

struct record_tests {
	unsigned int holds, deviates, fails, skipped, broken;
};

/* Clauses and deviations are indices in the contract's lists. */
struct record {
	const char *file;
	const char *kernel;		/* "7.3.4", "patched" */
	const char *architecture;	/* "x86_64" */
	const char *release;		/* as uname -r has it */
	unsigned int page;		/* bytes */
	const char *contract;		/* its version */
	const char *date;
	struct record_tests tests;
	const struct record_deviates {
		unsigned int clause, deviation;
	} *deviates;
	size_t n_deviates;
	const unsigned int *met;	/* deviations, by any test */
	size_t n_met;
	const struct record_down {
		const char *test, *said, *deviation;	/* the last may be NULL */
	} *down;
	size_t n_down;
	const char *const *complaints;
	size_t n_complaints;
	const struct record_lacking {
		unsigned int tests;
		const char *why;
	} *lacking;
	size_t n_lacking;
	const unsigned int *fails, *differs, *untested, *works, *holds;	/* clauses */
	size_t n_fails, n_differs, n_untested, n_works, n_holds;
	struct origin *origin;
};

struct records {
	struct record *all;		/* the newest kernel first */
	size_t n;
	size_t n_others;		/* files of other versions of the contract, not read */
};

/**
 * records_read() - read the records of a directory
 * @directory: its files NAME.yaml; those of another version of the contract are counted
 * @errors:    gets one line for each error, as contract_read()'s
 *
 * Returns the number of errors.  records_free() is due in either case.
 */
int records_read(const char *directory, const struct contract *c, struct records *records,
		 FILE *errors);

void records_free(struct records *records);

/* What is known of a clause on a kernel. */
enum known {
	KNOWN_NOT,		/* the record does not have it */
	KNOWN_HOLDS,
	KNOWN_DEVIATES,
	KNOWN_DIFFERS,
	KNOWN_FAILS,
	KNOWN_UNTESTED,
};

enum known record_of_clause(const struct record *record, unsigned int clause);

/* Has any test met it there? */
bool record_has_met(const struct record *record, const struct contract *c,
		    unsigned int deviation);

/* Does the contract say that this release has it? */
bool record_is_said_to_deviate(const struct record *record, const struct contract *c,
			       unsigned int deviation);

/* What a test of its clause has shown on a kernel. */
bool record_keeps(const struct record *record, const struct contract *c, unsigned int deviation);

/*
 * Is it shown to be without a fault that has a hazard?  Not so where the contract says that
 * it has it, where that is met by chance, or another record of that release has met it.
 */
bool record_is_clean(const struct record *record, const struct contract *c,
		     const struct records *records, unsigned int deviation);

/**
 * records_print_seen() - where a deviation was met, and where it was not although it could have been
 * @before: put before each line, which is of one architecture and ends with a full stop
 * @print:  how a release is written; escapes what @out gives a meaning
 *
 * Returns whether any release has met it.
 */
bool records_print_seen(const struct records *records, const struct contract *c,
			unsigned int deviation, const char *before,
			void (*print)(const char *text, FILE *out), FILE *out);

/* The next architecture of which there is a released kernel, NULL at the end; *@at begins as 0. */
const char *records_architecture(const struct records *records, size_t *at);

/* Is it the record of a released kernel, and not of one of our own? */
bool record_is_of_release(const struct record *record);

/**
 * records_check() - hold what the contract says of releases against the records
 *
 * Errors stand where the contract says it.  Returns their number.
 */
int records_check(const struct contract *c, const struct records *records, FILE *errors);

#endif
