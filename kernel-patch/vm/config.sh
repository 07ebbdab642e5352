# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# From a configuration's name to a built kernel; read by scripts after common.sh,
# not run.
# shellcheck disable=SC2154 # set by common.sh

# Sets: fragments arch compiler image, and cross as machines.sh does.  $FRAGMENT is one more, for
# another source than 6.1.
select_config() # NAME
{
	local config=$kernel_patch/config

	fragments=("$config/base.config")
	case $1 in
	arm64-16k*)
		arch=arm64 cross=aarch64-linux-gnu- image=arch/arm64/boot/Image
		fragments+=("$config/arm64-16k.config")
		;;
	s390x)
		arch=s390x cross=s390x-linux-gnu- image=arch/s390/boot/bzImage
		fragments+=("$config/s390x.config")
		;;
	base | debug)
		arch=x86_64 cross='' image=arch/x86/boot/bzImage
		fragments+=("$config/x86_64.config")
		[ "$(uname -m)" = x86_64 ] || cross=x86_64-linux-gnu-
		;;
	*)
		die "no configuration is called $1"
		;;
	esac
	case $1 in
	*debug) fragments+=("$config/debug.config") ;;
	esac
	[ -z "${FRAGMENT-}" ] || fragments+=("$config/$FRAGMENT.config")
	config_name=$1
	compiler=${cross}gcc
}

need_compiler()
{
	case $arch in
	arm64) need_tool "$compiler" gcc-aarch64-linux-gnu ;;
	s390x) need_tool "$compiler" gcc-s390x-linux-gnu ;;
	*) need_tool "$compiler" gcc ;;
	esac
	need_tool make make
	need_tool flex flex
	need_tool bison bison
	need_tool bc bc
}

# make for the kernel: the same command line each time, or all is built anew.
kernel_make() # SOURCE OBJECTS ARGUMENT...
{
	local source=$1 objects=$2 ccache=
	shift 2

	command -v ccache >/dev/null && ccache='ccache '
	LC_ALL=C KBUILD_BUILD_TIMESTAMP='2023-01-01' KBUILD_BUILD_USER=uffdio-move \
	KBUILD_BUILD_HOST=uffdio-move KBUILD_BUILD_VERSION=1 \
		make -C "$source" O="$objects" -j "${JOBS:-$(nproc)}" ARCH="${arch/s390x/s390}" CROSS_COMPILE="$cross" \
		CC="$ccache$compiler" HOSTCC="${ccache}gcc" "$@"
}

# allnoconfig takes what it can of the fragments; what it could not is said here.
configure() # SOURCE OBJECTS FRAGMENT...
{
	local source=$1 objects=$2 log=$logs/$config_name.config.log line wrong=
	shift 2

	mkdir -p "$objects" || die "$objects cannot be written"
	cat "$@" 2>"$log" >"$objects/fragments.new" || die_of "$objects cannot be written" "$log"
	if [ -f "$objects/.config" ] && cmp -s "$objects/fragments.new" "$objects/fragments"; then
		return
	fi
	run_logged "$log" "configuring" kernel_make "$source" "$objects" \
		KCONFIG_ALLCONFIG="$objects/fragments.new" allnoconfig ||
		die_of "the configuration $config_name could not be made" "$log"
	# The last fragment that names an option decides.
	while IFS= read -r line; do
		case $line in
		*=n) ! grep -q "^${line%=n}=" "$objects/.config" || wrong+=" $line" ;;
		*) grep -qxF "$line" "$objects/.config" || wrong+=" $line" ;;
		esac
	done < <(awk -F= '/^CONFIG_/ { last[$1] = $0 } END { for (o in last) print last[o] }' "$@")
	if [ "$wrong" ]; then
		rm -f "$objects/.config"
		die "the kernel at $source did not take these options of $config_name:$wrong; log: $log"
	fi
	mv "$objects/fragments.new" "$objects/fragments"
}

# What a killed compiler left is newer than its source, and make would trust it.
drop_unfinished() # OBJECTS
{
	[ -f "$1/.unfinished" ] || return 0
	find "$1" -newer "$1/.unfinished" \( -name '*.o' -o -name '*.a' \) -delete
}

build_kernel() # SOURCE LOCALVERSION; sets objects
{
	local log=$logs/$config_name.build.log

	objects=$1/build-$config_name
	need_compiler
	[ -d "$objects" ] || need_space 700 "a kernel's objects"
	configure "$1" "$objects" "${fragments[@]}"
	drop_unfinished "$objects"
	touch "$objects/.unfinished" 2>"$log" || die_of "$objects cannot be written" "$log"
	# shellcheck disable=SC2016 # evaluated for each line of progress
	run_logged "$log" 'building the kernel ('"$config_name"'): $(grep -c "^  [A-Z]" '"'$log'"') steps' \
		kernel_make "$1" "$objects" LOCALVERSION="$2" "${image##*/}" ||
		die_of "the kernel ($config_name) could not be built" "$log"
	rm "$objects/.unfinished"
}

keep_image() # DIR
{
	local unfinished=$1.unfinished

	rm -rf "$unfinished"
	{ mkdir "$unfinished" &&
		cp "$objects/$image" "$unfinished/image" &&
		cp "$objects/.config" "$unfinished/config"; } 2>"$logs/keep.log" ||
		die_of "the kernel could not be kept" "$logs/keep.log" "$unfinished"
	mv "$unfinished" "$1"
}
