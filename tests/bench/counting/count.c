// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plug-in of QEMU's that counts where a guest's instructions are, between two words of
 * the program that runs there (../mark.h).
 *
 * For each section it writes to to=FILE:
 *
 *   section 1
 *   ffffffff81234560 1200		instructions of the block that begins there
 *
 * A block is counted when it is entered: of one that a fault leaves, all is counted.
 * It is for one processor, emulated by one thread.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../mark.h"
#include "qemu.h"

#define BUCKETS		(1U << 16)
#define LONG_NOP	"\x0f\x1f\x80"	/* what begins a mark: the word follows */

struct block {
	uint64_t address, instructions;
	uint64_t counted;		/* instructions, since the section began */
	struct block *next_of_bucket, *next;
};

int qemu_plugin_version = PLUGIN_VERSION;

static struct block *buckets[BUCKETS], *blocks;
static bool counting;
static unsigned int sections;
static FILE *out;

/* What is translated anew is the same block, so that memory does not grow with time. */
static struct block *block_of(uint64_t address, uint64_t instructions)
{
	struct block **bucket = &buckets[(address ^ address >> 16 ^ instructions << 8) % BUCKETS];
	struct block *b;

	for (b = *bucket; b; b = b->next_of_bucket)
		if (b->address == address && b->instructions == instructions)
			return b;
	b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	b->address = address;
	b->instructions = instructions;
	b->next_of_bucket = *bucket;
	b->next = blocks;
	blocks = *bucket = b;
	return b;
}

static void on_block(unsigned int cpu, void *data)
{
	struct block *b = data;

	(void)cpu;
	if (counting)
		b->counted += b->instructions;
}

static void write_section(void)
{
	fprintf(out, "section %u\n", ++sections);
	for (struct block *b = blocks; b; b = b->next) {
		if (b->counted)
			fprintf(out, "%016llx %llu\n", (unsigned long long)b->address,
				(unsigned long long)b->counted);
		b->counted = 0;
	}
	fflush(out);
}

static void on_mark(unsigned int cpu, void *data)
{
	(void)cpu;
	switch ((uintptr_t)data) {
	case MARK_ON:
		counting = true;
		break;
	case MARK_OFF:
		counting = false;
		break;
	case MARK_SECTION:
		write_section();
	}
}

/* The word of a mark; 0 for any other instruction. */
static uint32_t mark_of(const struct qemu_plugin_insn *instruction)
{
	const unsigned char *bytes = qemu_plugin_insn_data(instruction);
	uint32_t word;

	if (qemu_plugin_insn_size(instruction) != strlen(LONG_NOP) + sizeof(word) ||
	    memcmp(bytes, LONG_NOP, strlen(LONG_NOP)))
		return 0;
	memcpy(&word, bytes + strlen(LONG_NOP), sizeof(word));
	return word == MARK_ON || word == MARK_OFF || word == MARK_SECTION ? word : 0;
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(tb, i);
		uintptr_t word = mark_of(instruction);

		if (word)
			qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_mark,
							       QEMU_PLUGIN_CB_NO_REGS, (void *)word);
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS,
					     block_of(qemu_plugin_tb_vaddr(tb), n));
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int n, char **words)
{
	(void)info;
	for (int i = 0; i < n; i++)
		if (!strncmp(words[i], "to=", strlen("to=")))
			out = fopen(words[i] + strlen("to="), "w");
	if (!out) {
		fprintf(stderr, "count: to=FILE is missing, or cannot be written\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	return 0;
}
