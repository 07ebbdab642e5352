# SPDX-License-Identifier: GPL-2.0-only
# The report of report.sh, whose variables are the files.

BEGIN {
	FS = "\t"
	while ((getline <list) > 0) {
		file[$1] = $2
		was[$1] = $3
		is[$1] = $4
	}
	while ((getline <unnoticed) > 0)
		if ($0 !~ /^#/ && NF) {
			kind[$1] = $2
			reason[$1] = $3
		}
	while ((getline <results) > 0)
		read_result($1, $2, $3, $5)
	n_stages = split(stages, stage, ",")
	FS = " "
}

# What comes first counts; of flakes and of what went unseen all is kept.
function read_result(name, stage, verdict, what)
{
	if (verdict == "unnoticed")
		passed[name, stage] = 1
	else if (verdict == "flake")
		flake[name] = stage ": " what
	else if (verdict !~ /^(begun|spoiled)$/ && !(name in noticed)) {
		noticed[name] = stage
		by[name] = verdict == "noticed" ? what : verdict ": " what
		how[name] = verdict
	}
}

function has_passed(name,    i)
{
	for (i = 1; i <= n_stages; i++)
		if (!((name, stage[i] == "debug" ? "debug:stress" : stage[i]) in passed))
			return 0
	return 1
}

# A race is what the stress program is for.
function may_be_noticed(name)
{
	return kind[name] == "race" && noticed[name] ~ /stress|debug/
}

# The test, without what it says.
function test_of(name,    words)
{
	if (how[name] != "noticed")
		return how[name]
	split(by[name], words, " ")
	return noticed[name] ": " words[1]
}

{
	name = $2
	all++
	if (name in noticed) {
		n_noticed++
		stage_noticed[noticed[name] == "kernel" || noticed[name] == "guest" ? how[name] : noticed[name]]++
		test_noticed[test_of(name)]++
		if (name in kind && !may_be_noticed(name))
			wrong[++n_wrong] = name
	} else if (!has_passed(name)) {
		if (name in flake)
			undecided[++n_undecided] = name
		else
			n_left++
	} else if (name in kind) {
		n_explained[kind[name]]++
	} else {
		survivor[++n_survivors] = name
	}
	names[all] = name
}

function percent(n, of)
{
	return of ? sprintf("%.1f", 100 * n / of) : "0"
}

function show_sorted(counts, format,    command, key)
{
	command = "sort -k1,1nr -k2"
	for (key in counts)
		printf format "\n", counts[key], key | command
	close(command)
}

function show_mutant(name, what)
{
	printf "  %s\n      %s: %s  =>  %s\n", name, file[name], was[name], is[name]
	if (what != "")
		printf "      %s\n", what
}

function show_table(    i)
{
	printf "%d mutants: %d noticed, %d went through unseen, %d named as equivalent, %d as a race, %d undecided, %d not run\n",
		all, n_noticed, n_survivors, n_explained["equivalent"], n_explained["race"],
		n_undecided, n_left
	if (n_noticed + n_survivors)
		printf "%s%% of those that %scould be noticed were\n",
			percent(n_noticed, n_noticed + n_survivors), n_left ? "have been run and " : ""
	if (n_noticed) {
		printf "\nnoticed by\n"
		show_sorted(stage_noticed, "%6d %s")
		printf "\nin particular\n"
		show_sorted(test_noticed, "%6d %s")
	}
	if (n_survivors)
		printf "\nwent through unseen\n"
	for (i = 1; i <= n_survivors; i++)
		show_mutant(survivor[i], "")
	if (n_undecided)
		printf "\nfailed without the mutant too: to be run again\n"
	for (i = 1; i <= n_undecided; i++)
		show_mutant(undecided[i], flake[undecided[i]])
	if (n_wrong)
		printf "\nnamed in the file unnoticed, and noticed\n"
	for (i = 1; i <= n_wrong; i++)
		show_mutant(wrong[i], by[wrong[i]])
}

function quoted(text)
{
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	gsub(/[\001-\037]/, " ", text)
	return "\"" text "\""
}

function verdict_of(name)
{
	if (name in noticed)
		return how[name]
	if (!has_passed(name))
		return name in flake ? "undecided" : "not run"
	return name in kind ? kind[name] : "unnoticed"
}

function show_json(    i, name)
{
	printf "{\n \"mutants\": %d, \"noticed\": %d, \"unnoticed\": %d, \"equivalent\": %d, \"race\": %d, \"undecided\": %d, \"not_run\": %d,\n",
		all, n_noticed, n_survivors, n_explained["equivalent"], n_explained["race"],
		n_undecided, n_left
	printf " \"list\": [\n"
	for (i = 1; i <= all; i++) {
		name = names[i]
		printf "  {\"name\": %s, \"file\": %s, \"was\": %s, \"is\": %s, \"verdict\": %s, \"stage\": %s, \"by\": %s}%s\n",
			quoted(name), quoted(file[name]), quoted(was[name]), quoted(is[name]),
			quoted(verdict_of(name)), quoted(noticed[name]), quoted(by[name]), i < all ? "," : ""
	}
	printf " ]\n}\n"
}

END {
	if (form == "json")
		show_json()
	else
		show_table()
	exit n_survivors || n_undecided || n_left || n_wrong
}
