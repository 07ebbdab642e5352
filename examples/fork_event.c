// SPDX-License-Identifier: MIT
/*
 * fork_event.c - Can a manager move pages in another process?
 *
 * Shows: a program that asked for the fork event is given a descriptor for
 * its child's memory.  While that event is not read its own moves give EAGAIN.
 * By the new descriptor it cannot move pages, for the memory is not its own;
 * what it can do is to copy them there by UFFDIO_COPY.
 *
 * Clauses: [caller.peer] [caller.owner] [events.each]
 * Page: UFFDIO_MOVE(2const), "Ranges"
 * Compile: cc -pthread -o fork_event fork_event.c
 * Run: ./fork_event
 * Prints:
 *     the fork event is not read: EAGAIN, .move = -EAGAIN
 *     moved by the child's descriptor: EINVAL, .move untouched
 *     copied by it: the child has read it
 */
#include "example.h"

static char *region;

/*
 * It sleeps until the event is read, and so has a thread of its own.  It is not
 * fork(3), which would meanwhile hold the locks that printf(3) needs.
 */
static void *
fork_reader(void *status)
{
    pid_t child = _Fork();

    if (child == -1)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        _exit(strcmp(region, "hello") == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    if (waitpid(child, status, 0) == -1)
        err(EXIT_FAILURE, "waitpid");
    return NULL;
}

int
main(void)
{
    size_t page = page_size();
    int fd, child, status = -1;
    char *from = new_region(page);
    struct uffdio_move move = {
        .src = ADDRESS(from),
        .len = page,
        .move = UNTOUCHED,
    };
    struct uffdio_copy copy = {.src = ADDRESS(from), .len = page};
    struct pollfd unread = {.events = POLLIN};
    const struct uffd_msg *message;
    pthread_t thread;

    if (geteuid() != 0)
        cannot("the fork event needs CAP_SYS_PTRACE");
    fd = open_userfaultfd(UFFD_FEATURE_EVENT_FORK);
    region = new_registered(fd, page);
    move.dst = copy.dst = ADDRESS(region);
    strcpy(from, "hello");

    thread = start(fork_reader, &status);
    unread.fd = fd;
    if (poll(&unread, 1, 20000) != 1)
        errx(EXIT_FAILURE, "no event has come");
    show("the fork event is not read", move_patiently(fd, &move), &move,
         EAGAIN, -EAGAIN);
    message = next_event(fd, 0);
    if (message == NULL || message->event != UFFD_EVENT_FORK)
        errx(EXIT_FAILURE, "another event has come");
    child = (int) message->arg.fork.ufd;

    if (wait_for_fault(child) != region)
        errx(EXIT_FAILURE, "the child waits for another page");
    move.move = UNTOUCHED;
    show("moved by the child's descriptor", move_patiently(child, &move),
         &move, EINVAL, UNTOUCHED);
    if (ioctl(child, UFFDIO_COPY, &copy) == -1)
        err(EXIT_FAILURE, "UFFDIO_COPY");

    finish(thread);
    if (status != 0)
        errx(EXIT_FAILURE, "the child has read something else");
    printf("copied by it: the child has read it\n");
    exit(EXIT_SUCCESS);
}
