// SPDX-License-Identifier: MIT
/*
 * range.c - How are many pages moved by one call?
 *
 * Shows: a range needs one call and one result.  It moves page by page: other
 * threads may see some pages at the new place and others still at the old
 * one, so that nobody may take the range to move as a whole.  The pages beside
 * it stay.
 *
 * Clauses: [page.present] [call.success] [call.arrives] [call.source-empty]
 *     [default.efficient] [default.range-not-atomic] [call.beside-untouched]
 * Page: UFFDIO_MOVE(2const), "What other threads see"
 * Compile: cc -pthread -o range range.c
 * Run: ./range
 * Prints:
 *     64 pages: 0, .move = 64 pages
 *     64 pages have arrived, 0 are left behind
 *     the pages beside them are where they were
 */
#include "example.h"

#define PAGES 64

int
main(void)
{
    size_t page = page_size(), arrived = 0, left = 0;
    int fd = open_userfaultfd(0);
    char *source = new_region((PAGES + 2) * page), *from = source + page;
    char *place = new_registered(fd, (PAGES + 2) * page), *to = place + page;
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = PAGES * page,
        .move = UNTOUCHED,
    };

    for (size_t i = 0; i < PAGES + 2; i++)
        source[i * page] = (char) ('0' + i);

    show("64 pages", move_patiently(fd, &arg), &arg,
         0, (long long) (PAGES * page));

    for (size_t i = 0; i < PAGES; i++) {
        char *new_place = to + i * page, *old_place = from + i * page;

        if (is_there(new_place) && *new_place == (char) ('1' + i))
            arrived++;
        left += is_there(old_place);
    }
    printf("%zu pages have arrived, %zu are left behind\n", arrived, left);

    if (source[0] != '0' || source[(PAGES + 1) * page] != '1' + PAGES
        || is_there(place) || is_there(place + (PAGES + 1) * page))
        errx(EXIT_FAILURE, "a page beside them was touched");
    printf("the pages beside them are where they were\n");
    exit(arrived == PAGES && left == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
