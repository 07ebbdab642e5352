// SPDX-License-Identifier: MIT
/*
 * compact.c - How is a heap compacted while the program runs?
 *
 * Shows: the use that the operation was made for.  In a short pause the heap's
 * pages are remapped aside, and the threads are told where each object will
 * be.  They run on at once; who touches a page that is not there yet waits for
 * it.  A page is built out of the objects that slide into it in one that was
 * emptied before, and moved into place: so pages are recycled, and compacting
 * needs almost no memory.  Meanwhile a child is forked now and then, so that
 * some pages are refused as shared, and copied.
 *
 * Clauses: [default.efficient] [default.atomic-page] [wake.moved]
 *     [threads.writers] [best-effort.results] [best-effort.copy-instead]
 *     [best-effort.after-exists] [page.shared]
 * Page: UFFDIO_MOVE(2const), "DESCRIPTION"
 * Compile: cc -pthread -o compact compact.c
 * Run: ./compact
 * Prints (<number> stands for one that differs each time):
 *     10 rounds, 1280 pages filled, <number> objects slid
 *     moved <number>, copied <number>; memory taken anew: <number> pages
 *     the threads used objects <number> times, and <number> times had to wait
 *     wrong objects: 0
 */
#include "example.h"


enum {
    ROUNDS = 10, PAGES = 128, PER_PAGE = 16, THREADS = 2,
    OBJECTS = PAGES * PER_PAGE, NONE = -1,
};

struct object {
    unsigned int name, uses, check;     /* The rest of its space is free */
};

/* Where things are: written in the pauses only. */
static int place_of[OBJECTS];           /* Of an object, by its name */
static int name_at[OBJECTS];            /* Of the object at a place */
static int from[OBJECTS];               /* Where it slides from, or NONE */

static int uffd;
static size_t page;
static char *heap, *aside;              /* Its second half: spare pages */
static int to_leave[PAGES];             /* Objects still in a page aside */
static int empty[2 * PAGES], n_empty;
static bool placed[PAGES];

static unsigned int uses_of[OBJECTS];   /* As the object's thread has counted */
static unsigned long uses, wrong, slid, moved, copied, taken, waits;
static bool pausing, ending;
static pthread_barrier_t pause_begins, pause_ends;

static struct object *
object_at(char *area, int place)
{
    return (struct object *) (void *) (area + place / PER_PAGE * page
                                       + place % PER_PAGE * (page / PER_PAGE));
}

/* An application: it uses those objects that are its own, and checks them. */
static void *
application(void *number)
{
    unsigned int own = (unsigned int) (uintptr_t) number, random = own + 1;
    unsigned long used = 0, bad = 0;

    while (!__atomic_load_n(&ending, __ATOMIC_ACQUIRE)) {
        for (int i = 0; i < 64; i++) {
            unsigned int name;
            struct object *o;

            random = random * 1664525 + 1013904223;
            name = (random >> 8) % (OBJECTS / THREADS) * THREADS + own;
            o = object_at(heap, place_of[name]);
            bad += o->name != name || o->uses != uses_of[name]
                   || o->check != (name ^ ~o->uses);
            o->uses = ++uses_of[name];
            o->check = name ^ ~o->uses;
            used++;
        }
        if (__atomic_load_n(&pausing, __ATOMIC_ACQUIRE)) {
            pthread_barrier_wait(&pause_begins);
            pthread_barrier_wait(&pause_ends);
        }
    }
    __atomic_add_fetch(&uses, used, __ATOMIC_RELAXED);
    __atomic_add_fetch(&wrong, bad, __ATOMIC_RELAXED);
    return NULL;
}

/* Half of the objects die, the others slide down; new ones take the rest. */
static void
plan_round(void)
{
    static int dead[OBJECTS], alive[OBJECTS];
    int n_dead = 0, n_alive = 0;

    for (int place = 0; place < OBJECTS; place++)
        if (random() % 2)
            alive[n_alive++] = place;
        else
            dead[n_dead++] = name_at[place];
    n_empty = 0;
    memset(to_leave, 0, sizeof(to_leave));
    memset(placed, 0, sizeof(placed));
    for (int i = 0; i < n_alive; i++) {
        from[i] = alive[i];
        to_leave[alive[i] / PER_PAGE]++;
        name_at[i] = name_at[alive[i]];         /* alive[i] >= i */
    }
    for (int i = n_alive; i < OBJECTS; i++) {
        from[i] = NONE;
        name_at[i] = dead[i - n_alive];
        uses_of[name_at[i]] = 0;
    }
    for (int place = 0; place < OBJECTS; place++)
        place_of[name_at[place]] = place;
    for (int i = 2 * PAGES; i > PAGES; i--)     /* Taken last */
        empty[n_empty++] = i - 1;
    for (int i = 0; i < PAGES; i++)
        if (to_leave[i] == 0)
            empty[n_empty++] = i;
}

