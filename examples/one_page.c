// SPDX-License-Identifier: MIT
/*
 * one_page.c - How is a page moved to a thread that waits for it?
 *
 * Shows: a thread reads a page that is missing and sleeps; the page is moved
 * there from where it was made ready, and the thread goes on.  Nothing is
 * copied, and the old place is empty: what is stored there is another page.
 *
 * Clauses: [page.present] [call.success] [call.arrives] [call.source-empty]
 *     [wake.moved] [default.efficient] [default.old-place-ends]
 * Page: UFFDIO_MOVE(2const), "DESCRIPTION"
 * Compile: cc -pthread -o one_page one_page.c
 * Run: ./one_page
 * Prints:
 *     a thread waits for the page
 *     the page is moved: 0, .move = 1 page
 *     the thread reads: hello
 *     the old place is empty
 *     a store there does not reach the page: hello
 */
#include "example.h"

static void *
reader(void *page)
{
    static char text[16];

    memcpy(text, page, sizeof(text));   /* Faults, and sleeps */
    return text;
}

int
main(void)
{
    size_t page = page_size();
    int fd = open_userfaultfd(0);
    char *buffer = new_region(page), *region = new_registered(fd, page);
    struct uffdio_move arg = {.len = page, .move = UNTOUCHED};
    pthread_t thread;
    const char *text;

    thread = start(reader, region);

    arg.dst = ADDRESS(wait_for_fault(fd));
    printf("a thread waits for the page\n");

    strcpy(buffer, "hello");
    arg.src = ADDRESS(buffer);
    show("the page is moved", move_patiently(fd, &arg), &arg,
         0, (long long) page);

    text = finish(thread);
    if (strcmp(text, "hello") != 0)
        errx(EXIT_FAILURE, "the thread has read something else");
    printf("the thread reads: %s\n", text);
    if (is_there(buffer))
        errx(EXIT_FAILURE, "the old place is not empty");
    printf("the old place is empty\n");

    strcpy(buffer, "bye");
    if (strcmp(region, "hello") != 0)
        errx(EXIT_FAILURE, "a store at the old place has reached the page");
    printf("a store there does not reach the page: %s\n", region);
    exit(EXIT_SUCCESS);
}
