// SPDX-License-Identifier: MIT
/*
 * swapped.c - Is a page read in from swap when it is moved?
 *
 * Shows: only the entry moves; the page is swapped out at its new place too,
 * and read in there when it is used.
 *
 * Clauses: [page.swapped] [effects.no-io] [effects.swapped-readable]
 * Page: UFFDIO_MOVE(2const), "What a page takes along"
 * Compile: cc -pthread -o swapped swapped.c
 * Run: ./swapped
 * Prints:
 *     16 pages are swapped out
 *     16 pages: 0, .move = 16 pages
 *     16 pages are swapped out at the new place
 *     they read as they should
 */
#include "example.h"

#define PAGES 16

/* How many pages of a region are swapped out? */
static size_t
swapped_out(const char *region)
{
    static int pagemap = -1;
    uint64_t entries[PAGES];
    size_t page = page_size(), count = 0;
    off_t at = (off_t) ((uintptr_t) region / page * sizeof(entries[0]));

    if (pagemap == -1)
        pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (pagemap == -1)
        cannot("/proc/self/pagemap: %s", strerror(errno));
    if (pread(pagemap, entries, sizeof(entries), at)
        != (ssize_t) sizeof(entries))
        err(EXIT_FAILURE, "/proc/self/pagemap");
    for (size_t i = 0; i < PAGES; i++)
        count += entries[i] >> 62 & 1;
    return count;
}

int
main(void)
{
    size_t page = page_size();
    int fd = open_userfaultfd(0);
    char *from = new_region(PAGES * page);
    char *to = new_registered(fd, PAGES * page);
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = PAGES * page,
        .move = UNTOUCHED,
    };

    for (size_t i = 0; i < PAGES; i++)
        from[i * page] = (char) ('a' + i);
    for (int tries = 0; swapped_out(from) != PAGES; tries++) {
        if (tries == 100)
            cannot("no swap space takes the pages (see swapon(8))");
        if (madvise(from, PAGES * page, MADV_PAGEOUT) == -1)
            cannot("MADV_PAGEOUT: %s", strerror(errno));
        pause_for(10);
    }
    printf("%d pages are swapped out\n", PAGES);

    show("16 pages", move_patiently(fd, &arg), &arg,
         0, (long long) (PAGES * page));

    printf("%zu pages are swapped out at the new place\n", swapped_out(to));
    for (size_t i = 0; i < PAGES; i++)
        if (to[i * page] != (char) ('a' + i))
            errx(EXIT_FAILURE, "page %zu reads as something else", i);
    printf("they read as they should\n");
    exit(EXIT_SUCCESS);
}
