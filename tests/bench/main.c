// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench - what a move costs on the running kernel, beside the other ways.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "machine/kernel.h"
#include "machine/machine.h"
#include "machine/prepare.h"
#include "machine/streams.h"
#include "report.h"
#include "run.h"

#define EXIT_USAGE	2
#define EXIT_WRITE	3
#define EXIT_NO_MOVE	4

typedef void report_fn(const struct machine *m, const struct record *records, FILE *out);

static void list_rows(void)
{
	for (size_t i = 0; i < n_rows; i++)
		if (options.selected[i])
			printf("%-24s %s\n", rows[i].name, rows[i].title);
}

static void fail_to_write(const char *path, int error)
{
	fprintf(stderr, "bench: %s cannot be written: %s\n", path, strerror(error));
	exit(EXIT_WRITE);
}

/* Before hours of measuring, and not behind them. */
static void make_directory(void)
{
	if (options.save && mkdir(options.save, 0777) && errno != EEXIST)
		fail_to_write(options.save, errno);
}

static void save(const char *name, report_fn *report, const struct machine *m,
		 const struct record *records)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", options.save, name);
	f = fopen(path, "we");
	if (!f)
		fail_to_write(path, errno);
	report(m, records, f);
	if (ferror(f) | fclose(f))
		fail_to_write(path, errno ? errno : EIO);
}

static bool any_error(const struct record *records)
{
	for (size_t i = 0; i < n_rows; i++)
		if (options.selected[i] && *records[i].error)
			return true;
	return false;
}

static int report(const struct machine *m, const struct record *records)
{
	static report_fn *const forms[] = {
		[FORM_TABLE] = write_table, [FORM_CSV] = write_csv, [FORM_JSON] = write_json,
	};

	if (options.save) {
		save("bench.csv", write_csv, m, records);
		save("bench.json", write_json, m, records);
	}
	forms[options.form](m, records, stdout);
	return any_error(records) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const struct record *records;
	struct machine machine;
	const char *sentence;

	streams_secure();
	read_options(argc, argv);
	if (options.list) {
		list_rows();
		return 0;
	}
	if (options.counted && !clock_counts()) {
		fprintf(stderr, "bench: --count is for a guest of QEMU's on x86_64, with -icount "
			"shift=0,sleep=off; here the clock tells no instructions\n");
		return EXIT_USAGE;
	}
	if (machine_operation(&sentence) != OPERATION_WORKS) {
		fprintf(stderr, "bench: %s\n", sentence);
		return EXIT_NO_MOVE;
	}
	if (!kernel_shows_pages()) {
		fprintf(stderr, "bench: /proc/self/pagemap or smaps cannot be read, by which it is "
			"seen whether pages have moved.\n");
		return EXIT_NO_MOVE;
	}
	make_directory();
	prepare_these(1U << PREPARE_SWAP | 1U << PREPARE_HUGE);
	kernel_look();
	machine_describe(&machine);
	records = run_rows();
	machine_restore();
	return report(&machine, records);
}
