// SPDX-License-Identifier: GPL-2.0-only
/*
 * Variations of the two mappings that arm64 alone has: memory tags, and landing pads
 * for branches.
 */
#include "call/variations.h"
#include "machine/arm64.h"
#include "test/compat.h"

static void give_src_tags(struct call *c)
{
	give_access(c, &c->layout.source, PROT_READ | PROT_WRITE | ARM64_PROT_MTE);
}

static void give_dst_tags(struct call *c)
{
	give_access(c, &c->layout.destination, PROT_READ | PROT_WRITE | ARM64_PROT_MTE);
}

static void guard_src_branches(struct call *c)
{
	give_access(c, &c->layout.source, PROT_READ | PROT_WRITE | ARM64_PROT_BTI);
}

static void guard_dst_branches(struct call *c)
{
	give_access(c, &c->layout.destination, PROT_READ | PROT_WRITE | ARM64_PROT_BTI);
}

void variation_src_mte(struct call *c)
{
	call_late(c, give_src_tags);
}

void variation_dst_mte(struct call *c)
{
	call_late(c, give_dst_tags);
}

void variation_both_mte(struct call *c)
{
	call_late(c, give_src_tags);
	call_late(c, give_dst_tags);
}

void variation_src_bti(struct call *c)
{
	call_late(c, guard_src_branches);
}

void variation_dst_bti(struct call *c)
{
	call_late(c, guard_dst_branches);
}

void variation_both_bti(struct call *c)
{
	call_late(c, guard_src_branches);
	call_late(c, guard_dst_branches);
}
