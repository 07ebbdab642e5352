// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <string.h>

#include "derive.h"
#include "emit.h"

struct emission {
	const struct contract *contract;
	FILE *out;
	size_t count[FROM_COUNT];
};

static void print_endings(const struct emission *e, const struct test_plan *plan)
{
	static struct ending endings[MAX_ENDINGS];
	size_t n = oracle_endings(e->contract, plan, endings);

	for (size_t i = 0; i < n; i++) {
		const char *error = NULL;
		const char *move = "";

		for (size_t k = 0; k < endings[i].n; k++) {
			const struct expectation *x = &endings[i].expect[k];

			if (!strcmp(x->what, "errno") && !error)
				error = x->value;
			if (!strcmp(x->what, "move"))
				move = x->value;
		}
		if (error)
			fprintf(e->out, "%s%s%s%s", i ? " or " : "", error,
				*move ? ", move " : "", move);
	}
}

static void print_text(const char *name, const char *text, FILE *out)
{
	if (!text)
		return;
	fprintf(out, " .%s = ", name);
	emit_string(text, out);
	fprintf(out, ",");
}

static void take(void *data, enum origin_kind kind, const char *name,
		 const struct test_plan *plan)
{
	struct emission *e = data;
	FILE *out = e->out;

	fprintf(out, "\n/* ");
	if (plan->scenario >= 0)
		fprintf(out, "%s", e->contract->scenarios[plan->scenario].title);
	else
		print_endings(e, plan);
	fprintf(out, " */\nFIXTURE_VARIANT_ADD(%s, %s) {\n\t.plan = {", origin_names[kind], name);
	print_text("source", plan->source, out);
	print_text("destination", plan->destination, out);
	print_text("range", plan->range, out);
	if (plan->from || plan->to || plan->length)
		fprintf(out, " .from = %u, .to = %u, .length = %u,", plan->from, plan->to,
			plan->length);
	if (plan->mode)
		fprintf(out, " .mode = %" PRIu64 ",", plan->mode);
	if (plan->n_variations) {
		fprintf(out, "\n\t\t .variations = {");
		for (unsigned int i = 0; i < plan->n_variations; i++)
			fprintf(out, " %u /* %s */,", plan->variations[i],
				e->contract->variations[plan->variations[i]].name);
		fprintf(out, " }, .n_variations = %u,", plan->n_variations);
	}
	fprintf(out, " .vector = %d, .scenario = %d },\n};\n", plan->vector, plan->scenario);
	e->count[kind]++;
}

void emit_tests(const struct contract *c, FILE *out)
{
	struct emission e = { .contract = c, .out = out };
	size_t all = 0;

	emit_head("/*", " */", "GPL-2.0-only", out);
	derive_tests(c, take, &e);
	fprintf(out, "\n/*");
	for (unsigned int i = 0; i < FROM_COUNT; i++) {
		fprintf(out, " %zu %s,", e.count[i], origin_names[i]);
		all += e.count[i];
	}
	fprintf(out, " %zu in all */\n", all);
}
