// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "tracee.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include "mapping.h"
#include "test/compat.h"

#define ENTRY_PRESENT		(1ULL << 63)
#define ENTRY_SWAPPED		(1ULL << 62)
#define ENTRY_PROTECTED		(1ULL << 57)

size_t page_bytes(void)
{
	return sysconf(_SC_PAGESIZE);
}

static bool call_info(pid_t thread, struct __ptrace_syscall_info *info)
{
	memset(info, 0, sizeof(*info));
	return ptrace(PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof(*info), info) > 0;
}

bool tracee_call(pid_t thread, struct system_call *call)
{
	struct __ptrace_syscall_info info;

	if (!call_info(thread, &info) || info.op != PTRACE_SYSCALL_INFO_SECCOMP)
		return false;
	call->number = info.seccomp.nr;
	memcpy(call->args, info.seccomp.args, sizeof(call->args));
	return true;
}

bool tracee_result(pid_t thread, int64_t *result)
{
	struct __ptrace_syscall_info info;

	if (!call_info(thread, &info) || info.op != PTRACE_SYSCALL_INFO_EXIT)
		return false;
	*result = info.exit.rval;
	return true;
}

/* The registers that hold a system call: their names differ, and the way to no call at all. */
#if defined(__x86_64__)
#define INSTRUCTION 2	/* bytes of the instruction that calls */
typedef struct user_regs_struct registers;
static const size_t arguments[] = {
	offsetof(registers, rdi), offsetof(registers, rsi), offsetof(registers, rdx),
	offsetof(registers, r10), offsetof(registers, r8), offsetof(registers, r9),
};
#define RESULT(r)	((r)->rax)
#define PLACE(r)	((r)->rip)
static bool set_number(pid_t thread, registers *r, uint64_t number)
{
	(void)thread;
	r->orig_rax = number;
	return true;
}
static void set_number_again(registers *r, uint64_t number)
{
	r->rax = number;
}
#elif defined(__aarch64__)
#define INSTRUCTION 4
typedef struct user_regs_struct registers;
static const size_t arguments[] = {
	offsetof(registers, regs[0]), offsetof(registers, regs[1]), offsetof(registers, regs[2]),
	offsetof(registers, regs[3]), offsetof(registers, regs[4]), offsetof(registers, regs[5]),
};
#define RESULT(r)	((r)->regs[0])
#define PLACE(r)	((r)->pc)
#ifndef NT_ARM_SYSTEM_CALL
#define NT_ARM_SYSTEM_CALL 0x404
#endif
static bool set_number(pid_t thread, registers *r, uint64_t number)
{
	int n = number;
	struct iovec io = { &n, sizeof(n) };

	(void)r;
	return ptrace(PTRACE_SETREGSET, thread, (void *)NT_ARM_SYSTEM_CALL, &io) == 0;
}
static void set_number_again(registers *r, uint64_t number)
{
	r->regs[8] = number;
}
#else
#error "no one has said yet which registers hold a system call here"
#endif

static bool get_registers(pid_t thread, registers *r)
{
	struct iovec io = { r, sizeof(*r) };

	return ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &io) == 0;
}

static bool set_registers(pid_t thread, registers *r)
{
	struct iovec io = { r, sizeof(*r) };

	return ptrace(PTRACE_SETREGSET, thread, (void *)NT_PRSTATUS, &io) == 0;
}

static uint64_t *argument(registers *r, unsigned int i)
{
	return (uint64_t *)((char *)r + arguments[i]);
}

bool tracee_skip(pid_t thread, int64_t result)
{
	registers r;

	if (!get_registers(thread, &r) || !set_number(thread, &r, -1))
		return false;
	RESULT(&r) = result;
	return set_registers(thread, &r);
}

bool tracee_set_result(pid_t thread, int64_t result)
{
	registers r;

	if (!get_registers(thread, &r))
		return false;
	RESULT(&r) = result;
	return set_registers(thread, &r);
}

bool tracee_replace(pid_t thread, const struct system_call *call)
{
	registers r;

	if (!get_registers(thread, &r) || !set_number(thread, &r, call->number))
		return false;
	for (unsigned int i = 0; i < 6; i++)
		*argument(&r, i) = call->args[i];
	return set_registers(thread, &r);
}

