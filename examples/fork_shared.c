// SPDX-License-Identifier: MIT
/*
 * fork_shared.c - Why is a page busy after fork(2), and what helps?
 *
 * Shows: a page that a child was given as well may be refused, and so it
 * remains when the child has gone.  It is refused, not copied: it is found at
 * one place only.  A store by the parent makes the page its own, and then it
 * moves, while the child keeps what it had.  Memory advised MADV_DONTFORK
 * before the fork stays movable.
 *
 * Clauses: [page.shared] [best-effort.store-cures]
 *     [best-effort.prevent-sharing] [default.never-copies] [call.untouched]
 *     [effects.holder-apart]
 * Page: UFFDIO_MOVE(2const), "Refusals"
 * Compile: cc -pthread -o fork_shared fork_shared.c
 * Run: ./fork_shared
 * Prints:
 *     while the child lives: EBUSY, .move = -EBUSY
 *     stored to, while the child lives: 0, .move = 1 page
 *     the child has kept its own
 *     when it has gone: EBUSY, .move = -EBUSY
 *     nothing is at the new place
 *     after a store: 0, .move = 1 page
 *     with MADV_DONTFORK, while the child lives: 0, .move = 1 page
 */
#include "example.h"

enum { SHARED, STORED, KEPT, PAGES };

static int fd;
static char *from, *to;

static void
move(const char *what, size_t i, int error, long long moved)
{
    size_t page = page_size();
    struct uffdio_move arg = {
        .dst = ADDRESS(to + i * page),
        .src = ADDRESS(from + i * page),
        .len = page,
        .move = UNTOUCHED,
    };
    int result = move_patiently(fd, &arg);

    if (result == 0 && error == EBUSY)
        cannot("this kernel moves pages that are shared");
    show(what, result, &arg, error, moved);
}

/*
 * A child that ends when the other end of the pipe is closed: with success, if
 * what it has to keep is there.
 */
static pid_t
start_child(int *end_it, const char *keeps)
{
    int ends[2];
    char nothing;
    pid_t child;

    if (pipe(ends) == -1)
        err(EXIT_FAILURE, "pipe");
    child = fork();
    if (child == -1)
        err(EXIT_FAILURE, "fork");
    if (child == 0) {
        close(ends[1]);
        if (read(ends[0], &nothing, 1) != 0)
            _exit(EXIT_FAILURE);
        _exit(keeps == NULL || *keeps == 'c' ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    close(ends[0]);
    *end_it = ends[1];
    return child;
}

static void
end_child(pid_t child, int end)
{
    int status;

    close(end);
    if (waitpid(child, &status, 0) == -1)
        err(EXIT_FAILURE, "waitpid");
    if (status != 0)
        errx(EXIT_FAILURE, "the child has not kept its page");
}

int
main(void)
{
    size_t page = page_size();
    long long one = (long long) page;
    pid_t first, second;
    int first_end, second_end;

    fd = open_userfaultfd(0);
    from = new_region(PAGES * page);
    to = new_registered(fd, PAGES * page);
    from[SHARED * page] = 's';
    from[STORED * page] = 'c';
    from[KEPT * page] = 'k';

    first = start_child(&first_end, from + STORED * page);
    move("while the child lives", SHARED, EBUSY, -EBUSY);
    from[STORED * page] = 'p';
    move("stored to, while the child lives", STORED, 0, one);
    end_child(first, first_end);
    printf("the child has kept its own\n");
    move("when it has gone", SHARED, EBUSY, -EBUSY);
    if (is_there(to + SHARED * page))
        errx(EXIT_FAILURE, "the page was copied");
    printf("nothing is at the new place\n");
    *(volatile char *) (from + SHARED * page) = 's';
    move("after a store", SHARED, 0, one);

    from[KEPT * page] = 'k';
    if (madvise(from, PAGES * page, MADV_DONTFORK) == -1)
        err(EXIT_FAILURE, "madvise");
    second = start_child(&second_end, NULL);
    move("with MADV_DONTFORK, while the child lives", KEPT, 0, one);
    end_child(second, second_end);
    if (to[SHARED * page] != 's' || to[STORED * page] != 'p'
        || to[KEPT * page] != 'k')
        errx(EXIT_FAILURE, "the pages have not arrived");
    exit(EXIT_SUCCESS);
}
