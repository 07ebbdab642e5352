// SPDX-License-Identifier: MIT
/*
 * dontwake.c - How are many moves made before anyone is woken?
 *
 * Shows: with DONTWAKE the waiting threads sleep on although their pages are
 * there; one UFFDIO_WAKE over the range wakes them all.
 *
 * Clauses: [wake.dontwake] [call.success]
 * Page: UFFDIO_MOVE(2const), "Who is woken"
 * Compile: cc -pthread -o dontwake dontwake.c
 * Run: ./dontwake
 * Prints:
 *     4 threads wait for a page each
 *     4 pages moved, 0 threads awake
 *     UFFDIO_WAKE over the 4 pages
 *     4 threads have read their page
 */
#include "example.h"

#define THREADS 4

static int awake;

static void *
reader(void *page)
{
    if (*(volatile char *) page != 'x')
        errx(EXIT_FAILURE, "a thread has read something else");
    __atomic_add_fetch(&awake, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

int
main(void)
{
    size_t page = page_size(), length = THREADS * page;
    int fd = open_userfaultfd(0), moved = 0;
    char *from = new_region(length), *to = new_registered(fd, length);
    pthread_t threads[THREADS];

    memset(from, 'x', length);
    for (int i = 0; i < THREADS; i++)
        threads[i] = start(reader, to + i * page);
    for (int i = 0; i < THREADS; i++)
        wait_for_fault(fd);
    printf("%d threads wait for a page each\n", THREADS);

    for (size_t at = 0; at < length; at += page) {
        struct uffdio_move arg = {
            .dst = ADDRESS(to + at),
            .src = ADDRESS(from + at),
            .len = page,
            .mode = UFFDIO_MOVE_MODE_DONTWAKE,
        };

        if (ioctl(fd, UFFDIO_MOVE, &arg) == -1)
            err(EXIT_FAILURE, "UFFDIO_MOVE");
        moved++;
    }
    pause_for(100);
    printf("%d pages moved, %d threads awake\n", moved,
           __atomic_load_n(&awake, __ATOMIC_SEQ_CST));

    wake(fd, to, length);
    printf("UFFDIO_WAKE over the %d pages\n", THREADS);
    for (int i = 0; i < THREADS; i++)
        finish(threads[i]);
    printf("%d threads have read their page\n", awake);
    exit(awake == THREADS ? EXIT_SUCCESS : EXIT_FAILURE);
}
