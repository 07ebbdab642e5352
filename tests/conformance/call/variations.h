/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract's variations, as functions: each changes its one thing of a call
 * that has not been built yet, and touches only the facets that the contract
 * lists for it.  So any two without a common facet can be applied together, in
 * any order, and both hold.
 *
 * variations_arguments.c has the descriptor, the caller, the structure and its
 * values; variations_areas.c the mappings and their registration, of which
 * variations_arm64.c has what that machine alone knows.
 */
#ifndef UFFDIO_MOVE_VARIATIONS_H
#define UFFDIO_MOVE_VARIATIONS_H

#include "call/call.h"
#include "contract_functions.h"

/* Give the mapping of an area this access (PROT_*); for several of the files above. */
void give_access(struct call *c, struct area *a, int access);

#endif
