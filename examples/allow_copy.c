// SPDX-License-Identifier: MIT
/*
 * allow_copy.c - Can the kernel copy what it cannot move?
 *
 * Shows: no release can.  UFFDIO_MOVE_MODE_ALLOW_COPY is proposed for that,
 * and a program can use it where it is.  It asks by a harmless call, for
 * places where nothing is mapped: a mode that is not known is refused before
 * mappings are looked at.  With the mode, a loop needs nothing more but for
 * pins; without it, a page that a child shares needs a store as well.
 *
 * Clauses: [argument.mode-known] [default.mode-reserved] [page.shared]
 *     [page.hole-counted] [best-effort.results] [best-effort.after-short]
 *     [best-effort.store-cures]
 * Page: UFFDIO_MOVE(2const), "Refusals"
 * Compile: cc -pthread -o allow_copy allow_copy.c
 * Run: ./allow_copy
 * Prints with ALLOW_COPY:
 *     asked for the mode: ENOENT, .move = -ENOENT
 *     the range has arrived: by calls alone
 *     the child has kept its own
 * Prints:
 *     asked for the mode: EINVAL, .move untouched
 *     the range has arrived: what is shared was stored to
 *     the child has kept its own
 */
#include "example.h"

/* No header has it yet. */
#ifndef UFFDIO_MOVE_MODE_ALLOW_COPY
#define UFFDIO_MOVE_MODE_ALLOW_COPY ((__u64) 1 << 2)
#endif

enum { OWN, SHARED, HOLE, PAGES };

static int fd;
static size_t page;

/* [argument.mode-known]: before mappings are looked at. */
static bool
may_copy(void)
{
    char *nowhere = new_region(2 * page);
    struct uffdio_move arg = {
        .dst = ADDRESS(nowhere),
        .src = ADDRESS(nowhere + page),
        .len = page,
        .mode = UFFDIO_MOVE_MODE_ALLOW_COPY,
        .move = UNTOUCHED,
    };
    bool known;
    int result;

    if (munmap(nowhere, 2 * page) == -1)
        err(EXIT_FAILURE, "munmap");
    result = ioctl(fd, UFFDIO_MOVE, &arg);
    known = arg.move != UNTOUCHED;
    show("asked for the mode", result, &arg, known ? ENOENT : EINVAL,
         known ? -ENOENT : UNTOUCHED);
    return known;
}

/* How many stores did it take? */
static int
move_range(char *to, char *from, size_t length, __u64 mode)
{
    int stores = 0, tries = MOVE_TRIES;

    for (size_t done = 0; done < length;) {
        struct uffdio_move arg = {
            .dst = ADDRESS(to + done),
            .src = ADDRESS(from + done),
            .len = length - done,
            .mode = mode | UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES,
        };

        if (ioctl(fd, UFFDIO_MOVE, &arg) == 0)
            break;
        if (errno == EAGAIN && arg.move > 0) {
            done += (size_t) arg.move;
            tries = MOVE_TRIES;
            continue;
        }
        if (errno != EBUSY && errno != EAGAIN && errno != ENOMEM)
            err(EXIT_FAILURE, "UFFDIO_MOVE");
        /* With the mode it is pinned for I/O, and a store would not help. */
        if (errno == EBUSY && !(mode & UFFDIO_MOVE_MODE_ALLOW_COPY)) {
            /* Of what is there: no other thread's store is undone. */
            char is = from[done];

            while (!__atomic_compare_exchange_n(from + done, &is, is, 0, 0, 0))
                ;
            stores++;
        }
        try_again(&tries);
    }
    return stores;
}

/* It looks at its page when the other end of the pipe is closed. */
static pid_t
start_child(int ends[2], const char *shared)
{
    char nothing;
    pid_t child;

    if (pipe(ends) == -1 || (child = fork()) == -1)
        err(EXIT_FAILURE, "pipe or fork");
    if (child != 0)
        return child;
    close(ends[1]);
    _exit(read(ends[0], &nothing, 1) == 0 && *shared == 's' ? EXIT_SUCCESS
                                                           : EXIT_FAILURE);
}

int
main(void)
{
    __u64 mode;
    char *from, *to;
    int ends[2], status, stores;
    pid_t child;

    fd = open_userfaultfd(0);
    page = page_size();
    from = new_region(PAGES * page);
    to = new_registered(fd, PAGES * page);
    mode = may_copy() ? UFFDIO_MOVE_MODE_ALLOW_COPY : 0;
    from[SHARED * page] = 's';
    child = start_child(ends, from + SHARED * page);
    from[OWN * page] = 'o';

    stores = move_range(to, from, PAGES * page, mode);
    for (size_t i = 0; i < PAGES; i++)
        if (is_there(from + i * page) || is_there(to + i * page) != (i != HOLE))
            errx(EXIT_FAILURE, "page %zu is not where it should be", i);
    if (to[OWN * page] != 'o' || to[SHARED * page] != 's')
        errx(EXIT_FAILURE, "the pages have not arrived");
    if (mode == 0 && stores == 0)
        cannot("this kernel moves pages that are shared");
    printf("the range has arrived: %s\n",
           stores == 0 ? "by calls alone" : "what is shared was stored to");

    to[SHARED * page] = 'x';
    close(ends[1]);
    if (waitpid(child, &status, 0) != child || status != 0)
        errx(EXIT_FAILURE, "the child has not kept its own");
    printf("the child has kept its own\n");
    exit(EXIT_SUCCESS);
}
