// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults that hang together with what else goes on: threads that wait in another way
 * than most, other descriptors, and other calls.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "faults.h"
#include "machine/kernel.h"
#include "machine/pagemap.h"
#include "machine/uffd.h"
#include "test/compat.h"

#define MOST_DESCRIPTORS 64
#define AWAIT_MS 2000

/* What the kernel tells of a descriptor of userfaultfd; false if it is none. */
static bool told_of(int fd, unsigned long *pending, unsigned long *features)
{
	char path[64], line[128];
	unsigned long api;
	bool told = false;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info)) {
		sscanf(line, "pending: %lu", pending);
		told |= sscanf(line, "API: %lx:%lx", &api, features) == 2;
	}
	if (info)
		fclose(info);
	return told;
}

static bool has_message(int fd)
{
	struct pollfd events = { .fd = fd, .events = POLLIN };

	return poll(&events, 1, 0) == 1 && events.revents & POLLIN;
}

/* Only who has been told of by an event that was read. */
static int no_wake_for_unread(struct test *t, int uffd, struct uffdio_move *arg)
{
	unsigned long pending = 0, features;

	if (told_of(uffd, &pending, &features) && pending)
		return call_without_waking(t, uffd, arg);
	return __real_test_move(t, uffd, arg);
}

/* An exact address is in no range of pages. */
static int no_wake_for_exact(struct test *t, int uffd, struct uffdio_move *arg)
{
	unsigned long pending, features;

	if (told_of(uffd, &pending, &features) && features & UFFD_FEATURE_EXACT_ADDRESS)
		return call_without_waking(t, uffd, arg);
	return __real_test_move(t, uffd, arg);
}

static int no_wake_from_4_gib(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = call_without_waking(t, uffd, arg);

	if (is_to_wake(arg))
		wake(uffd, arg->dst, (uint32_t)arg->move);
	return error;
}

/* Does this thread wait for a page within a system call? */
static bool waits_in_call(const char *thread)
{
	char path[300], text[4096] = "";
	FILE *file;
	bool waits;

	snprintf(path, sizeof(path), "/proc/self/task/%s/stack", thread);
	file = fopen(path, "re");
	if (!file)
		return false;
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	waits = strstr(text, "handle_userfault") && strstr(text, "do_syscall_64");
	return waits;
}

static int no_wake_in_system_call(struct test *t, int uffd, struct uffdio_move *arg)
{
	DIR *threads = opendir("/proc/self/task");
	const struct dirent *thread;
	bool waits = false;

	while (threads && (thread = readdir(threads)))
		waits |= waits_in_call(thread->d_name);
	if (threads)
		closedir(threads);
	return waits ? call_without_waking(t, uffd, arg) : __real_test_move(t, uffd, arg);
}

/* That the address space changes is told once, whether or not the event is read. */
static int changing_told_once(struct test *t, int uffd, struct uffdio_move *arg)
{
	static bool told;
	int error = __real_test_move(t, uffd, arg);

	if (error != EAGAIN || arg->move != -EAGAIN) {
		told = false;
		return error;
	}
	if (!told) {
		told = true;
		return error;
	}
	arg->move = arg->len;
	return 0;
}

/* An event that waits at any descriptor keeps all of them from moving. */
static int others_change_too(struct test *t, int uffd, struct uffdio_move *arg)
{
	unsigned long pending, features;

	for (int fd = 0; fd < MOST_DESCRIPTORS; fd++) {
		pending = 0;
		if (fd != uffd && told_of(fd, &pending, &features) && !pending && has_message(fd))
			return refuse(arg, EAGAIN);
	}
	return __real_test_move(t, uffd, arg);
}

/* One call at a time, wherever another is about. */
static int one_at_a_time(struct test *t, int uffd, struct uffdio_move *arg)
{
	static int inside;
	int error;

	if (__atomic_fetch_add(&inside, 1, __ATOMIC_SEQ_CST) > 0)
		error = refuse(arg, EAGAIN);
	else
		error = __real_test_move(t, uffd, arg);
	__atomic_fetch_sub(&inside, 1, __ATOMIC_SEQ_CST);
	return error;
}

static void *drop(void *argument)
{
	struct uffdio_move arg = *(struct uffdio_move *)argument;

	free(argument);
	madvise(source_of(&arg), arg.len, MADV_DONTNEED);
	return NULL;
}

/* Until another descriptor has something to be read. */
static void await_message_elsewhere(int uffd)
{
	unsigned long pending, features;

	for (int i = 0; i < AWAIT_MS; i++) {
		for (int fd = 0; fd < MOST_DESCRIPTORS; fd++)
			if (fd != uffd && told_of(fd, &pending, &features) && has_message(fd))
				return;
		poll(NULL, 0, 1);
	}
}

