# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -f upstream.awk -v patch=FILE -v ask=check|page|subject|drops|fixes|message|whole
#        awk -f upstream.awk -v patch=FILE -v ask=change -v ours=OUR_PAGE PAGE
#        awk -f upstream.awk -v ask=sums PAGE
#
# Reads one patch of upstream/ and tells a part of it (its pages, one a line), or writes
# PAGE, which is OUR_PAGE there, as it changes it.
# A patch is our words and where they go; what stands there is named by sums of lines,
# so that no sentence of the man-pages project is kept here:
#
#	# SPDX-License-Identifier: Linux-man-pages-copyleft
#	Page: man2const/UFFDIO_MOVE.2const
#	Subject: The source has to be aligned, too	a sentence
#	Drops: 1			as many lines may go; without it none
#	Fixes: hash (date; "subject")	where it is known
#					an empty line; then the message,
#	Sources:			which names where the fact was read or seen
#	---
#	in ERRORS: EINVAL		a heading, and a tag in it if need be
#	replace 279d8a9c 00006fe1	the lines with these sums, by the text below
#	+.IR .dst ,			a line of the text
#	page man2const/UFFDIO_COPY.2const	what follows is for this page; without
#					such a line, for the one of the header
#
# There is also `behind SUM...` and `before SUM...`, which leave these lines as they are;
# `drop SUM...`, without a text; `new`: the section in which it is is not there yet, and
# goes where man-pages(7) wants it; `sort`: the entries, by their tags; and in place of
# all that `whole`: the page is new, and ours.  `take SECTION` stands for the lines that
# our page has there.  A heading HEAD means what comes before the first one.  What is an
# entry of its own goes in a section, not in the entry beside it.
#
# With ask=sums, writes PAGE with the sum of each line before it, and where it is.
#
# Lines that no other patch touches, and as few of them as identify the place, let the
# patches be applied in any order, and each of them alone.
#
# Exit status: 2 the patch is not well formed, 3 PAGE has the fact already, 4 PAGE is
# not as the patch expects; the reason goes to standard error.

function fail(status, why)
{
	print why > "/dev/stderr"
	exit_status = status
	exit status
}

function bad(why)
{
	fail(2, patch ":" at ": error: " why)
}

# The sum of a line: of 31 bits, so that every awk counts and prints it exactly.
function sum_of(text,	i, sum)
{
	sum = 0
	for (i = 1; i <= length(text); i++)
		sum = (sum * 257 + code[substr(text, i, 1)]) % 2147483647
	return sprintf("%08x", sum)
}

