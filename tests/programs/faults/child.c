// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "child.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "machine/kernel.h"

pid_t first_child(void)
{
	char path[64];
	pid_t child = 0;
	FILE *list;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	list = fopen(path, "r");
	if (list && fscanf(list, "%d", &child) != 1)
		child = 0;
	if (list)
		fclose(list);
	return child;
}

void spoil_in_child(const char *page)
{
	uint64_t word = 0x7370656f696c;
	struct iovec from = { &word, sizeof(word) };
	struct iovec to = { (char *)page + page_size() / 2, sizeof(word) };
	pid_t child = first_child();

	if (child)
		process_vm_writev(child, &from, 1, &to, 1, 0);
}
