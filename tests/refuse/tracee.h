/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stopped thread of the program: its system call, its memory, its pages.
 * Addresses are the program's; all of it works without privilege.
 */
#ifndef UFFDIO_MOVE_REFUSE_TRACEE_H
#define UFFDIO_MOVE_REFUSE_TRACEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct system_call {
	uint64_t number;
	uint64_t args[6];
};

/* The call at which the filter has stopped the thread. */
bool tracee_call(pid_t thread, struct system_call *call);

/* Where it has ended: what it returned, a negated errno if it failed. */
bool tracee_result(pid_t thread, int64_t *result);

/* The call is not made, and returns @result. */
bool tracee_skip(pid_t thread, int64_t result);

/* At a call's end: it returns @result instead. */
bool tracee_set_result(pid_t thread, int64_t result);

/* Another call is made in the place of the one that was stopped; its end stops, too. */
bool tracee_replace(pid_t thread, const struct system_call *call);

/* At the end of that one: the thread goes on with the call that was to be made. */
bool tracee_call_again(pid_t thread, const struct system_call *call);

/* Signals other than SIGKILL wait; @before gets what was blocked. */
bool tracee_hold_signals(pid_t thread, uint64_t *before);
void tracee_let_signals(pid_t thread, uint64_t before);

/* False, too, where the program itself would have to bring the page. */
bool tracee_read(pid_t thread, uint64_t from, void *to, size_t bytes);

/* The same of what the program may move: such a page is left as it is. */
bool tracee_look(pid_t thread, uint64_t from, void *to, size_t bytes);
bool tracee_write(pid_t thread, uint64_t to, const void *from, size_t bytes);

/* What can be seen of a page without being its owner. */
enum sight {
	SEEN_HOLE,	/* nothing, with a table or without */
	SEEN_PAGE,	/* present */
	SEEN_HUGE,	/* present, mapped as a huge page */
	SEEN_ZERO,	/* the zero page */
	SEEN_SWAP,	/* an entry of swap, or one that is made like it */
	SEEN_NOTHING,	/* it could not be looked at */
};

/* Of @n pages from @start on; SEEN_NOTHING where they cannot be looked at. */
#define MOST_SIGHTS 16
void pages_seen(pid_t process, uint64_t start, unsigned int n, enum sight *sights);

enum sight page_seen(pid_t process, uint64_t page);
bool page_is_filled(pid_t process, uint64_t page);

/* Is anything mapped there? */
bool page_is_mapped(pid_t process, uint64_t page);

/* The contents of a page that is there, as a number that differs with them; 0: all zeroes. */
bool page_checksum(pid_t process, uint64_t page, uint64_t *sum);

size_t page_bytes(void);

/* A descriptor of the program's, as one of our own; -1 if it cannot be had. */
int tracee_descriptor(pid_t thread, int fd);

/* The process or thread has ended, or runs another program: what was opened of it is closed. */
void tracee_forget(pid_t pid);

/* Does the thread sleep, and has it not run since @runs was taken? */
bool thread_sleeps(pid_t thread, unsigned long *runs);

#endif
