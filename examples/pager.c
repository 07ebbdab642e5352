// SPDX-License-Identifier: MIT
/*
 * pager.c - How are pages moved in and out of a region?
 *
 * Shows: a region is served from fewer pages than it has.  Pages are moved out,
 * so that they cannot change while they are saved; filled with what is wanted;
 * and moved in.  Both sides are registered, for each is a destination, and on
 * two descriptors, so that the pager does not wait for its own events.  All
 * the while the program forks, and gives pages back.
 *
 * Clauses: [best-effort.results] [best-effort.after-short]
 *     [best-effort.after-changing] [best-effort.after-exists]
 *     [best-effort.after-hole] [best-effort.store-cures]
 *     [best-effort.copy-instead] [threads.writers] [threads.tables-change]
 * Page: UFFDIO_MOVE(2const), "Refusals"
 * Compile: cc -pthread -o pager pager.c
 * Run: ./pager
 * Prints (<number> stands for one that differs each time):
 *     256 pages were served from 64, with 4256 uses by 2 threads
 *     moved in <number> and out <number> times, 4 pages each
 *     short <number>, EAGAIN <number>, EBUSY <number>, EEXIST <number>
 *     pages in excess of the 64: <number>, wrong pages: 0
 */
#include "example.h"

enum {
    EACH = 4,                           /* Pages that move together */
    PAGES = 256, CLUSTERS = PAGES / EACH, SLOTS = 64 / EACH,
    THREADS = 2, USES = 2000, TRIES = 8
};

static size_t page;
static int region_fd, pool_fd;
static char *region, *pool, *saved;     /* Saved: it stands for a file */
static bool resident[CLUSTERS], nothing[PAGES]; /* Nothing: given back */
static int vacant[SLOTS], n_vacant;     /* Slots whose pages are in use */
static int n_new = SLOTS;               /* Slots that were never in use */
static char *waiting[64];               /* Faults that were read */
static int n_waiting, running = THREADS, passing = MOVE_TRIES;
static unsigned int uses_of[PAGES];     /* As each page's thread has counted */
static unsigned long ins, outs, shorts, changing, busy, exists, excess, wrong;

/* Use a page: it says its name, and how often it was used; 0 if never. */
static void
use(unsigned int name)
{
    unsigned int *content = (unsigned int *) (void *) (region + name * page);

    if (content[0] != uses_of[name] || content[1] != (content[0] ? name : 0))
        __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
    content[0] = ++uses_of[name];
    content[1] = name;
}

/* An application has pages of its own; it may give one back, or fork. */
static void *
application(void *number)
{
    unsigned int own = (unsigned int) (uintptr_t) number, random = own, name;

    for (int i = 1; i <= USES; i++) {
        random = random * 1664525 + 1013904223;
        name = (random >> 8) % (PAGES / THREADS) * THREADS + own;
        use(name);
        if (i % 50 == 0) {
            if (madvise(region + name * page, page, MADV_DONTNEED) == -1)
                err(EXIT_FAILURE, "madvise");
            uses_of[name] = 0;
        }
        if (i % 100 == 0)
            fork_once();
    }
    for (name = own; name < PAGES; name += THREADS)
        use(name);
    __atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
    return NULL;
}

static int
move(int fd, char *to, char *from, size_t pages, size_t *moved)
{
    struct uffdio_move arg = {ADDRESS(to), ADDRESS(from), pages * page, 0, 0};
    int error = ioctl(fd, UFFDIO_MOVE, &arg) == 0 ? 0 : errno;

    *moved = arg.move > 0 ? (size_t) arg.move / page : 0;
    shorts += error == EAGAIN && *moved > 0;
    changing += error == EAGAIN && *moved == 0;
    busy += error == EBUSY;
    exists += error == EEXIST;
    if (*moved > 0)
        passing = MOVE_TRIES;
    else if (error == EAGAIN || error == ENOMEM)
        try_again(&passing);
    return error;
}

/* Read an event: what is about to be given back; and faults, for later. */
static void
read_event(int milliseconds)
{
    const struct uffd_msg *m = next_event(region_fd, milliseconds);

    if (m == NULL)
        return;
    if (m->event == UFFD_EVENT_REMOVE) {
        size_t start = m->arg.remove.start - ADDRESS(region);
        size_t length = m->arg.remove.end - m->arg.remove.start;

        memset(nothing + start / page, true, length / page);
    } else if (m->event == UFFD_EVENT_PAGEFAULT && n_waiting < 64) {
        waiting[n_waiting++] = region + (m->arg.pagefault.address
                                         - ADDRESS(region));
    } else {
        errx(EXIT_FAILURE, "event %#x was not expected", (int) m->event);
    }
}

/* Zeroes at a place that is empty; false if it is not. */
static bool
fill(int fd, char *address)
{
    struct uffdio_zeropage arg = {.range = {ADDRESS(address), page}};
    int tries = MOVE_TRIES;

    while (ioctl(fd, UFFDIO_ZEROPAGE, &arg) == -1) {
        if (errno == EEXIST)
            return false;
        if (errno != EAGAIN)
            err(EXIT_FAILURE, "UFFDIO_ZEROPAGE");
        try_again(&tries);
        read_event(0);
    }
    return true;
}

/* A store may cure it.  Not by hand: that could meet a hole, and wait. */
static void
store(char *address)
{
    if (madvise(address, page, MADV_POPULATE_WRITE) == -1 && errno != EFAULT)
        err(EXIT_FAILURE, "MADV_POPULATE_WRITE");
}

