# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the contract's tests say of Linux 6.1 with the series, in our guests; read by
# scripts, not run.
# shellcheck disable=SC2034 # not all use all of it

# What 6.1 lacks, being older, and a guest's processor.
lacking='UFFDIO_POISON|guard regions|write protection of unpopulated|large folios smaller'
lacking="$lacking|mseal|MAP_DROPPABLE|system calls of a 32-bit|a count of the zero pages"
lacking="$lacking|memory that is made to fail|swap that takes a large folio whole"
lacking="$lacking|protection against access|memory tags|landing pads|tracking of stores|tracking that tells"
# What other kernels were observed to do, and the series does not: it makes no table for a hole,
# marks the zero page, and leaves a huge page one that moves as a whole by small entries.
better='"effects.hole-tables", "effects.zero-unmarked", "effects.large-split"'
enough=3400

# Filters of a report: lists of what is not as it must be.
clauses_amiss()
{
	echo "[.clauses[] | select(if .id | IN($better) then .standing | IN(\"differs\", \"not tested\")
		else .standing | IN(\"holds\", \"works\", \"not tested\") end | not)
		| \"\(.id) \(.standing)\"]"
}

skips_amiss()
{
	echo "[.tests[] | select(.verdict == \"skipped\" and (.note | test(\"^($lacking)\") | not))
		| \"\(.name) skipped: \(.note)\"]"
}

tests_held() { echo '[.tests[] | select(.verdict == "holds")] | length'; }
