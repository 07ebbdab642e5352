/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the program's calls are to meet: told step by step, or drawn by a seed.
 */
#ifndef UFFDIO_MOVE_REFUSE_PLAN_H
#define UFFDIO_MOVE_REFUSE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a call can meet. */
enum meeting {
	MEETS_NOTHING,
	MEETS_BUSY,	/* EBUSY at a page */
	MEETS_SHORT,	/* some pages move, the next is refused for that moment only */
	MEETS_FORK,	/* the process has forked: EBUSY by the kernel itself until a store */
	MEETS_CHANGING,	/* EAGAIN in .move: an event of the address space is pending */
	MEETS_MEMORY,	/* ENOMEM at a page */
	MEETS_EXISTS,	/* EEXIST: somebody has filled the place */
	MEETS_HOLE,	/* ENOENT: somebody has taken the page away */
	MEETINGS,
	MEETS_DELAY = MEETINGS,
};

/* As plans and reports call them. */
extern const char *const meeting_words[MEETINGS];

struct step {
	enum meeting meeting;
	unsigned int page;	/* at which it is refused; of MEETS_SHORT: how many move */
	bool until_cured;	/* MEETS_CHANGING: until events are read, not for one call only */
	unsigned int ms;	/* MEETS_DELAY */
	bool after;		/* the same: when the call has been made */
};

struct plan {
	struct step *steps;	/* NULL: drawn */
	size_t n;
	size_t next;
	double rate;		/* of calls that meet something, 0 to 1 */
	uint64_t seed;
	uint64_t state;		/* of what is drawn */
	bool races;		/* MEETS_EXISTS and MEETS_HOLE, too */
};

/**
 * plan_parse() - read a plan: steps with commas between
 * @text: "EBUSY*3, short 2, EAGAIN until cured, ENOMEM at 1, delay 5 after, none"
 * @plan: its steps are set
 * @why:  gets a clause without full stop if the text is no plan
 */
bool plan_parse(const char *text, struct plan *plan, char why[160]);

/* Is it among the steps? */
bool plan_has(const struct plan *plan, enum meeting meeting);

void plan_free(struct plan *plan);

/* The next step of a plan that is told, or NULL. */
const struct step *plan_next(struct plan *plan);

/* A number below @below, by the seed. */
uint64_t plan_draw(struct plan *plan, uint64_t below);

/* Is this call one that meets something? */
bool plan_strikes(struct plan *plan);

#endif
