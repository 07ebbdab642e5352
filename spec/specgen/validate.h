/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is wrong with a contract that is well-formed: parts that contradict each
 * other, that nothing uses or tests, or that leave a case open.
 */
#ifndef UFFDIO_MOVE_VALIDATE_H
#define UFFDIO_MOVE_VALIDATE_H

#include <stdio.h>

#include "contract.h"

/**
 * contract_validate() - look for what a reader cannot see entry by entry
 * @c:      from a contract_read() that returned 0
 * @errors: as with contract_read()
 *
 * Vectors are held against the oracle (oracle.h) only where the tables have no
 * error of their own.  Returns the number of errors.
 */
int contract_validate(const struct contract *c, FILE *errors);

#endif
