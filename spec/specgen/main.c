// SPDX-License-Identifier: GPL-2.0-only
/*
 * specgen - read a contract, refuse what is wrong with it, write what follows.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emit.h"
#include "order.h"
#include "read.h"
#include "records.h"
#include "trace.h"
#include "validate.h"

struct product {
	const char *name;
	const char *temporary;	/* until all are complete */
	void (*emit)(const struct contract *c, FILE *out);
	void (*emit_records)(const struct contract *c, const struct records *records, FILE *out);
	char *text;
	size_t size;
};

static const char usage[] =
	"Usage: specgen [-o DIR] [--records RECORDS] [--proposal FILE] CONTRACT\n"
	"       specgen --matrix RECORDS CONTRACT\n"
	"       specgen --index RECORDS CONTRACT\n"
	"       specgen --trace [--proposal FILE] CONTRACT [FILE...]\n"
	"       specgen --order [--proposal FILE] CONTRACT\n"
	"\n"
	"Checks CONTRACT, and with -o writes into DIR, which exists:\n"
	"  contract_tables.c  contract_functions.c  contract_functions.h  uffdio_move.h\n"
	"  uffdio_move_contract.7  uffdio_move_cases.h  clean_kernels.c\n"
	"with --records from the records of kernels in the directory RECORDS, too; without\n"
	"-o, what CONTRACT says of releases is held against them.  --matrix prints them\n"
	"as the body of a page of HTML, --index as XML: where each clause was seen to hold.\n"
	"With --trace, lists for each clause where FILEs cite it, and refuses a\n"
	"citation of nothing.  With --order, lists the rows of the table of outcomes that\n"
	"have to stand before others.  With --proposal, FILE extends CONTRACT, and both are\n"
	"read as one; the page is then FILE's alone, uffdio_move_NAME.7.\n"
	"\n"
	"Exit status: 0 done, 1 something is wrong with CONTRACT or a FILE, and nothing\n"
	"was written, 2 usage.\n";

static int print_products(const struct contract *c, const struct records *records,
			  struct product *products, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		FILE *out = open_memstream(&products[i].text, &products[i].size);

		if (!out)
			return -1;
		if (products[i].emit)
			products[i].emit(c, out);
		else
			products[i].emit_records(c, records, out);
		if (fclose(out))
			return -1;
	}
	return 0;
}

static int write_product(int dir, const struct product *p)
{
	int fd = openat(dir, p->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	bool complete;

	if (!out)
		return -1;
	complete = fwrite(p->text, 1, p->size, out) == p->size;
	return fclose(out) || !complete ? -1 : 0;
}

/* All of them beside their targets first, so that a full disk changes no target. */
static int write_products(int dir, const struct product *products, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (write_product(dir, &products[i]))
			return -1;
	for (size_t i = 0; i < n; i++)
		if (renameat(dir, products[i].temporary, dir, products[i].name))
			return -1;
	return 0;
}

#define PRODUCT(name, emit)	{ name, "." name ".new", emit, NULL, NULL, 0 }
#define OF_RECORDS(name, emit)	{ name, "." name ".new", NULL, emit, NULL, 0 }

static int generate(const struct contract *c, const struct records *records, const char *path)
{
	char page[MAX_PAGE_NAME], temporary[MAX_PAGE_NAME + 8];
	struct product products[] = {
		PRODUCT("contract_tables.c", emit_tables),
		PRODUCT("contract_functions.c", emit_function_tables),
		PRODUCT("contract_functions.h", emit_functions),
		PRODUCT("uffdio_move.h", emit_header),
		{ page, temporary, NULL, emit_page, NULL, 0 },
		PRODUCT("uffdio_move_cases.h", emit_cases),
		OF_RECORDS("clean_kernels.c", emit_clean_kernels),
	};
	const size_t n = sizeof(products) / sizeof(products[0]);
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;

	emit_page_name(c, page);
	snprintf(temporary, sizeof(temporary), ".%s.new", page);
	if (dir < 0 || print_products(c, records, products, n) || write_products(dir, products, n)) {
		fprintf(stderr, "%s:1:1: error: cannot write: %s\n", path, strerror(errno));
		result = 1;
	}
	for (size_t i = 0; i < n; i++) {
		if (dir >= 0)
			unlinkat(dir, products[i].temporary, 0);
		free(products[i].text);
	}
	if (dir >= 0)
		close(dir);
	return result;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "trace", no_argument, NULL, 't' },
		{ "order", no_argument, NULL, 'r' },
		{ "proposal", required_argument, NULL, 'p' },
		{ "records", required_argument, NULL, 'k' },
		{ "matrix", required_argument, NULL, 'm' },
		{ "index", required_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	const char *dir = NULL, *directory = NULL, *proposal = NULL;
	struct contract c = {};
	struct records records = {};
	void (*print)(const struct contract *c, const struct records *records, FILE *out) = NULL;
	bool trace = false, order = false;
	int option, result;

	while ((option = getopt_long(argc, argv, "o:h", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			dir = optarg;
			break;
		case 'p':
			proposal = optarg;
			break;
		case 't':
			trace = true;
			break;
		case 'r':
			order = true;
			break;
		case 'm':
		case 'i':
			print = option == 'm' ? emit_matrix : emit_index;
			/* fall through */
		case 'k':
			directory = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (optind == argc || (!trace && optind + 1 != argc) ||
	    trace + order + !!print + !!dir > 1 || (proposal && print) ||
	    (directory && (trace || order))) {
		fputs(usage, stderr);
		return 2;
	}

	result = contract_read(&(struct source){ .path = argv[optind] },
			       proposal ? &(struct source){ .path = proposal } : NULL, &c, stderr) ||
		 contract_validate(&c, stderr) ||
		 (directory && records_read(directory, &c, &records, stderr));
	if (!result && directory && !dir && !print)
		result = records_check(&c, &records, stderr);
	if (!result && trace)
		result = trace_citations(&c, argv + optind + 1, argc - optind - 1, stdout);
	else if (!result && order)
		print_order(&c, stdout);
	else if (!result && print)
		print(&c, &records, stdout);
	else if (!result && dir)
		result = generate(&c, &records, dir);
	records_free(&records);
	contract_free(&c);
	if (fflush(stdout) || ferror(stdout)) {
		perror("specgen: error: the output could not be written");
		return 1;
	}
	return result ? 1 : 0;
}
