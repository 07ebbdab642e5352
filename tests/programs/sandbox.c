// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
/*
 * sandbox WHAT COMMAND [ARGUMENT...]
 *
 * Runs a command where something is refused to it, so that what it then says
 * can be checked:
 *
 *   unprivileged            user and group 65534, no capability, none to be gained
 *   filtered                a filter is in force, which refuses none of this
 *   no-userfaultfd          userfaultfd() and /dev/userfaultfd fail with EPERM
 *   no-userfaultfd-ENOSYS   ... as if the kernel had neither
 *   no-userfaultfd-call     userfaultfd() alone, with ENOSYS
 *   no-api  no-register     UFFDIO_API, or UFFDIO_REGISTER, fails with EPERM
 *   no-move                 UFFDIO_MOVE fails with EPERM, as a strict filter has it
 *   no-move-ERRNO           ... with EINVAL, ENOSYS, EACCES, ENOTTY
 *
 * Exits with 125 if the sandbox cannot be set up, 127 if the command cannot be
 * run, otherwise as the command does.
 */
#include "test/compat.h"
#include "uffdio_move.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define NOBODY 65534
#define EXIT_NO_SANDBOX 125
#define EXIT_NO_COMMAND 127

#if defined(__x86_64__)
#define THIS_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH AUDIT_ARCH_AARCH64
#else
#error "the system call filter does not know this architecture"
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOW_HALF 0
#else
#define LOW_HALF 4
#endif

#define NO_CALL 0xffffffffu
#define NO_REQUEST 0xffffffffu

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define EQUALS(value, if_so, if_not) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (if_so), (if_not))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, (what))

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "sandbox: %s: %s\n", what, strerror(errno));
	exit(EXIT_NO_SANDBOX);
}

/* Let a system call (or NO_CALL) and the ioctl with this request fail. */
static void refuse(unsigned int call, unsigned int request, unsigned int error)
{
	struct sock_filter steps[] = {
		/* Another architecture's numbers mean something else. */
		LOAD(offsetof(struct seccomp_data, arch)),
		EQUALS(THIS_ARCH, 1, 0),
		ANSWER(SECCOMP_RET_KILL_PROCESS),
		LOAD(offsetof(struct seccomp_data, nr)),
		EQUALS(call, 3, 0),
		EQUALS(__NR_ioctl, 0, 3),
		LOAD(offsetof(struct seccomp_data, args[1]) + LOW_HALF),
		EQUALS(request, 0, 1),
		ANSWER(SECCOMP_RET_ERRNO | error),
		ANSWER(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {
		.len = sizeof(steps) / sizeof(steps[0]),
		.filter = steps,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		give_up("seccomp");
}

/* Changing the ids from root drops all capabilities of the process itself. */
static void drop_privilege(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		give_up("no_new_privs");
	if (geteuid() != 0)
		return;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		give_up("changing to user 65534");
}

static const struct filter {
	const char *name;
	unsigned int call, request, error;
} filters[] = {
	{ "filtered", NO_CALL, NO_REQUEST, EPERM },
	{ "no-userfaultfd", __NR_userfaultfd, USERFAULTFD_IOC_NEW, EPERM },
	{ "no-userfaultfd-ENOSYS", __NR_userfaultfd, USERFAULTFD_IOC_NEW, ENOSYS },
	{ "no-userfaultfd-call", __NR_userfaultfd, NO_REQUEST, ENOSYS },
	{ "no-api", NO_CALL, UFFDIO_API, EPERM },
	{ "no-register", NO_CALL, UFFDIO_REGISTER, EPERM },
	{ "no-move", NO_CALL, UFFDIO_MOVE, EPERM },
	{ "no-move-EINVAL", NO_CALL, UFFDIO_MOVE, EINVAL },
	{ "no-move-ENOSYS", NO_CALL, UFFDIO_MOVE, ENOSYS },
	{ "no-move-EACCES", NO_CALL, UFFDIO_MOVE, EACCES },
	{ "no-move-ENOTTY", NO_CALL, UFFDIO_MOVE, ENOTTY },
};

#define N_FILTERS (sizeof(filters) / sizeof(filters[0]))

static _Noreturn void show_usage(void)
{
	fputs("usage: sandbox unprivileged", stderr);
	for (size_t i = 0; i < N_FILTERS; i++)
		fprintf(stderr, "|%s", filters[i].name);
	fputs(" COMMAND...\n", stderr);
	exit(EXIT_NO_SANDBOX);
}

static void enter(const char *name)
{
	if (!strcmp(name, "unprivileged")) {
		drop_privilege();
		return;
	}
	for (size_t i = 0; i < N_FILTERS; i++)
		if (!strcmp(name, filters[i].name)) {
			refuse(filters[i].call, filters[i].request, filters[i].error);
			return;
		}
	show_usage();
}

int main(int argc, char **argv)
{
	if (argc < 3)
		show_usage();
	enter(argv[1]);
	execvp(argv[2], argv + 2);
	fprintf(stderr, "sandbox: %s: %s\n", argv[2], strerror(errno));
	return EXIT_NO_COMMAND;
}
