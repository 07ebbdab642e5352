#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: archive.sh list ARCH...
#        archive.sh fetch VERSION ARCH
#
# The kernels that Debian's archive offers.  apt reads it with a state of its own;
# nothing of the system is changed, nothing is installed.
#
# list prints a line for each kernel that may have UFFDIO_MOVE, newest first:
#
#   VERSION ARCH RELEASE      7.3.4 x86_64 7.3.4+deb13-cloud-amd64
#
# Where the archive cannot be read, these are the ones that the cache has.
#
# fetch unpacks such a kernel, if the cache has it not, and prints its directory:
#
#   image           the kernel, for QEMU
#   modules/        the modules that the tests need, in the order to be loaded; empty
#                   where the archive has the image alone
#   release         RELEASE
#
# ARCH: x86_64 arm64 riscv64 s390x ppc64el.  The cloud flavour is taken where there is
# one; for ppc64el the one with 64 KiB pages.
#
# The cache's archive/ARCH/ has apt/, its state, a day old at most, and VERSION/, each
# only ever renamed into place.
#
# Exit status: 1 the archive does not have it, or does not give it; 125 as common.sh.

# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
help_if_asked "$@"

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
FIRST=6.8		# the first Linux with UFFDIO_MOVE
SUITES=(bookworm bookworm-backports trixie trixie-backports sid experimental)
SECURITY_SUITES=(bookworm-security trixie-security)
# Swap, virtual CPUs (QEMU emulates those of AMD), and the guest's way to tell its output,
# with what these need.
MODULES=(lzo lzo-rle lz4 zstd zram kvm_amd virtio_pci virtio_mmio virtio_console)

NO_NETWORK='Temporary failure|Could not resolve|Could not connect|Cannot initiate the connection'

archive=$cache/archive

not_given() { say "$*"; exit 1; }

debian_architecture() # ARCH
{
	case $1 in
	x86_64) echo amd64 ;;
	arm64 | riscv64 | s390x | ppc64el) echo "$1" ;;
	*) die "no architecture is called $1; there are x86_64, arm64, riscv64, s390x and ppc64el" ;;
	esac
}

flavour() # ARCH
{
	case $1 in
	x86_64) echo cloud-amd64 ;;
	arm64) echo cloud-arm64 ;;
	ppc64el) echo powerpc64le-64k ;;
	*) echo "$1" ;;
	esac
}

# The mirrors that this machine has its own packages from.
mirror_of() # LABEL
{
	# shellcheck disable=SC2016 # apt's own variable
	APT_CONFIG='' apt-get indextargets --format '$(REPO_URI)' "Label: $1" | head -n 1
}

# A state for each architecture: where one index of a suite cannot be had, apt takes
# none of its others.
write_apt_state() # DIRECTORY DEBIAN-ARCHITECTURE
{
	local main security suite

	main=$(mirror_of Debian)
	[ "$main" ] || die "apt knows no mirror of Debian; run apt-get update"
	security=$(mirror_of Debian-Security)
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial" || die "$1 cannot be written"
	{
		for suite in "${SUITES[@]}"; do
			echo "deb [signed-by=$KEYRING] $main $suite main"
		done
		for suite in ${security:+"${SECURITY_SUITES[@]}"}; do
			echo "deb [signed-by=$KEYRING] $security $suite main"
		done
	} >"$1/sources.list" || die "$1 cannot be written"
	: >"$1/status" || die "$1 cannot be written"
	# Without it apt would read and change what the system has.
	cat >"$1/apt.conf.new" <<END || die "$1 cannot be written"
APT::Architecture "$2";
APT::Architectures { "$2"; };
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Dir::Etc::sourcelist "$1/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State::lists "$1/lists";
Dir::State::status "$1/status";
Dir::Cache "$1/cache";
END
	mv "$1/apt.conf.new" "$1/apt.conf" || die "$1 cannot be written"
}

# A system may have told apt to keep no index of what it knows; without one it takes 10 s.
with_index() # PROGRAM ARGUMENT...
{
	"$1" -o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin "${@:2}"
}

# A suite that cannot be read is told; what there is of the others counts.
read_archive() # ARCH
{
	local state=$archive/$1/apt log=$logs/archive-$1.log debian

	debian=$(debian_architecture "$1") || exit $EXIT_SETUP
	mkdir -p "$state" || die "$state cannot be written"
	exec 7>"$state/lock" || die "$state cannot be written"
	flock 7
	if [ -z "$(find "$state/read" -mtime -1 2>/dev/null)" ]; then
		write_apt_state "$state" "$debian"
		say "reading what Debian's archive has for $1"
		if ! APT_CONFIG=$state/apt.conf with_index apt-get update -qq 2>"$log"; then
			[ -n "$(find "$state/lists" -maxdepth 1 -name '*_Packages*')" ] ||
				not_given "Debian's archive cannot be reached; log: $log"
			sed -n 's,^[EW]: Failed to fetch .*/dists/\([^/ ]*\)/.*,\1,p' "$log" | sort -u |
				while read -r suite; do
					say "$suite cannot be read for $1, and is left out"
				done
		fi
		# what could not be reached is asked again the next time
		grep -qE "$NO_NETWORK" "$log" || touch "$state/read"
	fi
	flock -u 7
	export APT_CONFIG=$state/apt.conf
}

# RELEASE of each kernel of an architecture, as the package with its image has it, and
# the version of that package: 7.3~rc7-1~exp1 is Linux 7.3-rc7.
list_releases() # ARCH
{
	local packages

	packages=$(with_index apt-cache pkgnames linux- |
		grep -E "^linux-(image|binary)-[0-9].*[0-9]-$(flavour "$1")\$") || return 0
	# shellcheck disable=SC2086 # names of packages
	with_index apt-cache show --no-all-versions $packages |
		awk '/^Package: / { sub(/linux-(image|binary)-/, "", $2); release = $2 }
			/^Version: / { sub(/-[^-]*$/, "", $2); sub(/~rc/, "-rc", $2); print $2, release }' |
		sort -u
}

