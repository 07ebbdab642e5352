/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Faulty kernels, played: conformance-with-faults makes its calls through
 * __wrap_test_move(), which lets the fault that the environment's UFFDIO_MOVE_FAULT
 * names take their place.  So the report's answer to a kernel that is not here can be
 * seen; faults.tsv tells what each has to lead to.
 */
#ifndef UFFDIO_MOVE_FAULTS_H
#define UFFDIO_MOVE_FAULTS_H

#include "test/test_internal.h"

struct fault {
	const char *name;
	/* in the place of the call; returns 0 or the errno */
	int (*call)(struct test *t, int uffd, struct uffdio_move *arg);
	bool any_argument;	/* played even if it cannot be read and written */
	bool deathless;		/* no process that the program kills ends */
	bool no_death;		/* a process that the program kills stays */
};

/* Each ends with one that has no name. */
extern const struct fault faults_of_results[], faults_of_pages[], faults_of_ranges[];
extern const struct fault faults_of_holders[], faults_of_wakes[], faults_of_scenarios[];
extern const struct fault faults_of_narrowness[], faults_of_protection[];
extern const struct fault faults_aside[], faults_apart[];

/* One that lacks the operation, hides it or never comes to it (kernel.c)? */
bool is_faulty_kernel(const char *name);

/* The kernel's own answer. */
int __real_test_move(struct test *t, int uffd, struct uffdio_move *arg);

/* Fail with an error, and .move its negation. */
int refuse(struct uffdio_move *arg, int error);

/* A plan of pages, and nothing that varies the call. */
bool is_plain(const struct test *t);

/* The letters of its plan; false if it has none. */
bool source_has(const struct test *t, char letter);
bool source_ends_with(const struct test *t, char letter);
bool destination_has(const struct test *t, char letter);

char *source_of(const struct uffdio_move *arg);
char *destination_of(const struct uffdio_move *arg);

/* The same, page @i of the call; negative: before it. */
char *source_page_of(const struct uffdio_move *arg, long i);
char *destination_page_of(const struct uffdio_move *arg, long i);

/* Pages that the call is about. */
unsigned long pages_of(const struct uffdio_move *arg);

/* Is the mapping that holds @address registered on any descriptor? */
bool is_registered(uint64_t address);

/* Has it this one of the VmFlags in smaps? */
bool mapping_has_flag(uint64_t address, const char *flag);

/* UFFDIO_WAKE of so many bytes; and is anybody to be woken by the call, as it went? */
void wake(int uffd, uint64_t start, uint64_t length);
bool is_to_wake(const struct uffdio_move *arg);

/* The kernel's own waking is left out; what is woken instead is the caller's affair. */
int call_without_waking(struct test *t, int uffd, struct uffdio_move *arg);

/* A copy of @bytes that is kept until the test's process ends. */
void *kept_copy(const void *from, size_t bytes);

#endif
