// SPDX-License-Identifier: MIT
/*
 * write_protection.c - What becomes of a page that is write-protected?
 *
 * Shows: protection by userfaultfd is lost on the way: a store at the new
 * place makes no event.  To put it back before anyone can store there, the
 * page is moved with DONTWAKE, protected again, and then woken for.  (That
 * holds for threads that wait; others must be kept away in between.)
 *
 * Clauses: [effects.protection-dropped] [descriptor.any-registration]
 *     [wake.dontwake]
 * Page: UFFDIO_MOVE(2const), "What a page takes along"
 * Compile: cc -pthread -o write_protection write_protection.c
 * Run: ./write_protection
 * Prints:
 *     a protected page: 0, .move = 1 page
 *     a store at its new place makes no event
 *     a thread waits to store
 *     moved with DONTWAKE: 0, .move = 1 page
 *     protected again, and woken: its store makes an event
 *     back where only protection is registered: 0, .move = 1 page
 */
#include "example.h"

static int fd;
static size_t page;

static void
move(const char *what, const char *to, const char *from, __u64 mode)
{
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = page,
        .mode = mode,
        .move = UNTOUCHED,
    };

    show(what, move_patiently(fd, &arg), &arg, 0, (long long) page);
}

static void
protect(const char *address, __u64 mode)
{
    struct uffdio_writeprotect arg = {
        .range = {.start = ADDRESS(address), .len = page},
        .mode = mode,
    };

    if (ioctl(fd, UFFDIO_WRITEPROTECT, &arg) == -1)
        err(EXIT_FAILURE, "UFFDIO_WRITEPROTECT");
}

static void *
writer(void *address)
{
    *(volatile char *) address = 'y';
    return NULL;
}

int
main(void)
{
    const __u64 protection = UFFDIO_REGISTER_MODE_WP;
    const __u64 both = protection | UFFDIO_REGISTER_MODE_MISSING;
    const struct uffd_msg *message;
    char *first, *second, *third;
    pthread_t thread;

    fd = open_userfaultfd(UFFD_FEATURE_PAGEFAULT_FLAG_WP);
    page = page_size();
    first = new_region(page);
    second = new_region(page);
    third = new_region(page);
    *first = 'x';
    register_range(fd, first, page, protection);
    register_range(fd, second, page, both);
    register_range(fd, third, page, both);

    protect(first, UFFDIO_WRITEPROTECT_MODE_WP);
    move("a protected page", second, first, 0);
    thread = start(writer, second);
    if (next_event(fd, 100) != NULL)
        errx(EXIT_FAILURE, "the store has made an event");
    finish(thread);
    printf("a store at its new place makes no event\n");

    thread = start(writer, third);
    wait_for_fault(fd);
    printf("a thread waits to store\n");
    move("moved with DONTWAKE", third, second, UFFDIO_MOVE_MODE_DONTWAKE);
    protect(third, UFFDIO_WRITEPROTECT_MODE_WP);
    wake(fd, third, page);
    message = next_event(fd, 20000);
    if (message == NULL || message->event != UFFD_EVENT_PAGEFAULT
        || !(message->arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP))
        errx(EXIT_FAILURE, "the store has made no event of protection");
    printf("protected again, and woken: its store makes an event\n");
    protect(third, 0);          /* Which wakes as well */
    finish(thread);

    move("back where only protection is registered", first, third, 0);
    exit(*first == 'y' ? EXIT_SUCCESS : EXIT_FAILURE);
}
