/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Words to who counts instructions (count.c): no-operations whose displacement is one.
 * Processors go past them; the jump ends the block that QEMU translates at once.
 */
#ifndef UFFDIO_MOVE_BENCH_MARK_H
#define UFFDIO_MOVE_BENCH_MARK_H

#define MARK_ON		0x756d7601	/* count from here on */
#define MARK_OFF	0x756d7602
#define MARK_SECTION	0x756d7603	/* write down what was counted */

#ifdef __x86_64__
#define MARK(word)	asm volatile(".byte 0x0f, 0x1f, 0x80; .long %c0; jmp 1f; 1:" : : "i"(word) : "memory")
#else
#define MARK(word)	((void)(word))
#endif

#endif
