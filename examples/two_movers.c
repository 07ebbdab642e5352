// SPDX-License-Identifier: MIT
/*
 * two_movers.c - What if two threads move at the same time?
 *
 * Shows: to one place, one thread wins and the other has EEXIST.  From one
 * place, one wins and the other finds a hole: ENOENT, or with ALLOW_SRC_HOLES
 * a success that has moved nothing.  So that flag is for pages which nobody
 * else moves.  Where both move one page to one place, the one that comes too
 * late may have either error.
 *
 * Clauses: [threads.one-destination] [threads.one-source] [threads.one-move]
 * Page: UFFDIO_MOVE(2const), "A second mover and holes"
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
    m->error = move_patiently(fd, &arg) == 0 ? 0 : errno;
    return NULL;
}

static int
is_loss(int error, int expected)
{
    if (expected == EITHER)
        return error == EEXIST || error == ENOENT;
    return error == expected;
}

/* Two threads, one call each; then the places are emptied. */
static void
race(struct mover *movers, int *successes, int *losses, int *pages, int error)
{
    pthread_t threads[2];

    *movers[0].from = *movers[1].from = 'x';
    for (int i = 0; i < 2; i++)
        threads[i] = start(move_once, &movers[i]);
    for (int i = 0; i < 2; i++) {
        finish(threads[i]);
        if (movers[i].error == EBUSY || movers[i].error == ENOMEM)
            cannot("the page is refused, %d times", MOVE_TRIES);
        *successes += movers[i].error == 0;
        *losses += is_loss(movers[i].error, error);
    }
    *pages += is_there(movers[0].to);
    if (movers[1].to != movers[0].to)
        *pages += is_there(movers[1].to);
    for (int i = 0; i < 2; i++)
        if (madvise(movers[i].to, page, MADV_DONTNEED) == -1
            || madvise(movers[i].from, page, MADV_DONTNEED) == -1)
            err(EXIT_FAILURE, "madvise");
}

static void
rounds(struct mover *movers, int error, int *successes, int *losses)
{
    int pages = 0;

    *successes = *losses = 0;
    for (int i = 0; i < ROUNDS; i++)
        race(movers, successes, losses, &pages, error);
    if (pages != ROUNDS || *successes != ROUNDS || *losses != ROUNDS)
        errx(EXIT_FAILURE, "%d pages, %d successes and %d losses in %d rounds",
             pages, *successes, *losses, ROUNDS);
}

int
main(void)
{
    struct uffdio_move arg = {.mode = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES};
    char *from, *to;
    int won, lost;

    fd = open_userfaultfd(0);
    page = page_size();
    if (pthread_barrier_init(&begin, NULL, 2) != 0)
        errx(EXIT_FAILURE, "pthread_barrier_init");
    from = new_region(2 * page);
    to = new_registered(fd, 2 * page);

    rounds((struct mover[2]) {{to, from, 0}, {to, from + page, 0}},
           EEXIST, &won, &lost);
    printf("to one place, %d rounds: %d successes, %d times EEXIST\n",
           ROUNDS, won, lost);
    rounds((struct mover[2]) {{to, from, 0}, {to + page, from, 0}},
           ENOENT, &won, &lost);
    printf("from one place, %d rounds: %d successes, %d times ENOENT\n",
           ROUNDS, won, lost);

    rounds((struct mover[2]) {{to, from, 0}, {to, from, 0}}, EITHER, &won,
           &lost);
    printf("one page, %d rounds: %d successes, %d times EEXIST or ENOENT\n",
           ROUNDS, won, lost);

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
