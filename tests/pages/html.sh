#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: html.sh BUILD DIRECTORY
#
# Writes the site into DIRECTORY: the pages, the examples, and what is known of kernels, in
# one frame that site/ has the parts of.  BUILD holds specgen and the contract's page.  The
# site is read from the disk as it is; what is Debian's and not ours is a link to
# manpages.debian.org.  DIRECTORY is replaced, if it is a site already.

set -eu
[ $# -eq 2 ] || { echo "usage: $0 BUILD DIRECTORY" >&2; exit 2; }
cd "$(dirname "$0")/../.."

fail() {		# why
	echo "html.sh: $1" >&2
	exit 1
}

without_slashes() {	# path
	path=$1
	while [ "${path%/}" != "$path" ]; do
		path=${path%/}
	done
	echo "${path:-/}"
}

build=$1
target=$(without_slashes "$2")
if [ -e "$target" ] && [ ! -f "$target/site.css" ] && [ "$(ls -A "$target")" ]; then
	fail "$target is there and is no site, so it is left alone"
fi
mkdir -p "$(dirname "$target")"
# Beside the target, to be moved, and its own, for others may write the same site meanwhile.
work=$(mktemp -d "$target.XXXXXX")
# shellcheck source=/dev/null
. tests/pages/lib.sh
parts=tests/pages/site
contract=spec/uffdio_move.yaml
records=spec/kernels

for file in "$build/specgen" "$build/uffdio_move_contract.7"; do
	[ -f "$file" ] || fail "there is no $file; 'make html' makes it"
done
for program in awk mandoc xsltproc; do
	command -v $program >/dev/null || fail "there is no $program; 'make setup' installs it"
done
odd=$(odd_pages)
[ -z "$odd" ] || fail "$odd has other characters in its name than letters, digits, _, . and -"

# mandoc drops a line of code that holds nothing.
code_with_blanks() {
	sed 's/^\\&$/.sp/'
}

page() {		# page
	name=$(page_name "$1")
	section=$(page_section "$1")
	echo "<page name=\"$name\" section=\"$section\" file=\"$name.$section.html\"><raw>"
	titled "$1" | code_with_blanks | mandoc -Thtml -K utf-8 -O fragment
	echo "</raw>"
	awk -f $parts/citations.awk "$1"
	echo "</page>"
}

# From the first question to the real uses, as their README has them.
examples_in_order() {
	{
		sed -n 's/.*](\([a-z_0-9]*\.c\)).*/examples\/\1/p' examples/README.md
		ls examples/*.[ch]
	} | awk '!seen[$0]++'
}

site() {
	cat <<-END
	<site>
	<start file="index.html" title="The pages of UFFDIO_MOVE and its kin" short="UFFDIO_MOVE">
	<group id="interface" section="2">The interface</group>
	<group id="operations" section="2const">The operations</group>
	<group id="contract" section="7">The contract</group>
	</start>
	END
	for manual in $(our_pages) "$build/uffdio_move_contract.7"; do
		page "$manual"
	done
	echo '<matrix file="kernels.html" title="What holds on which kernel">'
	"$build/specgen" --matrix $records $contract
	echo "</matrix>"
	# shellcheck disable=SC2046
	awk -f $parts/examples.awk $(examples_in_order)
	"$build/specgen" --index $records $contract
	echo "</site>"
}

# Whoever else puts a site there meanwhile has a whole one too.
put() {			# new site
	until mv -T "$1" "$target" 2>/dev/null; do
		rm -rf "$work/old"
		mv -T "$target" "$work/old" 2>/dev/null || [ ! -e "$target" ] ||
			fail "$target cannot be replaced"
	done
}

site >"$work/site.xml"
xsltproc -o "$work/articles.xml" $parts/article.xsl "$work/site.xml"
mkdir "$work/site"
xsltproc --stringparam directory "$work/site" $parts/site.xsl "$work/articles.xml"
cp $parts/*.css $parts/*.js "$work/site"
put "$work/site"
echo "The site begins at $target/index.html"
