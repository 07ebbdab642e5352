// SPDX-License-Identifier: MIT
/*
 * uffdio_move.c - How is a range moved, whatever stands in the way?
 *
 * Shows: the loop, for a source that no other thread touches meanwhile.
 * Clauses: [interface.feature] [best-effort.results]
 *     [best-effort.after-short] [best-effort.store-cures]
 *     [best-effort.after-exists] [best-effort.after-hole]
 *     [best-effort.copy-instead]
 * Page: UFFDIO_MOVE(2const), "EXAMPLES"
 * Compile: cc -o uffdio_move uffdio_move.c
 * Run: ./uffdio_move
 * Prints:
 *     page 0: moved
 *     page 1: ENOENT
 *     page 2: EBUSY
 *     page 2: moved
 *     page 3: EEXIST
 */
#include <linux/userfaultfd.h>
#ifndef UFFDIO_MOVE             /* Headers older than Linux 6.8 */
#define UFFD_FEATURE_MOVE (1 << 16)
struct uffdio_move {
    __u64 dst, src, len, mode;
    __s64 move;
};
#define UFFDIO_MOVE _IOWR(0xAA, 0x05, struct uffdio_move)
#endif

/* From here on in the page. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int     fd;
static size_t  page;

/* Nobody else stores to these pages, or has pinned them. */
static int
fill(int error, int tries, char *to, char *from)
{
    struct uffdio_range     r = {(uintptr_t) to, page};
    struct uffdio_copy      c = {r.start, (uintptr_t) from, page, 0, 0};
    struct uffdio_zeropage  z = {.range = r};

    if (error == EBUSY && tries > 90) {
        __atomic_store_n(from, *from, __ATOMIC_RELAXED);
    } else if (error == EBUSY) {
        error = ioctl(fd, UFFDIO_COPY, &c) == -1 ? errno : 0;
        if (error == 0 && madvise(from, page, MADV_DONTNEED) == -1)
            err(EXIT_FAILURE, "madvise");
    } else if (error == ENOENT) {
        error = ioctl(fd, UFFDIO_ZEROPAGE, &z) == -1 ? errno : 0;
    }
    if (error == EEXIST)
        error = ioctl(fd, UFFDIO_WAKE, &r) == -1 ? errno : 0;
    errno = error;
    if (error != 0 && (tries == 0 || (error != EAGAIN && error != EBUSY
                                      && error != ENOMEM)))
        err(EXIT_FAILURE, "UFFDIO_MOVE");
    usleep(error == 0 ? 0 : 1000 * (101 - tries));   /* Or read events */
    return error == 0;
}

static void
move_range(char *to, char *from, size_t len)
{
    int  tries = 100;           /* For a page */

    for (size_t done = 0; done < len;) {
        struct uffdio_move  m = {
            .dst = (uintptr_t) to + done,
            .src = (uintptr_t) from + done,
            .len = len - done,
        };
        int  error = ioctl(fd, UFFDIO_MOVE, &m) == -1 ? errno : 0;

        printf("page %zu: %s\n", done / page,
               m.move > 0 ? "moved" : strerrorname_np(error));
        if (m.move <= 0) {
            if (!fill(error, tries--, to + done, from + done))
                continue;
            m.move = page;
        }
        done += m.move;
        tries = 100;
    }
}

int
main(void)
{
    char                    *to, *from;
    struct uffdio_api       api = {UFFD_API, UFFD_FEATURE_MOVE, 0};
    struct uffdio_register  reg = {.mode = UFFDIO_REGISTER_MODE_MISSING};

    page = sysconf(_SC_PAGESIZE);
    fd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (fd == -1 || ioctl(fd, UFFDIO_API, &api) == -1)
        err(77, "no UFFDIO_MOVE here");
    from = mmap(NULL, 8 * page, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (from == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    madvise(from, 8 * page, MADV_NOHUGEPAGE);
    to = from + 4 * page;
    to[3 * page] = 'x';         /* EEXIST */
    reg.range = (struct uffdio_range) {(uintptr_t) to, 4 * page};
    if (ioctl(fd, UFFDIO_REGISTER, &reg) == -1)
        err(EXIT_FAILURE, "UFFDIO_REGISTER");
    from[2 * page] = 'c';       /* EBUSY, for a child shares it */
    if (fork() == 0)
        _exit(EXIT_SUCCESS);
    from[0] = 'a';
    move_range(to, from, 4 * page);
    exit(memcmp((char []) {to[0], to[page], to[2 * page], to[3 * page]},
                "a\0cx", 4) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
