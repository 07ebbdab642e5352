// SPDX-License-Identifier: MIT
/*
 * markers.c - What is neither a page nor a hole?
 *
 * Shows: UFFDIO_POISON leaves a marker, as write protection of a missing page
 * and guard regions do.  In the source it is refused, even where holes are
 * allowed, for what it stands for must not get lost; at the destination it is
 * in the way.
 *
 * Clauses: [page.marker] [page.occupied] [call.short]
 * Page: UFFDIO_MOVE(2const), "ERRORS"
 * Compile: cc -pthread -o markers markers.c
 * Run: ./markers
 * Prints:
 *     a page, then poison: EAGAIN, .move = 1 page
 *     poison: EFAULT, .move = -EFAULT
 *     poison, with ALLOW_SRC_HOLES: EFAULT, .move = -EFAULT
 *     a page onto poison: EEXIST, .move = -EEXIST
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

int
main(void)
{
    char *from, *to;
    struct uffdio_poison poison = {.mode = 0};

    fd = open_userfaultfd(UFFD_FEATURE_POISON);
    page = page_size();
    from = new_region(2 * page);
    to = new_registered(fd, 2 * page);
    *from = 'x';
    register_range(fd, from, 2 * page, UFFDIO_REGISTER_MODE_MISSING);
    poison.range.start = ADDRESS(from + page);
    poison.range.len = page;
    if (ioctl(fd, UFFDIO_POISON, &poison) == -1)
        err(EXIT_FAILURE, "UFFDIO_POISON");

    move("a page, then poison", to, from, 2, 0, EAGAIN, (long long) page);
    move("poison", to + page, from + page, 1, 0, EFAULT, -EFAULT);
    move("poison, with ALLOW_SRC_HOLES", to + page, from + page, 1,
         UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, EFAULT, -EFAULT);
    move("a page onto poison", from + page, to, 1, 0, EEXIST, -EEXIST);
    exit(EXIT_SUCCESS);
}
