// SPDX-License-Identifier: MIT
/*
 * two_movers.c - What if two threads move at the same time?
 *
 * Shows: to one place, one thread wins and the other has EEXIST.  From one
 * place, one wins and the other finds a hole: ENOENT, or with ALLOW_SRC_HOLES
 * a success that has moved nothing: so use that flag for pages which nobody
 * else moves.  Where both move one page to one place, it may be either error.
 *
 * Clauses: [threads.one-destination] [threads.one-source] [threads.one-move]
 * Page: UFFDIO_MOVE(2const), "CAVEATS"
 * Compile: cc -pthread -o two_movers two_movers.c
 * Run: ./two_movers
 * Prints:
 *     to one place, 200 rounds: 200 successes, 200 times EEXIST
 *     from one place, 200 rounds: 200 successes, 200 times ENOENT
 *     one page, 200 rounds: 200 successes, 200 times EEXIST or ENOENT
 *     with ALLOW_SRC_HOLES, in turn: 0, .move = 1 page
 *     the second one, who moved nothing: 0, .move = 1 page
 */
#include "example.h"

#define ROUNDS 200
#define EITHER (-1)             /* EEXIST or ENOENT */

struct mover {
    char *to, *from;
    int error;
};

static int fd;
static size_t page;
static pthread_barrier_t begin;

static void *
move_once(void *data)
{
    struct mover *m = data;
    struct uffdio_move arg = {
        .dst = ADDRESS(m->to),
        .src = ADDRESS(m->from),
        .len = page,
    };

    pthread_barrier_wait(&begin);
    m->error = ioctl(fd, UFFDIO_MOVE, &arg) == 0 ? 0 : errno;
    return NULL;
}

static int
is_loss(int error, int expected)
{
    return expected == EITHER ? error == EEXIST || error == ENOENT
                              : error == expected;
}

static void
empty(const struct mover *movers)
{
    for (int i = 0; i < 2; i++)
        if (madvise(movers[i].to, page, MADV_DONTNEED) == -1
            || madvise(movers[i].from, page, MADV_DONTNEED) == -1)
            err(EXIT_FAILURE, "madvise");
}

static int
is_refused(int error)
{
    return error == EBUSY || error == ENOMEM || error == EAGAIN;
}

/*
 * Two threads, one call each.  Where a page is refused, the race has shown
 * nothing and is run again.  A store would make the page movable, yet not
 * while the other one may have moved it: it would place a new page.
 */
static void
race(struct mover *movers)
{
    int tries = MOVE_TRIES;
    pthread_t other;

    for (;;) {
        empty(movers);
        *movers[0].from = *movers[1].from = 'x';
        other = start(move_once, &movers[1]);
        move_once(&movers[0]);
        finish(other);
        errno = movers[!is_refused(movers[0].error)].error;
        if (!is_refused(errno))
            return;
        try_again(&tries);
    }
}

static void
rounds(const char *what, struct mover *movers, int error, const char *loss)
{
    int pages = 0, successes = 0, losses = 0;

    for (int i = 0; i < ROUNDS; i++) {
        race(movers);
        pages += is_there(movers[0].to)
                 + (movers[1].to != movers[0].to && is_there(movers[1].to));
        for (int m = 0; m < 2; m++) {
            successes += movers[m].error == 0;
            losses += is_loss(movers[m].error, error);
        }
    }
    empty(movers);
    if (pages != ROUNDS || successes != ROUNDS || losses != ROUNDS)
        errx(EXIT_FAILURE, "%d pages, %d successes and %d losses in %d rounds",
             pages, successes, losses, ROUNDS);
    printf("%s, %d rounds: %d successes, %d times %s\n", what, ROUNDS,
           successes, losses, loss);
}

int
main(void)
{
    struct uffdio_move arg = {.mode = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES};
    char *from, *to;

    fd = open_userfaultfd(0);
    page = page_size();
    if (pthread_barrier_init(&begin, NULL, 2) != 0)
        errx(EXIT_FAILURE, "pthread_barrier_init");
    from = new_region(2 * page);
    to = new_registered(fd, 2 * page);

    rounds("to one place", (struct mover[2]) {{to, from, 0},
           {to, from + page, 0}}, EEXIST, "EEXIST");
    rounds("from one place", (struct mover[2]) {{to, from, 0},
           {to + page, from, 0}}, ENOENT, "ENOENT");
    rounds("one page", (struct mover[2]) {{to, from, 0}, {to, from, 0}},
           EITHER, "EEXIST or ENOENT");

    /* In turn: where they race, 6.18 to 7.1 may never return. */
    *from = 'x';
    arg.dst = ADDRESS(to);
    arg.src = ADDRESS(from);
    arg.len = page;
    show("with ALLOW_SRC_HOLES, in turn", move_patiently(fd, &arg), &arg,
         0, (long long) page);
    arg.dst = ADDRESS(to + page);
    show("the second one, who moved nothing", move_patiently(fd, &arg),
         &arg, 0, (long long) page);
    exit(is_there(to) && !is_there(to + page) ? EXIT_SUCCESS : EXIT_FAILURE);
}
