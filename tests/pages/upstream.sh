#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: upstream.sh MAN_PAGES DIRECTORY [PATCH...]
#
# Writes into DIRECTORY a series of patches for the checkout MAN_PAGES of the man-pages
# project, for `git am`: a cover letter, then one patch a fact, made of the files of
# upstream/ (all of them, or those that are named; upstream.awk tells their form),
# and looks whether it applies.  MAN_PAGES itself is not touched.  Who writes the patches
# and signs them off is who git says is the author there; all else that a user has set for
# git is left aside.
#
# A patch whose place is not as it expects, or that does what that project would send
# back, is left out and named at the end; the exit status is 1 then.  What becomes of
# each is told on standard error meanwhile.
#
# What is in DIRECTORY is replaced, a cover letter that was edited too, but only by a
# series that applies; what another failure leaves there is the one before.

set -eu
unset CDPATH
[ $# -ge 2 ] || { echo "usage: $0 MAN_PAGES DIRECTORY [PATCH...]" >&2; exit 2; }
[ "$1" ] || {
	echo "upstream.sh: MAN_PAGES=PATH is missing: a checkout of the man-pages project" >&2
	exit 2
}
[ -d "$1" ] || { echo "upstream.sh: there is no directory $1" >&2; exit 2; }
tree=$(cd "$1" && pwd)
case $2 in /*) output=$2 ;; *) output=$PWD/$2 ;; esac
shift 2
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
# shellcheck source=/dev/null
. tests/pages/lib.sh
[ $# -gt 0 ] || set -- tests/pages/upstream/[0-9]*

# A git hook, or a shell that is in some repository, has variables that lead git there.
command -v git >/dev/null || { echo "upstream.sh: there is no git" >&2; exit 1; }
# shellcheck disable=SC2046
unset $(git rev-parse --local-env-vars)
unset GIT_ALLOW_PROTOCOL GIT_ATTR_SOURCE GIT_DIFF_OPTS GIT_EXTERNAL_DIFF GIT_NAMESPACE \
	GIT_QUARANTINE_PATH GIT_TEMPLATE_DIR
export GIT_OPTIONAL_LOCKS=0	# asking for the state of MAN_PAGES writes nothing there

die() {
	echo "upstream.sh: $*" >&2
	exit 1
}

# The place of a page in that project.
place() {		# page
	echo "man/man$(page_section "$1")/${1##*/}"
}

# A page of ours as that project wants it: what leads back here goes, and the kernel's own
# document is referred to, as by its other pages of these operations.
for_them() {		# page
	without_citations "$1" | sed -n 'H; ${ x; s/^\n//; s/,\n\.BR uffdio_move_contract (7)//; p; }'
	printf '.P\n.I linux.git/%s\n' '\:Documentation/\:admin\-guide/\:mm/\:userfaultfd.rst'
}

ask() {			# what, of $patch; the page to change, its page here
	awk -f tests/pages/upstream.awk -v ask="$1" -v patch="$patch" \
		${3:+-v ours="$3"} ${2:+"$2"} </dev/null
}

# The lines that the one file has more often than the other.
lines_only_in() {	# file, other file
	sort "$2" >"$work/other"
	sort "$1" | comm -23 - "$work/other"
}

# What lint says of a page.
findings() {		# file, where to keep it
	tests/pages/lint.sh --findings "$1" >"$2" || die "lint.sh does not run: $(cat "$2")"
}

# What it did not say before; what it says now is kept for the next patch to that page.
lint() {		# file before, file after, where findings are kept
	[ -f "$3" ] || findings "$1" "$3"
	findings "$2" "$3.new"
	comm -13 "$3" "$3.new" | sed 's/^: /lint: /'
}

