// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "machine/pagemap.h"
#include "memory/layout_internal.h"

static bool is_shared(uint64_t entry)
{
	return !(entry & ENTRY_EXCLUSIVE);
}

static bool is_first_of_folio(uint64_t frame)
{
	return frame_flags(frame) >> FLAG_COMPOUND_HEAD & 1;
}

static bool is_behind_first(uint64_t frame)
{
	return frame_flags(frame) >> FLAG_COMPOUND_TAIL & 1;
}

static bool is_in_folio(uint64_t entry)
{
	return is_first_of_folio(entry_frame(entry)) || is_behind_first(entry_frame(entry));
}

/* Of a folio with so many bytes, which begins at a multiple of them. */
static bool is_inside(uint64_t entry, size_t bytes)
{
	uint64_t frame = entry_frame(entry), pages = bytes / page_size();

	return frame && is_behind_first(frame) && is_first_of_folio(frame - frame % pages) &&
	       is_behind_first(frame - frame % pages + pages - 1);
}

static bool is_inner_left(uint64_t entry)
{
	return is_inside(entry, this_kernel()->folio);
}

static bool is_inner_shared(uint64_t entry)
{
	return is_inner_left(entry) && is_shared(entry);
}

static bool is_by_small_left(uint64_t entry)
{
	return is_inside(entry, huge_page_size());
}

static bool is_by_small_shared(uint64_t entry)
{
	return is_by_small_left(entry) && is_shared(entry);
}

static const struct letter letters[] = {
	{ 'P', STAGE_ALONE, .tagged = true },
	{ 'Z', STAGE_ALONE, .make = make_by_reading },
	{ 'S', STAGE_ALONE, .tagged = true, .make = make_swapped },
	{ 'Y', STAGE_ALONE, .tagged = true, .make = make_lazily_freed },
	{ 'G', STAGE_ALONE, .make = make_guard },
	{ 'h', STAGE_ALONE, .tagged = true, .make = make_failed },
	{ 'K', STAGE_ALONE, .tagged = true, .holder = hold_by_twin },
	{ 'R', STAGE_ALONE, .tagged = true, .make = make_spliced, .holder = hold_by_pipe },
	{ 'D', STAGE_ALONE, .tagged = true, .make = make_pinned, .holder = hold_by_ring },

	{ 'F', STAGE_SHARED, .tagged = true, .is_as_made = is_shared, .holder = hold_by_child },
	{ 's', STAGE_SHARED, .tagged = true, .make = make_swapped, .holder = hold_by_child },
	{ 'f', STAGE_SHARED, .large = true, .tagged = true, .is_as_made = is_shared,
	  .holder = hold_by_child },
	{ 'A', STAGE_SHARED, .large = true, .folio = FOLIO_INNER, .tagged = true,
	  .is_as_made = is_inner_shared, .holder = hold_by_child },
	{ 'N', STAGE_SHARED, .large = true, .folio = FOLIO_BY_SMALL, .tagged = true,
	  .is_as_made = is_by_small_shared, .holder = hold_by_child },
	{ 'C', STAGE_LEFT, .tagged = true },
	{ 'c', STAGE_LEFT, .tagged = true, .make = make_swapped },
	{ 'a', STAGE_LEFT, .large = true, .folio = FOLIO_INNER, .tagged = true,
	  .is_as_made = is_inner_left },
	{ 'n', STAGE_LEFT, .large = true, .folio = FOLIO_BY_SMALL, .tagged = true,
	  .is_as_made = is_by_small_left },

	{ 'T', STAGE_ALONE, .large = true, .tagged = true },
	{ 'M', STAGE_ALONE, .large = true, .tagged = true },
	{ 't', STAGE_ALONE, TABLE_PART, .large = true, .tagged = true },
	{ 'r', STAGE_ALONE, TABLE_PART, .large = true, .tagged = true,
	  .make = make_beside_spliced, .holder = hold_beside_by_pipe },
	{ 'B', STAGE_ALONE, .large = true, .tagged = true, .make = make_pinned,
	  .holder = hold_by_ring },
	{ 'H', STAGE_ALONE, .large = true, .make = make_by_reading },
	{ 'L', STAGE_ALONE, .large = true, .folio = FOLIO_LARGE, .tagged = true,
	  .is_as_made = is_in_folio },

	{ 'l', STAGE_ALONE, .large = true, .folio = FOLIO_SWAPPED, .tagged = true,
	  .make = make_swapped_folio },

	{ 'W', STAGE_ALONE, .tagged = true, .make_registered = make_protected,
	  .mode = UFFDIO_REGISTER_MODE_WP, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP },
	{ 'Q', STAGE_ALONE, .tagged = true, .make_registered = make_access_protected,
	  .mode = UFFDIO_REGISTER_MODE_RWP, .features = UFFD_FEATURE_RWP },
	{ 'V', STAGE_ALONE, .tagged = true, .make_registered = make_protected_swapped,
	  .mode = UFFDIO_REGISTER_MODE_WP, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP },
	{ 'w', STAGE_ALONE, .make_registered = make_protected,
	  .mode = UFFDIO_REGISTER_MODE_WP,
	  .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_UNPOPULATED },
	{ 'X', STAGE_ALONE, .make_registered = make_poison,
	  .mode = UFFDIO_REGISTER_MODE_MISSING },

	{ '.', STAGE_TABLES, .make = make_table_with_others },
	{ 'e', STAGE_TABLES, TABLE_EMPTY, .make = make_empty_table },
	{ '_', STAGE_TABLES, TABLE_ABSENT, .make = make_upper_table },
	{ '~', STAGE_TABLES, TABLE_ABSENT, .no_upper = true },
};

const struct letter *letter_made(char letter)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].letter == letter)
			return &letters[i];
	return NULL;
}

bool letters_have(const char *notation, enum stage stage)
{
	for (; *notation; notation++)
		if (letter_made(*notation)->stage == stage)
			return true;
	return false;
}

/* Of those that ask for several things the most: protection can do without missing pages. */
uint64_t letters_mode(const char *notation)
{
	uint64_t mode = 0;

	for (; *notation; notation++)
		mode |= letter_made(*notation)->mode;
	return mode & ~UFFDIO_REGISTER_MODE_MISSING ? mode & ~UFFDIO_REGISTER_MODE_MISSING : mode;
}

uint64_t letters_features(const char *notation)
{
	uint64_t features = 0;

	for (; *notation; notation++)
		features |= letter_made(*notation)->features;
	return features;
}
