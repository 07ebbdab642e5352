/* SPDX-License-Identifier: MIT */
/*
 * example.h - what is boring in every example:
 *
 *     a descriptor with its handshake, a region of pages, a fault to wait for,
 *     a thread, a child, a line for a result; and what <linux/userfaultfd.h>
 *     may be too old to have (Debian 12's ends at Linux 6.1).
 *
 * Include it first.  Compile with "cc -pthread".
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef UFFDIO_POISON
#define UFFD_FEATURE_POISON (1 << 14)
struct uffdio_poison {
    struct uffdio_range range;
    __u64 mode;
    __s64 updated;
};
#define UFFDIO_POISON _IOWR(0xAA, 0x08, struct uffdio_poison)
#endif

#ifndef UFFDIO_MOVE
#define UFFD_FEATURE_MOVE (1 << 16)
#define _UFFDIO_MOVE 0x05
#define UFFDIO_MOVE_MODE_DONTWAKE ((__u64) 1 << 0)
#define UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES ((__u64) 1 << 1)
struct uffdio_move {
    __u64 dst;
    __u64 src;
    __u64 len;
    __u64 mode;
    __s64 move;
};
#define UFFDIO_MOVE _IOWR(0xAA, _UFFDIO_MOVE, struct uffdio_move)
#endif

/* What .move is set to beforehand: some errors leave it as it was. */
#define UNTOUCHED INT64_MIN

/* The kernel takes addresses as 64-bit numbers. */
#define ADDRESS(pointer) ((__u64) (uintptr_t) (pointer))

/* End with 77, saying what this machine lacks. */
__attribute__((noreturn, format(printf, 1, 2)))
static inline void
cannot(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: this machine cannot show it: ",
            program_invocation_short_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(77);
}

static inline size_t
page_size(void)
{
    return (size_t) sysconf(_SC_PAGESIZE);
}

/* A descriptor without the handshake; one for user mode needs no privilege. */
static inline int
new_descriptor(int flags)
{
    long fd;

    fd = syscall(SYS_userfaultfd, flags | O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (fd == -1 && errno == ENOSYS)
        cannot("the kernel has no userfaultfd(2)");
    if (fd == -1 && (errno == EPERM || errno == EACCES))
        cannot("userfaultfd(2) is forbidden, by seccomp(2) perhaps");
    if (fd == -1)
        err(EXIT_FAILURE, "userfaultfd");
    return (int) fd;
}

/* The features that the kernel has; it is asked on a descriptor of its own. */
static inline __u64
kernel_features(void)
{
    struct uffdio_api api = {.api = UFFD_API};
    int fd = new_descriptor(0);

    if (ioctl(fd, UFFDIO_API, &api) == -1)
        err(EXIT_FAILURE, "UFFDIO_API");
    close(fd);
    return api.features;
}

/*
 * A descriptor after the handshake, with UFFDIO_MOVE and the features wanted.
 * It does not block.  The program is ended after two minutes, should it ever
 * wait for something that does not come.
 */
static inline int
open_userfaultfd(__u64 wanted)
{
    struct uffdio_api api = {.api = UFFD_API};
    __u64 missing;
    int fd;

    alarm(120);
    if (setvbuf(stdout, NULL, _IOLBF, 0) != 0)
        errx(EXIT_FAILURE, "setvbuf");
    missing = (wanted | UFFD_FEATURE_MOVE) & ~kernel_features();
    if (missing & UFFD_FEATURE_MOVE)
        cannot("the kernel has no UFFDIO_MOVE (Linux 6.8 brought it)");
    if (missing & UFFD_FEATURE_PAGEFAULT_FLAG_WP)
        cannot("userfaultfd does not write-protect here");
    if (missing & UFFD_FEATURE_POISON)
        cannot("the kernel has no UFFDIO_POISON (Linux 6.6 brought it)");
    if (missing != 0)
        cannot("the kernel lacks the userfaultfd features %#llx",
               (unsigned long long) missing);
    fd = new_descriptor(O_NONBLOCK);
    api.features = wanted | UFFD_FEATURE_MOVE;
    if (ioctl(fd, UFFDIO_API, &api) == -1)
        err(EXIT_FAILURE, "UFFDIO_API");
    return fd;
}

/* Private anonymous memory, nothing in it yet. */
static inline char *
new_region(size_t length)
{
    char *region;

    region = mmap(NULL, length, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (region == MAP_FAILED)
        err(EXIT_FAILURE, "mmap");
    /* EINVAL: this kernel has no huge pages, that could fill holes. */
    if (madvise(region, length, MADV_NOHUGEPAGE) == -1 && errno != EINVAL)
        err(EXIT_FAILURE, "madvise");
    return region;
}

static inline void
register_range(int fd, const char *start, size_t length, __u64 mode)
{
    struct uffdio_register arg = {
        .range = {.start = ADDRESS(start), .len = length},
        .mode = mode,
    };

    if (ioctl(fd, UFFDIO_REGISTER, &arg) == -1)
        err(EXIT_FAILURE, "UFFDIO_REGISTER");
}

/* A region registered for missing pages. */
static inline char *
new_registered(int fd, size_t length)
{
    char *region = new_region(length);

    register_range(fd, region, length, UFFDIO_REGISTER_MODE_MISSING);
    return region;
}

/* The next event; NULL where none comes within the time. */
static inline const struct uffd_msg *
next_event(int fd, int milliseconds)
{
    static struct uffd_msg message;
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    ssize_t got;

    if (poll(&waiting, 1, milliseconds) == -1)
        err(EXIT_FAILURE, "poll");
    if (!(waiting.revents & POLLIN))
        return NULL;
    got = read(fd, &message, sizeof(message));
    if (got == -1 && errno == EAGAIN)
        return NULL;
    if (got != (ssize_t) sizeof(message))
        err(EXIT_FAILURE, "read from the userfaultfd");
    return &message;
}

/* The page that a thread is waiting for. */
static inline char *
wait_for_fault(int fd)
{
    const struct uffd_msg *message = next_event(fd, 20000);

    if (message == NULL)
        errx(EXIT_FAILURE, "no thread has faulted within 20 seconds");
    if (message->event != UFFD_EVENT_PAGEFAULT)
        errx(EXIT_FAILURE, "event %#x came, not a fault",
             (unsigned int) message->event);
    return (char *) (uintptr_t) (message->arg.pagefault.address
                                 & ~(__u64) (page_size() - 1));
}

static inline pthread_t
start(void *(*function)(void *), void *data)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, function, data);

    if (error != 0)
        errx(EXIT_FAILURE, "pthread_create: %s", strerror(error));
    return thread;
}

