// SPDX-License-Identifier: GPL-2.0-only
/*
 * Variations of the two mappings: what lies behind them, how far they go, what
 * they allow, and where they are registered.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "call/variations.h"
#include "machine/machine.h"
#include "machine/uffd.h"
#include "test/compat.h"

static size_t mapping_bytes(const struct area *a)
{
	return a->mapping_pages * page_size();
}

static void unmap(struct call *c, struct area *a)
{
	if (munmap(a->mapping, mapping_bytes(a)))
		test_broken(c->test, "munmap: %s", strerror(errno));
	a->cut = true;
}

static void unmap_src(struct call *c)
{
	unmap(c, &c->layout.source);
}

static void unmap_dst(struct call *c)
{
	unmap(c, &c->layout.destination);
}

void variation_src_unmapped(struct call *c)
{
	call_late(c, unmap_src);
}

void variation_src_unmapped_holes_allowed(struct call *c)
{
	c->mode |= UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES;
	call_late(c, unmap_src);
}

void variation_dst_unmapped(struct call *c)
{
	call_late(c, unmap_dst);
}

/* The part of a mapping that lies behind its range. */
static char *tail(const struct area *a, size_t *bytes)
{
	char *end = a->start + a->pages * page_size();

	*bytes = a->mapping + mapping_bytes(a) - end;
	return end;
}

/* The mapping ends with the range; what is to be moved does not. */
static void cut_tail(struct call *c, struct area *a)
{
	size_t bytes;
	char *end = tail(a, &bytes);

	if (munmap(end, bytes))
		test_broken(c->test, "munmap: %s", strerror(errno));
	a->cut = true;
	c->values.len += page_size();
}

/* Behind the range lies another mapping, which differs in nothing that matters. */
static void divide_tail(struct call *c, const struct area *a)
{
	size_t bytes;
	char *end = tail(a, &bytes);

	if (madvise(end, bytes, MADV_DONTFORK))
		test_broken(c->test, "MADV_DONTFORK: %s", strerror(errno));
	c->values.len += page_size();
}

static void cut_src(struct call *c)
{
	cut_tail(c, &c->layout.source);
}

static void cut_dst(struct call *c)
{
	cut_tail(c, &c->layout.destination);
}

static void divide_src(struct call *c)
{
	divide_tail(c, &c->layout.source);
}

static void divide_dst(struct call *c)
{
	divide_tail(c, &c->layout.destination);
}

void variation_src_past_end(struct call *c)
{
	call_late(c, cut_src);
}

void variation_dst_past_end(struct call *c)
{
	call_late(c, cut_dst);
}

void variation_src_two_mappings(struct call *c)
{
	call_late(c, divide_src);
}

void variation_dst_two_mappings(struct call *c)
{
	call_late(c, divide_dst);
}

void variation_src_shared_anonymous(struct call *c)
{
	c->layout.source.backing = BACKING_SHARED_ANONYMOUS;
}

void variation_src_shmem(struct call *c)
{
	c->layout.source.backing = BACKING_SHMEM;
}

void variation_src_secretmem(struct call *c)
{
	c->layout.source.backing = BACKING_SECRETMEM;
}

void variation_src_hugetlb(struct call *c)
{
	c->layout.source.backing = BACKING_HUGETLB;
}

void variation_src_file_page(struct call *c)
{
	c->layout.source.backing = BACKING_FILE_PAGE;
}

void variation_src_file_copy(struct call *c)
{
	c->layout.source.backing = BACKING_FILE_COPY;
}

void variation_src_droppable(struct call *c)
{
	c->layout.source.backing = BACKING_DROPPABLE;
}

void variation_dst_shared_anonymous(struct call *c)
{
	c->layout.destination.backing = BACKING_SHARED_ANONYMOUS;
}

void variation_dst_shmem(struct call *c)
{
	c->layout.destination.backing = BACKING_SHMEM;
}

void variation_dst_hugetlb(struct call *c)
{
	c->layout.destination.backing = BACKING_HUGETLB;
}

void variation_dst_file_copy(struct call *c)
{
	c->layout.destination.backing = BACKING_FILE_COPY;
}

void give_access(struct call *c, struct area *a, int access)
{
	if (mprotect(a->mapping, mapping_bytes(a), access))
		machine_cannot(c->test, errno, "the mapping's access could not be changed");
	a->closed = !(access & PROT_READ);
}

static void let_src_read(struct call *c)
{
	give_access(c, &c->layout.source, PROT_READ);
}

static void let_dst_read(struct call *c)
{
	give_access(c, &c->layout.destination, PROT_READ);
}

static void close_src(struct call *c)
{
	give_access(c, &c->layout.source, PROT_NONE);
}

static void close_dst(struct call *c)
{
	give_access(c, &c->layout.destination, PROT_NONE);
}

