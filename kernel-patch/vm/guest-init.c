// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's first process: loads the modules in /modules by their names'
 * order, and runs one program, whose output and end the host learns over ports
 * of their own.  The console stays the kernel's.
 *
 * /command holds the program's path and arguments, each ended by a NUL.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define MAX_ARGUMENTS	256
#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

static void mount_at(const char *type, const char *where)
{
	mkdir(where, 0755);
	/* What this kernel has not, the program will miss or not. */
	(void)!mount(type, where, type, 0, NULL);
}

/* As a system's manager does. */
static void let_cgroups_have_memory(void)
{
	int fd = open("/sys/fs/cgroup/cgroup.subtree_control", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, "+memory", strlen("+memory"));
	close(fd);
}

static void make_file_systems(void)
{
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");
	mount_at("devtmpfs", "/dev");
	mount_at("tmpfs", "/tmp");
	mount_at("tmpfs", "/dev/shm");
	mount_at("debugfs", "/sys/kernel/debug");
	mount_at("cgroup2", "/sys/fs/cgroup");
	let_cgroups_have_memory();
	(void)!symlink("/proc/self/fd", "/dev/fd");
}

/* What does not fit this kernel the program will miss; the console tells. */
static void load_modules(void)
{
	struct dirent **names;
	char path[300];
	int n = scandir("/modules", &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		int fd;

		if (names[i]->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/modules/%s", names[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (syscall(SYS_finit_module, fd, "", 0))
			dprintf(STDERR_FILENO, "guest: %s could not be loaded: %m\n", path);
		close(fd);
	}
}

/* Kernels are given such a disk where they have no module for swap in memory. */
static void swap_on_disk(void)
{
	for (int tries = 0; tries < 200 && access("/dev/nvme0", F_OK) == 0; tries++) {
		if (!swapon("/dev/nvme0n1", 0))
			return;
		usleep(10 * 1000);
	}
}

/*
 * With its first virtual machine, and with its last, a kernel patches its own
 * code, of the scheduler too.  An emulated processor may run what stood there
 * before and meet a breakpoint that is nobody's any more.  So that this is but
 * once, and while nothing else runs, one stays as long as the guest does.
 */
static void keep_virtual_machine(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);

	if (vm >= 0)
		(void)!ioctl(vm, KVM_CREATE_VCPU, 0);
}

static void tell(const char *format, int value)
{
	dprintf(STDERR_FILENO, format, value);
}

/* A name in sysfs ends with a newline. */
static int has_name(const char *port, const char *name)
{
	char path[300], text[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", port);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 1)
		return 0;
	text[n - 1] = '\0';
	return !strcmp(text, name);
}

static int open_virtio(const char *name)
{
	DIR *ports = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	char path[300];
	int fd = -1;

	if (!ports)
		return -1;
	while (fd < 0 && (entry = readdir(ports))) {
		if (!has_name(entry->d_name, name))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	closedir(ports);
	return fd;
}

static int open_serial(const char *path)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	struct termios settings;

	if (fd < 0)
		return -1;
	/* A name without a port behind it. */
	if (tcgetattr(fd, &settings)) {
		close(fd);
		return -1;
	}
	/* Bytes arrive as they were written: no newline becomes two. */
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL;
	tcsetattr(fd, TCSANOW, &settings);
	return fd;
}

static int open_port(const char *name, const char *serial)
{
	int fd = -1;

	/* The host tells a virtio port's name while the kernel goes on booting. */
	for (int tries = 0; fd < 0 && tries < 500; tries++) {
		if (tries)
			usleep(10 * 1000);
		fd = open_virtio(name);
		if (fd < 0)
			fd = open_serial(serial);
	}
	return fd;
}

static char **read_command(void)
{
	static char text[65536], *arguments[MAX_ARGUMENTS + 1];
	int fd = open("/command", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	size_t count = 0;

	for (char *p = text; n > 0 && p < text + n && count < MAX_ARGUMENTS; p += strlen(p) + 1)
		arguments[count++] = p;
	close(fd);
	return arguments;
}

/*
 * What the program writes goes through a pipe: it shall not take a serial port
 * for a terminal, and a port that stands still shall not hold it up in a test.
 */
struct stream {
	int from, to;
};

static int make_stream(struct stream *s, int port)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*s = (struct stream){ .from = ends[0], .to = port };
	return ends[1];
}

static void forward(const struct stream *s)
{
	char text[4096];
	ssize_t n;

	while ((n = read(s->from, text, sizeof(text))) > 0)
		for (ssize_t done = 0, k; done < n; done += k) {
			k = write(s->to, text + done, n - done);
			if (k <= 0)
				return;
		}
}

static pid_t start(char **command, int output, int errors)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setsid();
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	if (chdir("/tmp"))
		_exit(127);
	execv(command[0], command);
	dprintf(STDERR_FILENO, "%s: %m\n", command[0]);
	_exit(127);
}

/* The host is about to give the guest up: let the console have what each task is at. */
static void show_tasks(void)
{
	for (const char *key = "lwt"; *key; key++) {
		int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

		(void)!write(fd, key, 1);
		close(fd);
	}
}

static time_t seconds_up(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* Orphans are ours to collect too. */
static int has_ended(pid_t program, int *status)
{
	pid_t pid;
	int how;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0)
		if (pid == program) {
			*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
			return 1;
		}
	return 0;
}

static int run(char **command, int output, int errors)
{
	struct stream streams[2];
	int out = make_stream(&streams[0], output), err = make_stream(&streams[1], errors);
	struct pollfd from[2] = {
		{ .fd = streams[0].from, .events = POLLIN },
		{ .fd = streams[1].from, .events = POLLIN },
	};
	/* Of the kernel's command line, in seconds since it was booted. */
	const char *limit = getenv("guest_limit");
	time_t give_up = limit ? atol(limit) : 0;
	pid_t program = start(command, out, err);
	int status = 127, ended = program < 0;

	while (!ended) {
		poll(from, 2, 20);
		ended = has_ended(program, &status);
		if (give_up && seconds_up() >= give_up) {
			show_tasks();
			give_up = 0;
		}
		forward(&streams[0]);
		forward(&streams[1]);
	}
	return status;
}

static void write_kmemleak(const char *word)
{
	int fd = open(KMEMLEAK, O_WRONLY | O_CLOEXEC);

	(void)!write(fd, word, strlen(word));
	close(fd);
}

/* Only what is 5 s old, and what two scans found unchanged and unreferenced, counts as lost. */
static void tell_leaks(void)
{
	char text[4096];
	ssize_t n;
	int fd;

	sleep(6);
	write_kmemleak("scan");
	write_kmemleak("scan");
	fd = open(KMEMLEAK, O_RDONLY);
	while ((n = read(fd, text, sizeof(text))) > 0)
		(void)!write(STDERR_FILENO, text, n);
	close(fd);
}

int main(void)
{
	int output, errors, status;

	make_file_systems();
	load_modules();
	swap_on_disk();
	keep_virtual_machine();
	output = open_port("uffdio-move.output", "/dev/ttyS1");
	errors = open_port("uffdio-move.errors", "/dev/ttyS2");
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/tmp", 1);
	tell("guest: starting the program\n", 0);
	status = run(read_command(), output, errors);
	tell("guest: the program ended with %d\n", status);
	if (!access(KMEMLEAK, W_OK))
		tell_leaks();
	tell("guest: done\n", 0);
	dprintf(output, "\036exit %d\n", status);
	/* Closing waits until all is sent. */
	close(errors);
	close(output);
	sync();
	reboot(RB_AUTOBOOT);
	return 0;
}