static inline void *
finish(pthread_t thread)
{
    void *result;
    int error = pthread_join(thread, &result);

    if (error != 0)
        errx(EXIT_FAILURE, "pthread_join: %s", strerror(error));
    return result;
}

static inline void
pause_for(long milliseconds)
{
    const struct timespec time = {
        .tv_sec = milliseconds / 1000,
        .tv_nsec = milliseconds % 1000 * 1000000,
    };

    if (nanosleep(&time, NULL) == -1)
        err(EXIT_FAILURE, "nanosleep");
}

/* The child does nothing; but what pages there are have been shared with it. */
static inline void
fork_once(void)
{
    pid_t child = fork();

    if (child == -1)
        err(EXIT_FAILURE, "fork");
    if (child == 0)
        _exit(EXIT_SUCCESS);
    if (waitpid(child, NULL, 0) == -1)
        err(EXIT_FAILURE, "waitpid");
}

static inline void
wake(int fd, const char *start, size_t length)
{
    struct uffdio_range range = {.start = ADDRESS(start), .len = length};

    if (ioctl(fd, UFFDIO_WAKE, &range) == -1)
        err(EXIT_FAILURE, "UFFDIO_WAKE");
}

/* Is a page there?  Looking at it would fill a hole, or wait for good. */
static inline bool
is_there(char *page)
{
    unsigned char resident;

    if (mincore(page, page_size(), &resident) == -1)
        err(EXIT_FAILURE, "mincore");
    return resident & 1;
}

/*
 * UFFDIO_MOVE, with patience: what is refused for a moment is tried again, and
 * what has moved adds up, so that .move and errno are those of a single call.
 * A page that is refused for longer is the caller's concern.
 */
#define MOVE_TRIES    100
#define REFUSED_TRIES  30

/*
 * Give what stands in the way time, more with each try: it may be a thread that
 * waits for a CPU.  Who is refused for longer says so.
 */
static inline void
try_again(int *tries)
{
    if (--*tries < 0)
        err(EXIT_FAILURE, "refused, %d times", MOVE_TRIES);
    pause_for(MOVE_TRIES - *tries);
}

static inline int
move_patiently(int fd, struct uffdio_move *arg)
{
    struct uffdio_move rest = *arg;
    int tries = 0, result, error = 0;
    __u64 done = 0;

    for (;;) {
        rest.dst = arg->dst + done;
        rest.src = arg->src + done;
        rest.len = arg->len - done;
        rest.move = arg->move;
        result = ioctl(fd, UFFDIO_MOVE, &rest);
        error = errno;
        if (result == -1 && error == EAGAIN && rest.move > 0) {
            done += (__u64) rest.move;
            tries = 0;
        } else if (result == 0 || (error != EBUSY && error != ENOMEM)
                   || ++tries == REFUSED_TRIES) {
            break;
        } else {
            pause_for(tries);
        }
    }
    if (done == 0) {
        arg->move = rest.move;
        errno = error;
        return result;
    }
    arg->move = (__s64) (result == 0 ? arg->len : done);
    errno = EAGAIN;
    return result;
}

/*
 * A line for what a call gave: "WHAT: ERRNO, .move = N".  If it is not what
 * was to be shown, the program ends with 1.
 */
static inline void
show(const char *what, int result, const struct uffdio_move *arg,
     int error_wanted, long long move_wanted)
{
    int error = result == -1 ? errno : 0;
    long long pages = arg->move / (long long) page_size();

    printf("%s: %s, ", what, error == 0 ? "0" : strerrorname_np(error));
    if (arg->move == UNTOUCHED)
        printf(".move untouched\n");
    else if (arg->move < 0)
        printf(".move = -%s\n", strerrorname_np((int) -arg->move));
    else
        printf(".move = %lld page%s\n", pages, pages == 1 ? "" : "s");
    if ((error == EBUSY || error == ENOMEM) && error != error_wanted)
        cannot("%s: refused, %d times", what, REFUSED_TRIES);
    if (error != error_wanted || arg->move != move_wanted)
        errx(EXIT_FAILURE, "%s: not what was to be shown", what);
}

#endif
