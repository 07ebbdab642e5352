#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: report.sh table|json RESULTS STAGES
#
# What became of the mutants whose NUMBER NAME come on standard input, by the RESULTS that
# mutate.sh keeps: noticed by what, and how many; those that went through unseen, with their
# lines.  STAGES are those that each has to go through.  Exit status: 0 what went through unseen is
# named in the file unnoticed, and nothing there was noticed; 1 it is not so, or not all
# have been run.

# shellcheck source-path=SCRIPTDIR source=../vm/common.sh
. "$(dirname "$0")/../vm/common.sh"
# shellcheck source=common.sh
. "$kernel_patch/mutants/common.sh"
help_if_asked "$@"
[ $# -eq 3 ] || { say "--help tells the usage"; exit 2; }

awk -v form="$1" -v results="$2" -v stages="$3" -v list="$mutant_list" \
	-v unnoticed="$unnoticed" -f "$mutants/report.awk"
