/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * May this process change the system, and see all of it?
 */
#ifndef UFFDIO_MOVE_PRIVILEGE_H
#define UFFDIO_MOVE_PRIVILEGE_H

#include <stdbool.h>

/* Is a capability (CAP_SYS_ADMIN) in force, in whichever user namespace? */
bool has_capability(int capability);

/**
 * privilege_lacking() - what keeps this process from the system's settings
 *
 * Returns a clause without full stop, or NULL if it is privileged: outside of user
 * namespaces, with the capabilities that changing and restoring the settings take.
 */
const char *privilege_lacking(void);

#endif