static void let_src_execute(struct call *c)
{
	give_access(c, &c->layout.source, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void let_dst_execute(struct call *c)
{
	give_access(c, &c->layout.destination, PROT_READ | PROT_WRITE | PROT_EXEC);
}

void variation_src_read_only(struct call *c)
{
	call_late(c, let_src_read);
}

void variation_dst_read_only(struct call *c)
{
	call_late(c, let_dst_read);
}

void variation_both_read_only(struct call *c)
{
	call_late(c, let_src_read);
	call_late(c, let_dst_read);
}

void variation_src_no_access(struct call *c)
{
	call_late(c, close_src);
}

void variation_both_no_access(struct call *c)
{
	call_late(c, close_src);
	call_late(c, close_dst);
}

void variation_src_executable(struct call *c)
{
	call_late(c, let_src_execute);
}

void variation_dst_executable(struct call *c)
{
	call_late(c, let_dst_execute);
}

void variation_both_executable(struct call *c)
{
	call_late(c, let_src_execute);
	call_late(c, let_dst_execute);
}

static int new_key(struct call *c)
{
	int key = pkey_alloc(0, 0);

	if (key < 0)
		machine_cannot(c->test, errno, "no protection key could be had");
	return key;
}

static void lock_up(struct call *c, const struct area *a, int key)
{
	if (pkey_mprotect(a->mapping, mapping_bytes(a), PROT_READ | PROT_WRITE, key))
		machine_cannot(c->test, errno, "the protection key could not be used");
}

static void give_src_key(struct call *c)
{
	lock_up(c, &c->layout.source, new_key(c));
}

static void give_both_key(struct call *c)
{
	int key = new_key(c);

	lock_up(c, &c->layout.source, key);
	lock_up(c, &c->layout.destination, key);
}

void variation_src_other_pkey(struct call *c)
{
	call_late(c, give_src_key);
}

void variation_both_same_pkey(struct call *c)
{
	call_late(c, give_both_key);
}

/* Locked with whatever comes to be there; holes stay holes. */
static void lock_on_fault(struct test *t, struct area *a)
{
	if (mlock2(a->mapping, mapping_bytes(a), MLOCK_ONFAULT))
		machine_cannot(t, errno, "the mapping could not be locked");
}

/* mlock() fills holes; so it comes before the pages, and leaves the mapping empty. */
static void lock_fully(struct test *t, struct area *a)
{
	if (mlock(a->mapping, mapping_bytes(a)) ||
	    madvise(a->mapping, mapping_bytes(a), MADV_DONTNEED_LOCKED))
		machine_cannot(t, errno, "the mapping could not be locked");
}

static void lock_src(struct call *c)
{
	lock_on_fault(c->test, &c->layout.source);
}

static void lock_dst(struct call *c)
{
	lock_on_fault(c->test, &c->layout.destination);
}

void variation_src_locked(struct call *c)
{
	call_late(c, lock_src);
}

void variation_dst_locked(struct call *c)
{
	call_late(c, lock_dst);
}

void variation_both_locked(struct call *c)
{
	c->layout.source.prepare = lock_fully;
	c->layout.destination.prepare = lock_fully;
}

void variation_both_locked_one_onfault(struct call *c)
{
	c->layout.source.prepare = lock_fully;
	c->layout.destination.prepare = lock_on_fault;
}

static void seal_src(struct call *c)
{
	const struct area *a = &c->layout.source;

	if (syscall(__NR_mseal, a->mapping, mapping_bytes(a), 0))
		machine_cannot(c->test, errno, "the mapping could not be sealed");
}

void variation_src_sealed(struct call *c)
{
	call_late(c, seal_src);
}

void variation_dst_not_registered(struct call *c)
{
	c->registration = REGISTER_NOT;
}

void variation_dst_registered_elsewhere(struct call *c)
{
	c->registration = REGISTER_ELSEWHERE;
}

static void register_src(struct call *c, int uffd)
{
	struct area *a = &c->layout.source;
	int error = uffd_register(uffd, a->mapping, mapping_bytes(a),
				  UFFDIO_REGISTER_MODE_MISSING, NULL);

	if (error)
		machine_cannot(c->test, error, "the source could not be registered");
	a->registered = uffd;
}

static void register_src_here(struct call *c)
{
	register_src(c, c->uffd);
}

static void register_src_elsewhere(struct call *c)
{
	int uffd = uffd_open(0);

	if (uffd < 0)
		machine_cannot(c->test, errno, "no second userfaultfd could be had");
	register_src(c, uffd);
}

void variation_src_registered(struct call *c)
{
	call_late(c, register_src_here);
}

void variation_src_registered_elsewhere(struct call *c)
{
	call_late(c, register_src_elsewhere);
}

void variation_registered_for_protection_only(struct call *c)
{
	c->register_mode = UFFDIO_REGISTER_MODE_WP;
}

void variation_registered_for_both(struct call *c)
{
	c->register_mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP;
}

void variation_registered_for_rwp(struct call *c)
{
	c->register_mode = UFFDIO_REGISTER_MODE_RWP;
	c->features |= UFFD_FEATURE_RWP;
}

void variation_registered_for_missing_and_rwp(struct call *c)
{
	c->register_mode = UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_RWP;
	c->features |= UFFD_FEATURE_RWP;
}

void variation_adjacent(struct call *c)
{
	c->layout.arrangement = ARRANGE_ADJACENT;
}

void variation_same_mapping(struct call *c)
{
	c->layout.arrangement = ARRANGE_SAME;
}
