// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starts the program with a filter that stops its threads at the operations of
 * userfaultfd and at nothing else, and tells what came of it.
 */
#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/compat.h"
#include "uffdio_move.h"

#define OPTIONS	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACESECCOMP | PTRACE_O_TRACECLONE | \
		 PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | \
		 PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)

/* Statuses of this program's own, as of others that run programs (env, nice). */
#define STATUS_SETUP		125
#define STATUS_NO_EXEC		126
#define STATUS_NOT_FOUND	127

/* Stops at ioctl() of userfaultfd's type, in the machine's own calls. */
static bool set_filter(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 0, 6),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, _IOC_TYPEMASK << _IOC_TYPESHIFT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UFFDIO << _IOC_TYPESHIFT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static _Noreturn void be_program(char *const argv[], int go, int said, const sigset_t *before)
{
	int error;
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(STATUS_SETUP);
	sigprocmask(SIG_SETMASK, before, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (set_filter())
		execvp(argv[0], argv);
	error = errno;
	if (write(said, &error, sizeof(error)) < 0)
		_exit(STATUS_SETUP);
	_exit(STATUS_NO_EXEC);
}

static int cannot_start(const char *program, int error)
{
	if (error == ENOENT)
		fprintf(stderr, "uffdio-move-refuse: there is no program %s; a path or a name in PATH is wanted\n",
			program);
	else if (error == ENOEXEC)
		fprintf(stderr, "uffdio-move-refuse: %s is no program of this machine's\n", program);
	else
		fprintf(stderr, "uffdio-move-refuse: %s cannot be run: %s\n", program, strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_NO_EXEC;
}

static int cannot_trace(pid_t program, int error)
{
	fprintf(stderr, "uffdio-move-refuse: a process of our own cannot be traced: %s; "
		"it may be that we are traced ourselves, or that /proc/sys/kernel/yama/ptrace_scope forbids it\n",
		strerror(error));
	kill(program, SIGKILL);
	return STATUS_SETUP;
}

static int exit_status(int main_status)
{
	return WIFEXITED(main_status) ? WEXITSTATUS(main_status) : 128 + WTERMSIG(main_status);
}

int start_program(char *const argv[])
{
	int go[2], said[2], error = 0;
	sigset_t set, before;
	bool failed;
	pid_t program;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &before);
	if (pipe2(go, O_CLOEXEC) || pipe2(said, O_CLOEXEC)) {
		perror("uffdio-move-refuse: pipe");
		return -STATUS_SETUP;
	}
	program = fork();
	if (program < 0) {
		perror("uffdio-move-refuse: fork");
		return -STATUS_SETUP;
	}
	if (!program)
		be_program(argv, go[0], said[1], &before);
	close(go[0]);
	close(said[1]);
	if (ptrace(PTRACE_SEIZE, program, 0, OPTIONS))
		return -cannot_trace(program, errno);
	new_thread(program);
	if (write(go[1], "", 1) != 1)
		return -STATUS_SETUP;
	close(go[1]);
	trace_run(program, &set);
	failed = read(said[0], &error, sizeof(error)) == sizeof(error);
	close(said[0]);
	if (failed)
		return -cannot_start(argv[0], error);
	if (trace_met_another_architecture())
		fputs("uffdio-move-refuse: a program of another architecture was run; "
		      "what it calls was let through\n", stderr);
	return exit_status(trace_status());
}
