# SPDX-License-Identifier: GPL-2.0-only
#
# The rules of lint.sh that are about a page's source: FILE:LINE: rule: why.

function refuse(rule, why)
{
	print FILENAME ":" FNR ": " rule ": " why
}

function refuse_at(line, rule, why)
{
	print FILENAME ":" line ": " rule ": " why
}

# Nothing is claimed of the kernel in NAME, LIBRARY, SYNOPSIS, STANDARDS, EXAMPLES, SEE ALSO.
function end_of_paragraph()
{
	if (claim && !sourced && !section_sourced && heading ~ sections_that_claim)
		refuse_at(claim, "source", "no comment tells what this rests on: \\\" Source: ..., or a clause")
	claim = sourced = 0
}

BEGIN {
	sections_that_claim = "^(DESCRIPTION|PARAMETERS|RETURN VALUE|ERRORS|ATTRIBUTES|VERSIONS|" \
			      "HISTORY|NOTES|CAVEATS|BUGS)$"
	n = split("NAME|LIBRARY|SYNOPSIS|DESCRIPTION|PARAMETERS|RETURN VALUE|ERRORS|ATTRIBUTES|" \
		  "VERSIONS|STANDARDS|HISTORY|NOTES|CAVEATS|BUGS|EXAMPLES|SEE ALSO", known, "|")
	for (i = 1; i <= n; i++)
		place[known[i]] = i
	split("NAME|LIBRARY|SYNOPSIS|DESCRIPTION|RETURN VALUE|ERRORS|STANDARDS|HISTORY|SEE ALSO",
	      needed, "|")
	wanted[1] = ".\\\" Copyright, the authors of the Linux man-pages project"
	wanted[2] = ".\\\""
	wanted[3] = ".\\\" SPDX-License-Identifier: Linux-man-pages-copyleft"
	wanted[4] = ".\\\""
}

FNR == 1 {
	file = FILENAME
	sub(/.*\//, "", file)
	name = section = file
	sub(/\.[^.]*$/, "", name)
	sub(/.*\./, "", section)
	first = 1
	if ($0 ~ /^'\\" t/) {
		table_said = 1
		first = 2
		next
	}
}

FNR >= first && FNR < first + 4 {
	if ($0 != wanted[FNR - first + 1])
		refuse("head", "the first lines are not copyright and licence")
	next
}

FNR == first + 4 {
	if ($0 != ".TH " name " " section " (date) \"Linux man-pages (unreleased)\"")
		refuse("title", "not .TH " name " " section " (date) \"Linux man-pages (unreleased)\"")
}

/^[ \t]*$/ { refuse("blank", "a line is empty") }
/[ \t]$/ { refuse("blank", "white space ends the line") }
/\t/ { refuse("tab", "a tab") }
/[^ -~]/ && !/\t/ { refuse("ascii", "a character beyond ASCII") }

# What a claim rests on: code and runs, or a clause of the contract, which has tests.
/^\.\\" Source: / {
	if (begun)
		sourced = 1
	else
		section_sourced = 1
}
/^\.\\" \[/ { sourced = 1 }
/^\.\\"/ || /^'\\"/ { next }

# A source behind a heading goes for all below it, another one for its paragraph.
/^\.(SH|SS|P|TP|IP)( |$)/ {
	end_of_paragraph()
	begun = !/^\.S/
	if (!begun)
		section_sourced = 0
}
!/^\.(SH|SS|P|TP|IP|TQ|RS|RE|PD|EX|EE)( |$)/ && !code && !claim {
	claim = FNR
	begun = 1
}

/^\.TS/ { table = 1; tables = 1 }
/^\.TE/ { table = 0 }
/^\.EX/ { code = 1 }
/^\.EE/ { code = 0 }
/^\.nf/ { verbatim = 1 }
/^\.fi/ { verbatim = 0 }

