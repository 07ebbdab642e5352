#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: boot.sh [OPTION]... PROGRAM [ARGUMENT]...
#
# Boots a kernel with QEMU and runs PROGRAM there, a static executable (or a
# script for busybox), as root.  What it prints is printed here, and its exit
# status is the exit status of this script.
#
#   --config NAME   the kernel: base (the default), debug, arm64-16k; it is built
#                   first if the cache has it not
#   --patches N     only the first N patches of the series; 0 is plain Linux 6.1
#   --kernel IMAGE  boot this image instead; --config then only tells the machine
#   --file FILE     a further file for the guest's /bin; may be repeated
#   --append WORDS  further words for the kernel's command line
#   --limit SECONDS how long the guest may take (600)
#   --log FILE      write the console's log there (else below the cache's log/,
#                   and it is kept only if something went wrong)
#
# KERNEL=TREE or KERNEL=IMAGE boots a kernel of your own; a TREE is built first.
# KERNEL=patched, or none, is Linux 6.1 with the series; KERNEL=unpatched without.
#
# Exit status, where it is not the program's: 124 the guest did not end in time;
# 125 it could not be built or started; 126 the kernel complained (an oops, a
# splat, a leak: any line that ./complaints knows), or went down.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=config.sh
. "$vm/config.sh"
help_if_asked "$@"

name=base patches='' kernel='' limit=600 append='' files=() console=''
while [[ ${1-} == --* ]]; do
	[ $# -ge 2 ] || die "$1 wants a value"
	case $1 in
	--config) name=$2 ;;
	--patches) patches=$2 ;;
	--kernel) kernel=$2 ;;
	--file) files+=("$2") ;;
	--append) append=$2 ;;
	--limit) limit=$2 ;;
	--log) console=$2 ;;
	*) die "unknown option $1; --help tells the usage" ;;
	esac
	shift 2
done
[ $# -ge 1 ] || die "which program? --help tells the usage"
program=$1
shift
[[ $limit =~ ^[0-9]+$ ]] || die "not a number of seconds: $limit"
for file in "$program" "${files[@]}"; do
	[ -f "$file" ] || die "there is no file $file"
done

case ${KERNEL-} in
'' | patched)
	unset KERNEL
	;;
unpatched)
	patches=0
	unset KERNEL
	;;
*)
	[ -e "$KERNEL" ] || die "KERNEL=$KERNEL is neither a source tree nor an image"
	if [ -f "$KERNEL" ]; then
		kernel=${kernel:-$KERNEL}
	fi
	;;
esac
select_config "$name"
case $arch in
arm64)
	need_tool qemu-system-aarch64 qemu-system-arm
	qemu=(qemu-system-aarch64 -M virt -cpu "max,pauth-impdef=on" -m 2G
		-device virtio-serial-device
		-device "virtserialport,chardev=output,name=uffdio-move.output"
		-device "virtserialport,chardev=errors,name=uffdio-move.errors")
	serial=ttyAMA0
	;;
*)
	need_tool qemu-system-x86_64 qemu-system-x86
	qemu=(qemu-system-x86_64 -cpu max -m 1G)
	serial=ttyS0
	;;
esac

if [ "$kernel" ]; then
	[ -r "$kernel" ] || die "there is no kernel image $kernel"
else
	kernel=$("$vm/build.sh" --config "$name" ${patches:+--patches "$patches"})
fi

make_cache
work=$(mktemp -d)
keep_log=$console
console=${console:-$logs/console-$name-$$.log}
guest=
# shellcheck disable=SC2317 # called by the trap
finish()
{
	[ $? -ge "$EXIT_HANG" ] || [ "$keep_log" ] || rm -f "$console"
	[ -z "$guest" ] || kill -KILL "$guest" 2>/dev/null || :
	rm -rf "$work"
	progress_end
}
trap finish EXIT
trap 'say "interrupted; log: $console"; exit $EXIT_SETUP' INT TERM HUP

"$vm/initramfs.sh" "$work/initramfs" "$cross" "$program" "${files[@]}" -- "${program##*/}" "$@"

: >"$console" || die "$console cannot be written"
: >"$work/output"
: >"$work/errors"
# Merging the guest's memory would keep the host's ksmd from what a run there waits for.
qemu+=(-machine mem-merge=off -accel "tcg,thread=multi" -smp 2 -nodefaults -no-reboot -display none
	-chardev "file,id=console,path=$console" -serial chardev:console
	-chardev "file,id=output,path=$work/output" -chardev "file,id=errors,path=$work/errors"
	-kernel "$kernel" -initrd "$work/initramfs"
	-append "console=$serial panic=-1 oops=panic secretmem.enable=1 $append")
[ "$arch" = arm64 ] || qemu+=(-serial chardev:output -serial chardev:errors)

# A guest must not outlive us, whatever ends us.
setpriv --pdeathsig KILL "${qemu[@]}" </dev/null >"$work/qemu" 2>&1 8>&- &
guest=$!

# An object is told in two lines, and the second says who allocated it: what the
# kernel did before there was any program is no doing of the program's.
complaints()
{
	awk '/unreferenced object 0x/ { object = NR ":" $0; next }
		object != "" && !/comm "swapper/ { print object }
		{ object = ""; print NR ":" $0 }
		END { if (object != "") print object }' "$console" |
		grep -a -E -f "$vm/complaints"
}

# The kernel's words from a little before its first complaint.
show_complaints()
{
	local first

	first=$(complaints | sed -n '1s/:.*//p')
	sed -n "$((first > 3 ? first - 3 : 1)),$((first + 60))p" "$console" >&2
}

started=$SECONDS
progress_at=$SECONDS
hang=
while kill -0 "$guest" 2>/dev/null; do
	if [ $((SECONDS - started)) -ge "$limit" ]; then
		hang=1
		kill -KILL "$guest"
	fi
	progress "guest ($name): $((SECONDS - started)) s, $(grep -a -c . "$work/output" || :) lines from ${program##*/}"
	sleep 0.2
done
wait "$guest" 2>/dev/null || qemu_status=$?
guest=
progress_end

# The last line is the guest's, all before it the program's.
status=$(tail -c 32 "$work/output" | tr -d '\0' | sed -n 's/^.*\x1eexit \([0-9]*\)$/\1/p')
if [ "$status" ]; then
	sed 's/\x1eexit [0-9]*$//' "$work/output" | head -c -1
else
	cat "$work/output"
fi
cat "$work/errors" >&2

if complaints >/dev/null; then
	show_complaints
	say "the guest's kernel complained; log: $console"
	exit $EXIT_COMPLAINT
elif [ "$hang" ]; then
	tail -n 30 "$console" >&2
	say "the guest did not end within $limit s; log: $console"
	exit $EXIT_HANG
elif [ "${qemu_status-0}" -ne 0 ]; then
	cat "$work/qemu" >&2
	say "QEMU failed with status $qemu_status; log: $console"
	exit $EXIT_SETUP
elif [ -z "$status" ]; then
	tail -n 30 "$console" >&2
	say "the guest went down before its program had ended; log: $console"
	exit $EXIT_COMPLAINT
fi
exit "$status"
