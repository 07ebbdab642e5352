// SPDX-License-Identifier: MIT
/*
 * dontwake.c - How are many moves made before anyone is woken?
 *
 * Shows: with DONTWAKE the waiting threads sleep on although their pages are
 * there.  A move that wakes does so for its own pages only; one UFFDIO_WAKE
 * over the range wakes all that are left.
 *
 * Clauses: [wake.dontwake] [wake.only-moved] [call.success]
 * Page: UFFDIO_MOVE(2const), "PARAMETERS"
 * Compile: cc -pthread -o dontwake dontwake.c
 * Run: ./dontwake
 * Prints:
 *     4 threads wait for a page each
 *     3 pages moved with DONTWAKE, 0 threads awake
 *     the last one moved without, 1 thread awake
 *     UFFDIO_WAKE over the 4 pages
 *     4 threads have read their page
 */
#include "example.h"

#define THREADS 4

static int awake, fd;
static char *from, *to;

static void *
reader(void *page)
{
    if (*(volatile char *) page != 'x')
        errx(EXIT_FAILURE, "a thread has read something else");
    __atomic_add_fetch(&awake, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void
move(size_t at, __u64 mode)
{
    struct uffdio_move arg = {
        .dst = ADDRESS(to + at),
        .src = ADDRESS(from + at),
        .len = page_size(),
        .mode = mode,
    };

    if (move_patiently(fd, &arg) == -1)
        err(EXIT_FAILURE, "UFFDIO_MOVE");
}

/* Those that sleep have had time to wake, had they been woken. */
static int
awake_now(void)
{
    pause_for(100);
    return __atomic_load_n(&awake, __ATOMIC_SEQ_CST);
}

int
main(void)
{
    size_t page = page_size(), length = THREADS * page;
    pthread_t threads[THREADS];

    fd = open_userfaultfd(0);
    from = new_region(length);
    to = new_registered(fd, length);
    memset(from, 'x', length);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(reader, to + i * page);
    for (int i = 0; i < THREADS; i++)
        wait_for_fault(fd);
    printf("%d threads wait for a page each\n", THREADS);

    for (int i = 0; i < THREADS - 1; i++)
        move(i * page, UFFDIO_MOVE_MODE_DONTWAKE);
    printf("%d pages moved with DONTWAKE, %d threads awake\n", THREADS - 1,
           awake_now());

    move((THREADS - 1) * page, 0);
    finish(threads[THREADS - 1]);
    printf("the last one moved without, %d thread awake\n", awake_now());

    wake(fd, to, length);
    printf("UFFDIO_WAKE over the %d pages\n", THREADS);
    for (int i = 0; i < THREADS - 1; i++)
        finish(threads[i]);
    printf("%d threads have read their page\n", awake);
    exit(awake == THREADS ? EXIT_SUCCESS : EXIT_FAILURE);
}
