# SPDX-License-Identifier: GPL-2.0-only
#
# Reads the contract and then the page of the operation; says where ERRORS and the
# contract disagree, as FILE:LINE: why.

function refuse(file, line, why)
{
	print file ":" line ": " why
}

function end_of_entry(    n, i, id, ids, agrees)
{
	if (entry == "")
		return
	n = split(cited, ids, " ")
	if (!n)
		refuse(FILENAME, entry_line, "this entry of " entry " cites no clause")
	for (i = 1; i <= n; i++) {
		id = ids[i]
		if (!(id in line_of)) {
			refuse(FILENAME, entry_line, "no clause is called '" id "'")
			continue
		}
		if (id in errno_of && errno_of[id] !~ "(^| )" entry "( |$)")
			refuse(FILENAME, entry_line, "this entry of " entry " cites " id \
			       ", whose errno is" errno_of[id])
		if (id in errno_of || index(rule_of[id], entry) || id == unseen)
			agrees = 1
		told[id, entry] = 1
	}
	if (n && !agrees)
		refuse(FILENAME, entry_line, "no clause that this entry cites gives " entry)
	entry = ""
	cited = ""
}

BEGIN {
	# A process that is killed does not live to see the errno: no clause can give it.
	unseen = "signals.fatal"
}

# The contract: which clause gives which errno.
FNR == NR {
	if (/^[a-z]/) {
		part = $1
		sub(/:.*/, "", part)
	}
	if (part !~ /^(rules|checks|outcomes|effects)$/)
		next
	if (/^  - id: /) {
		id = $3
		line_of[id] = FNR
		contract = FILENAME
	} else if (/^    rule: /) {
		rule_of[id] = $0
	} else if (/^    (errno|result|or): E/) {
		results = $2
		gsub(/\|/, " ", results)
		errno_of[id] = errno_of[id] " " results
	}
	next
}

/^\.SH/ {
	end_of_entry()
	errors = $2 == "ERRORS"
}

errors && /^\.TP/ {
	end_of_entry()
	tag = 1
	next
}

errors && tag && /^\.BR? E[A-Z]+/ {
	entry = $2
	entry_line = FNR
	tag = 0
	next
}

errors && entry != "" && /^\.\\" \[/ {
	text = $0
	gsub(/[][]|^\.\\"/, " ", text)
	cited = cited " " text
}

END {
	end_of_entry()
	for (id in errno_of) {
		n = split(errno_of[id], gives, " ")
		for (i = 1; i <= n; i++)
			if (!((id, gives[i]) in told))
				refuse(contract, line_of[id], id " gives " gives[i] \
				       ", and no entry of ERRORS for that cites it")
	}
}
