// SPDX-License-Identifier: MIT
/*
 * fork_child.c - Can a child use the descriptor it was born with?
 *
 * Shows: no, for a descriptor belongs to the address space that made it, and
 * pages move within that only.  The child makes a descriptor of its own.
 *
 * Clauses: [caller.owner] [call.move-unwritten] [descriptor.no-privilege]
 * Page: UFFDIO_MOVE(2const), "Ranges"
 * Compile: cc -pthread -o fork_child fork_child.c
 * Run: ./fork_child
 * Prints:
 *     the child, by its parent's descriptor: EINVAL, .move untouched
 *     the child, by its own: 0, .move = 1 page
 *     the parent, by its own: 0, .move = 1 page
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

static void
be_child(int parents, char *to, char *from)
{
    int own;

    *from = 'c';
    move(parents, "the child, by its parent's descriptor", to, from,
         EINVAL, UNTOUCHED);

    own = open_userfaultfd(0);
    register_range(own, to, page, UFFDIO_REGISTER_MODE_MISSING);
    move(own, "the child, by its own", to, from, 0, (long long) page);
    exit(*to == 'c' ? EXIT_SUCCESS : EXIT_FAILURE);
}

int
main(void)
{
    int fd = open_userfaultfd(0), status;
    char *from, *to;
    pid_t child;

    page = page_size();
    from = new_region(page);
    to = new_registered(fd, page);
    *from = 'p';

    child = fork();
    if (child == -1)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        be_child(fd, to, from);
    if (waitpid(child, &status, 0) == -1)
        err(EXIT_FAILURE, "waitpid");
    if (status != 0)
        errx(EXIT_FAILURE, "the child has failed");

    *(volatile char *) from = 'p';      /* So that it is not shared */
    move(fd, "the parent, by its own", to, from, 0, (long long) page);
    exit(*to == 'p' ? EXIT_SUCCESS : EXIT_FAILURE);
}
