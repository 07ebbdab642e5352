// SPDX-License-Identifier: MIT
/*
 * holes.c - What becomes of places where the source has no page?
 *
 * Shows: a hole is refused, unless ALLOW_SRC_HOLES lets it count as moved: it
 * is then a hole at the new place as well.  A thread that waits for it is
 * woken, faults again, and makes a second event.  Which error a hole gives
 * where the destination is occupied depends on the page tables: do not rely on
 * it.  An address without a mapping is no hole.
 *
 * Clauses: [page.hole] [page.hole-counted] [page.no-table] [page.occupied]
 *     [wake.holes-too] [call.short] [areas.src-mapped] [areas.dst-mapped]
 * Page: UFFDIO_MOVE(2const), "PARAMETERS"
 * Compile: cc -pthread -o holes holes.c
 * Run: ./holes
 * Prints:
 *     a page, a hole, a page: EAGAIN, .move = 1 page
 *     the rest with ALLOW_SRC_HOLES: 0, .move = 2 pages
 *     there now: page 0, page 2
 *     a thread waits for page 1
 *     a hole is moved there: 0, .move = 1 page
 *     the thread waits for page 1 again
 *     a hole onto a page: EEXIST, .move = -EEXIST
 *     a hole without a page table onto a page: ENOENT, .move = -ENOENT
 *     a source without a mapping: ENOENT, .move = -ENOENT
 *     a destination without a mapping: ENOENT, .move = -ENOENT
 */
#include "example.h"

static int fd;
static size_t page;

static void
move(const char *what, const char *to, const char *from, size_t pages,
     __u64 mode, int error, long long moved)
{
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = pages * page,
        .mode = mode,
        .move = UNTOUCHED,
    };

    show(what, move_patiently(fd, &arg), &arg, error, moved);
}

static void *
reader(void *address)
{
    return *(volatile char *) address == 0 ? NULL : address;
}

int
main(void)
{
    const __u64 holes = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES;
    const size_t covered = page_size() / 8 * page_size();
    char *from, *to, *empty, *unmapped;
    struct uffdio_zeropage zero = {.mode = 0};
    pthread_t thread;

    fd = open_userfaultfd(0);
    page = page_size();
    from = new_region(3 * page);
    to = new_registered(fd, 3 * page);
    from[0] = from[2 * page] = 'x';

    move("a page, a hole, a page", to, from, 3, 0, EAGAIN, (long long) page);
    move("the rest with ALLOW_SRC_HOLES", to + page, from + page, 2, holes,
         0, 2 * (long long) page);
    if (!is_there(to) || is_there(to + page) || !is_there(to + 2 * page))
        errx(EXIT_FAILURE, "the hole is not a hole");
    printf("there now: page 0, page 2\n");

    thread = start(reader, to + page);
    wait_for_fault(fd);
    printf("a thread waits for page 1\n");
    move("a hole is moved there", to + page, from + page, 1, holes,
         0, (long long) page);
    wait_for_fault(fd);
    printf("the thread waits for page 1 again\n");
    zero.range.start = ADDRESS(to + page);
    zero.range.len = page;
    if (ioctl(fd, UFFDIO_ZEROPAGE, &zero) == -1)
        err(EXIT_FAILURE, "UFFDIO_ZEROPAGE");
    finish(thread);

    /* What a page table covers, wholly untouched, has no page table. */
    empty = new_region(2 * covered);
    empty += covered - (uintptr_t) empty % covered;
    move("a hole onto a page", to, from + page, 1, 0, EEXIST, -EEXIST);
    move("a hole without a page table onto a page", to, empty, 1, 0,
         ENOENT, -ENOENT);

    unmapped = new_region(page);
    if (munmap(unmapped, page) == -1)
        err(EXIT_FAILURE, "munmap");
    move("a source without a mapping", to, unmapped, 1, holes,
         ENOENT, -ENOENT);
    move("a destination without a mapping", unmapped, from, 1, holes,
         ENOENT, -ENOENT);
    exit(EXIT_SUCCESS);
}
