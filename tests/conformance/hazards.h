/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests that may take the machine down: which are run, and what is said of the others.
 */
#ifndef UFFDIO_MOVE_HAZARDS_H
#define UFFDIO_MOVE_HAZARDS_H

#include "runner.h"

/* The deviation by which a test may take the machine down, or -1. */
int hazard_of(const struct run *run, size_t test);

/**
 * is_judged_unrun() - has the verdict on a test to do without running it?
 *
 * So it is where the machine went down at it, or at another of the same hazard, and
 * where its hazard was not asked for on a kernel that is not recorded to be without.
 * Then the verdict is set.
 */
bool is_judged_unrun(const struct run *run, size_t test);

#endif
