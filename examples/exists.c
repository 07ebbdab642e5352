// SPDX-License-Identifier: MIT
/*
 * exists.c - What if the page is there already?
 *
 * Shows: nothing is ever overwritten.  Whoever was first may not have woken
 * the thread that waits, and a call that fails wakes nobody: so after EEXIST
 * the thread is woken by UFFDIO_WAKE.
 *
 * Clauses: [page.occupied] [wake.not-on-failure] [best-effort.after-exists]
 *     [call.untouched]
 * Page: UFFDIO_MOVE(2const), "What other threads see"
 * Compile: cc -pthread -o exists exists.c
 * Run: ./exists
 * Prints:
 *     a thread waits for the page
 *     someone else fills it, and wakes nobody
 *     the page is moved: EEXIST, .move = -EEXIST
 *     the thread is asleep
 *     UFFDIO_WAKE
 *     the thread reads: theirs
 *     not moved: ours
 */
#include "example.h"

static int awake;

static void *
reader(void *page)
{
    static char text[16];

    memcpy(text, page, sizeof(text));
    __atomic_store_n(&awake, 1, __ATOMIC_SEQ_CST);
    return text;
}

int
main(void)
{
    size_t page = page_size();
    int fd = open_userfaultfd(0);
    char *ours = new_region(page), *theirs = new_region(page);
    char *region = new_registered(fd, page);
    struct uffdio_copy copy = {
        .dst = ADDRESS(region),
        .src = ADDRESS(theirs),
        .len = page,
        .mode = UFFDIO_COPY_MODE_DONTWAKE,
    };
    struct uffdio_move arg = {
        .dst = ADDRESS(region),
        .src = ADDRESS(ours),
        .len = page,
        .move = UNTOUCHED,
    };
    pthread_t thread;
    const char *text;

    strcpy(ours, "ours");
    strcpy(theirs, "theirs");
    thread = start(reader, region);
    wait_for_fault(fd);
    printf("a thread waits for the page\n");

    if (ioctl(fd, UFFDIO_COPY, &copy) == -1)
        err(EXIT_FAILURE, "UFFDIO_COPY");
    printf("someone else fills it, and wakes nobody\n");

    show("the page is moved", move_patiently(fd, &arg), &arg,
         EEXIST, -EEXIST);
    pause_for(100);
    if (__atomic_load_n(&awake, __ATOMIC_SEQ_CST))
        errx(EXIT_FAILURE, "the thread has been woken");
    printf("the thread is asleep\n");

    wake(fd, region, page);
    printf("UFFDIO_WAKE\n");
    text = finish(thread);
    printf("the thread reads: %s\n", text);
    printf("not moved: %s\n", is_there(ours) ? ours : "gone");
    exit(EXIT_SUCCESS);
}
