/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of QEMU's interface for plug-ins (its version 1, of QEMU 4.2 to 8.2) as is used
 * here.  QEMU's source has all of it, in include/qemu/qemu-plugin.h, which is in none of
 * Debian 12's binary packages.
 */
#ifndef UFFDIO_MOVE_BENCH_QEMU_H
#define UFFDIO_MOVE_BENCH_QEMU_H

#include <stddef.h>
#include <stdint.h>

#define PLUGIN_VERSION	1
#define EXPORT	__attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;		/* a block of instructions that is translated at once */
struct qemu_plugin_insn;

/* What a callback looks at of the guest's registers: nothing. */
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

typedef void translated_fn(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void executed_fn(unsigned int cpu, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated_fn *call);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, executed_fn *call,
					  enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction, executed_fn *call,
					    enum qemu_plugin_cb_flags flags, void *data);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t n);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);

/* What QEMU looks for in a plug-in. */
extern EXPORT int qemu_plugin_version;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int n, char **words);

#endif
