# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Flat TAP, for the checks that are shell scripts: read by them, not run.

tap_n=0
tap_failed=0
evidence=	# files: where something failed, what failed in them is shown, and their end

what_it_tells() # FILE
{
	[ -s "$1" ] || return 0
	awk -v end=$(($(wc -l <"$1") - 8)) '/^not ok/ { left = 8 }
		left-- > 0 && shown++ < 24 || NR > end' "$1"
}

result() # STATUS NAME
{
	tap_n=$((tap_n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_n - $2"
		return
	fi
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_n - $2"
	for file in $evidence; do
		what_it_tells "$file" | sed 's/^/# /'
	done
}

skip() # NAME WHY
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

# Is this true of the JSON in a file?  jq takes what has no value for true.
true_of() # FILE JQ-ARGUMENT...
{
	json=$1
	shift
	said=$(jq -e "$@" "$json") && [ "$said" ]
}

# The last line, and the exit status of the whole.
finish()
{
	echo "1..$tap_n"
	[ $tap_failed -eq 0 ]
}
