// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "machine/idle.h"

#define BITMAP "/sys/kernel/mm/page_idle/bitmap"
#define FRAMES_OF_WORD 64

static int open_bitmap(int flags)
{
	return open(BITMAP, flags | O_CLOEXEC);
}

static off_t word_of(uint64_t frame)
{
	return frame / FRAMES_OF_WORD * sizeof(uint64_t);
}

bool idle_shown(void)
{
	int fd = open_bitmap(O_RDWR);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

bool idle_mark(uint64_t frame)
{
	uint64_t word = 1ULL << frame % FRAMES_OF_WORD;
	int fd = open_bitmap(O_WRONLY);
	bool marked;

	if (fd < 0)
		return false;
	marked = pwrite(fd, &word, sizeof(word), word_of(frame)) == sizeof(word);
	close(fd);
	return marked;
}

bool is_idle(uint64_t frame)
{
	int fd = open_bitmap(O_RDONLY);
	uint64_t word = 0;
	bool idle;

	if (fd < 0)
		return false;
	idle = pread(fd, &word, sizeof(word), word_of(frame)) == sizeof(word) &&
	       word >> frame % FRAMES_OF_WORD & 1;
	close(fd);
	return idle;
}
