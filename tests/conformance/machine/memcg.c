// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/kernel.h"
#include "machine/memcg.h"
#include "machine/pagemap.h"
#include "machine/settings.h"

#define PATH_BYTES 160		/* what settings.h keeps */

/* A mounted hierarchy of cgroups, and where in it this process is. */
struct hierarchy {
	bool second_version;
	char root[PATH_BYTES];		/* of what is mounted */
	char mounted_at[PATH_BYTES];
	char own[PATH_BYTES];		/* this process's cgroup */
};

static struct group {
	char path[PATH_BYTES];
	uint64_t inode;
} groups[MEMCG_COUNT];

static bool second_version;

/* "4:memory:/path" in version 1, "0::/path" in version 2. */
static bool find_own(struct hierarchy *h)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[512], *controllers, *path;
	bool found = false;

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		controllers = strchr(line, ':');
		path = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = '\0';
		if (strcmp(controllers + 1, h->second_version ? "" : "memory"))
			continue;
		found = snprintf(h->own, sizeof(h->own), "%s", path) < (int)sizeof(h->own);
	}
	if (f)
		fclose(f);
	return found;
}

/* A line of mountinfo: "36 35 98:0 /root /at options - type source options of the type". */
static bool is_mounted_here(struct hierarchy *h, const char *line)
{
	const char *rest = strstr(line, " - ");
	char type[32], options[128];

	if (!rest || sscanf(rest, " - %31s %*s %127s", type, options) != 2 ||
	    sscanf(line, "%*s %*s %*s %159s %159s", h->root, h->mounted_at) != 2)
		return false;
	if (h->second_version)
		return !strcmp(type, "cgroup2");
	return !strcmp(type, "cgroup") && strstr(options, "memory");
}

static bool find_mounted(struct hierarchy *h)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	bool found = false;
	char line[1024];

	while (f && !found && fgets(line, sizeof(line), f))
		found = is_mounted_here(h, line);
	if (f)
		fclose(f);
	return found;
}

/* The directory of this process's cgroup, whatever part of the hierarchy is mounted. */
static bool own_directory(struct hierarchy *h, char *directory, size_t size)
{
	size_t root = strcmp(h->root, "/") ? strlen(h->root) : 0;
	int length;

	if (!find_mounted(h) || !find_own(h) || strncmp(h->own, h->root, root))
		return false;
	length = snprintf(directory, size, "%s%s", h->mounted_at, h->own + root);
	while (length > 0 && length < (int)size && directory[length - 1] == '/')
		directory[--length] = '\0';
	return length > 0 && length < (int)size;
}

static bool file_holds(const char *directory, const char *name, const char *word)
{
	char path[PATH_BYTES + 32], text[256] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strstr(text, word);
}

/* A cgroup of version 2 that has processes cannot have cgroups with memory beneath it. */
static bool choose_parent(char *directory, size_t size)
{
	struct hierarchy h = { .second_version = false };
	char *end;

	if (own_directory(&h, directory, size))
		return true;
	h.second_version = second_version = true;
	if (!own_directory(&h, directory, size))
		return false;
	end = strrchr(directory, '/');
	if (strlen(directory) > strlen(h.mounted_at) && end)
		*end = '\0';
	return file_holds(directory, "cgroup.subtree_control", "memory");
}

static int make_group(struct group *g, const char *parent, unsigned int number)
{
	struct stat st;
	int handle;

	if (snprintf(g->path, sizeof(g->path), "%s/uffdio-move.%d.%u", parent, (int)getpid(),
		     number) >= (int)sizeof(g->path))
		return ENAMETOOLONG;
	handle = undo_later(UNDO_RMDIR, g->path, NULL);
	if (handle < 0)
		return EPERM;
	if (mkdir(g->path, 0755)) {
		undo_never(handle);
		return errno;
	}
	if (!stat(g->path, &st))
		g->inode = st.st_ino;
	return 0;
}

int memcg_prepare(void)
{
	char parent[PATH_BYTES];
	int error = 0;

	if (!choose_parent(parent, sizeof(parent)))
		return ENOENT;
	for (unsigned int i = 0; i < MEMCG_COUNT && !error; i++)
		error = make_group(&groups[i], parent, i);
	return error;
}

