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

/* Where UFFDIO_MOVE(2const), or the page that is named, says what is to be done. */
static const char *const remedies[FAULTS] = {
	[FAULT_REPEATS] = "add .move to .dst and .src, and subtract it from .len, before the next call",
	[FAULT_IGNORES] = "look at .move, and go on behind what has moved",
	[FAULT_TRIES] = "store to the page; after a number of tries, copy it: UFFDIO_MOVE(2const), Refusals",
	[FAULT_SPINS] = "read the events, in another thread if need be, before the next call",
	[FAULT_DIES] = "try again some times, or fill the place otherwise: UFFDIO_MOVE(2const), Refusals",
	[FAULT_SLEEPER] = "UFFDIO_WAKE(2const) the place, whoever filled it",
	[FAULT_LOSES] = "keep the source until the page has moved or was copied",
	[FAULT_DOUBLES] = "drop the source of what was copied, by MADV_DONTNEED",
	[FAULT_WRITER] = "stop who stores to the page, by mprotect(2) for example, before it is copied",
};

static const char *why_never(enum meeting meeting)
{
	if (counts.met[meeting])
		return "";
	if (counts.allowed[meeting])
		return "  never met: another seed, a higher rate, or a plan";
	if ((meeting == MEETS_EXISTS || meeting == MEETS_HOLE) && !plan.races)
		return "  only with --races";
	return "  not allowed at any call";
}

static void print_result(FILE *out, enum meeting meeting)
{
	fprintf(out, "  %-8s %10" PRIu64 " %10" PRIu64 "%s\n", meeting_words[meeting],
		counts.allowed[meeting], counts.met[meeting], why_never(meeting));
}

static void print_fault(FILE *out, const struct told_fault *f)
{
	fprintf(out, "%s: %s\n    in process %d, dst=%#" PRIx64 " src=%#" PRIx64 " len=%#" PRIx64
		" mode=%#" PRIx64 "\n", fault_names[f->fault], f->said ? f->said : "", (int)f->pid,
		f->move.dst, f->move.src, f->move.len, f->move.mode);
	if (f->trace)
		fprintf(out, "    called from %s\n", f->trace);
	if (f->times > 1)
		fprintf(out, "    %u times from there\n", f->times);
	fprintf(out, "    what to do: %s\n", remedies[f->fault]);
}

static void print_calls(FILE *out)
{
	if (!counts.calls)
		fputs("no call of UFFDIO_MOVE: is it the program that makes them?\n", out);
	fprintf(out, "%" PRIu64 " calls of UFFDIO_MOVE, of which %" PRIu64 " were let through; the kernel refused "
		"%" PRIu64 " of these, or made them short\n", counts.calls, counts.let_through,
		counts.refused_by_kernel + counts.refused_after_fork);
	if (counts.refused_after_fork)
		fprintf(out, "%" PRIu64 " of these came after 'forked', which lasts until the pages are stored to\n",
			counts.refused_after_fork);
}

static void print_end(FILE *out, int status)
{
	if (settings.killed)
		fputs("the program was ended for that fault\n", out);
	else if (status > 128)
		fprintf(out, "the program was ended by signal %d\n", status - 128);
	else
		fprintf(out, "the program ended with status %d\n", status);
}

static void print_table(FILE *out, int status)
{
	fputs("uffdio-move-refuse:\n", out);
	print_calls(out);
	if (counts.unseen)
		fprintf(out, "%" PRIu64 " further calls were left alone: their structure cannot be read, "
			"or what /proc shows of their process\n", counts.unseen);
	if (counts.not_kept)
		fprintf(out, "there was no room to keep %" PRIu64 " further pages; what becomes of them is not told\n",
			counts.not_kept);
	if (plan.steps)
		fprintf(out, "steps of the plan: %zu, reached: %zu, left out since not allowed where they stood: %" PRIu64 "%s\n",
			plan.n, plan.next, counts.not_allowed, counts.first_not_allowed);
	else
		fprintf(out, "seed %" PRIu64 "\n", plan.seed);
	fprintf(out, "\n  %-8s %10s %10s\n", "result", "allowed at", "met");
	for (enum meeting m = MEETS_BUSY; m < MEETINGS; m++)
		print_result(out, m);
	fputc('\n', out);
	for (size_t i = 0; i < n_faults; i++)
		print_fault(out, &faults[i]);
	fprintf(out, "%zu %s of the program were found\n", n_faults, n_faults == 1 ? "fault" : "faults");
	print_end(out, status);
}

static json_t *results_as_json(void)
{
	json_t *results = json_object();

	for (enum meeting m = MEETS_BUSY; m < MEETINGS; m++)
		json_object_set_new(results, meeting_words[m],
				    json_pack("{s:I, s:I, s:I, s:i}", "allowed", (json_int_t)counts.allowed[m],
					      "met", (json_int_t)counts.met[m],
					      "first_step", (json_int_t)counts.first_step[m],
					      "first_page", counts.first_page[m]));
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
	return json_pack("{s:s, s:i, s:o, s:i, s:{s:I, s:I, s:I, s:I}, s:o}", "fault", fault_names[f->fault],
			 "times", (int)f->times,
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
	whole = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:b, s:o, s:o}", "seed", (json_int_t)plan.seed,
			  "calls", (json_int_t)counts.calls,
			  "let_through", (json_int_t)counts.let_through,
			  "refused_by_kernel", (json_int_t)counts.refused_by_kernel,
			  "refused_after_fork", (json_int_t)counts.refused_after_fork,
			  "unseen", (json_int_t)counts.unseen,
			  "not_kept", (json_int_t)counts.not_kept,
			  "not_allowed", (json_int_t)counts.not_allowed,
			  "steps_reached", (int)plan.next, "status", status, "killed", settings.killed,
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
		print_table(out, status);
}
