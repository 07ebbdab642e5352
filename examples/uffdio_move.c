// SPDX-License-Identifier: MIT
/*
 * uffdio_move.c - How is a range moved, whatever stands in the way?
 *
 * Shows: the check for the feature, the registration, and the loop that
 * goes on behind a short move and fills a page that is refused.
 *
 * Clauses: [interface.feature] [best-effort.results]
 *     [best-effort.after-short] [best-effort.after-exists]
 *     [best-effort.after-hole] [best-effort.copy-instead]
 * Page: UFFDIO_MOVE(2const), "EXAMPLES"
 * Compile: cc -o uffdio_move uffdio_move.c
 * Run: ./uffdio_move
 * Prints:
 *     page 0: moved, up to page 1
 *     page 2: a hole, filled with zeroes
 *     page 3: moved, up to page 4
 *     page 5: busy, copied
 *     page 6: there already
 *     page 7: moved, up to page 7
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef UFFDIO_MOVE             /* Headers older than Linux 6.8 */
#define UFFD_FEATURE_MOVE (1 << 16)
struct uffdio_move {
    __u64 dst, src, len, mode;
    __s64 move;
};
#define UFFDIO_MOVE _IOWR(0xAA, 0x05, struct uffdio_move)
#endif

#define TRIES 100               /* Until a refusal is taken for good */

static int uffd;
static size_t page;

/* Fill a page that nobody stores to meanwhile; NULL: try it again. */
static const char *
do_without(int error, char *dst, char *src)
{
    struct uffdio_zeropage z = {.range = {(uintptr_t) dst, page}};
    struct uffdio_range r = {(uintptr_t) dst, page};
    struct uffdio_copy c = {
        .dst = (uintptr_t) dst, .src = (uintptr_t) src, .len = page
    };

    if (error == ENOENT) {
        if (ioctl(uffd, UFFDIO_ZEROPAGE, &z) == 0)
            return "a hole, filled with zeroes";
        error = errno;
    } else if (error == EBUSY) {
        if (ioctl(uffd, UFFDIO_COPY, &c) == 0) {
            if (madvise(src, page, MADV_DONTNEED) == -1)
                err(EXIT_FAILURE, "madvise");
            return "busy, copied";
        }
        error = errno;
    }
    /* Whoever filled the place may have woken nobody */
    if (error == EEXIST && ioctl(uffd, UFFDIO_WAKE, &r) == 0)
        return "there already";
    errno = error;
    if (error != EAGAIN && error != ENOMEM)
        err(EXIT_FAILURE, "page at %p", (void *) dst);
    return NULL;
}

static void
move_range(char *dst, char *src, size_t len)
{
    size_t done = 0;
    int tries = TRIES;
    const char *how;

    while (done < len) {
        struct uffdio_move m = {
            .dst = (uintptr_t) dst + done,
            .src = (uintptr_t) src + done,
            .len = len - done,
        };

        if (ioctl(uffd, UFFDIO_MOVE, &m) == 0 || m.move > 0) {
            printf("page %zu: moved, up to page %zu\n", done / page,
                   (size_t) (done + m.move) / page - 1);
            done += m.move;
            continue;
        }
        how = do_without(errno, dst + done, src + done);
        if (how != NULL) {
            printf("page %zu: %s\n", done / page, how);
            done += page;
        } else if (tries-- == 0) {
            err(EXIT_FAILURE, "page %zu, %d times", done / page, TRIES);
        } else {
            usleep(1000);       /* Or read events, if asked for */
        }
    }
}

int
main(void)
{
    char *src, *dst;
    size_t len;
    pid_t child;
    struct uffdio_api api = {
        .api = UFFD_API, .features = UFFD_FEATURE_MOVE
    };
    struct uffdio_register reg = {.mode = UFFDIO_REGISTER_MODE_MISSING};

    uffd = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (uffd == -1)
        err(errno == ENOSYS || errno == EPERM ? 77 : 1, "userfaultfd");
    if (ioctl(uffd, UFFDIO_API, &api) == -1)
        err(errno == EINVAL ? 77 : 1, "no UFFDIO_MOVE here");

    page = sysconf(_SC_PAGESIZE);
    len = 8 * page;
    src = mmap(NULL, 2 * len, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (src == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    if (madvise(src, 2 * len, MADV_NOHUGEPAGE) == -1 && errno != EINVAL)
        err(EXIT_FAILURE, "madvise");
    dst = src + len;
    reg.range.start = (uintptr_t) dst;
    reg.range.len = len;
    dst[6 * page] = 'X';        /* There already */
    if (ioctl(uffd, UFFDIO_REGISTER, &reg) == -1)
        err(EXIT_FAILURE, "UFFDIO_REGISTER");

    src[5 * page] = 'f';        /* Shared with a child from here on */
    child = fork();
    if (child == -1)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        _exit(EXIT_SUCCESS);
    for (size_t i = 0; i < 8; i++)
        if (i != 2 && i != 5)
            src[i * page] = 'a' + i;

    move_range(dst, src, len);
    for (size_t i = 0; i < 8; i++) {
        char wanted = i == 2 ? 0 : i == 6 ? 'X' : 'a' + i;

        if (dst[i * page] != wanted)
            errx(EXIT_FAILURE, "page %zu has not arrived", i);
    }
    return EXIT_SUCCESS;
}
