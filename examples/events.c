// SPDX-License-Identifier: MIT
/*
 * events.c - Why does a call give EAGAIN and has moved nothing?
 *
 * Shows: while an event of a change that the program asked to be told of is
 * not read, every move gives EAGAIN with .move = -EAGAIN.  When all of them are
 * read (mremap makes two), a move succeeds as soon as the thread that made the
 * change has gone on.  Changes that were not asked for do not matter.
 *
 * Clauses: [address-space.steady] [events.each] [events.only-negotiated]
 *     [best-effort.after-changing]
 * Page: UFFDIO_MOVE(2const), "What other threads see"
 * Compile: cc -pthread -o events events.c
 * Run: ./events
 * Prints:
 *     MADV_DONTNEED, its event not read: EAGAIN, .move = -EAGAIN
 *     the event is read: 0, .move = 1 page
 *     mremap(2), its event not read: EAGAIN, .move = -EAGAIN
 *     the event is read: 0, .move = 1 page
 *     munmap(2), its event not read: EAGAIN, .move = -EAGAIN
 *     the event is read: 0, .move = 1 page
 *     munmap(2), not asked for: 0, .move = 1 page
 */
#include "example.h"

static size_t page;

static void *
discard(void *region)
{
    if (madvise(region, page, MADV_DONTNEED) == -1)
        err(EXIT_FAILURE, "madvise");
    return NULL;
}

static void *
remap(void *region)
{
    char *new_place = new_region(page);

    if (mremap(region, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, new_place)
        == MAP_FAILED)
        err(EXIT_FAILURE, "mremap");
    return NULL;
}

static void *
unmap(void *region)
{
    if (munmap(region, page) == -1)
        err(EXIT_FAILURE, "munmap");
    return NULL;
}

static void
change_and_move(int fd, const char *what, void *(*change)(void *),
                unsigned int event)
{
    char *changed = new_registered(fd, page);
    char *from = new_region(page), *to = new_registered(fd, page);
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = page,
        .move = UNTOUCHED,
    };
    struct pollfd unread = {.fd = fd, .events = POLLIN};
    const struct uffd_msg *message;
    pthread_t thread;
    int result, tries = MOVE_TRIES;

    *from = 'x';
    thread = start(change, changed);
    if (poll(&unread, 1, 20000) != 1)
        errx(EXIT_FAILURE, "no event has come");
    show(what, move_patiently(fd, &arg), &arg, EAGAIN, -EAGAIN);

    message = next_event(fd, 0);
    if (message == NULL || message->event != event)
        errx(EXIT_FAILURE, "another event has come");
    while ((result = move_patiently(fd, &arg)) == -1 && errno == EAGAIN) {
        try_again(&tries);
        next_event(fd, 1);      /* One change may make several events */
    }
    show("the event is read", result, &arg, 0, (long long) page);
    finish(thread);
}

int
main(void)
{
    int asked = open_userfaultfd(UFFD_FEATURE_EVENT_REMOVE
                                 | UFFD_FEATURE_EVENT_REMAP
                                 | UFFD_FEATURE_EVENT_UNMAP);
    int not_asked = open_userfaultfd(0);
    struct uffdio_move arg = {.move = UNTOUCHED};
    char *from;

    page = page_size();
    change_and_move(asked, "MADV_DONTNEED, its event not read", discard,
                    UFFD_EVENT_REMOVE);
    change_and_move(asked, "mremap(2), its event not read", remap,
                    UFFD_EVENT_REMAP);
    change_and_move(asked, "munmap(2), its event not read", unmap,
                    UFFD_EVENT_UNMAP);

    unmap(new_registered(not_asked, page));
    from = new_region(page);
    *from = 'x';
    arg.dst = ADDRESS(new_registered(not_asked, page));
    arg.src = ADDRESS(from);
    arg.len = page;
    show("munmap(2), not asked for", move_patiently(not_asked, &arg),
         &arg, 0, (long long) page);
    exit(EXIT_SUCCESS);
}
