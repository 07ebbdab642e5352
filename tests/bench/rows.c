// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is measured.
 */
#include "bench.h"
#include "kinds.h"

#define SIX	(WAY(MOVE) | WAY(COPY) | WAY(COPY_DROP) | WAY(MREMAP) | WAY(DONTUNMAP) | WAY(MEMCPY))
#define FOUR	(WAY(MOVE) | WAY(COPY_DROP) | WAY(MREMAP) | WAY(DONTUNMAP))
#define THREE	(WAY(MOVE) | WAY(COPY_DROP) | WAY(DONTUNMAP))
#define TABLE	512		/* pages, where a page table has so many */
#define SOME	(4 * TABLE)

#define PER_PAGE	"page"
#define PER_HUGE	"huge page"

#define BATCH(n)	\
	{ "batch." #n, "batch", "present pages, batch of " #n, PER_PAGE, run_pages, \
	  .ways = SIX, .batch = n, .pages = SOME }
#define SWAP(n)		\
	{ "swapped." #n, "state", "swapped pages, batch of " #n, PER_PAGE, run_pages, \
	  .ways = WAY(MOVE) | WAY(COPY_DROP) | WAY(MREMAP), .state = SWAPPED, .batch = n, .pages = TABLE }
#define BY_COPY(s, w, t, n)	\
	{ w "." #n, "allow-copy", t ", ALLOW_COPY, batch of " #n, PER_PAGE, run_pages, \
	  .ways = FOUR, .allow_copy = true, .state = s, .batch = n, .pages = SOME }
#define COPIES(s, w, t)	BY_COPY(s, w, t, 1), BY_COPY(s, w, t, 16), BY_COPY(s, w, t, 256)
#define MAPPINGS(n)	\
	{ "mappings." #n, "mappings", #n " further mappings, batch of 1", PER_PAGE, run_pages, \
	  .ways = FOUR, .batch = 1, .pages = TABLE, .mappings = n }
#define LENGTH(n, w)	\
	{ "length." #n, "length", #n " pages in one call", PER_PAGE, run_pages, \
	  .ways = WAY(MOVE) | WAY(MREMAP), .batch = n, .pages = n, .weight = w }
#define THREADS(n)	\
	{ "threads." #n, "threads", "threads that move: " #n, PER_PAGE, run_threads, \
	  .ways = THREE, .batch = 64, .pages = TABLE, .threads = n }
#define BESIDE(n)	\
	THREADS(n), \
	{ "threads." #n ".beside", "beside", "threads that move: " #n ", against one alone", \
	  "times", .ways = THREE, .batch = 64, .pages = TABLE, .threads = n, .part = 1 }
#define FAULTING(n)	\
	{ "threads." #n ".faults", "threads", "threads that move: " #n ", beside 2 that fault", PER_PAGE, \
	  run_threads, .ways = THREE, .batch = 64, .pages = TABLE, .threads = n, .faulting = 2 }
#define FURTHER(n, w, t, u)	\
	{ "compaction." w, "compaction", t, u, .ways = WAY(MOVE) | WAY(COPY_DROP), .part = n }

const struct row rows[] = {
	BATCH(1), BATCH(4), BATCH(16), BATCH(64), BATCH(256), BATCH(512),
	{ "huge.whole", "huge", "huge page, whole", PER_HUGE, run_pages,
	  .ways = FOUR, .state = HUGE, .room = BARE, .batch = TABLE, .pages = 16 * TABLE, .unit_pages = TABLE },
	{ "huge.four", "huge", "four huge pages in one call, each", PER_HUGE, run_pages,
	  .ways = FOUR, .state = HUGE, .room = BARE, .batch = 4 * TABLE, .pages = 16 * TABLE,
	  .unit_pages = TABLE },
	{ "huge.pages", "huge", "huge page, page by page", PER_HUGE, run_pages,
	  .ways = WAY(MOVE) | WAY(COPY_DROP) | WAY(MREMAP), .state = HUGE, .batch = 1, .pages = TABLE,
	  .unit_pages = TABLE },
	{ "huge.empty-table", "huge", "huge page over an empty page table", PER_HUGE, run_pages,
	  .ways = FOUR, .state = HUGE, .batch = TABLE, .pages = 4 * TABLE, .unit_pages = TABLE },
	{ "huge.in-table", "huge", "huge page that a page table maps", PER_HUGE, run_pages,
	  .ways = FOUR, .state = HUGE_IN_TABLE, .batch = TABLE, .pages = 4 * TABLE, .unit_pages = TABLE },
	{ "zero.256", "state", "zero pages, batch of 256", PER_PAGE, run_pages,
	  .ways = FOUR, .state = ZERO, .batch = 256, .pages = SOME },
	SWAP(1), SWAP(16), SWAP(256),
	COPIES(PRESENT, "alone", "unshared pages"), COPIES(SHARED, "shared", "shared pages"),
	COPIES(LEFT, "left", "once shared pages"),
	COPIES(SWAPPED_SHARED, "swapped-shared", "shared swap entries"),
	{ "holes.256", "state", "holes with page tables, batch of 256", PER_PAGE, run_pages,
	  .ways = WAY(MOVE) | WAY(MREMAP), .state = HOLES, .batch = 256, .pages = SOME },
	{ "table.absent", "state", "one page, destination's page table absent", PER_PAGE, run_pages,
	  .ways = FOUR, .room = BARE, .batch = 1, .pages = 128, .apart = true },
	{ "holes.no-table", "state", "holes without page tables, per table", "table", run_pages,
	  .ways = WAY(MOVE) | WAY(MREMAP), .state = NOTHING, .room = BARE, .batch = 32 * TABLE,
	  .pages = 32 * TABLE, .unit_pages = TABLE },
	MAPPINGS(0), MAPPINGS(1000), MAPPINGS(10000), MAPPINGS(30000), MAPPINGS(60000),
	LENGTH(4096, 1), LENGTH(32768, 2), LENGTH(262144, 6),
	THREADS(1), BESIDE(2), BESIDE(3), BESIDE(4), BESIDE(6), BESIDE(8),
	FAULTING(1), FAULTING(2), FAULTING(4), FAULTING(8),
	{ "compaction.time", "compaction", "compaction: CPU time of its thread", "ms", run_compaction,
	  .ways = WAY(MOVE) | WAY(COPY_DROP), .weight = 6 },
	FURTHER(1, "elapsed", "compaction: from its beginning to its end", "ms"),
	FURTHER(2, "pause-median", "pauses of the application, median", "us"),
	FURTHER(3, "pause-99", "pauses of the application, 99%", "us"),
	FURTHER(4, "pause-longest", "pauses of the application, longest", "us"),
	FURTHER(5, "pauses", "pauses of the application", "number"),
	FURTHER(6, "interrupts", "TLBs flushed by interrupt, system-wide", "number"),
	FURTHER(7, "memory", "peak memory of the process", "MiB"),
};

const size_t n_rows = sizeof(rows) / sizeof(rows[0]);

const char *const way_names[WAYS] = {
	[MOVE] = "MOVE", [COPY] = "COPY", [COPY_DROP] = "COPY+DONTNEED", [MREMAP] = "mremap",
	[DONTUNMAP] = "DONTUNMAP", [MEMCPY] = "memcpy",
};