bool tracee_call_again(pid_t thread, const struct system_call *call)
{
	registers r;

	if (!get_registers(thread, &r))
		return false;
	for (unsigned int i = 0; i < 6; i++)
		*argument(&r, i) = call->args[i];
	set_number_again(&r, call->number);
	PLACE(&r) -= INSTRUCTION;
	return set_registers(thread, &r);
}

bool tracee_hold_signals(pid_t thread, uint64_t *before)
{
	uint64_t all = ~0ULL;

	return !ptrace(PTRACE_GETSIGMASK, thread, (void *)sizeof(*before), before) &&
	       !ptrace(PTRACE_SETSIGMASK, thread, (void *)sizeof(all), &all);
}

void tracee_let_signals(pid_t thread, uint64_t before)
{
	ptrace(PTRACE_SETSIGMASK, thread, (void *)sizeof(before), &before);
}

/* Of those that were looked at last; they are few at a time. */
static struct { pid_t pid; int fd; } pagemaps[4];
static unsigned int next_pagemap;

void tracee_forget(pid_t pid)
{
	for (size_t i = 0; i < sizeof(pagemaps) / sizeof(pagemaps[0]); i++)
		if (pagemaps[i].pid == pid) {
			close(pagemaps[i].fd);
			pagemaps[i].pid = 0;
		}
}

static int pagemap_of(pid_t pid)
{
	const unsigned int n = sizeof(pagemaps) / sizeof(pagemaps[0]);
	char path[64];
	int fd;

	for (unsigned int i = 0; i < n; i++)
		if (pagemaps[i].pid == pid)
			return pagemaps[i].fd;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	next_pagemap = (next_pagemap + 1) % n;
	if (pagemaps[next_pagemap].pid)
		close(pagemaps[next_pagemap].fd);
	pagemaps[next_pagemap].pid = pid;
	pagemaps[next_pagemap].fd = fd;
	return fd;
}

/*
 * A page that is missing, or protected, in a range that is registered for that is brought
 * by the program itself: who is to let it run cannot wait for it.
 */
static bool would_wait(pid_t pid, uint64_t from, size_t bytes)
{
	uint64_t page = from & -(uint64_t)page_bytes();
	struct mapping mapping;
	uint64_t entry;

	for (; page < from + bytes; page += page_bytes()) {
		if (pread(pagemap_of(pid), &entry, sizeof(entry), page / page_bytes() * sizeof(entry)) !=
		    sizeof(entry))
			return true;
		if ((!(entry & (ENTRY_PRESENT | ENTRY_SWAPPED)) || entry & ENTRY_PROTECTED) &&
		    mapping_of(pid, page, &mapping) && mapping.any_registration)
			return true;
	}
	return false;
}

bool tracee_read(pid_t thread, uint64_t from, void *to, size_t bytes)
{
	struct iovec here = { to, bytes }, there = { (void *)from, bytes };

	return !would_wait(thread, from, bytes) &&
	       process_vm_readv(thread, &here, 1, &there, 1, 0) == (ssize_t)bytes;
}

/* By no pin, which would make a page that is shared the process's own. */
bool tracee_look(pid_t thread, uint64_t from, void *to, size_t bytes)
{
	struct mapping mapping;
	char path[64];
	bool seen;
	int fd;

	/* That file shows as well what the program itself may not read. */
	if (would_wait(thread, from, bytes) || !mapping_of(thread, from, &mapping) ||
	    mapping.access[0] != 'r')
		return false;
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	seen = fd >= 0 && pread(fd, to, bytes, from) == (ssize_t)bytes;
	if (fd >= 0)
		close(fd);
	return seen;
}

bool tracee_write(pid_t thread, uint64_t to, const void *from, size_t bytes)
{
	struct iovec here = { (void *)from, bytes }, there = { (void *)to, bytes };

	return !would_wait(thread, to, bytes) &&
	       process_vm_writev(thread, &here, 1, &there, 1, 0) == (ssize_t)bytes;
}

