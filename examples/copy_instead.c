// SPDX-License-Identifier: MIT
/*
 * copy_instead.c - What does a program do with a page that will not move?
 *
 * Shows: the kernel never copies by itself, for the caller takes the source to
 * be empty afterwards.  It is the program that copies, by UFFDIO_COPY and
 * MADV_DONTNEED; the child that shares the page keeps what it had.  Between
 * the two steps nobody may store to the source: the store would be lost.
 *
 * Clauses: [best-effort.copy-instead] [default.never-copies] [page.shared]
 * Page: UFFDIO_MOVE(2const), "Refusals"
 * Compile: cc -pthread -o copy_instead copy_instead.c
 * Run: ./copy_instead
 * Prints:
 *     first time: moved
 *     second time, shared with a child: copied
 *     the page reads: hello
 *     the old place is empty
 *     the child still reads: hello
 */
#include "example.h"

static const char *
move_or_copy(int fd, char *dst, char *src, size_t page)
{
    struct uffdio_move move = {
        .dst = ADDRESS(dst),
        .src = ADDRESS(src),
        .len = page,
    };
    struct uffdio_copy copy = {
        .dst = ADDRESS(dst),
        .src = ADDRESS(src),
        .len = page,
    };

    if (move_patiently(fd, &move) == 0)
        return "moved";
    if (errno != EBUSY)
        err(EXIT_FAILURE, "UFFDIO_MOVE");
    if (ioctl(fd, UFFDIO_COPY, &copy) == -1)
        err(EXIT_FAILURE, "UFFDIO_COPY");
    if (madvise(src, page, MADV_DONTNEED) == -1)
        err(EXIT_FAILURE, "madvise");
    return "copied";
}

int
main(void)
{
    size_t page = page_size();
    int fd = open_userfaultfd(0), ends[2], status;
    char *first = new_region(page);
    char *second = new_registered(fd, page);
    char *third = new_registered(fd, page);
    const char *how;
    char go;
    pid_t child;

    strcpy(first, "hello");
    printf("first time: %s\n", move_or_copy(fd, second, first, page));

    if (pipe(ends) == -1)
        err(EXIT_FAILURE, "pipe");
    child = fork();
    if (child == -1)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        close(ends[1]);
        if (read(ends[0], &go, 1) != 0 || strcmp(second, "hello") != 0)
            _exit(EXIT_FAILURE);
        printf("the child still reads: %s\n", second);
        _exit(EXIT_SUCCESS);    /* stdout writes line by line */
    }
    close(ends[0]);

    how = move_or_copy(fd, third, second, page);
    if (strcmp(how, "moved") == 0)
        cannot("this kernel moves pages that are shared");
    printf("second time, shared with a child: %s\n", how);
    printf("the page reads: %s\n", third);
    if (is_there(second))
        errx(EXIT_FAILURE, "the old place is not empty");
    printf("the old place is empty\n");

    close(ends[1]);
    if (waitpid(child, &status, 0) == -1)
        err(EXIT_FAILURE, "waitpid");
    exit(status == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
