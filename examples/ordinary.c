// SPDX-License-Identifier: MIT
/*
 * ordinary.c - Is a page that was moved a page like any other?
 *
 * Shows: it can be stored to at once; mprotect(2), fork(2), mremap(2) and
 * munmap(2) work on it as on any memory.
 *
 * Clauses: [effects.writable] [effects.later-changes]
 * Page: UFFDIO_MOVE(2const), "What a page takes along"
 * Compile: cc -pthread -o ordinary ordinary.c
 * Run: ./ordinary
 * Prints:
 *     the page is moved: 0, .move = 1 page
 *     stored to: ok
 *     made read-only: ok
 *     a child reads it: ok
 *     remapped: ok
 *     unmapped: ok
 */
#include "example.h"

/* Does the kernel find the page readable, or writable?  No fault is taken. */
static bool
can_read(int pipe_ends[2], const char *page)
{
    char byte;

    if (write(pipe_ends[1], page, 1) != 1)
        return false;
    return read(pipe_ends[0], &byte, 1) == 1;
}

static bool
can_write(int pipe_ends[2], char *page)
{
    char byte = 'w';

    if (write(pipe_ends[1], &byte, 1) != 1)
        err(EXIT_FAILURE, "write");
    if (read(pipe_ends[0], page, 1) == 1)
        return true;
    if (read(pipe_ends[0], &byte, 1) != 1)
        err(EXIT_FAILURE, "read");
    return false;
}

static void
ok(const char *what, bool is_ok)
{
    if (!is_ok)
        errx(EXIT_FAILURE, "%s: not ok", what);
    printf("%s: ok\n", what);
}

int
main(void)
{
    size_t page = page_size();
    int fd = open_userfaultfd(0), ends[2], status;
    char *from = new_region(page), *to = new_registered(fd, page);
    char *elsewhere;
    pid_t child;
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = page,
        .move = UNTOUCHED,
    };

    if (pipe(ends) == -1)
        err(EXIT_FAILURE, "pipe");
    *from = 'x';
    show("the page is moved", move_patiently(fd, &arg), &arg,
         0, (long long) page);
    *(volatile char *) to = 'y';
    ok("stored to", *(volatile char *) to == 'y');

    if (mprotect(to, page, PROT_READ) == -1)
        err(EXIT_FAILURE, "mprotect");
    ok("made read-only", can_read(ends, to) && !can_write(ends, to));
    if (mprotect(to, page, PROT_READ | PROT_WRITE) == -1)
        err(EXIT_FAILURE, "mprotect");

    child = fork();
    if (child == -1)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        _exit(*to == 'y' ? EXIT_SUCCESS : EXIT_FAILURE);
    if (waitpid(child, &status, 0) == -1)
        err(EXIT_FAILURE, "waitpid");
    ok("a child reads it", status == 0);

    elsewhere = mremap(to, page, page, MREMAP_MAYMOVE | MREMAP_FIXED,
                       new_region(page));
    if (elsewhere == MAP_FAILED)
        err(EXIT_FAILURE, "mremap");
    ok("remapped", *elsewhere == 'y' && !can_read(ends, to)
                   && can_write(ends, elsewhere));
    if (munmap(elsewhere, page) == -1)
        err(EXIT_FAILURE, "munmap");
    ok("unmapped", !can_read(ends, elsewhere));
    exit(EXIT_SUCCESS);
}
