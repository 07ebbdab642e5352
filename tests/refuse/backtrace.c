// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where in the program a stopped thread is, by libdw of elfutils.
 */
#define _GNU_SOURCE
#include "program.h"

#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_FRAMES	8

static char *debuginfo_path;
static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_linux_proc_find_elf,
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.debuginfo_path = &debuginfo_path,
};

static Dwfl *symbols_of(struct process *p)
{
	Dwfl *dwfl = p->symbols;

	if (dwfl)
		return dwfl;
	dwfl = dwfl_begin(&callbacks);
	if (dwfl && (dwfl_linux_proc_report(dwfl, p->pid) || dwfl_report_end(dwfl, NULL, NULL) ||
		     dwfl_linux_proc_attach(dwfl, p->pid, true))) {
		dwfl_end(dwfl);
		dwfl = NULL;
	}
	p->symbols = dwfl;
	return dwfl;
}

struct frames {
	FILE *out;
	Dwfl *dwfl;
	unsigned int n;
};

static void print_frame(struct frames *f, Dwarf_Addr place)
{
	Dwfl_Module *module = dwfl_addrmodule(f->dwfl, place);
	const char *name = module ? dwfl_module_addrname(module, place) : NULL;
	Dwfl_Line *line = module ? dwfl_module_getsrc(module, place) : NULL;
	const char *file;
	int number;

	fprintf(f->out, "%s%s", f->n++ ? " < " : "", name ? name : "?");
	file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	if (file) {
		const char *slash = strrchr(file, '/');

		fprintf(f->out, " (%s:%d)", slash ? slash + 1 : file, number);
	}
}

static int each_frame(Dwfl_Frame *frame, void *arg)
{
	struct frames *f = arg;
	Dwarf_Addr place;
	bool is_activation;

	if (!dwfl_frame_pc(frame, &place, &is_activation))
		return DWARF_CB_ABORT;
	print_frame(f, is_activation ? place : place - 1);
	return f->n < MOST_FRAMES ? DWARF_CB_OK : DWARF_CB_ABORT;
}

char *backtrace_of(struct thread *t)
{
	char *text = NULL;
	size_t size = 0;
	struct frames f = { open_memstream(&text, &size), symbols_of(t->process), 0 };

	if (!f.out)
		return NULL;
	if (f.dwfl)
		dwfl_getthread_frames(f.dwfl, t->tid, each_frame, &f);
	fclose(f.out);
	if (!f.n) {
		free(text);
		return NULL;
	}
	return text;
}

void backtrace_forget(struct process *p)
{
	if (p->symbols)
		dwfl_end(p->symbols);
	p->symbols = NULL;
}
