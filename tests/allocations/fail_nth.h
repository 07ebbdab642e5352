/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's injection of failing allocations, for the calling thread alone
 * (CONFIG_FAULT_INJECTION; root).
 */
#ifndef UFFDIO_MOVE_FAIL_NTH_H
#define UFFDIO_MOVE_FAIL_NTH_H

/**
 * fail_nth_prepare() - let allocations of every size and kind be such as may fail
 *
 * Where caches are marked for it (slub_debug=A,anon_vma,...), of the slab's only those:
 * kmemleak allocates along with everybody, and does without if it cannot.
 *
 * Returns 0, or -1 with errno where this kernel injects no failures.
 */
int fail_nth_prepare(void);

/* A descriptor with which the calling thread's failures are set; -1 with errno. */
int fail_nth_open(void);

/* Let the thread's @n-th allocation from now on fail, none if @n is 0; 0, or -1 with errno. */
int fail_nth_set(int fd, int n);

/* 0 once the failure has happened; -1 with errno. */
int fail_nth_left(int fd);

#endif
