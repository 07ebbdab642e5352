/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Probes that lie in files of their own, and how a probe says what is lacking.
 */
#ifndef UFFDIO_MOVE_PROBES_INTERNAL_H
#define UFFDIO_MOVE_PROBES_INTERNAL_H

#include "machine/probes.h"

/* Say why; false. */
bool lacks(struct reason *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same of a call that has failed. */
bool lacks_errno(struct reason *why, const char *what);

/* probes_userfaultfd.c */
bool poison_works(struct reason *why);
bool wp_works(struct reason *why);
bool wp_unpopulated_works(struct reason *why);
bool rwp_works(struct reason *why);
bool written_works(struct reason *why);
bool written_holes_work(struct reason *why);
bool fork_event_works(struct reason *why);
bool user_mode_works(struct reason *why);
bool kernel_faults_work(struct reason *why);

#endif
