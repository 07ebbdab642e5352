/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a contract is made of: each structure, once, as a table of its members.
 */
#ifndef UFFDIO_MOVE_SHAPES_H
#define UFFDIO_MOVE_SHAPES_H

#include "kinds.h"

extern const struct shape contract_shape;

/* What extends it, and what each entry of that says of its place; clauses say more. */
extern const struct shape proposal_shape;
extern const struct field placing_fields[], clause_placing_fields[];

/* The keys that all clauses have; each section adds its own. */
extern const struct field clause_fields[];

/* Vocabularies that others speak too. */
extern const struct word level_words[], observation_words[];

#endif
