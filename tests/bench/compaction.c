// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows on compaction.  Each sample is a process of its own, whose peak memory is its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "collector.h"
#include "kinds.h"
#include "machine/kernel.h"
#include "machine/settings.h"
#include "run.h"
#include "statistics.h"
#include "test/compat.h"

#define HEAP_BYTES	(64UL << 20)
#define HEAP_QUICK	(16UL << 20)
#define MOST_APPLICATION 7	/* threads */
#define MOST_PAUSES	65536	/* of a thread */
#define THINK_NS	20000	/* from one store to the next */
#define TRIES		50	/* where the application has no CPU meanwhile */

enum figure {
	TIME, ELAPSED, PAUSE_MEDIAN, PAUSE_99, PAUSE_LONGEST, PAUSES, INTERRUPTS, MEMORY, FIGURES,
};

/* In memory shared with a sample's process. */
static struct outcome {
	bool complete;
	double figures[FIGURES];
} *outcome;

struct thread {
	pthread_t thread;
	const struct collector *collector;
	uint64_t random, stores;
	size_t n;
	double pauses[MOST_PAUSES];	/* microseconds */
};

static struct thread *threads;
static atomic_bool flipped, stop;
static atomic_uint running;

static uint32_t some(struct thread *t, uint32_t below)
{
	t->random = t->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (t->random >> 33) % below;
}

static void think(void)
{
	uint64_t until = clock_ns() + THINK_NS;

	while (clock_ns() < until)
		;
}

/* A pause is a store to a page that had not arrived when the store began. */
static void store(struct thread *t)
{
	const struct heap *h = t->collector->heap;
	size_t at = h->survivors[some(t, h->n)].to;
	struct object *o = (struct object *)(h->start + at);
	bool pauses = !t->collector->arrived[at / page_size()];
	uint64_t begun = clock_ns();

	__atomic_fetch_add(&o->stores, 1, __ATOMIC_RELAXED);
	t->stores++;
	if (pauses && t->n < MOST_PAUSES)
		t->pauses[t->n++] = (clock_ns() - begun) / 1e3;
}

static void *run_application(void *argument)
{
	struct thread *t = argument;

	stay_on(t - threads);
	running++;
	while (!flipped)
		;
	while (!stop) {
		store(t);
		think();
	}
	return NULL;
}

/* The collector has a CPU of its own, if there are two. */
static unsigned int count_application(void)
{
	unsigned int others = count_cpus() - 1;

	return others < 1 ? 1 : others < MOST_APPLICATION ? others : MOST_APPLICATION;
}

static void start_application(const struct collector *c, unsigned int n)
{
	threads = mmap(NULL, n * sizeof(*threads), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (threads == MAP_FAILED)
		skip_row("no memory to be had: %s", strerror(errno));
	for (unsigned int i = 0; i < n; i++) {
		threads[i].collector = c;
		threads[i].random = i + 1;
		if (pthread_create(&threads[i].thread, NULL, run_application, &threads[i]))
			skip_row("no thread to be had");
	}
	while (running < n)
		sched_yield();
}

static uint64_t end_application(unsigned int n)
{
	uint64_t stores = 0;

	stop = true;
	for (unsigned int i = 0; i < n; i++) {
		pthread_join(threads[i].thread, NULL);
		stores += threads[i].stores;
	}
	return stores;
}

static void sum_pauses_up(unsigned int n)
{
	double *all = malloc(n * sizeof(threads->pauses));
	size_t count = 0;

	for (unsigned int i = 0; all && i < n; i++) {
		memcpy(all + count, threads[i].pauses, threads[i].n * sizeof(*all));
		count += threads[i].n;
	}
	outcome->figures[PAUSES] = count;
	if (!count)
		return;
	sort_numbers(all, count);
	outcome->figures[PAUSE_MEDIAN] = quantile(all, count, 0.5);
	outcome->figures[PAUSE_99] = quantile(all, count, 0.99);
	outcome->figures[PAUSE_LONGEST] = all[count - 1];
	free(all);
}

static double peak_mib(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long kb = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lu", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb / 1024.0;
}

/* On all CPUs, whoever caused them; negative where the kernel does not count them. */
static double count_interrupts(void)
{
	FILE *f = fopen("/proc/interrupts", "re");
	double count = -1, all = 0;
	char word[32];

	while (f && count < 0 && fscanf(f, "%31s", word) == 1)
		if (!strcmp(word, "TLB:"))
			for (all = 0; fscanf(f, "%lf", &count) == 1;)
				all += count;
	if (f)
		fclose(f);
	return count < 0 ? count : all;
}

static void lose_a_store(const struct heap *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct object *o = (struct object *)(h->start + h->survivors[i].to);

		if (o->stores) {
			o->stores--;
			return;
		}
	}
}

