#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: check-series.sh
#        SERIES=kernel-patch/fixes SOURCE_ARCHIVE=FILE check-series.sh
#
# Has kernel-patch/upstream.sh write the series for a checkout of the kernel that is made
# here, of the files of linux-source-6.1 that it looks at, and looks at what a maintainer
# would; and for checkouts and callers that it has to refuse.  Prints flat TAP.
# kernel-patch/vm/on-newest.sh sets the variables for the fixes.

set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/../tap.sh"
cd "$(dirname "$0")/../.." || exit 1
series=${SERIES:-kernel-patch/series}
source=${SOURCE_ARCHIVE:-/usr/src/linux-source-6.1.tar.xz}
folder=${source##*/} folder=${folder%.tar.xz}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
tree="$work/a kernel's tree"
evidence=$work/said

export GIT_CONFIG_GLOBAL=$work/gitconfig GIT_CONFIG_SYSTEM=/dev/null
# shellcheck disable=SC2046
unset $(git rev-parse --local-env-vars) GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL EMAIL
unset GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
git config --global user.name "A Writer"
git config --global user.email writer@example.org
cp "$GIT_CONFIG_GLOBAL" "$work/gitconfig.plain"

lay_out_kernel()
{
	local files

	mapfile -t files < <(cat "$series"/0*.patch | git apply --numstat | cut -f 3 | sort -u)
	mkdir "$tree"
	tar -xJf "$source" -C "$tree" --strip-components=1 --wildcards \
		"${files[@]/#/$folder/}" "$folder/scripts" \
		"$folder"/{COPYING,CREDITS,Kbuild,MAINTAINERS,Makefile,README} 2>"$work/tar"
	# What the series adds is in no archive.
	[ -f "$tree/scripts/checkpatch.pl" ] && git -C "$tree" init -q && git -C "$tree" add -f . &&
		git -C "$tree" commit -q -m "A kernel"
}

state_of() # TREE
{
	git -C "$1" rev-parse HEAD
	git -C "$1" for-each-ref
	find "$1" -printf '%p %T@ %s\n' | sort
}

write() # ARGUMENT...: as make has it written
{
	kernel-patch/upstream.sh "$@" >"$work/said" 2>&1
}

refused() # STATUS WORDS NAME ARGUMENT...: and what is there stays there
{
	local wanted=$1 words=$2 name=$3 status

	shift 3
	rm -rf "$work/kept" && cp -r "$work/series" "$work/kept"
	write "$@"
	status=$?
	[ $status -eq "$wanted" ] && grep -q -- "$words" "$work/said" &&
		diff -r "$work/series" "$work/kept" >>"$work/said"
	result $? "refused: $name"
}

headers() { sed '/^$/q' "$1"; }

each_patch() # COMMAND: true of each of those written?
{
	local patch

	for patch in "$work"/series/[0-9]*.patch; do
		case $patch in
		*/0000-*) ;;
		*) "$1" "$patch" || { echo "$1: $patch" >>"$work/said"; return 1; } ;;
		esac
	done
}

is_from_the_caller() { headers "$1" | grep -q '^From: A Writer <writer@example.org>$'; }
is_sent_to_the_list() { headers "$1" | grep -q 'linux-mm@kvack.org'; }
is_signed_once() { [ "$(grep -c '^Signed-off-by:' "$1")" -eq 1 ] &&
	grep -q '^Signed-off-by: A Writer <writer@example.org>$' "$1"; }
