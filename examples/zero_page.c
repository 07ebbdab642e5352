// SPDX-License-Identifier: MIT
/*
 * zero_page.c - Does the zero page move, although all processes share it?
 *
 * Shows: memory that has only been read, or that UFFDIO_ZEROPAGE has filled,
 * holds the zero page.  It moves (since Linux 6.9) and is no hole; a store at
 * the new place gives a page of its own there.
 *
 * Clauses: [page.zero] [call.source-empty]
 * Page: UFFDIO_MOVE(2const), "What a page takes along"
 * Compile: cc -pthread -o zero_page zero_page.c
 * Run: ./zero_page
 * Prints:
 *     read, never written: 0, .move = 1 page
 *     filled by UFFDIO_ZEROPAGE: 0, .move = 1 page
 *     they are at the new places, and read as zeroes
 *     a store there: 1
 */
#include "example.h"

int
main(void)
{
    size_t page = page_size();
    int fd = open_userfaultfd(0), result;
    char *was_read = new_region(page), *filled = new_registered(fd, page);
    char *to = new_registered(fd, 2 * page);
    struct uffdio_zeropage zero = {
        .range = {.start = ADDRESS(filled), .len = page},
    };
    struct uffdio_move arg = {.len = page, .move = UNTOUCHED};

    if (*(volatile char *) was_read != 0)
        errx(EXIT_FAILURE, "new memory is not zero");
    arg.dst = ADDRESS(to);
    arg.src = ADDRESS(was_read);
    result = move_patiently(fd, &arg);
    if (result == -1 && errno == EBUSY)
        cannot("this kernel, as Linux 6.8 did, takes it for a shared page");
    show("read, never written", result, &arg, 0, (long long) page);

    if (ioctl(fd, UFFDIO_ZEROPAGE, &zero) == -1)
        err(EXIT_FAILURE, "UFFDIO_ZEROPAGE");
    arg.dst = ADDRESS(to + page);
    arg.src = ADDRESS(filled);
    show("filled by UFFDIO_ZEROPAGE", move_patiently(fd, &arg), &arg,
         0, (long long) page);

    if (is_there(was_read) || is_there(filled))
        errx(EXIT_FAILURE, "the old places are not empty");
    if (!is_there(to) || !is_there(to + page) || *to != 0 || to[page] != 0)
        errx(EXIT_FAILURE, "the new places do not read as zeroes");
    printf("they are at the new places, and read as zeroes\n");
    *(volatile char *) to = 1;
    printf("a store there: %d\n", *to);
    exit(EXIT_SUCCESS);
}
