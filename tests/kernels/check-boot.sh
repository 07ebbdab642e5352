#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check-boot.sh - does kernel-patch/vm/boot.sh tell the ends of a guest apart?  A script plays
# QEMU: it writes what a guest's kernel and program write, another time in each boot.
# Prints TAP.

# shellcheck disable=SC2154 # tap.sh's

set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
evidence="$scratch/out $scratch/err"

cat >"$scratch/qemu-system-x86_64" <<'END'
#!/bin/bash
for word; do
	case $word in
	file,id=console,path=*) console=${word##*=} ;;
	file,id=output,path=*) output=${word##*=} ;;
	esac
done
echo >>"$PLAYED/boots"
starts() { echo "guest: starting the program" >>"$console"; }
complains() { echo "BUG: a test" >>"$console"; }
is_interrupted() { complains; echo "RIP: 0010:mask_ioapic_irq+0x37/0x120" >>"$console"; }
ends() { printf 'said\n\x1eexit %d\n' "$1" >>"$output"; }
. "$PLAYED/boot-$(wc -l <"$PLAYED/boots")"
END
chmod 755 "$scratch/qemu-system-x86_64"

boots() # WHAT-TO-DO-IN-THE-FIRST [IN-THE-SECOND]
{
	rm -f "$scratch"/boot*
	echo "$1" >"$scratch/boot-1"
	echo "${2-}" >"$scratch/boot-2"
	PLAYED=$scratch PATH=$scratch:$PATH kernel-patch/vm/boot.sh --arch x86_64 --kernel "$scratch/boot-1" \
		--limit "${limit:-20}" --log "$scratch/log" /bin/busybox true >"$scratch/out" 2>"$scratch/err"
	status=$?
}

# Has it ended so, after so many boots, with so many outputs of the program?
was() # STATUS BOOTS OUTPUTS
{
	[ $status -eq "$1" ] && [ "$(wc -l <"$scratch/boots")" -eq "$2" ] &&
		[ "$(grep -c '^said$' "$scratch/out")" -eq "$3" ]
}

boots 'starts; ends 0'
was 0 1 1
result $? "a program that ends well"

boots 'starts; ends 7'
was 7 1 1
result $? "one that does not: its exit status"

boots 'starts; complains; ends 0' 'starts; ends 0'
was 126 1 1 && grep -q 'BUG: a test' "$scratch/err"
result $? "a complaint beside the program: 126"

boots 'complains' 'starts; ends 0'
was 126 1 0
result $? "one before there is a program: 126"

again() # WHAT, WHAT-TO-DO-IN-THE-FIRST
{
	boots "$2" 'starts; ends 7'
	was 7 2 1 && grep -q 'booted once more' "$scratch/err" && grep -q 'BUG: a test' "$scratch/log.first" &&
		! grep -q 'BUG: a test' "$scratch/log"
	result $? "an interrupt that comes too early$1: booted again, both logs are kept"
}
again '' 'is_interrupted'
again ', and QEMU fails' 'is_interrupted; exit 1'
limit=4 again ', and the guest hangs' 'is_interrupted; exec sleep 100'

boots 'is_interrupted' 'is_interrupted'
was 126 2 0
result $? "twice: 126"

boots 'is_interrupted; starts; ends 0' 'starts; ends 0'
was 126 1 1
result $? "one beside a program: 126"

boots 'starts'
was 126 1 0 && grep -q 'went down before its program had ended' "$scratch/err"
result $? "a guest that ends before its program: 126"

limit=4 boots 'starts; exec sleep 100'
was 124 1 0
result $? "one that does not end: 124"

boots 'exit 1'
was 125 1 0
result $? "QEMU fails: 125"
finish