# The last paragraph is one of trailers: those of the patch that it was made of are among them.
has_its_trailers()
{
	local number

	number=${1##*/} number=${number%%-*}
	git interpret-trailers --parse "$1" >"$work/trailers"
	[ "$(grep -c '^Fixes:' "$work/trailers")" -eq "$(cat "$series/$number"-* | grep -c '^Fixes:')" ] &&
		grep -q '^Signed-off-by: ' "$work/trailers"
}
leads_nowhere() { ! sed '/^diff /q' "$1" | grep -E '^\[[a-z-]+\.[a-z-]+\]$|maintainers@'; }

lay_out_kernel || { echo "Bail out! $source could not be laid out: $(tail -n 1 "$work/tar")"; exit 1; }
state_of "$tree" >"$work/before"
make --no-print-directory upstream KERNEL_TREE="$tree" B="$work/b" >"$work/said" 2>&1
result $? "make upstream KERNEL_TREE= writes the series"
mv "$work/b/upstream/kernel" "$work/series" || exit 1
state_of "$tree" | diff "$work/before" - >"$work/said"
result $? "the tree is not touched"
n=$(find "$series" -name '0*.patch' | wc -l)
[ "$(find "$work/series" -name '0*.patch' | wc -l)" -eq "$n" ]
result $? "it has a cover letter and each patch"
each_patch is_from_the_caller
result $? "each is from the caller"
each_patch is_signed_once
result $? "and signed off by the same, and by no other"
each_patch has_its_trailers
result $? "Fixes: and Signed-off-by: are read as trailers"
each_patch is_sent_to_the_list
result $? "each is Cc'd to those whom get_maintainer.pl names"
each_patch leads_nowhere
result $? "no clause is left, nor who made them"
headers "$work/series/0000-cover-letter.patch" >"$work/said"
title=$(sed -n 's/^Subject: \[[^]]*\] //p' "$series/0000-cover-letter.patch")
grep -qxF "Subject: [PATCH 00/$((n - 1))] $title" "$work/said"
result $? "the cover letter's subject is its own line"
grep -q '^base-commit: ' "$work/series/0000-cover-letter.patch" && ! grep 'maintainers@' \
	"$work/series/0000-cover-letter.patch" >"$work/said"
result $? "the cover letter has the base, and its sender alone"
mapfile -t written < <(find "$work/series" -name "*.patch" ! -name "0000-*" | sort)
git -C "$tree" checkout -q -b try && git -C "$tree" am -q "${written[@]}" \
	>"$work/said" 2>&1
status=$?
git -C "$tree" am --abort 2>/dev/null
git -C "$tree" checkout -q -f - && git -C "$tree" branch -q -D try
result $status "git am takes them"

git config --global format.subjectPrefix "OTHER"
git config --global format.signOff true
git config --global commit.gpgSign true
git config --global core.hooksPath "$work/hooks"
git config --global format.attach true
mkdir "$work/hooks"
printf '#!/bin/sh\nexit 1\n' | tee "$work/hooks/pre-commit" >"$work/hooks/applypatch-msg"
chmod +x "$work"/hooks/*
write "$tree" "$work/other"
status=$?
for patch in "$work"/other/*.patch; do
	diff -I '^From [0-9a-f]\{40\} ' -I '^Date: ' -I '^Message-Id: ' -I '^In-Reply-To: ' \
		-I '^References: ' "$patch" "$work/series/${patch##*/}" >>"$work/said" || status=1
done
result $status "what else a user has set for git is left aside"
cp "$work/gitconfig.plain" "$GIT_CONFIG_GLOBAL"

git init -q "$work/strange"
git -C "$work/strange" commit -q --allow-empty -m "Strange"
state_of "$work/strange" >"$work/before"
GIT_DIR=$work/strange/.git GIT_WORK_TREE=$work/strange GIT_INDEX_FILE=$work/strange/.git/index \
	write "$tree" "$work/other" &&
	state_of "$work/strange" | diff "$work/before" - >>"$work/said"
result $? "a repository that the environment names is not touched"

refused 2 'KERNEL_TREE=PATH is missing' "no tree" '' "$work/series"
body() { sed '1,/^$/d' "$1"; }
one=$(find "$series" -name '0001-*.patch')
write "$tree" "$work/one" "$one" &&
	[ "$(find "$work/one" -name '0*.patch' | wc -l)" -eq 2 ] &&
	body "$work/one/${one##*/}" >"$work/alone" &&
	body "$work/series/${one##*/}" | diff "$work/alone" - >>"$work/said"
result $? "a patch alone, where the others are left out"
refused 2 'is no patch of' "a patch of another series" "$tree" "$work/series" \
	"$(find kernel-patch/allow-copy -name '0001-*.patch')"
refused 2 'is no patch of' "a cover letter for a patch" "$tree" "$work/series" \
	"$series/0000-cover-letter.patch"
refused 2 'is no patch of' "a patch that is not there" "$tree" "$work/series" nothing.patch
refused 2 'there is no directory' "a tree that is not there" "$work/nothing" "$work/series"
mkdir "$work/empty"
refused 1 'is no git checkout' "a folder that is no checkout" "$work/empty" "$work/series"
refused 1 'is no source of the kernel' "another project's checkout" "$work/strange" "$work/series"
git config --global --unset user.name
git config --global --unset user.email
git config --global user.useConfigOnly true
refused 1 'who sends it' "a caller without a name" "$tree" "$work/series"
cp "$work/gitconfig.plain" "$GIT_CONFIG_GLOBAL"
refused 1 'cannot be written' "a place that cannot be written" "$tree" /proc/nothing

change() # FILE SED-SCRIPT
{
	sed -i "$2" "$tree/$1"
	git -C "$tree" commit -q -a -m "Another kernel"
}

case $series in
*fixes) file=mm/userfaultfd.c word=PageAnonExclusive ;;
*) file=mm/ksm.c word=rmap_item ;;
esac
change $file "s/$word/other/"
refused 1 "0002-.* does not apply to .*$file" "a kernel that it is not for" "$tree" "$work/series"
git -C "$tree" reset -q --hard HEAD~1
change scripts/checkpatch.pl '1a print "unclean\\n"; exit 1;'
refused 1 '0001-.* is not clean: unclean' "a patch that is not clean there" "$tree" "$work/series"
git -C "$tree" reset -q --hard HEAD~1
change scripts/get_maintainer.pl '1a exit 0;'
refused 1 'get_maintainer.pl names nobody' "a tree that nobody maintains" "$tree" "$work/series"

finish
