// SPDX-License-Identifier: MIT
/*
 * registration.c - Which side has to be registered?
 *
 * Shows: the destination, on the descriptor of the call.  The source need not
 * be, and may be registered on the same descriptor or on another one.  It sees
 * no event of the move; an access to a place that was left makes a fault where
 * it is registered, and reads zeroes where it is not.
 *
 * Clauses: [areas.dst-registered] [source.registration-irrelevant]
 *     [source.no-event] [source.refaults] [descriptor.nonblock-irrelevant]
 * Page: UFFDIO_MOVE(2const), "Ranges"
 * Compile: cc -pthread -o registration registration.c
 * Run: ./registration
 * Prints:
 *     from nowhere registered: 0, .move = 1 page
 *     its old place reads: 0
 *     from the same descriptor: 0, .move = 1 page
 *     no event came of that
 *     its old place makes a fault
 *     from another descriptor: 0, .move = 1 page
 *     to nowhere registered: EINVAL, .move = -EINVAL
 *     to another descriptor: EINVAL, .move = -EINVAL
 */
#include "example.h"

static int fd;
static size_t page;

static void
move(const char *what, const char *to, const char *from, int error)
{
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = page,
        .move = UNTOUCHED,
    };
    int result, tries = MOVE_TRIES;

    /* No event is unread: what stands in the way passes. */
    while ((result = move_patiently(fd, &arg)) == -1 && errno == EAGAIN)
        try_again(&tries);
    show(what, result, &arg, error,
         error == 0 ? (long long) page : -error);
}

static void *
reader(void *address)
{
    return *(volatile char *) address == 'x' ? address : NULL;
}

int
main(void)
{
    int other;
    char *plain, *here, *first, *second, *there;
    pthread_t thread;

    fd = open_userfaultfd(UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_REMAP
                          | UFFD_FEATURE_EVENT_UNMAP);
    other = open_userfaultfd(0);
    page = page_size();
    plain = new_region(page);
    here = new_region(page);
    first = new_registered(fd, page);
    second = new_registered(fd, page);
    there = new_registered(other, page);

    *plain = 'x';
    move("from nowhere registered", first, plain, 0);
    printf("its old place reads: %d\n", *(volatile char *) plain);

    move("from the same descriptor", second, first, 0);
    if (next_event(fd, 0) != NULL)
        errx(EXIT_FAILURE, "an event came of the move");
    printf("no event came of that\n");
    thread = start(reader, first);
    if (wait_for_fault(fd) != first)
        errx(EXIT_FAILURE, "the fault is elsewhere");
    printf("its old place makes a fault\n");

    *here = 'x';
    register_range(other, here, page, UFFDIO_REGISTER_MODE_MISSING);
    move("from another descriptor", first, here, 0);
    if (finish(thread) == NULL)
        errx(EXIT_FAILURE, "the thread has not read the page");

    move("to nowhere registered", new_region(page), second, EINVAL);
    move("to another descriptor", there, second, EINVAL);
    exit(EXIT_SUCCESS);
}
