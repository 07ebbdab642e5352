# SPDX-License-Identifier: GPL-2.0-only
#
# An example's head comment, taken apart, and its source, as XML for site.xsl.
#
#	/*
#	 * NAME.c - QUESTION
#	 *
#	 * Shows: PARAGRAPHS
#	 *
#	 * Clauses: [ID] [ID]
#	 * Page: NAME(SECTION), "PART"
#	 * Compile: ...
#	 * Prints with MODE:
#	 *     LINES
#	 * Prints:
#	 *     LINES

function markup(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	gsub(/"/, "\\&quot;", text)
	return text
}

function element(name, text) {
	sub(/^ +/, "", text)
	sub(/\n+$/, "", text)
	if (text != "")
		printf "<%s>%s</%s>\n", name, markup(text), name
}

function part_of_page(text,	name, part) {
	name = text
	sub(/,.*/, "", name)
	part = text
	if (!sub(/^[^"]*"/, "", part))
		part = ""
	sub(/".*/, "", part)
	printf "<part page=\"%s\" title=\"%s\"/>\n", markup(name), markup(part)
}

function end(	ids, n, i) {
	if (file == "")
		return
	sub(/^[^ ]* - /, "", said["name"])
	sub(/:$/, "", said["name"])
	said["Shows"] = toupper(substr(said["Shows"], 1, 1)) substr(said["Shows"], 2)
	printf "<example file=\"%s.html\" title=\"%s\">\n", file, file
	element("question", said["name"])
	element("shows", said["Shows"])
	n = split(said["Clauses"], ids, /[][ \n]+/)
	for (i = 1; i <= n; i++)
		if (ids[i] != "")
			printf "<cite clause=\"%s\"/>\n", ids[i]
	if (said["Page"] != "")
		part_of_page(said["Page"])
	element("note", said["note"])
	element("prints", said["Prints"])
	if (said["with"] != "")
		printf "<proposed mode=\"%s\"/>\n", markup(mode)
	element("prints-with", said["with"])
	printf "<source>%s</source>\n</example>\n", markup(source)
}

FNR == 1 {
	end()
	split("", said)
	source = key = ""
	file = FILENAME
	sub(/.*\//, "", file)
	in_head = 0
}
{ source = source (FNR > 1 ? "\n" : "") $0 }
!in_head && key == "" && /^\/\*$/ { in_head = 1; key = "name"; next }
in_head && /\*\// { in_head = 0 }
!in_head { next }
{ line = $0; sub(/^ \* ?/, "", line) }
match(line, /^Prints with [A-Z_]+:$/) { mode = substr(line, 13, RLENGTH - 13); key = "with"; next }
key == "name" && line == "" { key = "rest" }
match(line, /^(Shows|Clauses|Page|Compile|Run|Prints)( \([^)]*\))?:/) {
	key = line
	sub(/[ :].*/, "", key)
	if (match(substr(line, 1, RLENGTH), /\(.*\)/))
		said["note"] = substr(line, RSTART + 1, RLENGTH - 2)
	sub(/^[^:]*:/, "", line)
	if (line == "")
		next
}
key == "Prints" || key == "with" { sub(/^    /, "", line); said[key] = said[key] line "\n"; next }
{
	sub(/^ +/, "", line)
	said[key] = said[key] (said[key] == "" ? "" : line == "" ? "\n" : " ") line
}
END { end() }
