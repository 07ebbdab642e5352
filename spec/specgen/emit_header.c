// SPDX-License-Identifier: GPL-2.0-only
#include "emit.h"

static void emit_structure(const struct interface *in, FILE *out)
{
	fprintf(out, "struct %s {\n", in->structure);
	for (size_t i = 0; i < in->n_members; i++)
		fprintf(out, "\t%s %s;\t/* %s */\n", in->members[i].type, in->members[i].name,
			in->members[i].is);
	fprintf(out, "};\n");
}

static const char *type_of_modes(const struct interface *in)
{
	for (size_t i = 0; i < in->n_members; i++)
		if (in->members[i].holds == HOLDS_MODES)
			return in->members[i].type;
	return "__u64";
}

static void emit_assertions(const struct interface *in, FILE *out)
{
	fprintf(out, "\n#if defined(__cplusplus) && __cplusplus >= 201103L\n"
		"#define UFFDIO_MOVE_ASSERT(what) static_assert(what, #what)\n"
		"#elif !defined(__cplusplus) && defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L\n"
		"#define UFFDIO_MOVE_ASSERT(what) _Static_assert(what, #what)\n"
		"#else\n"
		"#define UFFDIO_MOVE_ASSERT(what) extern char uffdio_move_asserted[(what) ? 1 : -1]\n"
		"#endif\n");
	fprintf(out, "UFFDIO_MOVE_ASSERT(%s == 0x%08X);\n", in->ioctl, in->value);
	fprintf(out, "UFFDIO_MOVE_ASSERT(sizeof(struct %s) == %u);\n", in->structure, in->size);
	for (size_t i = 0; i < in->n_members; i++)
		fprintf(out, "UFFDIO_MOVE_ASSERT(offsetof(struct %s, %s) == %u);\n",
			in->structure, in->members[i].name, in->members[i].offset);
	for (size_t i = 0; i < in->n_modes; i++)
		fprintf(out, "UFFDIO_MOVE_ASSERT(%s == (%s)1 << %u);\n", in->modes[i].name,
			type_of_modes(in), in->modes[i].bit);
	fprintf(out, "UFFDIO_MOVE_ASSERT(%s == (__u64)1 << %u);\n", in->feature, in->feature_bit);
	fprintf(out, "#undef UFFDIO_MOVE_ASSERT\n");
}

void emit_header(const struct contract *c, FILE *out)
{
	const struct interface *in = &c->interface;

	emit_head(c, "/*", " */", "GPL-2.0-only WITH Linux-syscall-note", out);
	fprintf(out, "#ifndef UFFDIO_MOVE_INTERFACE_H\n#define UFFDIO_MOVE_INTERFACE_H\n\n"
		"#include <stddef.h>\n\n#include <linux/ioctl.h>\n#include <linux/types.h>\n"
		"#include <linux/userfaultfd.h>\n\n");
	fprintf(out, "/* The version of the contract that this is from. */\n"
		"#define %s_CONTRACT_VERSION \"%s\"\n\n", in->ioctl, c->version);
	fprintf(out, "/* %s */\n#ifndef %s\n", in->is, in->ioctl);
	emit_structure(in, out);
	fprintf(out, "#define %s _IOWR(0x%02X, 0x%02X, struct %s)\n", in->ioctl, in->type,
		in->number, in->structure);
	fprintf(out, "#endif\n");
	for (size_t i = 0; i < in->n_modes; i++)
		fprintf(out, "#ifndef %s\n#define %s ((%s)1 << %u)\t/* %s */\n#endif\n",
			in->modes[i].name, in->modes[i].name, type_of_modes(in),
			in->modes[i].bit, in->modes[i].is);
	fprintf(out, "#ifndef _%s\n#define _%s (0x%02X)\n#endif\n", in->ioctl, in->ioctl,
		in->number);
	/* as the kernel's header has it, as far as an int goes */
	fprintf(out, "#ifndef %s\n#define %s (1%s << %u)\n#endif\n", in->feature, in->feature,
		in->feature_bit > 30 ? "ULL" : "", in->feature_bit);
	emit_assertions(in, out);
	fprintf(out, "\n#endif\n");
}
