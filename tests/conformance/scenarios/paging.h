/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages of a scene, swapped out and looked at.
 */
#ifndef UFFDIO_MOVE_PAGING_H
#define UFFDIO_MOVE_PAGING_H

#include "scenarios/scene.h"

/**
 * swap_out() - have pages swapped out
 * @start, @pages: which, all of them present; not those behind a huge entry
 *
 * To be called on the CPU on which they were first touched (stay_on_cpu()): pages
 * that another has yet to put on the kernel's lists are passed over.
 */
void swap_out(struct scene *s, char *start, unsigned int pages);

/* The same of pages that the kernel may be unable to find; returns how many were swapped out. */
unsigned int try_swap_out(struct scene *s, char *start, unsigned int pages);

/*
 * The same of a scene's pages from number @from on.  Each page of it is held by one of @pipes, so
 * that it stays in memory.
 */
void swap_out_held(struct scene *s, unsigned int from, int *pipes);

/* How many pages of a scene are present, at either place? */
unsigned int count_present(const struct scene *s);

/* How many of a scene's pages are at @place in their order, with their contents? */
unsigned int count_right(const struct scene *s, const char *place);

/* Tell by @what whether each page of the destination has its contents: "all", "not all". */
void observe_contents(struct scene *s, const char *what);

/* Have the destination swapped out; tell "swapped", all or not all, and then "contents". */
void observe_reclaim(struct scene *s);

/* End a scene, and unmap its pages. */
void scene_clear(struct scene *s);

/* How many of them are swap entries; and of these, how many with the page still in memory? */
unsigned int count_swapped(const char *start, unsigned int pages);
unsigned int count_cached(const char *start, unsigned int pages);

/**
 * make_clean() - have a scene's source read back from swap, and not stored to since
 *
 * Such pages are clean: there is a copy of each in swap, which reclaim need not
 * write again.  The copy is kept where the page was in memory before it was
 * mapped again, not where it is read past the swap cache; and not by each kernel,
 * so that this takes the need "swap-copy".
 */
void make_clean(struct scene *s);

/* The frames of a scene's source, to be given to free(). */
uint64_t *source_frames(const struct scene *s);

/* What is being written to swap is not freed when it is unmapped. */
void wait_until_written(struct test *t, const uint64_t *frames, unsigned int n);

/*
 * When pages have been unmapped: how many of these frames are anonymous pages still, which nobody
 * maps?  Waits a while for those that are on their way to be freed.
 */
unsigned int count_kept(struct test *t, uint64_t *frames, unsigned int n);

/**
 * swap_out_while_read() - have a huge page swapped out while its first small page is read
 *
 * A thread reads that as soon as it is behind a swap entry, so that the huge page stays in
 * memory, whole, behind those of the others; but for the second one, which is made anew.  The
 * scene is of one huge page; its source is filled anew.  Ends the test as skipped where no huge
 * page stays there.
 */
void swap_out_while_read(struct scene *s);

/* The pages of a mapping, by @field of /proc/self/smaps, such as "Private_Dirty". */
unsigned long smaps_pages(struct test *t, const void *mapping, const char *field);

/* A value of /proc/self/status, in pages. */
long status_pages(struct test *t, const char *name);

#endif