function heading_of(text)
{
	sub(/^\.S[HS] +/, "", text)
	gsub(/"/, "", text)
	return text
}

# What the tag of an entry begins with: its macro and quotes are left out.
function is_tagged(text, name)
{
	sub(/^\.[BI]R? +/, "", text)
	gsub(/"/, "", text)
	return text == name || index(text, name " ") == 1
}

# --- the patch ---

# The names of the contract's clauses, which are nobody's but ours.  Those without a dot are
# of its examples, and words that anyone may use.
function read_clauses(	line)
{
	while ((getline line < "spec/uffdio_move.yaml") > 0)
		if (sub(/^ *- id: /, "", line) && line ~ /[.]/)
			is_clause[line] = 1
	close("spec/uffdio_move.yaml")
}

# Refuses a line of ours that names what that project does not have.
function check_names(line,	words, n, i)
{
	if (line ~ /uffdio_move_contract/)
		bad("it names uffdio_move_contract, which that project does not have")
	n = split(line, words, /[^a-z0-9.-]+/)
	for (i = 1; i <= n; i++) {
		gsub(/^[.-]+|[.-]+$/, "", words[i])
		if (words[i] in is_clause)
			bad("it names a clause of ours: " words[i])
	}
}

# git takes such a line of a message for the end of it, or for a header.
function check_message(line)
{
	if (length(line) > 72 && line !~ /^</)
		bad("the message has lines of more than 72 characters")
	if (line ~ /^(diff -|Index: |---)/)
		bad("the message has a line that looks like the beginning of a patch")
	if (message == "" && line ~ /^(From|Date|Subject): /)
		bad("the message begins like a header")
}

function header(line,	key, value)
{
	if (line !~ /^[A-Z][a-z]+: [^ ]/)
		bad("not 'Key: value'")
	key = value = line
	sub(/:.*/, "", key)
	sub(/^[^:]*: /, "", value)
	if (key !~ /^(Page|Subject|Drops|Fixes)$/)
		bad("no such key: " key)
	if (key in head)
		bad(key " is given twice")
	if (key == "Page")
		begin_page(value)
	if (key == "Drops" && value !~ /^[0-9]+$/)
		bad("not a number of lines: " value)
	if (key == "Fixes" && value !~ /^[0-9a-f]+ \([0-9]+-[0-9]+-[0-9]+; ".*"\)$/)
		bad("not 'Fixes: hash (YYYY-MM-DD; \"subject\")'")
	if (key == "Subject" && value ~ /[.] *$/)
		bad("the subject has a full stop at its end")
	head[key] = value
}

function begin_page(path)
{
	if (path !~ /^man2(const)?\/[A-Za-z_]+\.2(const)?$/)
		bad("not the path of a page: " path)
	if (path in changes_of)
		bad("the page " path " comes twice")
	finish_page()
	page[++pages] = path
	changes_of[path] = 0
	where_section = ""
}

function finish_page()
{
	finish_place()
	if (pages && part_is_places && !changes_of[page[pages]])
		bad("it changes nothing of " page[pages])
}

function finish_place()
{
	if (places && op[places] !~ /^(drop|sort|whole)$/ && texts[places] == 0)
		bad("no text for '" op[places] "' above this line")
}

function begin_place(line)
{
	finish_place()
	where_section = line
	sub(/^in /, "", where_section)
	where_entry = ""
	if (match(where_section, /: /)) {
		where_entry = substr(where_section, RSTART + 2)
		where_section = substr(where_section, 1, RSTART - 1)
	}
}

function begin_change(line,	words, n, i)
{
	n = split(line, words, / +/)
	finish_place()
	if (where_section == "" && words[1] != "whole")
		bad("'in SECTION' has to come before '" words[1] "'")
	if (where_section != "" && words[1] == "whole")
		bad("'whole' is in no section")
	if (words[1] ~ /^(new|sort|whole)$/ ? n != 1 : n == 1)
		bad("'" words[1] "' with " n - 1 " sums")
	places++
	changes_of[page[pages]]++
	page_of[places] = page[pages]
	section[places] = where_section
	entry[places] = where_entry
	op[places] = words[1]
	at_line[places] = at
	texts[places] = 0
	for (i = 2; i <= n; i++) {
		if (words[i] !~ /^[0-9a-f]+$/ || length(words[i]) != 8)
			bad("not the sum of a line: " words[i])
		sum[places, i - 1] = words[i]
	}
	sums[places] = n - 1
}

function add_text(line)
{
	if (!places)
		bad("a text before what is to be done with it")
	if (op[places] ~ /^(drop|sort|whole)$/)
		bad("'" op[places] "' takes no text")
	if (line ~ /^\.\\" \[/)
		bad("a citation of ours")
	text[places, ++texts[places]] = line
}

# A section of our page, without its heading and what leads back here.
function take(name,	line, inside, found)
{
	if (ask != "change") {
		add_text("")
		return
	}
	while ((getline line < ours) > 0) {
		if (line ~ /^\.SH/)
			inside = heading_of(line) == name
		else if (inside && line !~ /^\.\\" \[/)
			add_text(line)
		if (inside)
			found = 1
	}
	close(ours)
	if (!found)
		bad("our page has no section " name)
}

function read_patch(	line, part)
{
	part = "licence"
	read_clauses()
	while ((getline line < patch) > 0) {
		at++
		if (part == "licence") {
			if (line != "# SPDX-License-Identifier: Linux-man-pages-copyleft")
				bad("the first line is not the licence of pages")
			part = "header"
		} else if (part == "header" && line == "") {
			part = "message"
		} else if (part == "header") {
			header(line)
		} else if (part == "message" && line == "---") {
			part = "places"
			part_is_places = 1
		} else if (part == "message") {
			check_message(line)
			message = message line "\n"
		} else if (line ~ /^page [^ ]/) {
			begin_page(substr(line, 6))
		} else if (line ~ /^in [^ ]/) {
			begin_place(line)
		} else if (line ~ /^(replace|behind|before|drop|new|sort|whole)( |$)/) {
			begin_change(line)
		} else if (line ~ /^take [^ ]/) {
			take(substr(line, 6))
		} else if (line ~ /^\+/) {
			add_text(substr(line, 2))
		} else {
			bad("neither a place, nor a change, nor a '+' and a line of text")
		}
		check_names(line)
	}
	if (!at) {
		at = 1
		bad("it cannot be read, or is empty")
	}
	if (!("Page" in head) || !("Subject" in head))
		bad("Page or Subject is missing")
	if (message !~ /[^\n]/)
		bad("there is no message")
	if (message !~ /(^|\n)Sources:\n/)
		bad("the message names no sources")
	finish_place()
	if (!places)
		bad("it changes nothing")
	finish_page()
	if (op[1] == "whole" && places + pages > 2)
		bad("'whole' is not alone")
}

# --- the page ---

# Which lines the place has; what is missing if there is none.
function mark(name, tag,	i, on, count, sub_section)
{
	split("", in_scope)
	on = name == "HEAD"
	for (i = 1; i <= lines; i++) {
		if (line_at[i] ~ /^\.SH/) {
			on = heading_of(line_at[i]) == name
			sub_section = 0
		} else if (line_at[i] ~ /^\.SS/ && (!on || sub_section)) {
			on = sub_section = heading_of(line_at[i]) == name
		}
		if (on) {
			in_scope[i] = 1
			count++
		}
	}
	if (!count)
		return "there is no section " name
	return tag == "" ? "" : mark_entry(name, tag)
}

function mark_all(	i)
{
	for (i = 1; i <= lines; i++)
		in_scope[i] = 1
}

function mark_entry(name, tag,	i, on, count)
{
	for (i = 1; i <= lines; i++) {
		if (line_at[i] == ".TP")
			on = is_tagged(line_at[i + 1], tag)
		else if (line_at[i] ~ /^\.(P|SH|SS)( |$)/)
			on = 0
		if (!on)
			delete in_scope[i]
		else if (i in in_scope)
			count++
	}
	return count ? "" : "there is no entry " tag " in " name
}

function stands_at(first, k,	j)
{
	for (j = 1; j <= texts[k]; j++)
		if (!((first + j - 1) in in_scope) || line_at[first + j - 1] != text[k, j])
			return 0
	return 1
}

function has_text(k,	i)
{
	for (i = 1; i <= lines; i++)
		if (stands_at(i, k))
			return 1
	return 0
}

function has_sums_at(first, k,	j)
{
	for (j = 1; j <= sums[k]; j++)
		if (!((first + j - 1) in in_scope) || sum_at[first + j - 1] != sum[k, j])
			return 0
	return 1
}

# The first of the lines with these sums; 0 if there are none.
function place_of(k,	i, found)
{
	for (i = 1; i <= lines; i++) {
		if (!has_sums_at(i, k))
			continue
		if (found)
			fail(4, "the text named in " named(k) " is there twice")
		found = i
	}
	return found
}

function named(k)
{
	return section[k] (entry[k] == "" ? "" : ": " entry[k])
}

function has_section(name,	i)
{
	for (i = 1; i <= lines; i++)
		if (line_at[i] ~ /^\.SH/ && heading_of(line_at[i]) == name)
			return i
	return 0
}

function has_entry(name, tag,	i)
{
	for (i = has_section(name) + 1; i <= lines && line_at[i] !~ /^\.SH/; i++)
		if (line_at[i] == ".TP" && is_tagged(line_at[i + 1], tag))
			return 1
	return 0
}

# Whether a change has been made before.  A text that goes before a place, or changes its
# name, is not found in it.
function is_done(k,	missing)
{
	if (op[k] == "drop" && entry[k] != "")
		return !has_entry(section[k], entry[k])
	missing = mark(section[k], entry[k])
	if (op[k] == "sort" || op[k] == "drop")
		return missing ? 0 : op[k] == "sort" ? is_sorted(section[k]) : !place_of(k)
	if (op[k] == "replace" && !missing && place_of(k))
		return 0
	if (op[k] == "before" || missing)
		mark_all()
	return has_text(k)
}

# --- changing it ---

function after_section(name,	i, wanted)
{
	wanted = order[name]
	for (i = 1; i <= lines; i++)
		if (line_at[i] ~ /^\.SH/ && order[heading_of(line_at[i])] > wanted)
			return i
	fail(4, "there is no section that could come after " name)
}

function text_of(k,	j, all)
{
	for (j = 1; j <= texts[k]; j++)
		all = all text[k, j] "\n"
	return all
}

function change(k,	first, missing, i)
{
	if (op[k] == "new") {
		if (has_section(section[k]))
			fail(4, "there is a section " section[k] " already, with another text")
		first = after_section(section[k])
		before[first] = before[first] ".SH " section[k] "\n" text_of(k)
		return
	}
	missing = mark(section[k], entry[k])
	if (missing)
		fail(4, missing)
	if (op[k] == "sort") {
		sort_entries()
		return
	}
	first = place_of(k)
	if (!first)
		fail(4, named(k) " is not as expected: what line " at_line[k] " of the patch names is not there")
	if (op[k] == "before")
		before[first] = before[first] text_of(k)
	else
		behind[first + sums[k] - 1] = text_of(k) behind[first + sums[k] - 1]
	if (op[k] == "replace" || op[k] == "drop")
		for (i = first; i < first + sums[k]; i++)
			gone[i] = 1
}

# The entries of what is marked, as their first lines and tags.
function list_entries(	i)
{
	entries = 0
	for (i = 1; i <= lines; i++)
		if ((i in in_scope) && line_at[i] == ".TP") {
			first_of[++entries] = i
			tag_of[entries] = line_at[i + 1]
			sub(/^\.[BI]R? +/, "", tag_of[entries])
			sub(/ .*/, "", tag_of[entries])
		}
		else if (i in in_scope)
			last_marked = i
}

function is_sorted(name,	i)
{
	list_entries()
	for (i = 2; i <= entries; i++)
		if (tag_of[i] < tag_of[i - 1])
			return 0
	return 1
}

# Entries of one tag stay in their order.
function sort_entries(	i, j, k, turn, all)
{
	list_entries()
	first_of[entries + 1] = last_marked + 1
	for (i = 1; i <= entries; i++) {
		turn[i] = i
		for (j = i; j > 1 && tag_of[turn[j]] < tag_of[turn[j - 1]]; j--) {
			k = turn[j]
			turn[j] = turn[j - 1]
			turn[j - 1] = k
		}
	}
	for (i = 1; i <= entries; i++)
		for (j = first_of[turn[i]]; j < first_of[turn[i] + 1]; j++) {
			all = all line_at[j] "\n"
			gone[j] = 1
		}
	before[first_of[1]] = all
}

function print_page(	i)
{
	for (i = 1; i <= lines; i++) {
		printf "%s", before[i]
		if (!(i in gone))
			print line_at[i]
		printf "%s", behind[i]
	}
}

function print_sums(	i, where, tag)
{
	where = "HEAD"
	for (i = 1; i <= lines; i++) {
		if (line_at[i] ~ /^\.S[HS]/) {
			where = heading_of(line_at[i])
			tag = ""
		} else if (line_at[i] == ".TP") {
			tag = line_at[i + 1]
			sub(/^\.[BI]R? +/, ": ", tag)
		} else if (line_at[i] == ".P") {
			tag = ""
		}
		printf "%s %s%s\t%s\n", sum_at[i], where, tag, line_at[i]
	}
}

function change_page(	k, done)
{
	for (k = 1; k <= places; k++)
		done += page_of[k] == ours && is_done(k)
	if (done == changes_of[ours])
		fail(3, "it has the fact already")
	if (done)
		fail(4, "it has a part of the fact already")
	for (k = 1; k <= places; k++)
		if (page_of[k] == ours)
			change(k)
	print_page()
}

BEGIN {
	for (i = 1; i < 256; i++)
		code[sprintf("%c", i)] = i
	n = split("NAME|LIBRARY|SYNOPSIS|DESCRIPTION|PARAMETERS|RETURN VALUE|ERRORS|ATTRIBUTES|" \
		  "VERSIONS|STANDARDS|HISTORY|NOTES|CAVEATS|BUGS|EXAMPLES|SEE ALSO", name, "|")
	for (i = 1; i <= n; i++)
		order[name[i]] = i
	if (ask != "sums")
		read_patch()
	if (ask == "message")
		printf "%s", message
	else if (ask == "fixes")
		printf "%s", ("Fixes" in head) ? "Fixes: " head["Fixes"] "\n" : ""
	else if (ask == "page")
		for (i = 1; i <= pages; i++)
			print page[i]
	else if (ask == "subject")
		print head["Subject"]
	else if (ask == "drops")
		print head["Drops"] + 0
	else if (ask == "whole")
		exit_status = op[1] != "whole"
	if (ask !~ /^(change|sums)$/)
		exit exit_status
}

/\r$/ && ask == "change" {
	fail(4, "its lines end in CRLF")
}

{
	line_at[++lines] = $0
	sum_at[lines] = sum_of($0)
}

END {
	if (exit_status || ask !~ /^(change|sums)$/)
		exit exit_status
	if (ask == "sums")
		print_sums()
	else
		change_page()
}
