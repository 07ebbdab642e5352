// SPDX-License-Identifier: GPL-2.0-only
#include "hazards.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "clean_kernels.h"
#include "machine/kernel.h"

static const struct down *find_down(const struct run *run, size_t test)
{
	for (size_t i = 0; i < run->n_downs; i++)
		if (!strcmp(run->downs[i].test, run->tests[test].name))
			return &run->downs[i];
	return NULL;
}

int hazard_of(const struct run *run, size_t test)
{
	return judge_hazard(&uffdio_move_contract, &run->tests[test].plan);
}

/* The test at which this kernel went down by the same hazard, or NULL. */
static const char *went_down_at(const struct run *run, int hazard)
{
	for (size_t i = 0; i < run->n_tests; i++)
		if (find_down(run, i) && hazard_of(run, i) == hazard)
			return run->tests[i].name;
	return NULL;
}

static bool is_asked_for(const struct run *run, int hazard)
{
	bool asked_for = run->hazards;

	for (size_t i = 0; i < run->n_hazard; i++)
		asked_for |= !strcmp(run->hazard[i], uffdio_move_contract.deviations[hazard].id);
	return asked_for;
}

/* "6.9 to 7.3.4, 7.5", as many as there is room for. */
static void list_kernels(const struct deviation *d, char *list, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < d->n_kernels && length < size; i++)
		length += snprintf(list + length, size - length, "%s%s", i ? ", " : "", d->kernels[i]);
}

static void skip_hazard(const struct run *run, size_t test, int hazard)
{
	const struct deviation *d = &uffdio_move_contract.deviations[hazard];
	const char *id = d->id;
	char kernels[80];
	const char *down = went_down_at(run, hazard);
	struct judgement *j = &run->judgements[test];

	j->deviation = -1;
	j->verdict = VERDICT_SKIPPED;
	list_kernels(d, kernels, sizeof(kernels));
	if (down)
		snprintf(j->text, sizeof(j->text), "%s has taken the machine down at %s", id, down);
	else
		snprintf(j->text, sizeof(j->text),
			 "%s may take the machine down (Linux %s): --hazard %s runs it, where that can be borne",
			 id, kernels, id);
}

/*
 * A build of a release, "7.3.4+deb13-cloud-amd64" say, has what that release has fixed,
 * whoever made it.
 */
static bool is_recorded_clean(unsigned int deviation)
{
	struct utsname system;
	size_t length;

	uname(&system);
	length = strspn(system.release, "0123456789.");
	if (!strncmp(system.release + length, "-rc", 3))
		length += 3 + strspn(system.release + length + 3, "0123456789");
	for (const struct clean_kernel *k = clean_kernels; k->kernel; k++)
		if (k->deviation == deviation && strlen(k->kernel) == length &&
		    !strncmp(k->kernel, system.release, length) &&
		    !strcmp(k->architecture, architecture()))
			return true;
	return false;
}

bool is_judged_unrun(const struct run *run, size_t test)
{
	const struct test_plan *plan = &run->tests[test].plan;
	const struct down *down = find_down(run, test);
	int hazard = hazard_of(run, test);

	if (hazard >= 0 && !went_down_at(run, hazard) &&
	    (is_asked_for(run, hazard) || is_recorded_clean(hazard)))
		hazard = -1;
	if (down)
		judge_down(&uffdio_move_contract, plan, down->line, &run->judgements[test]);
	else if (hazard >= 0)
		skip_hazard(run, test, hazard);
	return down || hazard >= 0;
}
