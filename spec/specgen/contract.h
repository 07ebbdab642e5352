/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of UFFDIO_MOVE as C data.
 *
 * specgen fills these structures from spec/uffdio_move.yaml, and perhaps a
 * proposal that extends it, and writes them out again as C initializers: the programs in tests/ are linked with the same
 * tables that specgen has checked.  The meaning of each field is the one of the
 * YAML key of the same name; spec/README.md tells what may be written there.
 *
 * Every array is followed by its count.  Strings are never NULL unless the
 * field's comment says so.  References between tables are array indices.
 */
#ifndef UFFDIO_MOVE_CONTRACT_H
#define UFFDIO_MOVE_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds, which specgen holds every contract against. */
#define MAX_STATES	87	/* all letters that there are */
#define MAX_LETTERS	16	/* in one range of a vector or case */
#define MAX_CLAUSES	256
#define MAX_ROWS	64	/* of checks, of outcomes, and of effects */
#define MAX_NEEDS	64	/* bits of a mask */
#define MAX_MODES	8	/* bits of which every combination is looked at */
#define MAX_TOGETHER	4	/* variations of one call */
#define MAX_KERNELS	8	/* ranges of one deviation */
#define MAX_FACTS	32	/* of one scenario or deviation */
#define MAX_WHAT	24	/* bytes of a fact's name, with the 0 */
#define MAX_VALUE	32	/* and of its value */

enum level { LEVEL_MUST, LEVEL_MAY, LEVEL_ADVICE, LEVEL_OBSERVED, LEVEL_UNSPECIFIED };

/* The section of the contract in which a clause stands. */
enum section { SECTION_RULE, SECTION_CHECK, SECTION_OUTCOME, SECTION_EFFECT };

struct clause {
	const char *id;
	enum level level;
	enum section section;
	const char *rule;
	const char *why;	/* or NULL */
	const char *untested;	/* why no test can be had, or NULL */
	int line;		/* of contract.file, or proposal.file */
	bool proposed;
	/* of one that is: the contract's clauses of level must that it knows to contradict */
	const char *const *contradicts;
	size_t n_contradicts;
	const char *overrules;	/* the one of these in whose place it stands; specgen's own */
};

/* What specgen has to know of a member. */
enum holds { HOLDS_VALUE, HOLDS_MODES };

struct member {
	const char *name, *type, *is;
	unsigned int offset;	/* bytes */
	enum holds holds;
};

struct mode_bit {
	const char *name, *is;
	unsigned int bit;	/* number, not mask */
	bool proposed;
};

struct interface {
	const char *ioctl, *is;
	unsigned int type, number;
	uint32_t value;		/* the whole request number */
	const char *structure;
	unsigned int size;	/* bytes */
	unsigned int read;	/* leading bytes that the kernel reads */
	const struct member *members;
	size_t n_members;
	const struct mode_bit *modes;
	size_t n_modes;
	const char *feature;
	unsigned int feature_bit;
};

/* A run passes only if enough of the contract was looked at. */
struct floor {
	unsigned int tested;	/* percent of the must- and may-clauses that have tests */
	const char *why;
};

/* Something a machine has to have for a state, variation or scenario. */
struct need {
	const char *name;
	const char *is;		/* completes the sentence "this machine lacks ..." */
};

#define SIDE_SOURCE		1u
#define SIDE_DESTINATION	2u

/* What derived tests need of the alphabet: exactly one state of each. */
enum role {
	ROLE_NONE,
	ROLE_PAGE,	/* a good page, put before what is looked at */
	ROLE_HOLE,	/* what a moved page leaves behind */
};

struct state {
	char letter;
	const char *name, *is;
	unsigned int sides;	/* SIDE_* */
	enum role role;
	bool huge;		/* one letter is a whole huge page */
	bool shifted;		/* and its destination lies one small page off */
	bool inner;		/* it lies in a folio, and is not its first page */
	bool edge;		/* begins at a page table's first entry */
	bool blank;		/* holds no contents that a test could have put there */
	char looks;		/* letter it is seen as, before a call and if left alone */
	char arrives;		/* letter it is seen as after it has moved */
	char split;		/* letter it is seen as when it has been split, or 0 */
	uint64_t needs;		/* bit mask over contract.needs */
	const char *unmade;	/* why no test can make it, or NULL */
	int line;
	bool proposed;
};

