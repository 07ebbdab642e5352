// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fail_nth.h"

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

/* Marked by the kernel's option slub_debug=A,CACHE. */
static int any_cache_is_marked(void)
{
	char mark = '0';
	int fd = open("/sys/kernel/slab/anon_vma/failslab", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (read(fd, &mark, 1) < 0)
			mark = '0';
		close(fd);
	}
	return mark == '1';
}

int fail_nth_prepare(void)
{
	/* Otherwise only what may not sleep fails, and no single page. */
	static const char *const values[][2] = {
		{ "/sys/kernel/debug/fail_page_alloc/min-order", "0" },
		{ "/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N" },
		{ "/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N" },
		{ "/sys/kernel/debug/fail_page_alloc/verbose", "0" },
		{ "/sys/kernel/debug/failslab/ignore-gfp-wait", "N" },
		{ "/sys/kernel/debug/failslab/verbose", "0" },
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (write_text(values[i][0], values[i][1]))
			return -1;
	return write_text("/sys/kernel/debug/failslab/cache-filter",
			  any_cache_is_marked() ? "Y" : "N");
}

int fail_nth_open(void)
{
	return open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
}

int fail_nth_set(int fd, int n)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", n);

	return pwrite(fd, text, length, 0) == length ? 0 : -1;
}

int fail_nth_left(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) < 1 ? -1 : atoi(text);
}
