#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# guest.sh [OPTION]... - what is run in the guest: bench, which counts instructions, and then
# the functions of the kernel that runs there, each at its address.

/bin/bench --count --json "$@"
status=$?
echo symbols
# What stands before a function for tracers takes no instruction, and half of the lines.
grep -i ' [tw] ' /proc/kallsyms | grep -v ' __pfx_'
exit $status
