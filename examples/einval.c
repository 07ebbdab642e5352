// SPDX-License-Identifier: MIT
/*
 * einval.c - What is wrong, when it is EINVAL?
 *
 * Shows: every cause that a program alone can bring about.  Where .move is
 * untouched the arguments are wrong in themselves; where it is the negated
 * errno it is the memory that they point to.  Not here: memory locked on one
 * side only (locked.c), the memory of another process (fork_child.c).
 *
 * Clauses: [descriptor.handshake] [argument.dst-range] [argument.src-range]
 *     [argument.mode-known] [default.mode-reserved] [areas.src-private]
 *     [areas.src-inside] [areas.dst-private] [areas.dst-inside]
 *     [areas.same-access] [areas.writable] [areas.ordinary]
 *     [areas.dst-registered] [areas.anonymous] [call.move-unwritten]
 * Page: UFFDIO_MOVE(2const), "ERRORS"
 * Compile: cc -pthread -o einval einval.c
 * Run: ./einval
 * Prints:
 *     no UFFDIO_API before: EINVAL, .move untouched
 *     dst not at a page: EINVAL, .move untouched
 *     src not at a page: EINVAL, .move untouched
 *     len not of whole pages: EINVAL, .move untouched
 *     len is 0: EINVAL, .move untouched
 *     len wraps around: EINVAL, .move untouched
 *     a mode bit that is not defined: EINVAL, .move untouched
 *     source shared: EINVAL, .move = -EINVAL
 *     source goes on behind its mapping: EINVAL, .move = -EINVAL
 *     destination shared: EINVAL, .move = -EINVAL
 *     destination goes on behind its mapping: EINVAL, .move = -EINVAL
 *     source read-only, destination not: EINVAL, .move = -EINVAL
 *     both read-only: EINVAL, .move = -EINVAL
 *     destination not registered: EINVAL, .move = -EINVAL
 *     source of a file, although private: EINVAL, .move = -EINVAL
 *     source of hugetlb pages: EINVAL, .move = -EINVAL
 */
#include "example.h"

static int fd;
static size_t page;

static void
refused(const char *what, const char *to, const char *from, size_t length,
        __u64 mode, long long move_wanted)
{
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = length,
        .mode = mode,
        .move = UNTOUCHED,
    };

    show(what, move_patiently(fd, &arg), &arg, EINVAL, move_wanted);
}

static char *
map(int protection, int flags, int file)
{
    char *region = mmap(NULL, page, protection, flags, file, 0);

    if (region == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    return region;
}

/* The last page of a mapping. */
static char *
new_end(void)
{
    char *region = new_region(2 * page);

    if (munmap(region + page, page) == -1)
        err(EXIT_FAILURE, "munmap");
    return region;
}

int
main(void)
{
    const int rw = PROT_READ | PROT_WRITE;
    char *to, *from, *shared, *end, *to_end, *read_only, *to_read_only, *huge;
    int file, ready = open_userfaultfd(0);

    page = page_size();
    from = new_region(2 * page);
    to = new_registered(ready, 2 * page);
    memset(from, 'x', 2 * page);
    fd = new_descriptor(0);
    refused("no UFFDIO_API before", to, from, page, 0, UNTOUCHED);
    fd = ready;

    refused("dst not at a page", to + 1, from, page, 0, UNTOUCHED);
    refused("src not at a page", to, from + 1, page, 0, UNTOUCHED);
    refused("len not of whole pages", to, from, page + 1, 0, UNTOUCHED);
    refused("len is 0", to, from, 0, 0, UNTOUCHED);
    refused("len wraps around", to, from, -page, 0, UNTOUCHED);
    refused("a mode bit that is not defined", to, from, page, 4, UNTOUCHED);

    shared = map(rw, MAP_SHARED | MAP_ANONYMOUS, -1);
    refused("source shared", to, shared, page, 0, -EINVAL);
    end = new_end();
    *end = 'x';
    refused("source goes on behind its mapping", to, end, 2 * page, 0,
            -EINVAL);
    refused("destination shared", shared, from, page, 0, -EINVAL);
    to_end = new_end();
    register_range(fd, to_end, page, UFFDIO_REGISTER_MODE_MISSING);
    refused("destination goes on behind its mapping", to_end, from, 2 * page,
            0, -EINVAL);

    read_only = new_region(page);
    to_read_only = new_registered(fd, page);
    *read_only = 'x';
    if (mprotect(read_only, page, PROT_READ) == -1
        || mprotect(to_read_only, page, PROT_READ) == -1)
        err(EXIT_FAILURE, "mprotect");
    refused("source read-only, destination not", to, read_only, page, 0,
            -EINVAL);
    refused("both read-only", to_read_only, read_only, page, 0, -EINVAL);
    refused("destination not registered", new_region(page), from, page, 0,
            -EINVAL);

    file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file == -1)
        err(EXIT_FAILURE, "/proc/self/exe");
    refused("source of a file, although private",
            to, map(rw, MAP_PRIVATE, file), page, 0, -EINVAL);

    huge = mmap(NULL, page, rw, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB
                | MAP_NORESERVE, -1, 0);
    if (huge == MAP_FAILED)
        cannot("it has no hugetlb pages");
    refused("source of hugetlb pages", to, huge, page, 0, -EINVAL);
    exit(EXIT_SUCCESS);
}
