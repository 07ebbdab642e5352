/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The child that shares a test's pages, at whose expense a faulty kernel moves them.
 */
#ifndef UFFDIO_MOVE_FAULTS_CHILD_H
#define UFFDIO_MOVE_FAULTS_CHILD_H

#include <sys/types.h>

/* The first child of this process, 0 if there is none. */
pid_t first_child(void);

/* A word in the middle of its page at @page is another. */
void spoil_in_child(const char *page);

#endif