/* The pause: nobody else runs. */
static void
begin_round(void)
{
    __atomic_store_n(&pausing, true, __ATOMIC_RELEASE);
    pthread_barrier_wait(&pause_begins);
    plan_round();
    if (mremap(heap, PAGES * page, PAGES * page, MREMAP_MAYMOVE | MREMAP_FIXED
               | MREMAP_DONTUNMAP, aside) == MAP_FAILED)
        err(EXIT_FAILURE, "mremap");
    __atomic_store_n(&pausing, false, __ATOMIC_RELEASE);
    pthread_barrier_wait(&pause_ends);
}

/* Build the page in another one.  What it is built of is left as it is. */
static void
build(int number, char *buffer)
{
    for (int i = 0; i < PER_PAGE; i++) {
        int place = number * PER_PAGE + i;
        struct object *o = object_at(buffer, i);

        if (from[place] != NONE) {
            *o = *object_at(aside, from[place]);
        } else {
            o->name = (unsigned int) name_at[place];
            o->uses = 0;
            o->check = ~o->name;
        }
    }
}

/* Put a page into the heap.  Is the buffer empty, and can be used again? */
static bool
put(int number, char *buffer)
{
    char *to = heap + number * page;
    struct uffdio_copy copy = {ADDRESS(to), ADDRESS(buffer), page, 0, 0};
    int tries = MOVE_TRIES;

    for (;;) {
        struct uffdio_move move = {ADDRESS(to), ADDRESS(buffer), page, 0, 0};

        if (ioctl(uffd, UFFDIO_MOVE, &move) == 0) {
            moved++;
            return false;
        }
        switch (errno) {
        case EAGAIN:            /* It asked for no events: it passes */
        case ENOMEM:
            try_again(&tries);
            continue;
        case ENOENT:            /* The buffer was taken from us */
            build(number, buffer);
            try_again(&tries);
            continue;
        case EBUSY:             /* Shared by the fork: a store copies, too */
            if (ioctl(uffd, UFFDIO_COPY, &copy) == 0) {
                copied++;
                if (madvise(buffer, page, MADV_DONTNEED) == -1)
                    err(EXIT_FAILURE, "madvise");
                return true;
            }
            if (errno == EAGAIN) {
                try_again(&tries);
                continue;
            }
            if (errno != EEXIST)
                err(EXIT_FAILURE, "UFFDIO_COPY");
            /* fall through */
        case EEXIST:            /* Whoever did it may have woken nobody */
            wake(uffd, to, page);
            return true;
        default:
            err(EXIT_FAILURE, "UFFDIO_MOVE");
        }
    }
}

static void
place_page(int number)
{
    int buffer = empty[--n_empty];

    taken += buffer >= PAGES;
    build(number, aside + buffer * page);
    if (number % 8 == 7)
        fork_once();
    if (put(number, aside + buffer * page))
        empty[n_empty++] = buffer;
    placed[number] = true;

    for (int i = 0; i < PER_PAGE; i++) {
        int old = from[number * PER_PAGE + i];

        if (old == NONE)
            continue;
        slid++;
        if (--to_leave[old / PER_PAGE] == 0)
            empty[n_empty++] = old / PER_PAGE;
    }
}

/* Pages that threads wait for come first. */
static void
serve_faults(void)
{
    const struct uffd_msg *message;

    while ((message = next_event(uffd, 0)) != NULL) {
        size_t offset = message->arg.pagefault.address - ADDRESS(heap);
        int number = (int) (offset / page);

        if (message->event != UFFD_EVENT_PAGEFAULT)
            errx(EXIT_FAILURE, "an event came that was not asked for");
        waits++;
        if (!placed[number])
            place_page(number);
        else
            wake(uffd, heap + number * page, page);
    }
}

int
main(void)
{
    pthread_t threads[THREADS];

    uffd = open_userfaultfd(0);
    page = page_size();
    aside = new_region(2 * PAGES * page);
    heap = new_region(PAGES * page);
    for (int i = 0; i < OBJECTS; i++) {
        place_of[i] = name_at[i] = i;
        *object_at(heap, i) = (struct object) {i, 0, ~(unsigned int) i};
    }
    register_range(uffd, heap, PAGES * page, UFFDIO_REGISTER_MODE_MISSING);
    if (pthread_barrier_init(&pause_begins, NULL, THREADS + 1) != 0
        || pthread_barrier_init(&pause_ends, NULL, THREADS + 1) != 0)
        errx(EXIT_FAILURE, "pthread_barrier_init");
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = start(application, (void *) i);

    for (int round = 0; round < ROUNDS; round++) {
        begin_round();
        for (int number = 0; number < PAGES; number++) {
            serve_faults();
            if (!placed[number])
                place_page(number);
        }
        serve_faults();
    }

    __atomic_store_n(&ending, true, __ATOMIC_RELEASE);
    for (int i = 0; i < THREADS; i++)
        finish(threads[i]);
    printf("%d rounds, %d pages filled, %lu objects slid\n",
           ROUNDS, ROUNDS * PAGES, slid);
    printf("moved %lu, copied %lu; memory taken anew: %lu pages\n",
           moved, copied, taken);
    printf("the threads used objects %lu times, and %lu times had to wait\n",
           uses, waits);
    printf("wrong objects: %lu\n", wrong);
    exit(wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
