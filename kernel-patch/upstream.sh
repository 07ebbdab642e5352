#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Usage: upstream.sh KERNEL_TREE DIRECTORY [PATCH...]
#
# Writes into DIRECTORY a series as it is sent, the operation for a KERNEL_TREE that is
# Linux 6.1, and the fixes for a later one: for the commit that this checkout of the kernel
# has at its HEAD, from whom git says is the author there, signed
# off by the same, and Cc'd to those whom the tree's get_maintainer.pl names.  What leads
# back here goes: the clauses below a patch's "---", and the names of those who made it.
# With PATCHes, files of that series, it is these alone: where KERNEL_TREE has the others'
# already, say.  The cover letter still speaks of all.
# All else that a user has set for git is left aside.  KERNEL_TREE itself is not touched.
#
# Each patch is checked by the tree's checkpatch.pl, and what was written is applied once
# more.  What becomes of each is told on standard error meanwhile.
#
# Exit status: 0 the series is there; 1 a patch does not apply or is not clean, and its
# name is said, or the series could not be written; 2 usage.  DIRECTORY is as it was then.

set -u
unset CDPATH
say() { echo "upstream.sh: $*" >&2; }
die() { say "$*"; exit 1; }

[ $# -ge 2 ] || { echo "usage: $0 KERNEL_TREE DIRECTORY [PATCH...]" >&2; exit 2; }
[ "$1" ] || { say "KERNEL_TREE=PATH is missing: a checkout of the kernel"; exit 2; }
[ -d "$1" ] || { say "there is no directory $1"; exit 2; }
tree=$(realpath -- "$1")
output=$(realpath -m -- "$2")
here=$(dirname "$(realpath "$0")")

# A git hook, or a shell that is in some repository, has variables that lead git there.
command -v git >/dev/null || die "there is no git"
# shellcheck disable=SC2046
unset $(git rev-parse --local-env-vars 2>/dev/null)
export GIT_OPTIONAL_LOCKS=0	# asking for the state of KERNEL_TREE writes nothing there

base=$(git -C "$tree" rev-parse --verify -q HEAD 2>/dev/null) || die "$tree is no git checkout"
[ -x "$tree/scripts/get_maintainer.pl" ] && [ -x "$tree/scripts/checkpatch.pl" ] ||
	die "$tree is no source of the kernel: it lacks scripts/get_maintainer.pl or checkpatch.pl"
case $(sed -n -E 's/^(VERSION|PATCHLEVEL) = //p' "$tree/Makefile" 2>/dev/null | paste -s -d .) in
6.1) series=$here/series ;;
*) series=$here/fixes ;;
esac
cover=$series/0000-cover-letter.patch
shift 2
patches=()
for patch; do
	file=$series/${patch##*/}
	[ -f "$file" ] && [ "$patch" -ef "$file" ] && [ "$file" != "$cover" ] || {
		say "$patch is no patch of $series, which is for this tree"
		exit 2
	}
	patches+=("$file")
done
[ $# -gt 0 ] || mapfile -t patches < <(find "$series" -name '0*.patch' ! -name '0000-*' | sort)
identity=$(git -C "$tree" var GIT_AUTHOR_IDENT 2>/dev/null) ||
	die "who sends it? git config user.name and user.email tell"
name=${identity% <*} email=${identity##*<}
email=${email%%>*}

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
log=$work/log
mkdir "$work/patches"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_CONFIG_COUNT=0
unset GIT_CONFIG_PARAMETERS
export GIT_AUTHOR_NAME=$name GIT_AUTHOR_EMAIL=$email
export GIT_COMMITTER_NAME=$name GIT_COMMITTER_EMAIL=$email
git_there() { git -C "$work/tree" -c core.hooksPath=/dev/null "$@"; }

# The message, signed off by the sender alone: what stands between the headers and "---".
message_of() # PATCH
{
	{
		git mailinfo /dev/null /dev/null <"$1" | sed -n 's/^Subject: //p'
		echo
		awk 'body && /^---$/ { exit }
			body && !/^Signed-off-by:/ { print }
			/^$/ { body = 1 }' "$1" | cat -s
	} | git -C "$work" interpret-trailers --trailer "Signed-off-by: $name <$email>"
}

commit_patch() # PATCH
{
	git_there apply --index "$1" >"$log" 2>&1 ||
		die "${1##*/} does not apply to $tree: $(sed -n 's/^error: //p' "$log" | head -n 1)"
	message_of "$1" >"$work/message"
	git_there commit -q -F "$work/message" >"$log" 2>&1 || die "${1##*/}: $(tail -n 1 "$log")"
	git_there show --format=email HEAD >"$work/patch"
	# It asks of each new file whether MAINTAINERS has it; the last patch adds one to a folder.
	# A tree without history has no commit that could be fixed.
	(cd "$work/tree" && scripts/checkpatch.pl --strict --terse --no-summary --showfile \
		--ignore FILE_PATH_CHANGES,UNKNOWN_COMMIT_ID "$work/patch") >"$log" 2>/dev/null || die "${1##*/} is not clean: $(head -n 1 "$log")"
}

# Behind it stand names and figures, which git makes again, and says for which commit.
cover_text()
{
	sed -n 's/^Subject: \[[^]]*\] //p' "$cover"
	echo
	sed '1,/^$/d' "$cover" | awk '/^[^ ].* \([0-9]+\):$/ { exit } /^This is for Linux / { next } { print }' | cat -s
}

# Of the tree's files only those that are looked at: all of them take half a minute.  By
# the folders the tree's scripts know that it is the kernel's.
lay_out_tree()
{
	local folders

	mapfile -t folders < <(cat "$series"/0*.patch | git apply --numstat | sed 's/.*\t//; s,/[^/]*$,,' | sort -u)
	git clone -q --shared --no-checkout "$tree" "$work/tree" &&
		git_there sparse-checkout set --cone scripts "${folders[@]}" &&
		git_there checkout -q -b uffdio-move "$base" &&
		mkdir -p "$work/tree"/{Documentation,arch,include,drivers,fs,init,ipc,kernel,lib}
}

lay_out_tree 2>"$log" || die "$tree could not be laid out: $(head -n 1 "$log")"
n=0
for patch in "${patches[@]}"; do
	commit_patch "$patch"
	n=$((n + 1))
	say "$n: $(git_there log -1 --format=%s)"
done

git_there diff "$base" HEAD >"$work/whole"
mapfile -t copies < <(cd "$work/tree" && scripts/get_maintainer.pl --no-rolestats \
	--no-git-fallback "$work/whole" 2>/dev/null)
[ ${#copies[@]} -gt 0 ] || die "get_maintainer.pl names nobody"
git_there config branch.uffdio-move.description "$(cover_text)"
git_there format-patch -q -o "$work/patches" --cover-letter --cover-from-description=subject \
	--thread=shallow --base="$base" "${copies[@]/#/--cc=}" "$base..uffdio-move" >"$log" 2>&1 ||
	die "git format-patch: $(head -n 1 "$log")"

mapfile -t written < <(find "$work/patches" -name '*.patch' ! -name '0000-*' | sort)
git_there checkout -q -b again "$base"
git_there am -q "${written[@]}" >"$log" 2>&1 ||
	die "what was written does not apply: $(tail -n 1 "$log")"
git_there diff --quiet again uffdio-move || die "what was written makes another tree"

mkdir -p "$output" 2>"$log" && [ -w "$output" ] || die "$output cannot be written"
rm -f "$output"/[0-9][0-9][0-9][0-9]-*.patch
cp "$work"/patches/*.patch "$output" || die "$output cannot be written"
say "$output: a cover letter and $n patches from $name <$email>"
