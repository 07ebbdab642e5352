// SPDX-License-Identifier: MIT
/*
 * reference.c - What if the kernel still uses a page that moves?
 *
 * Shows: a page that was spliced into a pipe moves, and the pipe keeps it: it
 * is the same page, so that a store at the new place is read from the pipe.
 *
 * Clauses: [effects.reference-keeps-page] [page.present]
 *     [effects.holder-shares]
 * Page: UFFDIO_MOVE(2const), "What a page takes along"
 * Compile: cc -pthread -o reference reference.c
 * Run: ./reference
 * Prints:
 *     in a pipe, and moved: 0, .move = 1 page
 *     stored at the new place: moved
 *     read from the pipe: moved
 */
#include "example.h"

#include <sys/uio.h>

int
main(void)
{
    size_t page = page_size();
    int fd = open_userfaultfd(0), ends[2];
    char *from = new_region(page), *to = new_registered(fd, page);
    char text[8];
    struct iovec vector = {.iov_base = from, .iov_len = sizeof(text)};
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = page,
        .move = UNTOUCHED,
    };

    if (pipe(ends) == -1)
        err(EXIT_FAILURE, "pipe");
    strcpy(from, "before");
    if (vmsplice(ends[1], &vector, 1, 0) != (ssize_t) sizeof(text))
        err(EXIT_FAILURE, "vmsplice");

    show("in a pipe, and moved", move_patiently(fd, &arg), &arg,
         0, (long long) page);
    strcpy(to, "moved");
    printf("stored at the new place: %s\n", to);
    if (read(ends[0], text, sizeof(text)) != (ssize_t) sizeof(text))
        err(EXIT_FAILURE, "read");
    printf("read from the pipe: %s\n", text);
    exit(strcmp(text, "moved") == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
