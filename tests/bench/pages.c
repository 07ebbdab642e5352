// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows whose sample brings pages of one kind from their source to their destination,
 * by calls of one length.
 */
#include "clock.h"
#include "ground.h"
#include "kinds.h"
#include "run.h"
#include "test/proposed.h"
#include "test/test.h"
#include "ways.h"

static double take_sample(struct ground *g, enum way way)
{
	const struct row *row = g->row;
	uint64_t mode = row->state == HOLES || row->state == NOTHING ?
			UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES : 0;
	size_t bytes = row->batch * (g->bytes / row->pages), pages = row->pages, done = 0;
	uint64_t begun;
	double took;

	if (row->allow_copy)
		mode |= UFFDIO_MOVE_MODE_ALLOW_COPY;
	if (way == MOVE && plays(FAULT_UNMOVED))
		pages -= row->batch;
	begun = span_begin();
	for (size_t i = 0; i < pages; i += row->batch)
		done += bring(way, g->uffd, destination_at(g, i), source_at(g, i), bytes, mode);
	took = span_end(begun);
	/* Of holes there is nothing else to be seen. */
	if (done != g->bytes)
		fail_row("%s: the calls are done with %zu of %zu bytes", way_names[way], done, g->bytes);
	return took / row->pages * (row->unit_pages ? row->unit_pages : 1);
}

void run_pages(const struct row *row)
{
	struct ground g;

	ground_open(&g, row);
	for (; round_begins(); round_ends())
		for (enum way way = 0; way < WAYS; way++) {
			double took;

			if (!(row->ways & WAY(way)))
				continue;
			ground_prepare(&g, way);
			sample_begins();
			took = take_sample(&g, way);
			sample_ends(0, way, took);
			ground_check(&g, way);
		}
}
