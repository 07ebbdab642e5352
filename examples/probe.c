// SPDX-License-Identifier: MIT
/*
 * probe.c - How does a program find out whether it can move?
 *
 * Shows: the handshake is the place to ask, and by what a kernel does, never
 * by its release: features are carried back.  A kernel without the operation
 * gives EINVAL to a handshake that asks for it, and to the call.  Asking
 * enables nothing.  Where it is absent, UFFDIO_COPY and MADV_DONTNEED do.
 *
 * Clauses: [interface.layout] [interface.feature] [interface.feature-optional]
 *     [interface.absent] [interface.api-ioctls] [register.reports-move]
 * Page: UFFDIO_MOVE(2const), "HISTORY"
 * Compile: cc -pthread -o probe probe.c
 * Run: ./probe
 * Prints:
 *     a handshake that asks for UFFD_FEATURE_MOVE: 0
 *     one that does not reports it: yes
 *     among the ioctls of UFFDIO_API: no
 *     among those of UFFDIO_REGISTER: yes
 *     so a page is filled by UFFDIO_MOVE
 */
#include "example.h"

#include <assert.h>
#include <stddef.h>

/* What a binding in another language has to get right. */
static_assert(UFFDIO_MOVE == 0xC028AA05, "the request");
static_assert(sizeof(struct uffdio_move) == 40, "the structure");
static_assert(offsetof(struct uffdio_move, dst) == 0, "its members");
static_assert(offsetof(struct uffdio_move, src) == 8, "its members");
static_assert(offsetof(struct uffdio_move, len) == 16, "its members");
static_assert(offsetof(struct uffdio_move, mode) == 24, "its members");
static_assert(offsetof(struct uffdio_move, move) == 32, "its members");

static const char *
yes_or_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void
fill(int fd, bool moving, char *to, char *from, size_t page)
{
    struct uffdio_move move = {ADDRESS(to), ADDRESS(from), page, 0, 0};
    struct uffdio_copy copy = {ADDRESS(to), ADDRESS(from), page, 0, 0};

    if (moving) {
        if (move_patiently(fd, &move) == -1)
            err(EXIT_FAILURE, "UFFDIO_MOVE");
        return;
    }
    if (move_patiently(fd, &move) != -1 || errno != EINVAL)
        errx(EXIT_FAILURE, "UFFDIO_MOVE is there, but is not reported");
    if (ioctl(fd, UFFDIO_COPY, &copy) == -1)
        err(EXIT_FAILURE, "UFFDIO_COPY");
    if (madvise(from, page, MADV_DONTNEED) == -1)
        err(EXIT_FAILURE, "madvise");
}

int
main(void)
{
    struct uffdio_api asks = {
        .api = UFFD_API,
        .features = UFFD_FEATURE_MOVE,
    };
    struct uffdio_api plain = {.api = UFFD_API};
    struct uffdio_register reg = {.mode = UFFDIO_REGISTER_MODE_MISSING};
    size_t page = page_size();
    int asking = new_descriptor(0), fd = new_descriptor(0), result;
    char *from = new_region(page), *to = new_region(page);
    bool moving;

    result = ioctl(asking, UFFDIO_API, &asks);
    if (result == -1 && errno != EINVAL)
        err(EXIT_FAILURE, "UFFDIO_API");
    printf("a handshake that asks for UFFD_FEATURE_MOVE: %s\n",
           result == 0 ? "0" : "EINVAL");

    if (ioctl(fd, UFFDIO_API, &plain) == -1)
        err(EXIT_FAILURE, "UFFDIO_API");
    moving = plain.features & UFFD_FEATURE_MOVE;
    if (moving != (result == 0))
        errx(EXIT_FAILURE, "the two handshakes do not agree");
    printf("one that does not reports it: %s\n", yes_or_no(moving));
    printf("among the ioctls of UFFDIO_API: %s\n",
           yes_or_no(plain.ioctls >> _UFFDIO_MOVE & 1));

    reg.range.start = ADDRESS(to);
    reg.range.len = page;
    if (ioctl(fd, UFFDIO_REGISTER, &reg) == -1)
        err(EXIT_FAILURE, "UFFDIO_REGISTER");
    printf("among those of UFFDIO_REGISTER: %s\n",
           yes_or_no(reg.ioctls >> _UFFDIO_MOVE & 1));

    *from = 'x';
    fill(fd, moving, to, from, page);
    if (!is_there(to) || *to != 'x' || is_there(from))
        errx(EXIT_FAILURE, "the page is not where it should be");
    printf("so a page is filled by UFFDIO_%s\n", moving ? "MOVE" : "COPY");
    if (!moving)
        cannot("the kernel has no UFFDIO_MOVE (Linux 6.8 brought it)");
    exit(EXIT_SUCCESS);
}
