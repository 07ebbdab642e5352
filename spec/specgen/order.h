/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the order of the outcome table's rows decides.
 */
#ifndef UFFDIO_MOVE_ORDER_H
#define UFFDIO_MOVE_ORDER_H

#include <stdio.h>

#include "contract.h"

/**
 * print_order() - list the pairs of rows that would not do in the other order
 * @c: of which contract_validate() has found no error
 *
 * One line for each two rows of which the first decides a cell that the second
 * fits as well, with another result, and such a cell.
 */
void print_order(const struct contract *c, FILE *out);

#endif