/^\.(PP|LP|HP)( |$)/ { refuse("macro", "a paragraph begins by .P") }
/^\.(MR|UR|UE|SM|SB|br|sp|ft|ti|in|ne)( |$)/ { refuse("macro", $1 " is not for these pages") }
/^\.(B|I|SH|SS) *$/ { refuse("macro", $1 " without a word") }
/^\.(BR|RB|BI|IB|IR|RI)( |$)/ {
	rest = $0
	words = 0
	sub(/^\.[A-Z]+ */, "", rest)
	while (rest != "") {
		if (rest ~ /^"/)
			sub(/^"[^"]*("|$) */, "", rest)
		else
			sub(/^[^ ]+ */, "", rest)
		words++
	}
	if (words < 2)
		refuse("macro", $1 " with a single argument")
}
/^\.(B|I|BR|IR|RB|RI) [A-Za-z_][A-Za-z0-9_]*\([0-9][a-z]*\)/ {
	refuse("reference-form", "not .BR name (section)")
}

# Escapes make code longer than it will be read; the rule width looks at that.
length($0) > 80 && !code { refuse("long-line", length($0) " characters") }

code && /^[^.']/ && (/['`~^]/ || /(^|[^\\])-/) {
	refuse("code-characters", "a character that is not itself when typeset: write \\[aq] \\[ga] \\[ti] \\[ha] \\-")
}

# Text: not a request, a table, an example or a synopsis.
!/^[.']/ && !code && !table && !verbatim {
	text = $0
	gsub(/(e\.g\.|i\.e\.|etc\.|vs\.|cf\.)/, "", text)
	if (text ~ /[.?!;]["')]* +[^ ]/)
		refuse("semantic-newline", "a sentence or clause ends inside the line")
	if (text ~ /(^|[ (])-[0-9A-Z]/)
		refuse("minus", "a minus sign is \\-")
	if (text ~ /(^|[^A-Za-z0-9_])[A-Za-z_][A-Za-z0-9_]*\([0-9](const|type|head)?\)/)
		refuse("reference-form", "not .BR name (section)")
	if (text ~ /(bitmask|userspace|user-space|non-zero|behaviour|colour|[a-z]alise[ds]?( |$)|licence)/)
		refuse("wording", "man-pages writes bit mask, user space, nonzero, and American")
}

/^\.SH/ {
	heading = $0
	sub(/^\.SH +/, "", heading)
	gsub(/"/, "", heading)
	if (!(heading in place))
		refuse("sections", "no such section: " heading)
	else if (place[heading] <= last_place)
		refuse("sections", heading " comes too late")
	else
		last_place = place[heading]
	seen[heading] = FNR
	name_line = heading == "NAME" ? FNR : 0
	last_errno = ""
	depth = 0
	after_see = heading == "SEE ALSO"
	next
}

heading == "NAME" {
	k = FNR - seen["NAME"]
	if ((k == 1 && $0 != name) || (k == 2 && $0 != "\\-") || k > 3)
		refuse("name", "not three lines: name, \\-, description")
	if (k == 3 && /\.$/)
		refuse("name", "the description ends in a full stop")
}

/^\.RS/ { depth++ }
/^\.RE/ { depth-- }

heading == "ERRORS" && !depth {
	if (tagged && match($0, /E[A-Z0-9]+/)) {
		found = substr($0, RSTART, RLENGTH)
		if ($0 !~ /^\.BR? E/)
			refuse("errors", "an entry's tag is .B ERRNO")
		if (found < last_errno)
			refuse("errors", found " comes after " last_errno)
		last_errno = found
	} else if (tagged) {
		refuse("errors", "an entry's tag is no errno")
	}
	tagged = /^\.TP/
}

# Documents that are no pages follow in a paragraph of their own.
heading == "SEE ALSO" && /^\.P$/ { after_see = 0 }

heading == "SEE ALSO" && after_see {
	if (!match($0, /^\.BR [^ ]+ \([0-9][a-z]*\)(,|)$/)) {
		refuse("see-also", "not .BR name (section), with a comma but at the end")
		next
	}
	split($0, part, /[ ()]+/)
	key = part[3] " " tolower(part[2])
	if (see_key != "" && key <= see_key)
		refuse("see-also", part[2] " is not in order: by section, then by name")
	if (see_key != "" && !see_comma)
		refuse_at(FNR - 1, "see-also", "a comma is missing")
	see_key = key
	see_comma = /,$/
	see_line = FNR
	if (part[2] == name)
		refuse("see-also", "the page itself")
}

END {
	end_of_paragraph()
	for (i in needed)
		if (!(needed[i] in seen))
			refuse_at(1, "sections", needed[i] " is missing")
	if (see_comma)
		refuse_at(see_line, "see-also", "the last one has a comma")
	if (tables && !table_said)
		refuse_at(1, "table", "a table without '\\\" t in the first line")
	if (table_said && !tables)
		refuse_at(1, "table", "'\\\" t without a table")
	if (code)
		refuse("macro", ".EX without .EE")
}
