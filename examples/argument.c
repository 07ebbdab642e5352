// SPDX-License-Identifier: MIT
/*
 * argument.c - Where may struct uffdio_move lie?
 *
 * Shows: it has to be readable, or nothing happens; and .move has to be
 * writable, or the call fails when the pages have moved already.  In a page
 * that is being moved it works, but the result goes to the page that takes
 * its place.  So: anywhere in ordinary memory outside of both ranges.
 *
 * Clauses: [argument.readable] [result.writable] [argument.in-source]
 * Page: UFFDIO_MOVE(2const), "CAVEATS"
 * Compile: cc -pthread -o argument argument.c
 * Run: ./argument
 * Prints:
 *     in memory without access: EFAULT, nothing moved
 *     in read-only memory: EFAULT, the page has moved
 *     in the page that is moved: 0, .move = 1 page
 *     the copy that went with the page: .move untouched
 */
#include "example.h"

int
main(void)
{
    size_t page = page_size();
    int fd = open_userfaultfd(0);
    char *from = new_region(page), *to = new_registered(fd, 2 * page);
    struct uffdio_move *arg = (struct uffdio_move *) (void *) new_region(page);
    struct uffdio_move *moved;

    *from = 'x';
    arg->dst = ADDRESS(to);
    arg->src = ADDRESS(from);
    arg->len = page;
    arg->move = UNTOUCHED;

    if (mprotect(arg, page, PROT_NONE) == -1)
        err(EXIT_FAILURE, "mprotect");
    if (ioctl(fd, UFFDIO_MOVE, arg) != -1 || errno != EFAULT || is_there(to))
        errx(EXIT_FAILURE, "the structure could be read");
    printf("in memory without access: EFAULT, nothing moved\n");

    if (mprotect(arg, page, PROT_READ) == -1)
        err(EXIT_FAILURE, "mprotect");
    if (ioctl(fd, UFFDIO_MOVE, arg) != -1 || errno != EFAULT || !is_there(to))
        errx(EXIT_FAILURE, "the result could be written");
    printf("in read-only memory: EFAULT, the page has moved\n");

    if (mprotect(arg, page, PROT_READ | PROT_WRITE) == -1)
        err(EXIT_FAILURE, "mprotect");
    arg->dst = ADDRESS(to + page);
    arg->src = ADDRESS(arg);
    show("in the page that is moved", ioctl(fd, UFFDIO_MOVE, arg), arg,
         0, (long long) page);
    moved = (struct uffdio_move *) (void *) (to + page);
    printf("the copy that went with the page: .move %s\n",
           moved->move == UNTOUCHED ? "untouched" : "written");
    exit(EXIT_SUCCESS);
}