int tracee_descriptor(pid_t thread, int fd)
{
	/* by the thread: the first of its process may have ended; older kernels know that one only */
	int process = syscall(SYS_pidfd_open, thread, O_EXCL);
	int own;

	if (process < 0)
		process = syscall(SYS_pidfd_open, thread, 0);
	own = process < 0 ? -1 : syscall(SYS_pidfd_getfd, process, fd, 0);
	if (process >= 0)
		close(process);
	return own;
}

static enum sight sight_of(uint64_t entry)
{
	if (entry & ENTRY_SWAPPED)
		return SEEN_SWAP;
	return entry & ENTRY_PRESENT ? SEEN_PAGE : SEEN_HOLE;
}

/* Which of those that are present are none of the small pages that a process has for itself. */
static void tell_apart(int fd, uint64_t start, unsigned int n, enum sight *sights)
{
	struct scan_region regions[MOST_SIGHTS] = { 0 };
	struct scan_arg arg = {
		.size = sizeof(arg), .start = start, .end = start + n * page_bytes(),
		.vec = (uintptr_t)regions, .vec_len = MOST_SIGHTS,
		.category_mask = SCAN_PRESENT, .return_mask = SCAN_PRESENT | SCAN_ZERO | SCAN_HUGE,
	};
	int found = ioctl(fd, SCAN_PAGEMAP, &arg);

	for (int i = 0; i < found; i++)
		for (uint64_t page = regions[i].start; page < regions[i].end; page += page_bytes()) {
			enum sight *sight = &sights[(page - start) / page_bytes()];

			if (regions[i].categories & SCAN_ZERO)
				*sight = SEEN_ZERO;
			else if (regions[i].categories & SCAN_HUGE)
				*sight = SEEN_HUGE;
		}
}

void pages_seen(pid_t process, uint64_t start, unsigned int n, enum sight *sights)
{
	uint64_t entries[MOST_SIGHTS];
	size_t size = n * sizeof(*entries);
	int fd = pagemap_of(process);
	bool read = fd >= 0 && pread(fd, entries, size, start / page_bytes() * sizeof(*entries)) ==
			       (ssize_t)size;

	for (unsigned int i = 0; i < n; i++)
		sights[i] = read ? sight_of(entries[i]) : SEEN_NOTHING;
	if (read)
		tell_apart(fd, start, n, sights);
}

enum sight page_seen(pid_t process, uint64_t page)
{
	enum sight sight;

	pages_seen(process, page, 1, &sight);
	return sight;
}

bool page_is_filled(pid_t process, uint64_t page)
{
	enum sight sight = page_seen(process, page);

	return sight != SEEN_HOLE && sight != SEEN_NOTHING;
}

bool page_is_mapped(pid_t process, uint64_t page)
{
	char path[64], line[512];
	unsigned long from, to;
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)process);
	maps = fopen(path, "re");
	while (maps && !found && fgets(line, sizeof(line), maps))
		found = sscanf(line, "%lx-%lx", &from, &to) == 2 && page >= from && page < to;
	if (maps)
		fclose(maps);
	return found;
}

bool page_checksum(pid_t process, uint64_t page, uint64_t *sum)
{
	uint64_t words[65536 / sizeof(uint64_t)];
	size_t bytes = page_bytes();

	if (bytes > sizeof(words) || !tracee_look(process, page, words, bytes))
		return false;
	*sum = 0;
	for (size_t i = 0; i < bytes / sizeof(*words); i++)
		if (words[i])
			*sum = (*sum + words[i] * (2 * i + 1)) * 0x9E3779B97F4A7C15ULL + 1;
	return true;
}

bool thread_sleeps(pid_t thread, unsigned long *runs)
{
	char path[64], line[256], state = '?';
	unsigned long voluntary = 0, forced = 0, sum;
	FILE *status;
	bool still;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)thread);
	status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status)) {
		sscanf(line, "State: %c", &state);
		sscanf(line, "voluntary_ctxt_switches: %lu", &voluntary);
		sscanf(line, "nonvoluntary_ctxt_switches: %lu", &forced);
	}
	if (status)
		fclose(status);
	sum = voluntary + forced;
	still = (state == 'S' || state == 'D') && sum == *runs;
	*runs = sum;
	return still;
}
