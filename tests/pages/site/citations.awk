# SPDX-License-Identifier: GPL-2.0-only
#
# Which clauses each section of a page cites, in comments that mandoc drops, as XML for site.xsl.

/^\.S[HS] / {
	section = substr($0, 5)
	gsub(/"/, "", section)
	gsub(/ /, "_", section)
}
/^\.\\" \[/ {
	rest = $0
	while (match(rest, /\[[a-z-]+\.[a-z-]+\]/)) {
		clause = substr(rest, RSTART + 1, RLENGTH - 2)
		rest = substr(rest, RSTART + RLENGTH)
		if (!seen[section, clause]++)
			printf "<cite section=\"%s\" clause=\"%s\"/>\n", section, clause
	}
}
