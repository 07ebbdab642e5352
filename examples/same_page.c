// SPDX-License-Identifier: MIT
/*
 * same_page.c - Is it really not a copy?
 *
 * Shows: the physical page at the new place is the one that was at the old
 * one, and the process's resident size is what it was.
 *
 * Clauses: [effects.same-frame] [effects.accounting] [default.efficient]
 * Page: UFFDIO_MOVE(2const), "What a page takes along"
 * Compile: cc -pthread -o same_page same_page.c
 * Run: ./same_page
 * Prints:
 *     64 pages: 0, .move = 64 pages
 *     64 of them are the same physical pages
 *     the resident size has not changed
 */
#include "example.h"

#define PAGES 64

static void
read_frames(int pagemap, const char *region, uint64_t *frames)
{
    size_t length = PAGES * sizeof(frames[0]);
    off_t at = (off_t) ((uintptr_t) region / page_size() * sizeof(frames[0]));

    if (pread(pagemap, frames, length, at) != (ssize_t) length)
        err(EXIT_FAILURE, "/proc/self/pagemap");
    for (size_t i = 0; i < PAGES; i++)
        frames[i] &= ((uint64_t) 1 << 55) - 1;
}

/* In pages; read without stdio, which has memory of its own. */
static long
resident_size(int statm)
{
    char text[128];
    ssize_t length = pread(statm, text, sizeof(text) - 1, 0);
    char *second;

    if (length <= 0)
        err(EXIT_FAILURE, "/proc/self/statm");
    text[length] = '\0';
    second = strchr(text, ' ');
    if (second == NULL)
        errx(EXIT_FAILURE, "/proc/self/statm cannot be understood");
    return strtol(second, NULL, 10);
}

int
main(void)
{
    static uint64_t before[PAGES], after[PAGES];
    size_t page = page_size(), same = 0;
    int fd = open_userfaultfd(0), result;
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    int statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    char *from = new_region(PAGES * page);
    char *to = new_registered(fd, PAGES * page);
    long size_before, size_after;
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = PAGES * page,
        .move = UNTOUCHED,
    };

    if (pagemap == -1 || statm == -1)
        cannot("/proc cannot be read: %s", strerror(errno));
    for (size_t i = 0; i < PAGES; i++)
        from[i * page] = 'x';
    read_frames(pagemap, from, before);
    if (before[0] == 0)
        cannot("frame numbers are shown to CAP_SYS_ADMIN only");
    memset(after, 1, sizeof(after));    /* So that it is resident already */

    resident_size(statm);               /* So is what these need */
    pause_for(1);
    size_before = resident_size(statm);
    result = move_patiently(fd, &arg);
    size_after = resident_size(statm);
    show("64 pages", result, &arg, 0, (long long) (PAGES * page));

    read_frames(pagemap, to, after);
    for (size_t i = 0; i < PAGES; i++)
        same += before[i] == after[i];
    printf("%zu of them are the same physical pages\n", same);
    if (size_after != size_before)
        errx(EXIT_FAILURE, "the resident size has changed by %ld pages",
             size_after - size_before);
    printf("the resident size has not changed\n");
    exit(same == PAGES ? EXIT_SUCCESS : EXIT_FAILURE);
}
