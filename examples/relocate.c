// SPDX-License-Identifier: MIT
/*
 * relocate.c - How does a block of memory grow without being copied?
 *
 * Shows: a reallocation within an arena.  Its pages are moved to where there
 * is room; a page that is refused is copied; and that is compared with
 * mremap(2), which needs no fallback, but splits the mapping, and keeps all
 * other threads from changing theirs or faulting.  The arena is registered for
 * write protection only: so its holes fill as in any memory, and nobody has to
 * serve faults.  Another thread uses the arena all the while.
 *
 * Clauses: [descriptor.any-registration] [best-effort.results]
 *     [best-effort.after-short] [best-effort.copy-instead] [call.arrives]
 *     [page.hole-counted]
 * Page: UFFDIO_MOVE(2const), "DESCRIPTION"
 * Compile: cc -pthread -o relocate relocate.c
 * Run: ./relocate
 * Prints (<number> stands for one that differs each time):
 *     nanoseconds a page, in blocks of 1 page:
 *         UFFDIO_MOVE <number>, mremap(2) <number>, copying <number>
 *     nanoseconds a page, in blocks of 256 pages:
 *         UFFDIO_MOVE <number>, mremap(2) <number>, copying <number>
 *     after a fork: 128 pages moved, 128 copied
 *     grown from 256 to 512 pages: contents, then zeroes
 *     uses by another thread: <number>, wrong contents: 0
 */
#include "example.h"

#include <limits.h>

enum { LARGE = 256, ROUNDS = 50 };

static int fd;
static size_t page;
static unsigned long moved, copied, uses, wrong;
static bool ending;

/* Another thread: what it uses lies in the same mapping. */
static void *
use_others(void *data)
{
    volatile unsigned long *block = data;
    size_t step = page / sizeof(*block);

    while (!__atomic_load_n(&ending, __ATOMIC_RELAXED))
        for (size_t i = 0; i < LARGE; i++) {
            if (block[i * step] != uses / LARGE)
                __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
            block[i * step] = uses++ / LARGE + 1;
        }
    return NULL;
}

/* False where it has to be tried again. */
static bool
copy_page(char *to, char *from)
{
    struct uffdio_copy arg = {ADDRESS(to), ADDRESS(from), page, 0, 0};

    if (ioctl(fd, UFFDIO_COPY, &arg) == -1) {
        if (errno == EAGAIN || errno == EEXIST)
            return false;
        err(EXIT_FAILURE, "UFFDIO_COPY");
    }
    if (madvise(from, page, MADV_DONTNEED) == -1)
        err(EXIT_FAILURE, "madvise");
    copied++;
    return true;
}

static void
by_move(char *to, char *from, size_t length)
{
    int tries = MOVE_TRIES;
    size_t done = 0;

    while (done < length) {
        struct uffdio_move arg = {
            .dst = ADDRESS(to + done),
            .src = ADDRESS(from + done),
            .len = length - done,
            .mode = UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES,
        };
        int error = ioctl(fd, UFFDIO_MOVE, &arg) == 0 ? 0 : errno;

        if (error == 0 || arg.move > 0) {
            done += (size_t) arg.move;
            moved += (size_t) arg.move / page;
            tries = MOVE_TRIES;
        } else if ((error == EBUSY && copy_page(to + done, from + done))
                   || (error == EEXIST && !is_there(from + done))) {
            done += page;               /* 6.18 to 7.1 may not count it */
        } else {
            errno = error;
            if (error != EAGAIN && error != EBUSY && error != ENOMEM)
                err(EXIT_FAILURE, "UFFDIO_MOVE");
            try_again(&tries);
        }
    }
}

static void
by_mremap(char *to, char *from, size_t length)
{
    if (mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to)
        == MAP_FAILED)
        err(EXIT_FAILURE, "mremap");
}

static void
by_copying(char *to, char *from, size_t length)
{
    memcpy(to, from, length);
    if (madvise(from, length, MADV_DONTNEED) == -1)
        err(EXIT_FAILURE, "madvise");
}

static void
write_block(char *block, size_t pages)
{
    for (size_t i = 0; i < pages; i++)
        *(size_t *) (void *) (block + i * page) = i + 1;
}

static void
check_block(const char *block, size_t pages)
{
    for (size_t i = 0; i < pages; i++)
        if (*(const size_t *) (const void *) (block + i * page) != i + 1)
            __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

static unsigned long
nanoseconds(void)
{
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) == -1)
        err(EXIT_FAILURE, "clock_gettime");
    return (unsigned long) (now.tv_sec * 1000000000 + now.tv_nsec);
}

/* How long does a page take?  The shortest of many times, there and back. */
static unsigned long
time_a_page(void (*relocate)(char *, char *, size_t), char *first,
            char *second, size_t pages)
{
    unsigned long best = ULONG_MAX, begin, time;

    for (int i = 0; i < ROUNDS; i++) {
        write_block(first, pages);
        begin = nanoseconds();
        relocate(second, first, pages * page);
        relocate(first, second, pages * page);
        time = nanoseconds() - begin;
        if (time < best)
            best = time;
        check_block(first, pages);
    }
    return best / 2 / pages;
}

static void
compare(char *arena, size_t pages)
{
    char *plain = new_region(2 * LARGE * page);

    printf("nanoseconds a page, in blocks of %zu page%s:\n", pages,
           pages == 1 ? "" : "s");
    printf("    UFFDIO_MOVE %lu, ",
           time_a_page(by_move, arena, arena + LARGE * page, pages));
    printf("mremap(2) %lu, ",
           time_a_page(by_mremap, plain, plain + LARGE * page, pages));
    printf("copying %lu\n",
           time_a_page(by_copying, arena, arena + LARGE * page, pages));
}

int
main(void)
{
    char *arena, *others, *block;
    pthread_t thread;

    fd = open_userfaultfd(UFFD_FEATURE_PAGEFAULT_FLAG_WP);
    page = page_size();
    arena = new_region(4 * LARGE * page);
    register_range(fd, arena, 4 * LARGE * page, UFFDIO_REGISTER_MODE_WP);
    others = arena + 3 * LARGE * page;
    thread = start(use_others, others);

    compare(arena, 1);
    compare(arena, LARGE);

    block = arena;
    write_block(block, LARGE);
    fork_once();
    write_block(block, LARGE / 2);      /* These are no longer shared */
    moved = copied = 0;
    by_move(arena + LARGE * page, block, LARGE * page);
    block = arena + LARGE * page;
    check_block(block, LARGE);
    if (copied == 0)
        cannot("this kernel moves pages that are shared");
    printf("after a fork: %lu pages moved, %lu copied\n", moved, copied);

    for (size_t i = LARGE; i < 2 * LARGE; i++)
        wrong += block[i * page] != 0;
    printf("grown from %d to %d pages: contents, then zeroes\n",
           LARGE, 2 * LARGE);

    __atomic_store_n(&ending, true, __ATOMIC_RELAXED);
    finish(thread);
    printf("uses by another thread: %lu, wrong contents: %lu\n", uses, wrong);
    exit(wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
