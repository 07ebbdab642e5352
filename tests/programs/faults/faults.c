// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

#include "faults.h"
#include "machine/kernel.h"

int __wrap_test_move(struct test *t, int uffd, struct uffdio_move *arg);
int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);

int refuse(struct uffdio_move *arg, int error)
{
	arg->move = -error;
	return error;
}

bool is_plain(const struct test *t)
{
	return t->plan->source && !t->plan->n_variations;
}

bool source_has(const struct test *t, char letter)
{
	return t->plan->source && strchr(t->plan->source, letter);
}

bool source_ends_with(const struct test *t, char letter)
{
	const char *source = t->plan->source;

	return source && source[strlen(source) - 1] == letter;
}

bool destination_has(const struct test *t, char letter)
{
	return t->plan->destination && strchr(t->plan->destination, letter);
}

char *source_of(const struct uffdio_move *arg)
{
	return (char *)(uintptr_t)arg->src;
}

char *destination_of(const struct uffdio_move *arg)
{
	return (char *)(uintptr_t)arg->dst;
}

char *source_page_of(const struct uffdio_move *arg, long i)
{
	return source_of(arg) + i * (long)page_size();
}

char *destination_page_of(const struct uffdio_move *arg, long i)
{
	return destination_of(arg) + i * (long)page_size();
}

unsigned long pages_of(const struct uffdio_move *arg)
{
	return arg->len / page_size();
}

void *kept_copy(const void *from, size_t bytes)
{
	void *copy = malloc(bytes);

	if (!copy)
		abort();
	return memcpy(copy, from, bytes);
}

static const struct fault *const tables[] = {
	faults_of_results, faults_of_pages, faults_of_ranges, faults_of_holders, faults_of_wakes,
	faults_of_scenarios, faults_of_narrowness, faults_of_protection,
	faults_aside, faults_apart,
};

/* The fault of this name, or with NULL: print them all. */
static const struct fault *find(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (const struct fault *fault = tables[i]; fault->name; fault++)
			if (!name)
				puts(fault->name);
			else if (!strcmp(fault->name, name))
				return fault;
	return NULL;
}

static const struct fault *chosen;

/* Before there is any test, so that a wrong name ends the program. */
static void __attribute__((constructor)) choose(void)
{
	const char *name = getenv("UFFDIO_MOVE_FAULT");

	if (!name || !*name || is_faulty_kernel(name))
		return;
	if (!strcmp(name, "list")) {
		find(NULL);
		exit(0);
	}
	chosen = find(name);
	if (chosen)
		return;
	fprintf(stderr, "conformance-with-faults: no fault is called %s; \"list\" lists them\n", name);
	exit(2);
}

/* What is copied onto itself is read and written. */
static bool is_accessible(void *start, size_t size)
{
	struct iovec both = { start, size };

	return process_vm_writev(getpid(), &both, 1, &both, 1, 0) == (ssize_t)size;
}

static bool waits_in_kernel(pid_t pid)
{
	char path[64], state = 0;
	FILE *stat;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	stat = fopen(path, "re");
	if (!stat || fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (stat)
		fclose(stat);
	return state == 'D';
}

int __wrap_kill(pid_t pid, int number)
{
	if (chosen && chosen->deathless && pid > 0 && waits_in_kernel(pid))
		return 0;
	return __real_kill(pid, number);
}

int __wrap_test_move(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (chosen && (chosen->any_argument || is_accessible(arg, sizeof(*arg))))
		return chosen->call(t, uffd, arg);
	return __real_test_move(t, uffd, arg);
}