/*
 * A facet is one thing about a call that a variation changes.  Two variations
 * can be had together if they share none.
 */
enum facet {
	FACET_DESCRIPTOR = 1 << 0,	/* the userfaultfd, its handshake and features */
	FACET_CALLER = 1 << 1,		/* which process calls */
	FACET_ARGUMENT = 1 << 2,	/* where the structure is */
	FACET_DST_ADDRESS = 1 << 3,
	FACET_SRC_ADDRESS = 1 << 4,
	FACET_LENGTH = 1 << 5,
	FACET_MODE = 1 << 6,
	FACET_DST_MAPPING = 1 << 7,
	FACET_SRC_MAPPING = 1 << 8,
	FACET_REGISTRATION = 1 << 9,
	FACET_DST_PAGES = 1 << 10,
	FACET_SRC_PAGES = 1 << 11,
};

/* A named way in which a call differs from the plain one. */
struct variation {
	const char *name, *is;
	unsigned int touches;	/* mask of enum facet */
	char arrives;		/* letter as which a moved page is seen that is a good one else, or 0 */
	uint64_t needs;
	int line;
};

/* What becomes of .move. */
enum move_field {
	MOVE_UNTOUCHED,		/* left as the caller set it */
	MOVE_ERROR,		/* the negated errno */
	MOVE_UNREADABLE,	/* the caller could not look at it */
};

struct check {
	unsigned int clause;
	const char *error;	/* errno's name */
	enum move_field move;
	bool last;		/* applied when .move is written, after the pages */
	const unsigned int *violate;	/* variations */
	size_t n_violate;
};

enum result_kind { RESULT_NONE, RESULT_MOVED, RESULT_COUNTED, RESULT_ERROR };

/* What becomes of a page. */
struct result {
	enum result_kind kind;
	const char *error;	/* errno's name if RESULT_ERROR, else NULL */
};

/* What the caller can do so that a page that was refused moves after all. */
enum cure {
	CURE_NONE,
	CURE_STORE,	/* store to it, and call again */
	CURE_REPEAT,	/* call again: the obstacle passes by itself */
};

struct outcome {
	unsigned int clause;
	const char *source;	/* letters without spaces; "*" is any */
	const char *destination;
	uint64_t with, without;	/* mode masks */
	struct result result;
	struct result or;	/* what a kernel may do as well, or RESULT_NONE */
	enum cure cure;
	char arrives;		/* overrides the state's, or 0 */
	bool splits;		/* a huge page may be found split although not moved, or arrive so */
};

/*
 * What a test looks at besides errno and .move.  Each of the first group is
 * claimed by exactly one effect; the others, for a letter, by one or none.
 */
enum observation {
	OBSERVE_SUCCESS,	/* errno and .move when the whole length was moved */
	OBSERVE_SHORT,		/* errno and .move when only a part was */
	OBSERVE_CAUSE,		/* the error of the call repeated behind that part */
	OBSERVE_UNTOUCHED,	/* pages that the call did not reach, or refused */
	OBSERVE_SOURCE,		/* a moved page's old place */
	OBSERVE_DESTINATION,	/* a moved page's new place, contents included */
	OBSERVE_UNWRITTEN,	/* .move where the check says it is left alone */
	OBSERVE_RETURNS,	/* the call comes back */
	OBSERVE_CURE,		/* the call repeated after a store to the source */
	OBSERVE_REPEAT,		/* the call repeated until the page is not refused */
	OBSERVE_MEMBERS,	/* the structure's other members: kept */
	OBSERVE_MAPPINGS,	/* both mappings: kept */
	OBSERVE_BESIDE,		/* pages beside the two ranges: untouched */
	OBSERVE_REQUIRED,	/* number of those above */
	/* per page, with a value; by its number in the destination */
	OBSERVE_FRAME = OBSERVE_REQUIRED,	/* same, other */
	OBSERVE_WRITABLE,			/* yes, no */
	OBSERVE_SOFT_DIRTY,			/* set, clear */
	/* by its number in the source */
	OBSERVE_HOLDER,				/* apart, shares */
	OBSERVE_COUNT
};

