/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program's exit status where nothing is known to be wrong with the kernel, and
 * too little to be right; --help tells the others.
 */
#ifndef UFFDIO_MOVE_STATUS_H
#define UFFDIO_MOVE_STATUS_H

#define EXIT_UNSURE	3

#endif
