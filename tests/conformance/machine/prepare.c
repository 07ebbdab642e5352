// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/prepare.h"

#include "machine/kernel.h"
#include "machine/memcg.h"
#include "machine/settings.h"
#include "test/compat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SWAP_BYTES	(128UL << 20)
#define ZRAM_BYTES	(1UL << 30)	/* taken as it is used: by others, too */
#define RAM_DISK_LEAST	(4UL << 20)
#define ACTIVE_LEAST_KB	(32UL << 10)
#define HUGETLB_PAGES	2
#define HUGETLB_MOST_KB	(64UL << 10)	/* larger pages are too much to ask for */
#define LARGE_KB	64UL

#define KSM "/sys/kernel/mm/ksm/"
#define THP "/sys/kernel/mm/transparent_hugepage/"

static char hindrances[PREPARE_COUNT][128];
static size_t large_size;

/* The first hindrance is the one that explains the others. */
static __attribute__((format(printf, 2, 3))) void hindered(enum preparation what,
							    const char *format, ...)
{
	va_list arguments;

	if (hindrances[what][0])
		return;
	va_start(arguments, format);
	vsnprintf(hindrances[what], sizeof(hindrances[what]), format, arguments);
	va_end(arguments);
}

const char *prepare_hindrance(enum preparation what)
{
	return hindrances[what][0] ? hindrances[what] : NULL;
}

size_t prepare_large_size(void)
{
	return large_size;
}

/* A value of /proc/meminfo in kB, 0 if there is none. */
static unsigned long meminfo(const char *name)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long value = 0;
	char line[128];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && line[strlen(name)] == ':')
			value = strtoul(line + strlen(name) + 1, NULL, 10);
	fclose(f);
	return value;
}

/* What mkswap writes; a guest may have no mkswap. */
static int write_swap_header(int fd, size_t bytes)
{
	size_t page = page_size();
	char *header = calloc(1, page);
	uint32_t *version_one;
	int error = 0;

	if (!header)
		return ENOMEM;
	version_one = (uint32_t *)(header + 1024);	/* behind the boot bits */
	version_one[0] = 1;
	version_one[1] = bytes / page - 1;		/* last page */
	memcpy(header + page - 10, "SWAPSPACE2", 10);
	if (pwrite(fd, header, page, 0) != (ssize_t)page || fsync(fd))
		error = errno ? errno : EIO;
	free(header);
	return error;
}

static int make_swap(const char *path, size_t bytes)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int error;

	if (fd < 0)
		return errno;
	error = write_swap_header(fd, bytes);
	close(fd);
	return error;
}

/* Ahead of all other swap space, so that tests are quick and wear out no disk. */
static int activate_swap(const char *path)
{
	int handle = undo_later(UNDO_SWAPOFF, path, NULL);
	int error = 0;

	if (handle < 0)
		return EPERM;
	if (swapon(path, SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK))
		error = errno;
	if (error)
		undo_never(handle);
	return error;
}

static int swap_on_zram(unsigned int number)
{
	char path[64], bytes[32];
	int error;

	snprintf(path, sizeof(path), "/sys/block/zram%u/disksize", number);
	snprintf(bytes, sizeof(bytes), "%lu", ZRAM_BYTES);
	/* Not by setting_change(): a size is not put back, the device is reset. */
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	error = write(fd, bytes, strlen(bytes)) < 0 ? errno : 0;
	close(fd);
	snprintf(path, sizeof(path), "/dev/zram%u", number);
	if (!error)
		error = make_swap(path, ZRAM_BYTES);
	if (!error)
		error = activate_swap(path);
	return error;
}

/* A device of our own is nobody else's; its number is known only once it is there. */
static int swap_on_new_zram(void)
{
	char number[64];
	int error = setting_read("/sys/class/zram-control/hot_add", number, sizeof(number));

	if (error)
		return error;
	if (undo_later(UNDO_WRITE, "/sys/class/zram-control/hot_remove", number) < 0)
		return EPERM;
	return swap_on_zram(strtoul(number, NULL, 10));
}