/* Registered on another descriptor: it is told that its page has gone. */
static int event_for_other(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_move *copy = kept_copy(arg, sizeof(*arg));
	int error = __real_test_move(t, uffd, arg);
	pthread_t thread;

	if (error || !is_registered(arg->src) ||
	    uffd_register(uffd, source_of(arg), arg->len, UFFDIO_REGISTER_MODE_MISSING,
			  NULL) != EBUSY || pthread_create(&thread, NULL, drop, copy))
		free(copy);
	else
		await_message_elsewhere(uffd);
	return error;
}

/* Now and then the last page moves, and is told as one that was in the way. */
static int moved_but_refused(struct test *t, int uffd, struct uffdio_move *arg)
{
	static unsigned int calls;
	int error = __real_test_move(t, uffd, arg);

	if (error || !pagemap_entry(destination_page_of(arg, pages_of(arg) - 1)) ||
	    __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % 7)
		return error;
	arg->move -= page_size();
	return arg->move ? EAGAIN : refuse(arg, EEXIST);
}

static int refused_though_moved(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return error ? error : refuse(arg, EEXIST);
}

/* The first call of the whole run, and of none that is made again. */
static unsigned int *all_calls;
static void __attribute__((constructor)) share_calls(void)
{
	all_calls = mmap(NULL, sizeof(*all_calls), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
}

static int refused_though_moved_once(struct test *t, int uffd, struct uffdio_move *arg)
{
	if (__atomic_fetch_add(all_calls, 1, __ATOMIC_RELAXED))
		return __real_test_move(t, uffd, arg);
	return refused_though_moved(t, uffd, arg);
}

/* Now and then nothing moves. */
static int refuse_some(struct test *t, int uffd, struct uffdio_move *arg, int error)
{
	static unsigned int calls;

	if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % 7)
		return __real_test_move(t, uffd, arg);
	return refuse(arg, error);
}

static int exists_without_cause(struct test *t, int uffd, struct uffdio_move *arg)
{
	return refuse_some(t, uffd, arg, EEXIST);
}

static int freed_table_is_invalid(struct test *t, int uffd, struct uffdio_move *arg)
{
	return refuse_some(t, uffd, arg, EINVAL);
}

static int freed_table_is_busy(struct test *t, int uffd, struct uffdio_move *arg)
{
	return refuse_some(t, uffd, arg, EBUSY);
}

/* .move is written by who lives to see the end of the call. */
static int killed_uncounted(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_move own = *arg;
	int error = __real_test_move(t, uffd, &own);

	arg->move = own.move;
	return error;
}

/* All is counted before anything has moved, and half of it moves. */
static int killed_overcounted(struct test *t, int uffd, struct uffdio_move *arg)
{
	struct uffdio_move half = *arg;

	arg->move = arg->len;
	half.len = arg->len / 2 / page_size() * page_size();
	return __real_test_move(t, uffd, &half);
}

/* The lock of the wrong table is taken: what is in it besides suffers. */
static int spoils_beside_in_table(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);
	char *beside = source_of(arg) + table_span() / 2;

	if (!error && pagemap_entry(beside) & ENTRY_PRESENT)
		madvise(beside, page_size(), MADV_DONTNEED);
	return error;
}

/* What cannot be moved is taken for a hole. */
static int failed_is_missing(struct test *t, int uffd, struct uffdio_move *arg)
{
	int error = __real_test_move(t, uffd, arg);

	return error == EFAULT && source_has(t, 'h') ? refuse(arg, ENOENT) : error;
}

const struct fault faults_aside[] = {
	{ .name = "no-wake-for-unread", .call = no_wake_for_unread },
	{ .name = "no-wake-for-exact", .call = no_wake_for_exact },
	{ .name = "no-wake-from-4-gib", .call = no_wake_from_4_gib },
	{ .name = "no-wake-in-system-call", .call = no_wake_in_system_call },
	{ .name = "changing-told-once", .call = changing_told_once },
	{ .name = "others-change-too", .call = others_change_too },
	{ .name = "one-at-a-time", .call = one_at_a_time },
	{ .name = "event-for-other", .call = event_for_other },
	{ .name = "moved-but-refused", .call = moved_but_refused },
	{ .name = "refused-though-moved", .call = refused_though_moved },
	{ .name = "refused-though-moved-once", .call = refused_though_moved_once },
	{ .name = "exists-without-cause", .call = exists_without_cause },
	{ .name = "freed-table-is-invalid", .call = freed_table_is_invalid },
	{ .name = "freed-table-is-busy", .call = freed_table_is_busy },
	{ .name = "killed-uncounted", .call = killed_uncounted },
	{ .name = "killed-overcounted", .call = killed_overcounted },
	{ .name = "spoils-beside-in-table", .call = spoils_beside_in_table },
	{ .name = "failed-is-missing", .call = failed_is_missing },
	{ .name = NULL }
};
