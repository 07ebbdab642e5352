/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which clause is told where: by a test, a page, the patch, an example.
 *
 * A file cites a clause by its id in square brackets, "[page.hole]", in a
 * comment of its own language.  Nothing else is kept anywhere about it.
 */
#ifndef UFFDIO_MOVE_TRACE_H
#define UFFDIO_MOVE_TRACE_H

#include <stdio.h>

#include "contract.h"

/**
 * trace_citations() - print the table of clauses and citations
 * @files: paths as given to the program, relative to the top of the tree; the
 *         column follows from the first folder: man2, man2const: page;
 *         kernel-patch: patch; examples: example
 *
 * A column of which no file was given says "absent" in every row.  Where a
 * column is present, a must-clause or an advice that it lacks is an error for
 * pages, and counted for the others.  Returns the number of errors, printed on stderr as
 * "FILE:LINE:COLUMN: error: TEXT".
 */
int trace_citations(const struct contract *c, char **files, int n_files, FILE *out);

#endif