static bool zram_is_free(unsigned int number)
{
	char path[64], value[64];

	snprintf(path, sizeof(path), "/sys/block/zram%u/disksize", number);
	return !setting_read(path, value, sizeof(value)) && !strcmp(value, "0");
}

static int swap_on_free_zram(void)
{
	for (unsigned int number = 0; number < 8; number++) {
		char path[64];

		if (!zram_is_free(number))
			continue;
		snprintf(path, sizeof(path), "/sys/block/zram%u/reset", number);
		if (undo_later(UNDO_WRITE, path, "1") < 0)
			return EPERM;
		return swap_on_zram(number);
	}
	return ENODEV;
}

/* Somebody may keep data on a RAM disk without having mounted it. */
static bool all_zero(int fd, size_t bytes)
{
	static char buffer[1 << 16];

	for (size_t at = 0; at < bytes; at += sizeof(buffer)) {
		ssize_t n = pread(fd, buffer, sizeof(buffer), at);

		if (n <= 0)
			return false;
		for (ssize_t i = 0; i < n; i++)
			if (buffer[i])
				return false;
	}
	return true;
}

static int swap_on_ram_disk(void)
{
	const char *path = "/dev/ram0";
	int fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	uint64_t bytes = 0;
	bool usable;
	int error;

	if (fd < 0)
		return errno;
	if (ioctl(fd, BLKGETSIZE64, &bytes))
		bytes = 0;
	if (bytes > SWAP_BYTES)
		bytes = SWAP_BYTES;
	usable = bytes >= RAM_DISK_LEAST && all_zero(fd, bytes);
	close(fd);
	if (!usable)
		return EBUSY;
	if (undo_later(UNDO_FORGET, path, NULL) < 0)
		return EPERM;
	error = make_swap(path, bytes);
	return error ? error : activate_swap(path);
}

/* Memory and overlays cannot hold swap space, and say so late or never. */
static bool on_a_disk(const char *directory)
{
	struct statfs s;

	if (statfs(directory, &s))
		return false;
	switch ((unsigned long)s.f_type) {
	case 0x01021994UL:	/* tmpfs */
	case 0x858458f6UL:	/* ramfs */
	case 0x794c7630UL:	/* overlay */
	case 0x6969UL:		/* nfs */
		return false;
	}
	return s.f_bavail * (unsigned long)s.f_bsize > 2 * SWAP_BYTES;
}

static int swap_on_file(void)
{
	static const char * const directories[] = { "/var/tmp", "/var/lib", "/root" };
	char path[64];
	int no_copy_on_write = FS_NOCOW_FL;
	int fd, error;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (!on_a_disk(directories[i]))
			continue;
		snprintf(path, sizeof(path), "%s/uffdio-move.swap.%d", directories[i], getpid());
		if (undo_later(UNDO_UNLINK, path, NULL) < 0)
			return EPERM;
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			continue;
		ioctl(fd, FS_IOC_SETFLAGS, &no_copy_on_write);
		error = posix_fallocate(fd, 0, SWAP_BYTES);
		close(fd);
		if (!error)
			error = make_swap(path, SWAP_BYTES);
		if (!error)
			error = activate_swap(path);
		if (!error)
			return 0;
	}
	return ENOSPC;
}

static void prepare_swap(void)
{
	if (!swap_on_new_zram() || !swap_on_free_zram())
		return;
	if (meminfo("SwapFree") >= ACTIVE_LEAST_KB)
		return;
	if (!swap_on_ram_disk() || !swap_on_file())
		return;
	hindered(PREPARE_SWAP, "none is active, and neither zram nor a file can be used");
}

/*
 * run=2 unmerges every process's pages and is never written: where somebody
 * left it so, putting it back would be that.
 */
