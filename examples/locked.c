// SPDX-License-Identifier: MIT
/*
 * locked.c - Can locked memory be moved?
 *
 * Shows: yes, to memory that is locked as well; whether one of them is locked
 * on fault only does not matter.  Where only one is locked the call is
 * refused: a page must not lose its lock on the way, nor gain one.
 *
 * Clauses: [areas.same-lock] [effects.mappings-kept] [page.present]
 * Page: UFFDIO_MOVE(2const), "Ranges"
 * Compile: cc -pthread -o locked locked.c
 * Run: ./locked
 * Prints:
 *     the source alone is locked: EINVAL, .move = -EINVAL
 *     both are locked: 0, .move = 1 page
 *     the destination alone is locked: EINVAL, .move = -EINVAL
 */
#include "example.h"

static size_t page;

static void
move(int fd, const char *what, const char *to, const char *from,
     int error, long long moved)
{
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = page,
        .move = UNTOUCHED,
    };

    show(what, move_patiently(fd, &arg), &arg, error, moved);
}

int
main(void)
{
    int fd = open_userfaultfd(0);
    char *locked, *plain, *to_locked, *to_plain;

    page = page_size();
    locked = new_region(page);
    plain = new_region(page);
    to_locked = new_registered(fd, page);
    to_plain = new_registered(fd, page);
    *locked = *plain = 'x';

    /* On fault: otherwise the destination would be filled at once. */
    if (mlock2(locked, page, 0) == -1
        || mlock2(to_locked, page, MLOCK_ONFAULT) == -1)
        cannot("memory cannot be locked: %s", strerror(errno));

    move(fd, "the source alone is locked", to_plain, locked,
         EINVAL, -EINVAL);
    move(fd, "both are locked", to_locked, locked, 0, (long long) page);
    if (madvise(to_locked, page, MADV_DONTNEED) != -1)
        errx(EXIT_FAILURE, "the page has lost its lock");
    move(fd, "the destination alone is locked", to_locked, plain,
         EINVAL, -EINVAL);
    exit(EXIT_SUCCESS);
}
