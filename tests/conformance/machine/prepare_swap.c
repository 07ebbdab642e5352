// SPDX-License-Identifier: GPL-2.0-only
/*
 * Swap space for the run: on zram, a RAM disk or in a file.
 */
#define _GNU_SOURCE
#include "machine/prepare_internal.h"

#include "machine/kernel.h"
#include "machine/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
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

static char own_swap[64];	/* the path of what is active, if anything */

#define ZRAM_CONTROL "/sys/class/zram-control/"

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
	int error = handle < 0 ? errno : 0;

	if (!error && swapon(path, SWAP_FLAG_PREFER | SWAP_FLAG_PRIO_MASK))
		error = errno;
	if (error)
		undo_never(handle);
	else
		snprintf(own_swap, sizeof(own_swap), "%s", path);
	return error;
}

/* Of several with the same priority the kernel takes now one and now another. */
bool prepare_has_own_swap(void)
{
	FILE *swaps = fopen("/proc/swaps", "re");
	char line[512], path[256];
	unsigned int rivals = 0;
	bool own = false;
	int priority;

	while (swaps && fgets(line, sizeof(line), swaps)) {
		if (sscanf(line, "%255s %*s %*s %*s %d", path, &priority) != 2)
			continue;
		if (*own_swap && !strcmp(path, own_swap))
			own = true;
		else
			rivals += priority >= SWAP_FLAG_PRIO_MASK;
	}
	if (swaps)
		fclose(swaps);
	return own && !rivals;
}

/* What is given back is noted anew: where the run is ending, it is not. */
int prepare_renew_swap(void)
{
	char path[sizeof(own_swap)];

	memcpy(path, own_swap, sizeof(path));
	return swapoff(path) ? errno : activate_swap(path);
}

/* A size is not put back: the device is reset, or removed. */
static int size_zram(unsigned int number)
{
	char path[64], bytes[32];

	snprintf(path, sizeof(path), "/sys/block/zram%u/disksize", number);
	snprintf(bytes, sizeof(bytes), "%lu", ZRAM_BYTES);
	return setting_write(path, bytes);
}

static int swap_on_zram(unsigned int number)
{
	char path[64];
	int error;

	snprintf(path, sizeof(path), "/dev/zram%u", number);
	error = make_swap(path, ZRAM_BYTES);
	return error ? error : activate_swap(path);
}

/* A device of our own is nobody else's; its number is known only once it is there. */
static int swap_on_new_zram(void)
{
	int handle = undo_later(UNDO_WRITE, ZRAM_CONTROL "hot_remove", "");
	int error = handle < 0 ? errno : 0;
	const char *number;

	if (!error)
		error = undo_value_read(handle, ZRAM_CONTROL "hot_add", &number);
	if (!error)
		error = size_zram(strtoul(number, NULL, 10));
	if (!error)
		error = swap_on_zram(strtoul(number, NULL, 10));
	/* The device may be there, but not its node: in a container with a /dev of its own. */
	if (error)
		undo_now(handle);
	return error;
}

static bool zram_is_free(unsigned int number)
{
	char path[64], value[64];

	snprintf(path, sizeof(path), "/sys/block/zram%u/disksize", number);
	return !setting_read(path, value, sizeof(value)) && !strcmp(value, "0");
}

/* A reset gives the device its first algorithm back, not the one chosen since. */
static void keep_algorithm(unsigned int number)
{
	char path[64], value[64];

	snprintf(path, sizeof(path), "/sys/block/zram%u/comp_algorithm", number);
	if (!setting_read(path, value, sizeof(value)))
		undo_later(UNDO_WRITE, path, value);
}

static int swap_on_this_zram(unsigned int number)
{
	char path[64];
	int handle, error;

	snprintf(path, sizeof(path), "/sys/block/zram%u/reset", number);
	keep_algorithm(number);
	handle = undo_later(UNDO_WRITE, path, "1");
	if (handle < 0)
		return errno;
	error = size_zram(number);
	if (error) {
		/* Somebody was quicker, and it is theirs. */
		undo_never(handle);
		return error;
	}
	error = swap_on_zram(number);
	if (error)
		undo_now(handle);
	return error;
}

static int swap_on_free_zram(void)
{
	int error = ENODEV;

	for (unsigned int number = 0; number < 8 && error; number++)
		if (zram_is_free(number))
			error = swap_on_this_zram(number);
	return error;
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

/* Bytes of a RAM disk that nobody uses and that holds nothing, or 0. */
static size_t free_bytes_of(const char *path)
{
	int fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	uint64_t bytes = 0;

	if (fd < 0)
		return 0;
	if (ioctl(fd, BLKGETSIZE64, &bytes))
		bytes = 0;
	if (bytes > SWAP_BYTES)
		bytes = SWAP_BYTES;
	if (bytes < RAM_DISK_LEAST || !all_zero(fd, bytes))
		bytes = 0;
	close(fd);
	return bytes;
}

static int swap_on_ram_disk(void)
{
	const char *path = "/dev/ram0";
	size_t bytes = free_bytes_of(path);
	char written[32];
	int handle, error;

	if (!bytes)
		return EBUSY;
	snprintf(written, sizeof(written), "%zu", bytes);
	handle = undo_later(UNDO_FORGET, path, written);
	if (handle < 0)
		return errno;
	error = make_swap(path, bytes);
	if (!error)
		error = activate_swap(path);
	if (error)
		undo_now(handle);
	return error;
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

static int fill_swap_file(int fd)
{
	int no_copy_on_write = FS_NOCOW_FL;

	ioctl(fd, FS_IOC_SETFLAGS, &no_copy_on_write);
	return posix_fallocate(fd, 0, SWAP_BYTES);
}

static int swap_on_file_in(const char *directory)
{
	int handle, fd, error;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "%s/uffdio-move.swap.%d", directory, getpid());
	/* What is there already is not to be removed, nor noted for it. */
	if (!lstat(path, &st))
		return EEXIST;
	handle = undo_later(UNDO_UNLINK, path, NULL);
	if (handle < 0)
		return errno;
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		error = errno;
		undo_never(handle);
		return error;
	}
	error = fill_swap_file(fd);
	close(fd);
	if (!error)
		error = make_swap(path, SWAP_BYTES);
	if (!error)
		error = activate_swap(path);
	if (error)
		undo_now(handle);
	return error;
}

static int swap_on_file(void)
{
	static const char * const directories[] = { "/var/tmp", "/var/lib", "/root" };
	int error = ENOSPC;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]) && error; i++)
		if (on_a_disk(directories[i]))
			error = swap_on_file_in(directories[i]);
	return error;
}

void prepare_swap(void)
{
	int zram = swap_on_new_zram(), file;

	if (!zram || !swap_on_free_zram())
		return;
	if (meminfo("SwapFree") >= ACTIVE_LEAST_KB || !swap_on_ram_disk())
		return;
	file = swap_on_file();
	if (file)
		hindered(PREPARE_SWAP, "none is active, and neither zram (%s) nor a file (%s) can be used",
			 strerrordesc_np(zram), strerrordesc_np(file));
}