int memcg_enter(enum memcg group)
{
	char path[PATH_BYTES + 32];

	if (!groups[group].inode)
		return ENOENT;
	snprintf(path, sizeof(path), "%s/cgroup.procs", groups[group].path);
	return setting_write(path, "0");
}

long memcg_pages(enum memcg group)
{
	char path[PATH_BYTES + 32], bytes[64];

	snprintf(path, sizeof(path), "%s/%s", groups[group].path,
		 second_version ? "memory.current" : "memory.usage_in_bytes");
	if (setting_read(path, bytes, sizeof(bytes)))
		return -1;
	return strtol(bytes, NULL, 10) / (long)page_size();
}

static long long read_bytes(enum memcg group, const char *name, const char *format)
{
	char path[PATH_BYTES + 32], line[128];
	long long bytes = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", groups[group].path, name);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f) && sscanf(line, format, &bytes) != 1)
		;
	if (f)
		fclose(f);
	return bytes;
}

long long memcg_stat(enum memcg group, const char *name)
{
	char format[64];

	snprintf(format, sizeof(format), "%s %%lld", name);
	return read_bytes(group, "memory.stat", format);
}

/* Until Linux 6.16 all controllers are added up for it. */
void memcg_add_up(enum memcg group)
{
	read_bytes(group, "cpu.stat", "usage_usec %lld");
}

static long long kernel_bytes(enum memcg group)
{
	return second_version ? memcg_stat(group, "kernel") :
	       read_bytes(group, "memory.kmem.usage_in_bytes", "%lld");
}

long memcg_pages_of_processes(enum memcg group)
{
	long long kernel = kernel_bytes(group);
	long all = memcg_pages(group);

	return all < 0 || kernel < 0 ? -1 : all - (long)(kernel / page_size());
}

static int write_number(enum memcg group, const char *name, long long number)
{
	char path[PATH_BYTES + 32], text[32];

	snprintf(path, sizeof(path), "%s/%s", groups[group].path, name);
	snprintf(text, sizeof(text), "%lld", number);
	/* the second version has a word for no limit */
	return setting_write(path, number < 0 && second_version ? "max" : text);
}

int memcg_spare(enum memcg group)
{
	/* a privilege is taken for the former, and the latter is of the first version alone */
	int error = setting_write("/proc/self/oom_score_adj", "-1000");

	return error && !second_version ? write_number(group, "memory.oom_control", 1) : error;
}

int memcg_limit(enum memcg group, long further)
{
	long pages = memcg_pages(group);
	long long most = further < 0 ? -1 : (pages + further) * (long long)page_size();
	int error;

	if (pages < 0)
		return ENOENT;
	error = write_number(group, second_version ? "memory.swap.max" : "memory.swappiness", 0);
	return error ? error : write_number(group, second_version ? "memory.max" :
					    "memory.limit_in_bytes", most);
}

int memcg_drain(enum memcg group)
{
	int error = write_number(group, second_version ? "memory.high" : "memory.force_empty", 0);

	return second_version && !error ? write_number(group, "memory.high", -1) : error;
}

/* A folio is aligned to its size; of its pages, some kernels charge but the first. */
static uint64_t first_frame_of_folio(uint64_t frame)
{
	uint64_t first = frame;

	if (!(frame_flags(frame) >> FLAG_COMPOUND_TAIL & 1))
		return frame;
	for (uint64_t pages = 2; first && !(frame_flags(first) >> FLAG_COMPOUND_HEAD & 1); pages *= 2)
		first = frame & ~(pages - 1);
	return first;
}

bool memcg_has(enum memcg group, uint64_t frame)
{
	static int fd = -1;
	uint64_t inode = 0;

	if (fd < 0)
		fd = open("/proc/kpagecgroup", O_RDONLY | O_CLOEXEC);
	frame = first_frame_of_folio(frame);
	if (pread(fd, &inode, sizeof(inode), frame * sizeof(inode)) != sizeof(inode))
		return false;
	return inode && inode == groups[group].inode;
}