/* Of which pages in the source a value is expected. */
enum pages { PAGES_MOVED, PAGES_ALL };

struct effect {
	unsigned int clause;
	enum observation observe;
	const char *value;	/* what is expected, or NULL for the first group */
	const char *source;	/* letters it is looked at for, NULL: first group */
	enum pages of;
	uint64_t with, without;	/* mode masks */
	uint64_t needs;
	const unsigned int *unless;	/* variations in which it is not expected */
	size_t n_unless;
};

/* One expected fact: errno=EAGAIN, moved=2, woken=yes. */
struct fact {
	const char *what, *value;
};

struct vector {
	const char *id, *title;
	const unsigned int *shows;	/* clauses */
	size_t n_shows;
	const char *source, *destination;	/* NULL if range is given */
	const char *range;		/* both in one mapping, or NULL */
	unsigned int from, to;		/* letters, in range */
	unsigned int length;		/* letters */
	uint64_t mode;
	const unsigned int *with;	/* variations */
	size_t n_with;
	const char *error;		/* errno's name, or "0" */
	const char *moved;		/* letters moved as a number, "error", "untouched" */
	const char *source_after, *destination_after, *range_after;	/* NULL alike */
	int line;
	bool proposed;
};

struct scenario {
	const char *id, *title;
	const unsigned int *shows;	/* clauses */
	size_t n_shows;
	const char *function;		/* in tests/scenarios/ */
	const struct fact *expect;
	size_t n_expect;
	uint64_t needs;
	int line;
	bool proposed;
};

/* What a test that meets a deviation may do to others. */
enum hazard {
	HAZARD_NONE,
	HAZARD_MACHINE,		/* take the whole machine down */
};

/* A way in which released kernels are known to break a clause. */
struct deviation {
	const char *id, *is, *why, *fixed;
	unsigned int clause;
	const char *const *kernels;	/* releases that have it: "6.16 to 6.18.19" (releases.h) */
	size_t n_kernels;
	const char *architecture;	/* of these alone: "arm64"; NULL: of all */
	const char *seen;	/* what is known of that, besides; may be NULL */
	bool by_chance;		/* it is met now and then */
	enum hazard hazard;
	const struct fact *instead;	/* told by what is observed */
	size_t n_instead;
};

/* What extends the contract, and is read with it as one.  Without one, all are NULL. */
struct proposal {
	const char *name;	/* "ALLOW_COPY" */
	const char *extends;	/* the contract's title */
	const char *of_version;	/* and its version */
	const char *version;	/* its own */
	const char *is;
	const char *file;	/* as it was given to specgen */
};

struct origin;

struct contract {
	const char *title;
	const char *version;	/* "1.1" */
	const char *file;	/* as it was given to specgen */
	struct proposal proposal;
	struct floor floor;
	struct interface interface;
	const struct need *needs;
	size_t n_needs;
	const struct state *states;
	size_t n_states;
	const struct variation *variations;
	size_t n_variations;
	const struct clause *clauses;
	size_t n_clauses;
	const struct check *checks;
	size_t n_checks;
	const struct outcome *outcomes;
	size_t n_outcomes;
	const struct effect *effects;
	size_t n_effects;
	const struct vector *vectors;
	size_t n_vectors;
	const struct scenario *scenarios;
	size_t n_scenarios;
	const struct deviation *deviations;
	size_t n_deviations;
	const struct contract *extended;	/* what a proposal extends, alone; specgen's */
	struct origin *origin;	/* specgen's (origin.h); NULL in a built program */
};

/* The contract this program was built with; written by specgen. */
extern const struct contract uffdio_move_contract;

#endif
