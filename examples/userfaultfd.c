// SPDX-License-Identifier: MIT
/*
 * userfaultfd.c - How does a program fill its own pages when they are touched?
 *
 * Shows: a thread that reads events and fills each page that another waits for.
 * Clauses: [descriptor.handshake]
 * Page: userfaultfd(2), "EXAMPLES"
 * Compile: cc -pthread -o userfaultfd userfaultfd.c
 * Run: ./userfaultfd
 * Prints:
 *     page 0: A
 *     page 1: B
 *     page 2: C
 */
/* From here on in the page. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGES  3

static char    *region, *buffer;
static int     fd;
static size_t  page;

static void *
fill_pages(void *arg)
{
    int                  tries;
    size_t               number;
    struct uffd_msg      msg;
    struct uffdio_copy   copy;
    struct uffdio_range  range;

    for (;;) {
        if (read(fd, &msg, sizeof(msg)) != sizeof(msg))
            err(EXIT_FAILURE, "read");
        if (msg.event != UFFD_EVENT_PAGEFAULT)
            errx(EXIT_FAILURE, "event %#x", msg.event);

        number = (msg.arg.pagefault.address - (uintptr_t) region) / page;
        memset(buffer, 'A' + (int) number, page);
        range = (struct uffdio_range)
                {(uintptr_t) region + number * page, page};
        copy = (struct uffdio_copy)
               {range.start, (uintptr_t) buffer, page, 0, 0};
        tries = 100;
        while (ioctl(fd, UFFDIO_COPY, &copy) == -1) {
            if (errno == EAGAIN && tries-- > 0) {
                usleep(1000 * (100 - tries));
                continue;
            }
            /* An event of this page may have come before. */
            if (errno != EEXIST || ioctl(fd, UFFDIO_WAKE, &range) == -1)
                err(EXIT_FAILURE, "UFFDIO_COPY, UFFDIO_WAKE");
            break;
        }
    }
    return arg;
}

static char *
pages(int n)
{
    char  *p;

    p = mmap(NULL, n * page, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    return p;
}

int
main(void)
{
    pthread_t               handler;
    struct uffdio_api       api = {.api = UFFD_API};
    struct uffdio_register  reg = {.mode = UFFDIO_REGISTER_MODE_MISSING};

    page = sysconf(_SC_PAGESIZE);
    region = pages(PAGES);
    buffer = pages(1);

    fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (fd == -1)
        err(EXIT_FAILURE, "userfaultfd");
    if (ioctl(fd, UFFDIO_API, &api) == -1)
        err(EXIT_FAILURE, "UFFDIO_API");
    reg.range = (struct uffdio_range) {(uintptr_t) region, PAGES * page};
    if (ioctl(fd, UFFDIO_REGISTER, &reg) == -1)
        err(EXIT_FAILURE, "UFFDIO_REGISTER");

    if ((errno = pthread_create(&handler, NULL, fill_pages, NULL)) != 0)
        err(EXIT_FAILURE, "pthread_create");
    for (int i = 0; i < PAGES; i++)
        printf("page %d: %c\n", i, region[i * page]);
    exit(EXIT_SUCCESS);
}