static void prepare_ksm(void)
{
	char run[64];

	if (setting_read(KSM "run", run, sizeof(run))) {
		hindered(PREPARE_KSM, "this kernel is built without it");
		return;
	}
	if (!strcmp(run, "2")) {
		hindered(PREPARE_KSM, "all pages were unmerged on purpose (run is 2)");
		return;
	}
	setting_change(KSM "advisor_mode", "none");
	setting_change(KSM "sleep_millisecs", "0");
	setting_change(KSM "pages_to_scan", "10000");
	setting_change(KSM "smart_scan", "0");
	if (setting_change(KSM "run", "1"))
		hindered(PREPARE_KSM, "it cannot be started");
}

static void prepare_huge(void)
{
	char enabled[64];

	if (setting_read(THP "enabled", enabled, sizeof(enabled))) {
		hindered(PREPARE_HUGE, "this kernel is built without them");
		return;
	}
	if (!strcmp(enabled, "never") && setting_change(THP "enabled", "madvise"))
		hindered(PREPARE_HUGE, "they are switched off");
	setting_change(THP "use_zero_page", "1");
}

/* The size of large folios next to LARGE_KB that the kernel offers, in kB, or 0. */
static unsigned long choose_large(void)
{
	unsigned long huge = huge_page_size() >> 10, chosen = 0, kb;
	DIR *directory = opendir(THP);
	struct dirent *entry;

	if (!directory)
		return 0;
	while ((entry = readdir(directory)))
		if (sscanf(entry->d_name, "hugepages-%lukB", &kb) == 1 && kb < huge &&
		    kb >= LARGE_KB && (!chosen || kb < chosen))
			chosen = kb;
	closedir(directory);
	return chosen;
}

static void prepare_large(void)
{
	unsigned long kb = choose_large();
	char path[96], enabled[64];

	if (!kb) {
		hindered(PREPARE_LARGE, "this kernel offers no such size");
		return;
	}
	snprintf(path, sizeof(path), THP "hugepages-%lukB/enabled", kb);
	if (setting_read(path, enabled, sizeof(enabled)) ||
	    (!strcmp(enabled, "never") && setting_change(path, "madvise"))) {
		hindered(PREPARE_LARGE, "they are switched off");
		return;
	}
	large_size = kb << 10;
}

static void prepare_hugetlb(void)
{
	const char *path = "/proc/sys/vm/nr_hugepages";
	char value[64];

	if (setting_read(path, value, sizeof(value))) {
		hindered(PREPARE_HUGETLB, "this kernel is built without them");
		return;
	}
	if (meminfo("HugePages_Free") >= HUGETLB_PAGES + meminfo("HugePages_Rsvd"))
		return;
	if (meminfo("Hugepagesize") > HUGETLB_MOST_KB) {
		hindered(PREPARE_HUGETLB, "the default huge page is too large");
		return;
	}
	snprintf(value, sizeof(value), "%lu", strtoul(value, NULL, 10) + HUGETLB_PAGES);
	if (setting_change(path, value))
		hindered(PREPARE_HUGETLB, "none can be reserved");
}

static void prepare_memcg(void)
{
	int error = memcg_prepare();

	if (error == ENOENT)
		hindered(PREPARE_MEMCG, "no hierarchy with them is mounted, or none may be made");
	else if (error)
		hindered(PREPARE_MEMCG, "none could be made: %s", strerror(error));
}

static const char *why_nothing(int error)
{
	switch (error) {
	case EACCES:
		return "not permitted to this user";
	case EBUSY:
		return "another run is under way";
	}
	return strerror(error);
}

void prepare_all(void)
{
	int error = settings_open();

	for (unsigned int i = 0; error && i < PREPARE_COUNT; i++)
		hindered(i, "%s", why_nothing(error));
	if (!error) {
		prepare_swap();
		prepare_ksm();
		prepare_huge();
		prepare_hugetlb();
		prepare_memcg();
	}
	/* A size that is enabled already is of use to everybody. */
	prepare_large();
}
