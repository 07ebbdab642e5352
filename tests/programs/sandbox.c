// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
/*
 * sandbox WHAT COMMAND [ARGUMENT...]
 *
 * Runs a command where something is refused to it, so that what it then says
 * can be checked:
 *
 *   no-userfaultfd    userfaultfd() and /dev/userfaultfd fail with EPERM
 *   no-move           UFFDIO_MOVE fails with EPERM, as a strict filter has it
 *   no-move-einval    UFFDIO_MOVE fails with EINVAL, the feature is reported
 *   unprivileged      user and group 65534, no capability, none to be gained
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

static void no_userfaultfd(void)
{
	refuse(__NR_userfaultfd, (unsigned int)USERFAULTFD_IOC_NEW, EPERM);
}

static void no_move(void)
{
	refuse(NO_CALL, (unsigned int)UFFDIO_MOVE, EPERM);
}

static void no_move_einval(void)
{
	refuse(NO_CALL, (unsigned int)UFFDIO_MOVE, EINVAL);
}

/* Changing the ids from root drops all capabilities of the process itself. */
static void unprivileged(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		give_up("no_new_privs");
	if (geteuid() != 0)
		return;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		give_up("changing to user 65534");
}

static const struct {
	const char *name;
	void (*enter)(void);
} sandboxes[] = {
	{ "no-userfaultfd", no_userfaultfd },
	{ "no-move", no_move },
	{ "no-move-einval", no_move_einval },
	{ "unprivileged", unprivileged },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 2 && i < sizeof(sandboxes) / sizeof(sandboxes[0]); i++) {
		if (strcmp(argv[1], sandboxes[i].name))
			continue;
		sandboxes[i].enter();
		execvp(argv[2], argv + 2);
		fprintf(stderr, "sandbox: %s: %s\n", argv[2], strerror(errno));
		return EXIT_NO_COMMAND;
	}
	fputs("usage: sandbox no-userfaultfd|no-move|no-move-einval|unprivileged COMMAND...\n",
	      stderr);
	return EXIT_NO_SANDBOX;
}
