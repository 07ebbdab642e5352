/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Standard input, output and error, which whoever starts a program may have closed.
 */
#ifndef UFFDIO_MOVE_STREAMS_H
#define UFFDIO_MOVE_STREAMS_H

/**
 * streams_secure() - let no other file get the number of a standard stream
 *
 * To be called before anything is opened.  A stream that is closed stays of no use:
 * reading and writing it fails with EBADF.  From then on a program that would end
 * with status 0 ends with 1 and a sentence if its standard output could not be
 * written.
 */
void streams_secure(void);

#endif
