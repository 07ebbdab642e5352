// SPDX-License-Identifier: GPL-2.0-only
/*
 * Right: threads that move their pages whatever stands in the way, to readers that wait
 * for them; one reads events.  Each page arrives, or the program says why it cannot.
 */
#include "moving.h"

#define MOVERS		3
#define STORES		2	/* tries with a store, then the page is copied */
#define MOST_TRIES	100	/* without progress: 5 s, then it gives up */

static int fd;
static volatile bool stop;

/* Nobody else stores to the source, or holds its pages. */
static void copy_page(const struct region *r, size_t from)
{
	struct uffdio_copy copy = {
		.dst = ADDRESS(r->dst + from), .src = ADDRESS(r->src + from), .len = r->page,
	};

	if (ioctl(fd, UFFDIO_COPY, &copy) && errno != EEXIST)
		err(EXIT_FAILURE, "UFFDIO_COPY");
	if (madvise(r->src + from, r->page, MADV_DONTNEED))
		err(EXIT_FAILURE, "madvise");
}

static void wake_page(const struct region *r, size_t from)
{
	struct uffdio_range range = { ADDRESS(r->dst + from), r->page };

	if (ioctl(fd, UFFDIO_WAKE, &range))
		err(EXIT_FAILURE, "UFFDIO_WAKE");
}

/* Is the page cared for without having been moved? */
static bool do_without(const struct region *r, size_t from, int error, unsigned int tries)
{
	switch (error) {
	case EBUSY:
		if (tries > STORES) {
			copy_page(r, from);
			return true;
		}
		*(volatile char *)(r->src + from) = r->src[from];
		return false;
	case EEXIST:	/* somebody has put the same there */
		if (madvise(r->src + from, r->page, MADV_DONTNEED))
			err(EXIT_FAILURE, "madvise");
		/* fall through */
	case ENOENT:	/* somebody has taken it there */
		wake_page(r, from);
		return true;
	case EAGAIN:	/* the reader of events needs time */
	case ENOMEM:
		usleep(1000 * tries);
		return false;
	}
	errno = error;
	err(EXIT_FAILURE, "UFFDIO_MOVE");
}

static void *move_all(void *arg)
{
	struct region *r = arg;
	unsigned int tries = 0;
	size_t done = 0;

	while (done < r->bytes) {
		int64_t moved;
		int error = move_part(r, done, r->bytes - done, &moved);

		if (moved > 0) {
			done += moved;
			tries = 0;
			continue;
		}
		if (++tries > MOST_TRIES) {
			errno = error;
			err(EXIT_FAILURE, "page %zu cannot be moved", done / r->page);
		}
		if (do_without(r, done, error, tries)) {
			done += r->page;
			tries = 0;
		}
	}
	return NULL;
}

static void *read_all(void *arg)
{
	struct region *r = arg;

	for (int i = 0; i < PAGES; i++)
		if (r->dst[i * r->page] != r->dst[0] + i)
			errx(EXIT_FAILURE, "page %d has other contents", i);
	return NULL;
}

static void *read_events(void *arg)
{
	struct uffd_msg msg;

	while (!stop) {
		struct pollfd readable = { fd, POLLIN, 0 };

		if (poll(&readable, 1, 10) == 1 && read(fd, &msg, sizeof(msg)) < 0 && errno != EAGAIN)
			err(EXIT_FAILURE, "read");
	}
	return arg;
}

/* With an argument, it has asked for no events. */
int main(int argc, char **argv)
{
	pthread_t movers[MOVERS], readers[MOVERS], events;
	struct region regions[MOVERS];

	(void)argv;
	fd = open_userfaultfd(argc > 1 ? 0 : UFFD_FEATURE_EVENT_REMOVE);
	pthread_create(&events, NULL, read_events, NULL);
	for (int i = 0; i < MOVERS; i++)
		build(&regions[i], fd, 1 + 20 * i);
	for (int i = 0; i < MOVERS; i++) {
		pthread_create(&readers[i], NULL, read_all, &regions[i]);
		pthread_create(&movers[i], NULL, move_all, &regions[i]);
	}
	for (int i = 0; i < MOVERS; i++) {
		pthread_join(movers[i], NULL);
		pthread_join(readers[i], NULL);
	}
	stop = true;
	pthread_join(events, NULL);
	return 0;
}