/* How many pages were copied?  Nobody else stores to the pool meanwhile. */
static size_t
copy_in(char *to, char *from)
{
    struct uffdio_copy arg = {ADDRESS(to), ADDRESS(from), page, 0, 0};
    int result = ioctl(region_fd, UFFDIO_COPY, &arg);

    if (result == -1 && errno != EAGAIN && errno != EEXIST)
        err(EXIT_FAILURE, "UFFDIO_COPY");
    if (result == -1)
        try_again(&passing);
    return result == 0;
}

/* Move the first n pages of a slot into a cluster; drop what cannot be. */
static void
move_in(int cluster, char *slot, size_t n)
{
    char *place = region + cluster * EACH * page;
    bool *given_back = &nothing[cluster * EACH];
    size_t done = 0, moved, tries = 0;

    while (done < n) {
        char *to = place + done * page, *from = slot + done * page;

        for (size_t i = done; i < n; i++)
            if (given_back[i] && !fill(pool_fd, slot + i * page))
                memset(slot + i * page, 0, page);
        switch (move(region_fd, to, from, n - done, &moved)) {
        case 0:
        case EAGAIN:
        case ENOMEM:
            if (moved == 0)
                read_event(1);
            break;
        case EBUSY:
            store(from);
            if (++tries % TRIES == 0)
                moved = copy_in(to, from);
            break;
        case EEXIST:            /* Someone else has put it there */
        case ENOENT:            /* A hole: the next fault will fill it */
            wake(region_fd, to, page);
            moved = 1;
            break;
        default:
            err(EXIT_FAILURE, "UFFDIO_MOVE in");
        }
        memset(given_back + done, 0, moved * sizeof(*given_back));
        done += moved;
    }
    if (madvise(slot, EACH * page, MADV_DONTNEED) == -1)
        err(EXIT_FAILURE, "madvise");
}

/*
 * Move a cluster out, and save it; false if it has to stay.  Without
 * ALLOW_SRC_HOLES: 6.18 to 7.1 may never return when a page is given back.
 */
static bool
move_out(int cluster, char *slot)
{
    char *place = region + cluster * EACH * page;
    size_t done = 0, moved, tries = 0;

    while (done < EACH) {
        int error = move(pool_fd, slot + done * page, place + done * page,
                         EACH - done, &moved);

        done += moved;
        if (error == EBUSY && ++tries == TRIES) {
            move_in(cluster, slot, done);
            return false;
        }
        if (error == EBUSY)
            store(place + done * page);
        else if (error == ENOENT || error == EEXIST)
            done++;             /* A hole; or moved, not counted (6.18 on) */
        else if (error != 0 && error != EAGAIN && error != ENOMEM)
            err(EXIT_FAILURE, "UFFDIO_MOVE out");
    }
    for (int i = cluster * EACH; i < (cluster + 1) * EACH; i++, slot += page)
        if (fill(pool_fd, slot))
            nothing[i] = true;          /* It was a hole */
        else if (!nothing[i])
            memcpy(saved + i * page, slot, page);
    resident[cluster] = false;
    outs++;
    return true;
}

/* A slot of the pool with pages in it. */
static int
take_slot(void)
{
    static int hand;
    int slot;

    if (n_new > 0)
        return --n_new;
    slot = vacant[--n_vacant];
    for (int i = 0; i < CLUSTERS; i++) {
        int cluster = hand++ % CLUSTERS;

        if (resident[cluster] && move_out(cluster, pool + slot * EACH * page))
            return slot;
    }
    excess += EACH;                     /* None can be moved now */
    return slot;
}

/* Bring in what a thread waits for. */
static void
serve(char *address)
{
    int name = (int) ((size_t) (address - region) / page);
    int cluster = name / EACH, slot;
    char *pages;

    if (resident[cluster]) {
        if (fill(region_fd, address))   /* It had been given back */
            nothing[name] = false;
        wake(region_fd, address, page);
        return;
    }
    slot = take_slot();
    pages = pool + slot * EACH * page;
    for (int i = 0; i < EACH; i++)
        fill(pool_fd, pages + i * page);
    memcpy(pages, saved + cluster * EACH * page, EACH * page);
    move_in(cluster, pages, EACH);
    resident[cluster] = true;
    vacant[n_vacant++] = slot;
    ins++;
}

int
main(void)
{
    pthread_t first, second;

    page = page_size();
    region_fd = open_userfaultfd(UFFD_FEATURE_EVENT_REMOVE);
    pool_fd = open_userfaultfd(0);
    region = new_registered(region_fd, PAGES * page);
    pool = new_registered(pool_fd, SLOTS * EACH * page);
    saved = new_region(PAGES * page);
    memset(nothing, true, sizeof(nothing));
    first = start(application, (void *) 0);
    second = start(application, (void *) 1);
    while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) > 0)
        if (n_waiting > 0)
            serve(waiting[--n_waiting]);
        else
            read_event(10);
    finish(first);
    finish(second);
    printf("%d pages were served from %d, with %d uses by %d threads\n"
           "moved in %lu and out %lu times, %d pages each\n"
           "short %lu, EAGAIN %lu, EBUSY %lu, EEXIST %lu\n"
           "pages in excess of the %d: %lu, wrong pages: %lu\n",
           PAGES, SLOTS * EACH, PAGES + THREADS * USES, THREADS, ins, outs,
           EACH, shorts, changing, busy, exists, SLOTS * EACH, excess, wrong);
    exit(wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
