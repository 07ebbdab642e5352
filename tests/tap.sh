# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Flat TAP, for the checks that are shell scripts: read by them, not run.

tap_n=0
tap_failed=0
evidence=	# files: where something failed, what failed in them is shown, or else their end

what_it_tells() # FILE
{
	if grep -q '^not ok' "$1" 2>/dev/null; then
		grep -A 7 '^not ok' "$1" | head -n 24
	else
		tail -n 8 "$1" 2>/dev/null
	fi
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
	[ -s "$json" ] && jq -e "$@" "$json" >/dev/null
}

# The last line, and the exit status of the whole.
finish()
{
	echo "1..$tap_n"
	[ $tap_failed -eq 0 ]
}
