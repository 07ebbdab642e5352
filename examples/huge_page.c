// SPDX-License-Identifier: MIT
/*
 * huge_page.c - What becomes of a huge page?
 *
 * Shows: it moves whole, by one entry, where both sides are aligned and the
 * destination has no page table yet.  Where it cannot move whole it is split,
 * and moves page by page; now and then something looks at it at that moment,
 * and the call has to be repeated.  A huge page at the destination is in the
 * way.
 *
 * Clauses: [page.huge-whole] [page.huge-split] [page.over-huge]
 *     [best-effort.repeat-cures]
 * Page: UFFDIO_MOVE(2const), "What a page takes along"
 * Compile: cc -pthread -o huge_page huge_page.c
 * Run: ./huge_page
 * Prints:
 *     aligned to an empty place: moved, it is a huge page
 *     another onto it: EEXIST, .move = -EEXIST
 *     a page of it, elsewhere: moved, it is a small page
 */
#include "example.h"

static size_t
huge_page_size(void)
{
    const char *path = "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size";
    FILE *in = fopen(path, "re");
    size_t size = 0;

    if (in == NULL)
        cannot("it has no transparent huge pages");
    if (fscanf(in, "%zu", &size) != 1 || size == 0)
        errx(EXIT_FAILURE, "%s cannot be read", path);
    fclose(in);
    return size;
}

/* The bytes at an address's mapping that are mapped by huge pages. */
static size_t
huge_bytes(const char *address)
{
    FILE *in = fopen("/proc/self/smaps", "re");
    char line[512];
    unsigned long start, end;
    size_t kilobytes = 0;
    bool here = false;

    if (in == NULL)
        err(EXIT_FAILURE, "/proc/self/smaps");
    while (fgets(line, sizeof(line), in) != NULL) {
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            here = (uintptr_t) address >= start && (uintptr_t) address < end;
        if (here && sscanf(line, "AnonHugePages: %zu kB", &kilobytes) == 1)
            break;
    }
    fclose(in);
    return kilobytes * 1024;
}

/* An aligned place as large as a huge page, in a mapping of its own. */
static char *
new_place(size_t huge)
{
    char *region, *place;

    region = mmap(NULL, 3 * huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
                  -1, 0);
    if (region == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    place = region + (huge - (uintptr_t) region % huge);
    if (mprotect(place, huge, PROT_READ | PROT_WRITE) == -1)
        err(EXIT_FAILURE, "mprotect");
    return place;
}

static char *
new_huge_page(size_t huge)
{
    char *place = new_place(huge);

    if (madvise(place, huge, MADV_HUGEPAGE) == -1)
        err(EXIT_FAILURE, "madvise");
    *place = 'x';
    if (huge_bytes(place) != huge)
        cannot("it gave no huge page when asked for one");
    return place;
}

static void
move_a_part(int fd, struct uffdio_move *arg)
{
    if (move_patiently(fd, arg) == -1)
        err(EXIT_FAILURE, "UFFDIO_MOVE of a part");
}

int
main(void)
{
    int fd = open_userfaultfd(0);
    size_t page = page_size(), huge = huge_page_size();
    char *from = new_huge_page(huge), *other = new_huge_page(huge);
    char *to = new_place(huge), *small = new_registered(fd, page);
    struct uffdio_move arg = {
        .dst = ADDRESS(to),
        .src = ADDRESS(from),
        .len = huge,
    };

    register_range(fd, to, huge, UFFDIO_REGISTER_MODE_MISSING);
    if (move_patiently(fd, &arg) == -1)
        err(EXIT_FAILURE, "UFFDIO_MOVE");
    printf("aligned to an empty place: moved, it is a %s\n",
           huge_bytes(to) == huge ? "huge page" : "lot of small pages");

    arg.src = ADDRESS(other);
    show("another onto it", move_patiently(fd, &arg), &arg,
         EEXIST, -EEXIST);

    arg.dst = ADDRESS(small);
    arg.src = ADDRESS(to);
    arg.len = page;
    move_a_part(fd, &arg);
    printf("a page of it, elsewhere: moved, it is a %s\n",
           huge_bytes(to) == 0 && huge_bytes(small) == 0 ? "small page"
           : "huge page");
    exit(*small == 'x' ? EXIT_SUCCESS : EXIT_FAILURE);
}