static void check_sample(const struct collector *c, uint64_t stores)
{
	struct uffdio_range range = {
		.start = (uintptr_t)c->heap->start,
		.len = c->heap->bytes,
	};

	/* Else a page that is missing would keep this thread waiting for good. */
	ioctl(c->uffd, UFFDIO_UNREGISTER, &range);
	if (c->way == MOVE && plays(FAULT_STORE))
		lose_a_store(c->heap);
	heap_check(c->heap, stores);
}

static _Noreturn void take_sample(enum way way)
{
	unsigned int n = count_application();
	uint64_t begun, begun_of_thread, stores;
	struct collector collector;
	double interrupts;
	struct heap heap;

	heap_make(&heap, options.quick ? HEAP_QUICK : HEAP_BYTES);
	collector_open(&collector, &heap, way);
	start_application(&collector, n);
	/* The peak is from here on. */
	setting_write("/proc/self/clear_refs", "5");
	interrupts = count_interrupts();
	begun = clock_ns();
	begun_of_thread = clock_of_thread();
	collector_flip(&collector);
	flipped = true;
	collector_run(&collector);
	outcome->figures[TIME] = (clock_of_thread() - begun_of_thread) / 1e6;
	outcome->figures[ELAPSED] = (clock_ns() - begun) / 1e6;
	outcome->figures[INTERRUPTS] = count_interrupts() - interrupts;
	stores = end_application(n);
	outcome->figures[MEMORY] = peak_mib();
	sum_pauses_up(n);
	check_sample(&collector, stores);
	outcome->complete = true;
	_exit(0);
}

/* What went wrong there has been said there. */
static bool take_sample_apart(enum way way)
{
	pid_t parent = getpid(), pid;
	int status = 0;

	outcome->complete = false;
	pid = fork();
	if (pid < 0)
		skip_row("no process to be had: %s", strerror(errno));
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		take_sample(way);
	}
	waitpid(pid, &status, 0);
	if (outcome->complete)
		return outcome->figures[PAUSES] > 0;
	if (WIFSIGNALED(status))
		fail_row("%s: it was ended by a signal: %s", way_names[way], strsignal(WTERMSIG(status)));
	_exit(0);
}

/* A collection in which nobody had to wait says nothing of pauses. */
static void take_sample_with_pauses(enum way way)
{
	for (int tries = 0; tries < TRIES; tries++)
		if (take_sample_apart(way))
			return;
	skip_row("the application had no turn while its heap was compacted");
}

void run_compaction(const struct row *row)
{
	if (options.counted)
		skip_row("where instructions are counted there is one CPU, and nothing is side by side");
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (outcome == MAP_FAILED)
		skip_row("no memory to be had: %s", strerror(errno));
	for (; round_begins(); round_ends())
		for (enum way way = 0; way < WAYS; way++) {
			if (!(row->ways & WAY(way)))
				continue;
			take_sample_with_pauses(way);
			for (enum figure figure = 0; figure < FIGURES; figure++)
				sample_ends(figure, way, outcome->figures[figure]);
		}
	skip_part_unless_positive(INTERRUPTS,
				  "some collection had none, or the kernel does not count them");
}
