#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: html.sh BUILD DIRECTORY
#
# Writes the site into DIRECTORY: the pages, the examples, and what is known of kernels, in
# one frame that site/ has the parts of.  BUILD holds specgen and the contract's page.  The
# site is read from the disk as it is; what is Debian's and not ours is a link to
# manpages.debian.org.

set -eu
[ $# -eq 2 ] || { echo "usage: $0 BUILD DIRECTORY" >&2; exit 2; }
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
# shellcheck source=/dev/null
. tests/pages/lib.sh
build=$1
target=$2
parts=tests/pages/site
contract=spec/uffdio_move.yaml
records=spec/kernels

for file in "$build/specgen" "$build/uffdio_move_contract.7"; do
	[ -f "$file" ] || { echo "html.sh: there is no $file; 'make html' makes it" >&2; exit 1; }
done
for program in mandoc xsltproc; do
	command -v $program >/dev/null ||
		{ echo "html.sh: there is no $program; 'make setup' installs it" >&2; exit 1; }
done

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

site >"$work/site.xml"
xsltproc -o "$work/articles.xml" $parts/article.xsl "$work/site.xml"
rm -rf "$target.new"
mkdir -p "$target.new"
xsltproc --stringparam directory "$target.new" $parts/site.xsl "$work/articles.xml"
cp $parts/*.css $parts/*.js "$target.new"
rm -rf "$target"
mv "$target.new" "$target"