# Why a patch would be sent back for a page, but for what lint says.  Keeps the lines that go.
objections() {		# file before, file after
	[ ${#subject} -lt 75 ] || echo "its subject has ${#subject} characters"
	lines_only_in "$1" "$2" >"$work/gone"
	cat "$work/gone" >>"$work/all-gone"
	! grep -q 'Copyright\|SPDX' "$work/gone" || echo "it removes a line of copyright or licence"
	gone=$(wc -l <"$work/all-gone")
	allowed=$(ask drops)
	[ "$gone" -le "$allowed" ] ||
		echo "it removes more lines than its Drops allows: $gone, not $allowed"
	! grep -q uffdio_move_contract "$2" || echo "it names uffdio_move_contract"
}

# Says why a file is no patch, with the place, before awk reads it.
readable() {		# patch
	if [ ! -e "$1" ]; then
		echo "$1:1: error: there is no such file"
	elif [ ! -f "$1" ]; then
		echo "$1:1: error: it is no regular file"
	elif [ ! -r "$1" ]; then
		echo "$1:1: error: it cannot be read"
	elif [ ! -s "$1" ]; then
		echo "$1:1: error: it is empty"
	else
		# A line that is not made of characters; lib.sh has set UTF-8.
		broken=$(grep -naxv '.*' "$1" | cut -d : -f 1 | head -n 1)
		[ -z "$broken" ] || echo "$1:$broken: error: it is not UTF-8"
	fi
}

check() {		# patch
	patch=$1
	wrong=$(readable "$1")
	[ -z "$wrong" ] || { echo "$wrong" >&2; exit 2; }
	ask check || exit 2
}

commit() {		# pages there
	{
		printf '%s\n\n' "$subject"
		ask message
		printf '\n'
		ask fixes
		printf 'Signed-off-by: %s <%s>\n' "$name" "$email"
	} >"$work/message"
	git -C "$work/tree" add "$@"
	git -C "$work/tree" commit -q -F "$work/message"
}

# A run takes a minute or more.
progress() {		# what has become of $patch
	number=$((number + 1))
	echo "$number/$total: $1" >&2
}

refuse() {		# why
	progress "${patch##*/} left out: $1"
	echo "  ${patch##*/} ($there): $1" >>"$work/refused"
}

tell_there() {
	progress "${patch##*/} there already"
	echo "  ${patch##*/} ($there)" >>"$work/there"
}

# Writes the page as the patch makes it; fails with the reason in $work/why.
change() {		# page there, page here
	if ! ask whole; then
		[ -f "$1" ] || { echo "there is no such page" >"$work/why"; return 4; }
		ask change "$1" "$2" 2>"$work/why"
	elif [ -f "$1" ]; then
		return 3
	elif [ -f "$2" ]; then
		for_them "$2"
	else
		echo "we have no such page" >"$work/why"
		return 4
	fi
}

# What a subject begins with: the page, or the directories of the pages.
subjects_place() {	# pages
	if [ $# -eq 1 ]; then
		place "$1"
	else
		for page; do
			place "$page" | sed 's,[^/]*$,,'
		done | sort -u | paste -sd , | sed 's/,/, /g'
	fi
}

# Writes a page as the patch changes it to the new ones, if it does; fails where it is refused.
apply_to() {		# page here
	there=$(place "$1")
	page=$work/tree/$there
	old=$work/old/${there##*/}
	new=$work/new/${there##*/}
	known=$work/findings/${there##*/}
	# A page that is ours to the letter says all that we know.
	if [ -f "$page" ] && [ -f "$1" ] && for_them "$1" | cmp -s - "$page"; then
		return
	fi
	status=0
	change "$page" "$1" >"$new" || status=$?
	case $status in
	0) ;;
	3) rm "$new"; return ;;
	*) refuse "$(cat "$work/why")"; return 1 ;;
	esac
	if [ -f "$page" ]; then
		cp "$page" "$old"
	else
		: >"$old"
		: >"$known"
	fi
	why=$(objections "$old" "$new")
	[ "$why" ] || why=$(lint "$old" "$new" "$known")
	if [ "$why" ]; then
		refuse "$(printf "%s\n" "$why" | paste -sd ';' | sed 's/;/; /g')"
		return 1
	fi
}

# All of a patch or nothing, but for the pages that have it already.
apply() {		# patch
	patch=$1
	here=$(ask page)
	# shellcheck disable=SC2086	# names of pages have no spaces
	subject="$(subjects_place $here): $(ask subject)"
	rm -f "$work/new"/*
	: >"$work/all-gone"
	for one in $here; do
		apply_to "$one" || return 0
	done
	set --
	for one in $here; do
		there=$(place "$one")
		[ -f "$work/new/${there##*/}" ] || continue
		mkdir -p "$work/tree/${there%/*}"
		cp "$work/new/${there##*/}" "$work/tree/$there"
		mv "$work/findings/${there##*/}.new" "$work/findings/${there##*/}"
		set -- "$@" "$there"
	done
	if [ $# -eq 0 ]; then
		tell_there
	else
		commit "$@"
		progress "$subject"
	fi
}

# What a program has said, on one line.
on_one_line() {		# file
	sed 's/^fatal: //' "$1" | tr -s '[:space:]' ' ' | sed 's/ $//'
}

# Asks git about MAN_PAGES; what it has to say against that is told.
git_there() {		# arguments
	git -C "$tree" -c core.fsmonitor=false "$@" 2>"$work/git" ||
		die "git does not read $tree: $(on_one_line "$work/git")"
}

# Sets $name and $email to those of the author, who git must not have made up.
identify() {
	ident=$(git -C "$tree" -c user.useConfigOnly=true var GIT_AUTHOR_IDENT 2>/dev/null) ||
		ident=$(git -C "$tree" -c user.useConfigOnly=true var GIT_COMMITTER_IDENT 2>/dev/null) ||
		die "git does not know who you are: set user.name and user.email with git config"
	name=${ident% <*}
	email=${ident##*<}
	email=${email%%>*}
}

configure() {		# key, value
	git config --file "$work/gitconfig" "$1" "$2"
}

# Puts the series where the one before was.  What takes long, or may fail, comes first.
hand_over() {
	fresh=$(mktemp -d "$output/.series-XXXXXX") || die "$output cannot be written"
	if [ "$count" -gt 0 ] && ! cp "$work/series"/*.patch "$fresh"; then
		rm -rf "$fresh"
		die "$output cannot be written"
	fi
	rm -f "$output"/[0-9][0-9][0-9][0-9]-*.patch
	[ "$count" -eq 0 ] || mv "$fresh"/*.patch "$output"
	rmdir "$fresh"
}

# From here on git knows nothing of what its user has set, but for the name.
leave_settings_aside() {
	mkdir "$work/none"
	configure user.name "$name"
	configure user.email "$email"
	configure safe.directory '*'	# the user's git has let us read MAN_PAGES
	configure protocol.file.allow always
	configure init.templateDir "$work/none"
	configure core.hooksPath "$work/none"
	configure core.attributesFile /dev/null
	configure core.excludesFile /dev/null
	unset GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_AUTHOR_DATE
	unset GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL GIT_COMMITTER_DATE
	export GIT_CONFIG_GLOBAL="$work/gitconfig" GIT_CONFIG_SYSTEM=/dev/null GIT_ATTR_NOSYSTEM=1
}

tell_list() {		# what they are, file
	[ ! -s "$2" ] || { echo "$1 ($(wc -l <"$2")):"; cat "$2"; }
}

[ -d "$tree/man/man2" ] || die "$tree has no man/man2: no checkout of man-pages"
[ "$(find "$tree/man/man2const" -name '*.2const' 2>/dev/null)" ] ||
	die "$tree is older than man-pages 6.9: its operations have no pages of their own"
inside=$(git_there rev-parse --show-prefix)
[ -z "$inside" ] || die "$tree is no repository itself, but a directory inside another one"
base=$(git -C "$tree" rev-parse --verify -q 'HEAD^{commit}') || die "$tree has no commit"
changed=$(git_there status --porcelain --untracked-files=no)
[ -z "$changed" ] ||
	die "$tree has changes that are not committed: the series would not be for what you see"
identify
mkdir -p "$output" 2>/dev/null || die "$output cannot be made"
[ -w "$output" ] || die "$output cannot be written"
for file; do
	check "$file"
done

mkdir "$work/old" "$work/new" "$work/findings"
: >"$work/refused"
: >"$work/there"
leave_settings_aside
git clone -q --shared "$tree" "$work/tree"
git -C "$work/tree" checkout -q -b uffdio-move
git -C "$work/tree" config branch.uffdio-move.description "$(sed 1d tests/pages/upstream/cover)"

number=0
total=$#
for file; do
	apply "$file"
done
count=$(git -C "$work/tree" rev-list --count "$base"..HEAD)

if [ "$count" -gt 0 ]; then
	git -C "$work/tree" format-patch -q -o "$work/series" --cover-letter \
		--cover-from-description=subject --thread=shallow \
		--range-diff="$base" --base="$base" \
		--to='Alejandro Colomar <alx@kernel.org>' --cc=linux-man@vger.kernel.org \
		--cc='Suren Baghdasaryan <surenb@google.com>' \
		--cc='Lokesh Gidra <lokeshgidra@google.com>' \
		--cc='Andrea Arcangeli <aarcange@redhat.com>' \
		--cc=linux-mm@kvack.org --cc=linux-api@vger.kernel.org "$base"..uffdio-move

	# It applies where it was made for, and gives what was meant.
	git clone -q --shared "$tree" "$work/applied"
	set -- "$work/series"/*.patch
	shift	# the cover letter
	git -C "$work/applied" am -q --whitespace=error-all "$@" ||
		die "the series does not apply"
	[ "$(git -C "$work/applied" rev-parse "HEAD^{tree}")" = \
		"$(git -C "$work/tree" rev-parse "HEAD^{tree}")" ] ||
		die "the series applies, but gives another tree"
	[ "$(git -C "$work/applied" log --format='%an <%ae>%n%B' "$base"..)" = \
		"$(git -C "$work/tree" log --format='%an <%ae>%n%B' "$base"..)" ] ||
		die "the series applies, but gives other messages"
	hand_over
	applies_to=$(git -C "$tree" log -1 --format='%h ("%s")')
elif [ -s "$work/refused" ]; then
	echo "$tree takes none of the patches"
else
	hand_over
	echo "$tree has all of this already"
fi
tell_list "there already" "$work/there"
tell_list "left out" "$work/refused"
[ "$count" -eq 0 ] ||
	echo "$output: a cover letter, patches: $count; they apply to $applies_to"
[ ! -s "$work/refused" ]
