// SPDX-License-Identifier: GPL-2.0-only
/*
 * One call of the program: what it asks for, and what it may meet, as far as can be seen.
 */
#define _GNU_SOURCE
#include "program.h"

#include <stddef.h>
#include <string.h>

#include "mapping.h"
#include "test/compat.h"
#include "uffdio_move.h"

#define HUGE_BYTES	(page_bytes() / 8 * page_bytes())
#define EVENTS		(UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP | \
			 UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP)

static const struct contract *const contract = &uffdio_move_contract;

uint64_t call_pages(const struct move *m)
{
	return m->len / page_bytes();
}

static bool is_aligned(const struct move *m)
{
	return !((m->dst | m->src | m->len) & (page_bytes() - 1)) && m->len &&
	       m->dst + m->len > m->dst && m->src + m->len > m->src;
}

static bool mode_is_known(uint64_t mode)
{
	for (size_t i = 0; i < contract->interface.n_modes; i++)
		mode &= ~(1ULL << contract->interface.modes[i].bit);
	return !mode;
}

static bool is_private_anonymous(const struct mapping *m)
{
	return m->access[3] == 'p' && !m->inode;
}

static bool is_registered(const struct process *p, int fd, uint64_t page)
{
	for (size_t i = 0; i < p->n_registrations; i++) {
		const struct registration *r = &p->registrations[i];

		if (r->fd == fd && page >= r->start && page - r->start < r->len)
			return true;
	}
	return false;
}

/*
 * Is none of the contract's checks of areas violated, as far as can be seen?  Only then is
 * what the pages meet ours to choose: a mistake is the kernel's to refuse.
 */
static bool reaches_pages(const struct process *p, const struct move *m)
{
	struct mapping dst, src;

	return is_registered(p, m->fd, m->dst) && is_registered(p, m->fd, m->dst + m->len - page_bytes()) &&
	       is_aligned(m) && mode_is_known(m->mode) && mapping_of(p->pid, m->dst, &dst) &&
	       mapping_of(p->pid, m->src, &src) && m->dst + m->len <= dst.end &&
	       m->src + m->len <= src.end && is_private_anonymous(&dst) &&
	       is_private_anonymous(&src) && !strcmp(dst.access, src.access) &&
	       dst.access[1] == 'w' && dst.locked == src.locked && dst.key == src.key &&
	       dst.any_registration;
}

static bool result_is_writable(struct thread *t, const struct move *m)
{
	struct uffdio_move whole;

	return tracee_read(t->tid, m->argument, &whole, sizeof(whole)) &&
	       tracee_write(t->tid, m->argument, &whole, sizeof(whole));
}

/* Then nobody can say where its result is to be written. */
static bool moves_its_structure(const struct move *m)
{
	return m->argument < m->src + m->len && m->argument + sizeof(struct uffdio_move) > m->src;
}

static bool another_shares(const struct process *p)
{
	return p->threads > 1;
}

/* A descriptor that came by an event, or from elsewhere, may be of another address space. */
static bool may_be_changing(const struct thread *t)
{
	const struct process *p = t->process;

	for (size_t i = 0; i < p->n_handshakes; i++)
		if (p->handshakes[i].fd == t->move.fd)
			return p->handshakes[i].features & EVENTS && another_shares(p);
	return false;
}

static uint64_t looked_at(const struct move *m)
{
	return call_pages(m) < MOST_SIGHTS ? call_pages(m) : MOST_SIGHTS;
}

static enum sight source_seen(const struct thread *t, uint64_t page)
{
	return page < MOST_SIGHTS ? t->source[page] :
	       page_seen(t->process->pid, t->move.src + page * page_bytes());
}

static enum sight destination_seen(const struct thread *t, uint64_t page)
{
	return page < MOST_SIGHTS ? t->destination[page] :
	       page_seen(t->process->pid, t->move.dst + page * page_bytes());
}

static bool holes_count(const struct thread *t)
{
	return t->move.mode & UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES;
}

static bool goes_through(const struct thread *t, uint64_t page)
{
	enum sight source = source_seen(t, page);

	return source != SEEN_NOTHING && destination_seen(t, page) == SEEN_HOLE &&
	       (source != SEEN_HOLE || holes_count(t));
}

static void look(struct thread *t)
{
	pages_seen(t->process->pid, t->move.src, looked_at(&t->move), t->source);
	pages_seen(t->process->pid, t->move.dst, looked_at(&t->move), t->destination);
	t->clear = 0;
	while (t->clear < looked_at(&t->move) && goes_through(t, t->clear))
		t->clear++;
}

