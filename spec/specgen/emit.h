/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What specgen writes.  Each function prints one whole file; the same contract
 * gives the same bytes.
 */
#ifndef UFFDIO_MOVE_EMIT_H
#define UFFDIO_MOVE_EMIT_H

#include <stdio.h>

#include "contract.h"

struct records;

/* contract_tables.c: the contract as initializers of contract.h. */
void emit_tables(const struct contract *c, FILE *out);

/* contract_functions.c: tables of the functions that the contract names, in its order. */
void emit_function_tables(const struct contract *c, FILE *out);

/* contract_functions.h: prototypes of the functions that the contract names. */
void emit_functions(const struct contract *c, FILE *out);

/* uffdio_move.h: the interface, for systems whose header lacks it. */
void emit_header(const struct contract *c, FILE *out);

/*
 * uffdio_move_contract.7: the reading version, in man(7); of a proposal, uffdio_move_NAME.7,
 * which has what is proposed and no more.
 */
void emit_page(const struct contract *c, const struct records *records, FILE *out);

/* What that is called. */
#define MAX_PAGE_NAME	64
void emit_page_name(const struct contract *c, char name[MAX_PAGE_NAME]);

/* The outcome table as one of tbl: the states of the source by those of the destination. */
void emit_outcome_table(const struct contract *c, FILE *out);

/* uffdio_move_cases.h: cases for a program that knows no rule, with what is expected. */
void emit_cases(const struct contract *c, FILE *out);

/* clean_kernels.c: the kernels that are recorded to be without a fault that has a hazard. */
void emit_clean_kernels(const struct contract *c, const struct records *records, FILE *out);

/* The page of clauses by kernels, without the frame that the site gives it, in XHTML. */
void emit_matrix(const struct contract *c, const struct records *records, FILE *out);

/* Each clause with its errors, and where it was seen to hold, in XML. */
void emit_index(const struct contract *c, const struct records *records, FILE *out);

/* @text as it stands in XML, between quotes too. */
void emit_markup(const char *text, FILE *out);

/* First lines of a generated file: licence, what it is made from, and that by hand is no use. */
void emit_head(const struct contract *c, const char *begin, const char *end,
	       const char *licence, FILE *out);

/* @text as it stands within a C string literal. */
void emit_escaped(const char *text, FILE *out);

/* The whole literal. */
void emit_string(const char *text, FILE *out);

#endif
