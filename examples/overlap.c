// SPDX-License-Identifier: MIT
/*
 * overlap.c - May the two ranges overlap?
 *
 * Shows: nothing forbids it, and nothing should depend on it.  The call goes
 * from the lowest page up.  Moving down works like memmove(3); moving up meets
 * pages that are still there; and with ALLOW_SRC_HOLES one page is dragged
 * along, while the result counts each of its steps.
 *
 * Clauses: [page.occupied] [page.hole-counted] [page.present]
 * Page: UFFDIO_MOVE(2const), "CAVEATS"
 * Compile: cc -pthread -o overlap overlap.c
 * Run: ./overlap
 * Prints:
 *     before: .abc....
 *     down by one: 0, .move = 3 pages
 *     now: abc.....
 *     up by one: EEXIST, .move = -EEXIST
 *     now: abc.....
 *     page 2 and two holes, up by one: 0, .move = 3 pages
 *     now: ab...c..
 */
#include "example.h"

#define PAGES 8

static int fd;
static size_t page;
static char *region;

static void
move(const char *what, size_t to, size_t from, __u64 mode, int error,
     long long moved)
{
    struct uffdio_move arg = {
        .dst = ADDRESS(region + to * page),
        .src = ADDRESS(region + from * page),
        .len = 3 * page,
        .mode = mode,
        .move = UNTOUCHED,
    };

    show(what, move_patiently(fd, &arg), &arg, error, moved);
}

static void
print_pages(const char *when)
{
    printf("%s: ", when);
    for (size_t i = 0; i < PAGES; i++)
        putchar(is_there(region + i * page) ? region[i * page] : '.');
    putchar('\n');
}

int
main(void)
{
    long long three;

    fd = open_userfaultfd(0);
    page = page_size();
    three = 3 * (long long) page;
    region = new_region(PAGES * page);
    for (size_t i = 1; i <= 3; i++)
        region[i * page] = (char) ('a' + i - 1);
    register_range(fd, region, PAGES * page, UFFDIO_REGISTER_MODE_MISSING);

    print_pages("before");
    move("down by one", 0, 1, 0, 0, three);
    print_pages("now");
    move("up by one", 1, 0, 0, EEXIST, -EEXIST);
    print_pages("now");
    move("page 2 and two holes, up by one", 3, 2,
         UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, 0, three);
    print_pages("now");
    exit(region[5 * page] == 'c' ? EXIT_SUCCESS : EXIT_FAILURE);
}
