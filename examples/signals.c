// SPDX-License-Identifier: MIT
/*
 * signals.c - Does a signal interrupt a move?
 *
 * Shows: not one that has a handler: EINTR need not be expected.  Only a fatal
 * signal may end a call early, and then there is nobody to be told.
 *
 * Clauses: [signals.handled]
 * Page: UFFDIO_MOVE(2const), "RETURN VALUE"
 * Compile: cc -pthread -o signals signals.c
 * Run: ./signals
 * Prints:
 *     20 signals came while 256 pages moved to and fro, EINTR 0 times
 */
#include "example.h"

#include <signal.h>
#include <sys/time.h>

#define PAGES 256
#define SIGNALS 20

static volatile sig_atomic_t signals;

static void
count(int signal)
{
    (void) signal;
    if (signals < SIGNALS)
        signals++;
}

int
main(void)
{
    const struct sigaction handler = {.sa_handler = count};
    const struct itimerval often = {
        .it_interval.tv_usec = 500,
        .it_value.tv_usec = 500,
    };
    size_t length = PAGES * page_size();
    int fd = open_userfaultfd(0), interrupted = 0;
    char *here = new_registered(fd, length);
    char *there = new_region(length), *swap;

    memset(there, 'x', length);
    register_range(fd, there, length, UFFDIO_REGISTER_MODE_MISSING);
    if (sigaction(SIGPROF, &handler, NULL) == -1)
        err(EXIT_FAILURE, "sigaction");
    if (setitimer(ITIMER_PROF, &often, NULL) == -1)
        err(EXIT_FAILURE, "setitimer");

    while (signals < SIGNALS) {
        struct uffdio_move arg = {
            .dst = ADDRESS(here),
            .src = ADDRESS(there),
            .len = length,
        };

        if (move_patiently(fd, &arg) == -1) {
            if (errno != EINTR)
                err(EXIT_FAILURE, "UFFDIO_MOVE");
            interrupted++;
        }
        swap = here;
        here = there;
        there = swap;
    }
    printf("%d signals came while %d pages moved to and fro, EINTR %d times\n",
           SIGNALS, PAGES, interrupted);
    exit(interrupted == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
