// SPDX-License-Identifier: MIT
/*
 * lazily_freed.c - What of a page that was given back by MADV_FREE?
 *
 * Shows: it moves as it is, and may still be taken when memory is wanted.
 * Whoever moves a page to make it safe has to store to it.
 *
 * Clauses: [page.lazily-freed] [effects.lazily-freed]
 * Page: UFFDIO_MOVE(2const), "BUGS"
 * Compile: cc -pthread -o lazily_freed lazily_freed.c
 * Run: ./lazily_freed
 * Prints:
 *     given back, then moved: 0, .move = 1 page
 *     at the new place: contents
 *     when memory is wanted: nothing
 */
#include "example.h"

int
main(void)
{
    size_t page = page_size();
    int fd = open_userfaultfd(0);
    char *from = new_region(page), *to = new_registered(fd, page);
    struct uffdio_range range = {.start = ADDRESS(to), .len = page};
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = page,
        .move = UNTOUCHED,
    };

    strcpy(from, "contents");
    if (madvise(from, page, MADV_FREE) == -1)
        cannot("MADV_FREE: %s", strerror(errno));
    show("given back, then moved", move_patiently(fd, &arg), &arg,
         0, (long long) page);
    if (!is_there(to))
        cannot("memory was wanted just now");
    printf("at the new place: %s\n", to);

    /* Reclaim passes over a page that was used, or is on its way to a list. */
    for (int tries = 0; is_there(to); tries++) {
        if (tries == 100)
            cannot("the kernel does not take the page");
        if (madvise(to, page, MADV_PAGEOUT) == -1)
            cannot("MADV_PAGEOUT: %s", strerror(errno));
        pause_for(10);
    }

    /* Now a place without a page may be looked at. */
    if (ioctl(fd, UFFDIO_UNREGISTER, &range) == -1)
        err(EXIT_FAILURE, "UFFDIO_UNREGISTER");
    printf("when memory is wanted: %s\n", *to == '\0' ? "nothing" : to);
    exit(*to == '\0' ? EXIT_SUCCESS : EXIT_FAILURE);
}