static bool may_be_busy(const struct thread *t, uint64_t page, enum cure cure)
{
	const struct move *m = &t->move;
	uint64_t at = page * page_bytes();
	enum sight source = source_seen(t, page);
	bool whole = source == SEEN_HUGE && !((m->src + at) & (HUGE_BYTES - 1)) &&
		     !((m->dst + at) & (HUGE_BYTES - 1)) && m->len - at >= HUGE_BYTES;

	return allowed_busy(contract, source, destination_seen(t, page), whole, m->mode, cure);
}

/* [page.huge-whole]: one that moves whole is refused whole. */
static bool is_within_whole(const struct thread *t, uint64_t page)
{
	const struct move *m = &t->move;
	uint64_t at = page * page_bytes(), into = (m->src + at) & (HUGE_BYTES - 1);

	return into && at >= into && source_seen(t, page) == SEEN_HUGE &&
	       !((m->src ^ m->dst) & (HUGE_BYTES - 1)) && m->len - (at - into) >= HUGE_BYTES;
}

/* The first @page pages go through, as far as can be seen. */
static bool comes_as_far(const struct thread *t, uint64_t page)
{
	uint64_t i = t->clear;

	while (i < page && i >= looked_at(&t->move) && goes_through(t, i))
		i++;
	return i >= page;
}

static bool tables_may_lack(const struct thread *t, uint64_t page)
{
	return goes_through(t, page) && allowed_by(contract, "best-effort.memory");
}

/* May the call meet it at that page? */
bool call_may_meet(const struct thread *t, enum meeting meeting, uint64_t page)
{
	const struct process *p = t->process;

	if (page >= call_pages(&t->move) || !comes_as_far(t, page) || is_within_whole(t, page))
		return false;
	switch (meeting) {
	case MEETS_NOTHING:
	case MEETS_DELAY:
		return true;
	case MEETS_CHANGING:
		return !page && may_be_changing(t);
	case MEETS_FORK:
		/* its event would wait for somebody who knows nothing of that child */
		return !page && !(p->features & UFFD_FEATURE_EVENT_FORK) && !p->is_filtered &&
		       may_be_busy(t, page, CURE_STORE);
	case MEETS_BUSY:
		return may_be_busy(t, page, CURE_REPEAT);
	case MEETS_SHORT:
		return page && (tables_may_lack(t, page) || may_be_busy(t, page, CURE_REPEAT));
	case MEETS_MEMORY:
		return tables_may_lack(t, page);
	case MEETS_HOLE:
		/* [threads.one-move] */
		if (page)
			return false;
		/* fall through */
	case MEETS_EXISTS:
		return plan.races && another_shares(p) && source_seen(t, page) == SEEN_PAGE &&
		       destination_seen(t, page) == SEEN_HOLE;
	}
	return false;
}

/* The first page at which the call may meet it, of those that are looked at; -1: none. */
static int first_page(struct thread *t, enum meeting meeting)
{
	for (int page = 0; page < (int)looked_at(&t->move); page++)
		if (call_may_meet(t, meeting, page))
			return page;
	return -1;
}

static void find_allowed(struct thread *t)
{
	for (enum meeting meeting = MEETS_BUSY; meeting < MEETINGS; meeting++)
		t->first_page[meeting] = first_page(t, meeting);
}

/* It is met at a page behind those that are looked at. */
void call_allow(struct thread *t, enum meeting meeting, uint64_t page)
{
	if (t->first_page[meeting] < 0)
		t->first_page[meeting] = page;
}

/* Once it is known that the call was none that the kernel refuses before it looks at pages. */
void call_count_allowed(const struct thread *t)
{
	for (enum meeting meeting = MEETS_BUSY; meeting < MEETINGS; meeting++) {
		if (t->first_page[meeting] < 0)
			continue;
		counts.allowed[meeting]++;
		/* Of two threads the later step may be looked at first. */
		if (t->step && (!counts.first_step[meeting] || t->step < counts.first_step[meeting])) {
			counts.first_step[meeting] = t->step;
			counts.first_page[meeting] = t->first_page[meeting];
		}
	}
}

bool call_read(struct thread *t, struct move *m)
{
	struct uffdio_move argument;

	if (!tracee_read(t->tid, t->call.args[2], &argument, offsetof(struct uffdio_move, move)))
		return false;
	*m = (struct move){
		.argument = t->call.args[2], .fd = t->call.args[0], .dst = argument.dst,
		.src = argument.src, .len = argument.len, .mode = argument.mode,
	};
	return true;
}

bool call_look(struct thread *t)
{
	if (!is_aligned(&t->move) || !mode_is_known(t->move.mode) || moves_its_structure(&t->move))
		return false;
	look(t);
	find_allowed(t);
	return true;
}

bool call_reaches_pages(struct thread *t)
{
	return reaches_pages(t->process, &t->move) && result_is_writable(t, &t->move);
}
