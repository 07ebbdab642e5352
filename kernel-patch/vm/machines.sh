# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# From an architecture to a machine of QEMU's that is it; read by scripts after
# common.sh, not run.
# shellcheck disable=SC2034 # not all use all of it

# Sets: qemu, its command; console, the kernel's name of the console that is QEMU's
# chardev "console", with what else its command line needs; cross, the prefix of the compiler for it.  The program's output
# goes to the chardevs "output" and "errors".  "bare": the kernel has no modules, for virtio
# without PCI say.
select_machine() # ARCH [bare]
{
	local tool package ports=virtio-serial-device

	case $1 in
	x86_64)
		tool=qemu-system-x86_64 package=qemu-system-x86
		# Emulated by threads, cmpxchg16b now and then leaves flags that no processor has.
		qemu=(-cpu "max,-cx16" -m 1G -serial chardev:console -serial chardev:output -serial chardev:errors)
		# On a busy host the kernel does not see the timer tick in time, and gives up.
		console="ttyS0 no_timer_check" cross='' ports=
		[ "$(uname -m)" = x86_64 ] || cross=x86_64-linux-gnu-
		;;
	arm64)
		tool=qemu-system-aarch64 package=qemu-system-arm
		qemu=(-M "virt,mte=on" -cpu "max,pauth-impdef=on" -m 2G -serial chardev:console)
		console=ttyAMA0 cross=aarch64-linux-gnu-
		[ $# -eq 1 ] || ports=virtio-serial-pci
		;;
	riscv64)
		tool=qemu-system-riscv64 package=qemu-system-misc
		qemu=(-M virt -cpu rv64 -m 2G -serial chardev:console)
		console=ttyS0 cross=riscv64-linux-gnu-
		;;
	s390x)
		tool=qemu-system-s390x package=qemu-system-misc
		qemu=(-M s390-ccw-virtio -cpu max -m 2G -device "sclpconsole,chardev=console")
		console=ttysclp0 cross=s390x-linux-gnu- ports=virtio-serial-ccw
		;;
	ppc64el)
		tool=qemu-system-ppc64 package=qemu-system-ppc
		# What TCG cannot do of the mitigations.
		qemu=(-M "pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken" -cpu power9 -m 3G
			-device "spapr-vty,chardev=console")
		console=hvc0 cross=powerpc64le-linux-gnu- ports=virtio-serial-pci
		;;
	*)
		die "no machine is known for the architecture $1"
		;;
	esac
	need_tool $tool $package
	qemu=("$tool" "${qemu[@]}")
	[ -z "$ports" ] || qemu+=(-device "$ports"
		-device "virtserialport,chardev=output,name=uffdio-move.output"
		-device "virtserialport,chardev=errors,name=uffdio-move.errors")
}
