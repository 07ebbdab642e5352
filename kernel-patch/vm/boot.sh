#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: boot.sh [OPTION]... PROGRAM [ARGUMENT]...
#
# Boots a kernel with QEMU and runs PROGRAM there, a static executable (or a
# script for busybox), as root.  What it prints is printed here, and its exit
# status is the exit status of this script.
#
#   --config NAME   the kernel: base (the default), debug, arm64-16k, s390x; it is built
#                   first if the cache has it not
#   --patches N     only the first N patches of the series; 0 is plain Linux 6.1
#   --kernel IMAGE  boot this image instead; --config then only tells the machine
#   --arch ARCH     the machine, if the kernel is none that is built here
#   --file FILE     a further file for the guest's /bin; may be repeated
#   --module FILE   a module that is loaded first; may be repeated, in their order
#   --append WORDS  further words for the kernel's command line
#   --counted       one processor, whose time is the number of its instructions
#   --plugin FILE   a plug-in of QEMU's, with its arguments behind commas
#   --limit SECONDS how long the guest may take (600)
#   --stall SECONDS how long it may say nothing on its console (as long as it takes)
#   --log FILE      write the console's log there (else below the cache's log/,
#                   and it is kept only if something went wrong)
#   --status FILE   write the program's exit status there, if it came to its end
#
# KERNEL=TREE or KERNEL=IMAGE boots a kernel of your own; a TREE is built first.
# KERNEL=VERSION boots one of Debian's archive, 7.3.4 say (archive.sh), for ARCH=x86_64.
# Where it has no modules any more, swap is on a disk instead.
# KERNEL=patched, or none, is Linux 6.1 with the series; KERNEL=unpatched without.
#
# Exit status, where it is not the program's: 124 the guest did not end in time;
# 125 it could not be built or started; 126 the kernel complained (an oops, a
# splat, a leak: any line that ./complaints knows), or went down.  A guest that meets
# one race of plain Linux while it boots is booted once more, for as long again.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=config.sh
. "$vm/config.sh"
# shellcheck source=machines.sh
. "$vm/machines.sh"
help_if_asked "$@"

name=base patches='' kernel='' machine='' limit=600 append='' files=() modules=() log='' status_file='' disk='' stall=
processors=(-accel "tcg,thread=multi" -smp 2) plugin=
last_words=10	# seconds in which a guest that hangs tells what it is at
while [[ ${1-} == --* ]]; do
	if [ "$1" = --counted ]; then
		processors=(-accel "tcg,thread=single" -smp 1 -icount "shift=0,sleep=off")
		shift
		continue
	fi
	[ $# -ge 2 ] || die "$1 wants a value"
	case $1 in
	--config) name=$2 ;;
	--patches) patches=$2 ;;
	--kernel) kernel=$2 ;;
	--arch) machine=$2 ;;
	--module) modules+=("$2") ;;
	--status) status_file=$2 ;;
	--file) files+=("$2") ;;
	--append) append=$2 ;;
	--plugin) plugin=$2 ;;
	--limit) limit=$2 ;;
	--stall) stall=$2 ;;
	--log) log=$2 ;;
	*) die "unknown option $1; --help tells the usage" ;;
	esac
	shift 2
