// SPDX-License-Identifier: MIT
/*
 * pinned.c - Why is a page busy that no other process has?
 *
 * Shows: a page that is pinned for DMA, here as a registered buffer of
 * io_uring, may be refused for as long as it is; a store does not help.  When
 * the pin has gone, the page moves.
 *
 * Clauses: [page.pinned] [best-effort.after-pin]
 * Page: UFFDIO_MOVE(2const), "Refusals"
 * Compile: cc -pthread -o pinned pinned.c
 * Run: ./pinned
 * Prints:
 *     pinned: EBUSY, .move = -EBUSY
 *     pinned, after a store: EBUSY, .move = -EBUSY
 *     no longer pinned: 0, .move = 1 page
 */
#include "example.h"

#include <linux/io_uring.h>
#include <sys/uio.h>

/* A ring that holds one buffer, and nothing else. */
static int
pin(char *buffer, size_t length)
{
    struct io_uring_params params = {.flags = 0};
    struct iovec vector = {.iov_base = buffer, .iov_len = length};
    long ring = syscall(SYS_io_uring_setup, 1, &params);

    if (ring == -1)
        cannot("no io_uring: %s", strerror(errno));
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS,
                &vector, 1) == -1)
        cannot("io_uring pins no page: %s", strerror(errno));
    return (int) ring;
}

static void
unpin(int ring)
{
    if (syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS,
                NULL, 0) == -1)
        err(EXIT_FAILURE, "IORING_UNREGISTER_BUFFERS");
    close(ring);
}

int
main(void)
{
    size_t page = page_size();
    int fd = open_userfaultfd(0), ring, result;
    char *from = new_region(page), *to = new_registered(fd, page);
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = page,
        .move = UNTOUCHED,
    };

    *from = 'x';
    ring = pin(from, page);
    result = move_patiently(fd, &arg);
    if (result == 0)
        cannot("this kernel moves pages that are pinned");
    show("pinned", result, &arg, EBUSY, -EBUSY);

    *(volatile char *) from = 'y';
    show("pinned, after a store", move_patiently(fd, &arg), &arg,
         EBUSY, -EBUSY);

    unpin(ring);
    show("no longer pinned", move_patiently(fd, &arg), &arg,
         0, (long long) page);
    exit(*to == 'y' ? EXIT_SUCCESS : EXIT_FAILURE);
}
