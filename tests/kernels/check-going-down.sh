#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-going-down.sh - does a report come to its end when the kernel does?  A script
# plays the conformance program on Linux 6.1, and lets the kernel go down at a test of
# its own.  Prints TAP.

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
evidence="$scratch/out $scratch/err"

# It says its arguments, goes down at cell.b unless that is left out, and at cell.once in
# the first boot alone: what the host's clock says tells boots apart.
player() # WHAT-TO-DO-AT-CELL-B [WHAT-IS-SAID-OF-IT]
{
	set -- "$1" "${2-}"
	cat >"$scratch/player" <<-END
	#!/bin/sh
	down= alone=
	for word; do
		case \$word in
		--test) alone=yes ;;
		cell.b:*) down=\$word ;;
		esac
	done
	begins() { echo "uffdio-move-conformance: \$1 begins\$2" >/dev/kmsg; }
	begins cell.a
	begins cell.b "$2"
	if [ ! "\$down" ]; then
		$1
	fi
	begins cell.c
	echo "down: \$down"
	exit 3
	END
}

run()
{
	rm -f "$scratch/downs"
	KERNEL=patched tests/kernels/report-in-vm.sh --downs "$scratch/downs" "$@" "$scratch/player" \
		>"$scratch/out" 2>"$scratch/err"
	status=$?
}

player 'echo "Kernel panic - not syncing: a test" >/dev/kmsg; reboot -f; sleep 1000'
run
[ $status -eq 3 ] && grep -q '^down: cell.b:Kernel panic.*$' "$scratch/out"
result $? "a panic: booted again without the test, and the report's exit status"
grep -q '^cell.b:Kernel panic' "$scratch/downs" && [ "$(wc -l <"$scratch/downs")" -eq 1 ]
result $? "the test and what the kernel said are told"

# Alone it would not go down, and so would not be blamed at the first time.
# shellcheck disable=SC2016 # for the player
player '[ "$alone" ] || { echo "Kernel panic - not syncing: a test" >/dev/kmsg; reboot -f; sleep 1000; }' \
	', and may take the machine down'
run
[ $status -eq 3 ] && grep -q '^down: cell.b:Kernel panic' "$scratch/out" &&
	[ "$(grep -c 'went down at' "$scratch/err")" -eq 1 ]
result $? "one that is known for it: blamed at once"

player 'sleep 1000'
run --stall 15
[ $status -eq 3 ] && grep -q '^down: cell.b:it hung$' "$scratch/out"
result $? "a kernel that hangs: the same"

player 'echo "WARNING: a test" >/dev/kmsg'
run
[ $status -eq 3 ] && grep -q '^down: $' "$scratch/out" &&
	grep -q '^complaint:WARNING: a test' "$scratch/downs"
result $? "a kernel that complains and goes on: the report stands, and that is told"

# Alone it does not go down, and in the second boot neither.
cat >"$scratch/player" <<'END'
#!/bin/sh
case "$*" in *--test*) exit 0 ;; esac
echo "uffdio-move-conformance: cell.b begins" >/dev/kmsg
case "$*" in *--down*) echo "blamed" ;; esac
reboot -f
sleep 1000
END
run
grep -q '^cell.b:' "$scratch/downs"
result $? "one that goes down at a test again and again, though not alone: blamed at the second time"
finish