list() # ARCH
{
	list_releases "$1" | sort -k1,1Vr -k2,2Vr |
		awk -v arch="$1" -v first=$FIRST '{ split($1, v, "."); split(first, f, ".") }
			(v[1] + 0 > f[1] || v[1] == f[1] && v[2] + 0 >= f[2]) && !seen[$1]++ {
				print $1, arch, $2
			}'
}

list_fetched() # ARCH, and the status if there are none
{
	local file directory fetched

	fetched=$(for file in "$archive/$1"/*/release; do
		directory=${file%/release}
		[ ! -s "$file" ] || echo "${directory##*/} $1 $(cat "$file")"
	done | sort -k1,1Vr)
	[ "$fetched" ] || exit "$2"
	say "for $1 these are the kernels that were fetched before"
	echo "$fetched"
}

# Of a package that the archive lists in several versions, the newest that it gives.
download() # DIRECTORY PACKAGE
{
	(cd "$1" && with_index apt-get download -qq "$2") >>"$log" 2>&1
}

# A name that only others depend on is not one that is listed.
is_listed() { [ "$(with_index apt-cache show --no-all-versions "$1" 2>/dev/null)" ]; }

unpack_kernel() # DIRECTORY RELEASE
{
	local package found=

	for package in linux-binary-$2 linux-image-$2 linux-modules-$2; do
		is_listed "$package" || continue
		download "$1" "$package" || not_given "the archive lists $package and does not give it"
	done
	for package in "$1"/*.deb; do
		[ -f "$package" ] || not_given "the archive does not give $2"
		dpkg-deb -x "$package" "$1/root" 2>>"$log" ||
			die_of "${package##*/} could not be unpacked" "$log"
	done
	for found in "$1"/root/boot/vmlinu[xz]-* "$1"/root/usr/lib/modules/*/vmlinu[xz]; do
		if [ -f "$found" ]; then
			cp "$found" "$1/kernel/image"
			return
		fi
	done
	not_given "the packages of $2 hold no kernel image"
}

# Below a root of Debian's, modules lie in lib/modules or usr/lib/modules.
copy_modules() # DIRECTORY RELEASE
{
	local root=$1/root module file n=10

	[ -d "$root/lib" ] || ln -s usr/lib "$root/lib"
	if [ ! -d "$root/lib/modules/$2/kernel" ]; then
		say "the archive has no modules of $2 any more"
		return
	fi
	depmod -b "$root" "$2" 2>>"$log" || die_of "depmod failed for $2" "$log"
	for module in "${MODULES[@]}"; do
		modprobe -d "$root" -S "$2" --show-depends "$module" 2>/dev/null || :
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
		module=$1/kernel/modules/$n-$(basename "$file")
		case $file in
		*.xz) xz -dc "$file" >"${module%.xz}" ;;
		*) cp "$file" "$module" ;;
		esac
		n=$((n + 1))
	done
}

# QEMU takes arm64's image as it is, or unpacked from gzip; not within an EFI program.
plain_image() # IMAGE ARCH
{
	case $2:$(head -c 2 "$1" | od -An -tx1 | tr -d ' ') in
	arm64:1f8b | riscv64:1f8b)
		gzip -dc "$1" >"$1.plain" && mv "$1.plain" "$1"
		;;
	esac
}

fetch() # VERSION ARCH
{
	local release directory=$archive/$2/$1 work log=$logs/archive-$1-$2.log

	[[ $1 =~ ^[0-9]+\.[0-9][A-Za-z0-9.-]*$ ]] || not_given "$1 is no version of Linux"
	if [ -s "$directory/image" ] && [ -s "$directory/release" ]; then
		echo "$directory"
		return
	fi
	rm -rf "$directory"
	debian_architecture "$2" >/dev/null
	need_space 500 "a kernel of Debian's"
	read_archive "$2"
	release=$(list "$2" | awk -v version="$1" '$1 == version { print $3; exit }')
	[ "$release" ] || not_given "Debian's archive has no Linux $1 for $2"
	mkdir -p "$archive/$2"
	work=$(mktemp -d "$archive/$2/.unfinished.XXXXXX")
	# shellcheck disable=SC2064 # this directory, now
	trap "rm -rf '$work'" EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir -p "$work/kernel/modules" "$work/root"
	: >"$log"
	unpack_kernel "$work" "$release"
	copy_modules "$work" "$release"
	plain_image "$work/kernel/image" "$2"
	echo "$release" >"$work/kernel/release"
	mv -T "$work/kernel" "$directory" 2>/dev/null || [ -d "$directory" ] ||
		die "$directory could not be written"
	echo "$directory"
}

make_cache
mkdir -p "$archive" || die "$archive cannot be written"
need_tool depmod kmod
need_tool apt-get apt
case ${1-} in
list)
	[ $# -ge 2 ] || die "list wants an architecture; --help tells the usage"
	shift
	for arch; do
		# not joined by || or &&, within which a failure would not end it
		set +e
		(set -e; read_archive "$arch"; list "$arch")
		status=$?
		set -e
		[ $status -eq 0 ] || list_fetched "$arch" $status
	done
	;;
fetch)
	[ $# -eq 3 ] || die "fetch wants a version and an architecture; --help tells the usage"
	fetch "$2" "$3"
	;;
*)
	die "list or fetch? --help tells the usage"
	;;
esac