done
[ $# -ge 1 ] || die "which program? --help tells the usage"
program=$1
shift
[[ $limit =~ ^[0-9]+$ ]] || die "not a number of seconds: $limit"
stall=${stall:-$limit}
[[ $stall =~ ^[0-9]+$ ]] || die "not a number of seconds: $stall"
for file in "$program" "${files[@]}" "${modules[@]}" ${plugin:+"${plugin%%,*}"}; do
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
	if [ -f "$KERNEL" ]; then
		kernel=${kernel:-$KERNEL}
	elif [[ ! -e $KERNEL && $KERNEL =~ ^[0-9]+\.[0-9] ]]; then
		machine=${machine:-${ARCH:-x86_64}}
		released=$("$vm/archive.sh" fetch "$KERNEL" "$machine") || exit $EXIT_SETUP
		kernel=$released/image name=$KERNEL-$machine
		modules=("$released"/modules/*)
		[ -e "${modules[0]}" ] || modules=() disk=yes
	elif [ ! -e "$KERNEL" ]; then
		die "KERNEL=$KERNEL is neither a source tree, nor an image, nor a version of Linux"
	fi
	;;
esac
if [ -z "$machine" ]; then
	select_config "$name"
	machine=$arch
fi
select_machine "$machine" ${disk:+bare}

if [ "$kernel" ]; then
	[ -r "$kernel" ] || die "there is no kernel image $kernel"
else
	kernel=$("$vm/build.sh" --config "$name" ${patches:+--patches "$patches"})
fi

make_cache
work=$(mktemp -d)
keep_log=$log
log=${log:-$logs/console-$name-$$.log}
guest=
# shellcheck disable=SC2317 # called by the trap
finish()
{
	[ $? -ge "$EXIT_HANG" ] || [ "$keep_log" ] || rm -f "$log"
	[ -z "$guest" ] || kill -KILL "$guest" 2>/dev/null || :
	rm -rf "$work"
	progress_end
}
trap finish EXIT
trap 'say "interrupted; log: $log"; exit $EXIT_SETUP' INT TERM HUP

"$vm/initramfs.sh" "$work/initramfs" "$cross" "$program" "${files[@]}" \
	"${modules[@]/#/--module=}" -- "${program##*/}" "$@"

# An emulated processor leaks nothing, and what keeps others from it costs a third of the time.
# Merging the guest's memory would keep the host's ksmd from what a run there waits for.
# A kernel that finds a processor locked up is to go down, and not to hang; but a busy host may
# keep an emulated processor from running for as long as a kernel takes for that.
qemu+=(-machine mem-merge=off "${processors[@]}" ${plugin:+-plugin "$plugin"} -nodefaults -no-reboot -display none
	-chardev "file,id=console,path=$log"
	-chardev "file,id=output,path=$work/output" -chardev "file,id=errors,path=$work/errors"
	-kernel "$kernel" -initrd "$work/initramfs"
	-append "console=$console panic=-1 oops=panic softlockup_panic=1 watchdog_thresh=60 \
rcupdate.rcu_cpu_stall_timeout=120 mitigations=off secretmem.enable=1 \
guest_limit=$((limit > last_words ? limit - last_words : 0)) $append")

if [ "$disk" ]; then
	{ truncate -s 128M "$work/disk" && /sbin/mkswap -q "$work/disk"; } ||
		die "$work/disk cannot be written"
	qemu+=(-drive "file=$work/disk,format=raw,if=none,id=disk"
		-device "nvme,drive=disk,serial=swap")
fi

# An object is told in two lines, and the second says who allocated it: what the
# kernel did before there was any program is no doing of the program's.  Nor are the
# words of its command line.
complaints()
{
	awk '/ommand line: / { next }
		/unreferenced object 0x/ { object = NR ":" $0; next }
		object != "" && !/comm "swapper/ { print object }
		{ object = ""; print NR ":" $0 }
		END { if (object != "") print object }' "$log" |
		grep -a -E -f "$vm/complaints"
}

# The kernel's words from a little before its first complaint.
show_complaints()
{
	local first

	first=$(complaints | sed -n '1s/:.*//p')
	sed -n "$((first > 3 ? first - 3 : 1)),$((first + 60))p" "$log" >&2
}

# What each CPU and each task that waits was at, if the guest could still say so.
show_hang()
{
	if grep -a -q 'sysrq: Show backtrace' "$log"; then
		sed -n '/sysrq: Show backtrace/,/sysrq: Show State$/p' "$log" | head -n 120 >&2
	else
		tail -n 30 "$log" >&2
	fi
}

# What the program said last of how far it is, as the conformance program does.
how_far()
{
	tail -c 120 "$work/errors" | sed -n '$s/.*\r *\([^ \r]\)/; \1/p'
}

# Leaves QEMU's status in $qemu_status; $hang is set if it did not end in time.
boot()
{
	local started=$SECONDS spoken_at=$SECONDS said=0
	hang='' qemu_status=0

	: >"$log" || die "$log cannot be written"
	: >"$work/output"
	: >"$work/errors"
	# A guest must not outlive us, whatever ends us.
	setpriv --pdeathsig KILL "${qemu[@]}" </dev/null >"$work/qemu" 2>&1 8>&- &
	guest=$!
	progress_at=$SECONDS
	while kill -0 "$guest" 2>/dev/null; do
		if [ "$said" -ne "$(stat -c %s "$log")" ]; then
			said=$(stat -c %s "$log")
			spoken_at=$SECONDS
		fi
		if [ $((SECONDS - started)) -ge "$limit" ] || [ $((SECONDS - spoken_at)) -ge "$stall" ]; then
			hang=1
			kill -KILL "$guest"
		fi
		progress "guest ($name): $((SECONDS - started)) s, $(grep -a -c . "$work/output" || :) lines from ${program##*/}$(how_far)"
		sleep 0.2
	done
	wait "$guest" 2>/dev/null || qemu_status=$?
	guest=
	progress_end
}

# A race of plain Linux on x86: where the host is slow just then, an interrupt of the timer
# finds an IO-APIC that is only being set up.
met_early_interrupt()
{
	[ ! -s "$work/output" ] && [ ! -s "$work/errors" ] && complaints >/dev/null &&
		grep -a -q 'RIP: .*mask_ioapic_irq' "$log"
}

boot
if met_early_interrupt; then
	mv "$log" "$log.first"
	say "an interrupt came before the guest's kernel was ready for it, log: $log.first; booted once more"
	boot
fi

# The last line is the guest's, all before it the program's.
status=$(tail -c 32 "$work/output" | tr -d '\0' | sed -n 's/^.*\x1eexit \([0-9]*\)$/\1/p')
if [ "$status" ]; then
	[ -z "$status_file" ] || echo "$status" >"$status_file" || die "$status_file cannot be written"
	sed 's/\x1eexit [0-9]*$//' "$work/output" | head -c -1
else
	cat "$work/output"
fi
sed 's/^.*\r//' "$work/errors" >&2

if complaints >/dev/null; then
	show_complaints
	say "the guest's kernel complained; log: $log"
	exit $EXIT_COMPLAINT
elif [ "$hang" ]; then
	show_hang
	say "the guest did not end within $limit s, or said nothing for $stall s; log: $log"
	exit $EXIT_HANG
elif [ "$qemu_status" -ne 0 ]; then
	cat "$work/qemu" >&2
	say "QEMU failed with status $qemu_status; log: $log"
	exit $EXIT_SETUP
elif [ -z "$status" ]; then
	tail -n 30 "$log" >&2
	say "the guest went down before its program had ended; log: $log"
	exit $EXIT_COMPLAINT
fi
exit "$status"
