// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "program.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

const char *const fault_names[FAULTS] = {
	[FAULT_REPEATS] = "repeats-after-short",
	[FAULT_IGNORES] = "goes-on-as-if-moved",
	[FAULT_TRIES] = "tries-without-end",
	[FAULT_SPINS] = "spins-on-pending-event",
	[FAULT_DIES] = "dies-of-allowed-result",
	[FAULT_SLEEPER] = "leaves-a-waiter",
	[FAULT_LOSES] = "loses-a-page",
	[FAULT_DOUBLES] = "doubles-a-page",
	[FAULT_WRITER] = "copies-beside-a-writer",
};

const char *errno_word(int error)
{
	const char *word = strerrorname_np(error);

	return word ? word : "an unknown error";
}

static void print_result(FILE *out, enum meeting meeting)
{
	const char *remark = "";

	if (!counts.met[meeting])
		remark = counts.allowed[meeting] ? "  never met" : "  cannot be met here";
	fprintf(out, "  %-8s %10" PRIu64 " %10" PRIu64 "%s\n", meeting_words[meeting],
		counts.allowed[meeting], counts.met[meeting], remark);
}

static void print_fault(FILE *out, const struct told_fault *f)
{
	fprintf(out, "%s: %s\n    in process %d, dst=%#" PRIx64 " src=%#" PRIx64 " len=%#" PRIx64
		" mode=%#" PRIx64 "\n", fault_names[f->fault], f->said ? f->said : "", (int)f->pid,
		f->move.dst, f->move.src, f->move.len, f->move.mode);
	if (f->trace)
		fprintf(out, "    called from %s\n", f->trace);
}

static void print_table(FILE *out)
{
	fprintf(out, "%" PRIu64 " calls of UFFDIO_MOVE, of which %" PRIu64 " met nothing of ours, and "
		"%" PRIu64 " were refused by the kernel itself\n", counts.calls, counts.let_through,
		counts.refused_by_kernel);
	if (counts.unseen)
		fprintf(out, "%" PRIu64 " further calls were left alone: their structure cannot be read, "
			"or what /proc shows of their process\n", counts.unseen);
	if (counts.not_kept)
		fprintf(out, "there was no room to keep %" PRIu64 " further pages; what becomes of them is not told\n",
			counts.not_kept);
	if (plan.steps)
		fprintf(out, "%zu of %zu steps of the plan were reached, %" PRIu64 " were not allowed where they stood\n",
			plan.next, plan.n, counts.not_allowed);
	else
		fprintf(out, "seed %" PRIu64 "\n", plan.seed);
	fprintf(out, "\n  %-8s %10s %10s\n", "result", "allowed at", "met");
	for (enum meeting m = MEETS_BUSY; m < MEETINGS; m++)
		print_result(out, m);
	fputc('\n', out);
	for (size_t i = 0; i < n_faults; i++)
		print_fault(out, &faults[i]);
	fprintf(out, "%zu %s of the program\n", n_faults, n_faults == 1 ? "fault" : "faults");
}

static json_t *results_as_json(void)
{
	json_t *results = json_object();

	for (enum meeting m = MEETS_BUSY; m < MEETINGS; m++)
		json_object_set_new(results, meeting_words[m],
				    json_pack("{s:I, s:I}", "allowed", (json_int_t)counts.allowed[m],
					      "met", (json_int_t)counts.met[m]));
	return results;
}

/* JSON is UTF-8, which names of files need not be. */
static json_t *text_as_json(const char *text)
{
	json_t *json = text ? json_string(text) : json_null();
	char *plain;

	if (json)
		return json;
	plain = strdup(text);
	for (char *p = plain; p && *p; p++)
		if (*p & 0x80)
			*p = '?';
	json = json_string(plain);
	free(plain);
	return json;
}

static json_t *fault_as_json(const struct told_fault *f)
{
	return json_pack("{s:s, s:o, s:i, s:{s:I, s:I, s:I, s:I}, s:o}", "fault", fault_names[f->fault],
			 "said", text_as_json(f->said), "process", (int)f->pid, "call",
			 "dst", (json_int_t)f->move.dst, "src", (json_int_t)f->move.src,
			 "len", (json_int_t)f->move.len, "mode", (json_int_t)f->move.mode,
			 "trace", text_as_json(f->trace));
}

static void print_json(FILE *out, int status)
{
	json_t *all = json_array(), *whole;

	for (size_t i = 0; i < n_faults; i++)
		json_array_append_new(all, fault_as_json(&faults[i]));
	whole = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:o, s:o}", "seed", (json_int_t)plan.seed,
			  "calls", (json_int_t)counts.calls,
			  "let_through", (json_int_t)counts.let_through,
			  "unseen", (json_int_t)counts.unseen,
			  "not_kept", (json_int_t)counts.not_kept,
			  "not_allowed", (json_int_t)counts.not_allowed,
			  "steps_reached", (int)plan.next, "status", status,
			  "results", results_as_json(), "faults", all);
	json_dumpf(whole, out, JSON_INDENT(1));
	fputc('\n', out);
	json_decref(whole);
}

void report_print(FILE *out, int status)
{
	if (settings.json)
		print_json(out, status);
	else
		print_table(out);
}
