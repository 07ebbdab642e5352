// SPDX-License-Identifier: MIT
/*
 * short_move.c - What is there to do when a move stops half-way?
 *
 * Shows: whatever stops a move after its first page, the error is EAGAIN, and
 * .move tells how far it came, and nothing else in the structure has changed.
 * A call that begins there tells the cause; the
 * loop goes on behind it.  Trying again from the start would only meet the
 * pages that have arrived.
 *
 * Clauses: [call.short] [call.cause] [call.untouched] [page.hole]
 *     [best-effort.results] [best-effort.after-short]
 *     [best-effort.after-hole] [call.returns] [call.members-kept]
 * Page: UFFDIO_MOVE(2const), "RETURN VALUE"
 * Compile: cc -pthread -o short_move short_move.c
 * Run: ./short_move
 * Prints:
 *     6 pages, of which page 3 is a hole: EAGAIN, .move = 3 pages
 *     from page 3 on: ENOENT, .move = -ENOENT
 *     pages 4 and 5 are where they were
 *     from page 4 on: 0, .move = 2 pages
 *     from the start: EEXIST, .move = -EEXIST
 */
#include "example.h"

#define PAGES 6
#define HOLE 3

static int fd;
static char *from, *to;

static void
move_from(const char *what, size_t first, int error, long long moved)
{
    size_t page = page_size();
    struct uffdio_move arg = {
        .dst = ADDRESS(to + first * page),
        .src = ADDRESS(from + first * page),
        .len = (PAGES - first) * page,
        .move = UNTOUCHED,
    };

    show(what, move_patiently(fd, &arg), &arg, error, moved);
    if (arg.dst != ADDRESS(to + first * page)
        || arg.src != ADDRESS(from + first * page)
        || arg.len != (PAGES - first) * page || arg.mode != 0)
        errx(EXIT_FAILURE, "a member other than .move has changed");
}

int
main(void)
{
    size_t page = page_size();
    long long one = (long long) page;

    fd = open_userfaultfd(0);
    from = new_region(PAGES * page);
    to = new_registered(fd, PAGES * page);
    for (size_t i = 0; i < PAGES; i++)
        if (i != HOLE)
            from[i * page] = 'x';

    move_from("6 pages, of which page 3 is a hole", 0, EAGAIN, HOLE * one);
    move_from("from page 3 on", HOLE, ENOENT, -ENOENT);

    for (size_t i = HOLE + 1; i < PAGES; i++)
        if (!is_there(from + i * page) || is_there(to + i * page))
            errx(EXIT_FAILURE, "page %zu is not where it was", i);
    printf("pages 4 and 5 are where they were\n");

    move_from("from page 4 on", HOLE + 1, 0, 2 * one);
    move_from("from the start", 0, EEXIST, -EEXIST);
    exit(EXIT_SUCCESS);
}
