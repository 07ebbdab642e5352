// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/vcpu.h"

#include "machine/limits.h"

#ifdef __x86_64__

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define CODE		0x1000	/* in a page of its own */
#define CODE_BYTES	4096
#define STORE		0x100	/* of it */
#define TASK_STATE	0xfffbd000	/* three pages that some processors want */
#define PROTECTED_MODE	1	/* of CR0 */
#define FLAGS		2	/* those that are always set */
#define NAME_BYTES	64	/* of a statistic, at most */

/*
 * esi: a page; ebx: how far off the next one is; ecx: how many; eax: what was
 * loaded; edx: what is stored.
 */
static const unsigned char look_code[] = {
	0x0b, 0x06,		/* 1: or (%esi), %eax */
	0x01, 0xde,		/*    add %ebx, %esi */
	0x49,			/*    dec %ecx */
	0x75, 0xf9,		/*    jnz 1b */
	0xf4,			/*    hlt */
};

static const unsigned char store_code[] = {
	0x89, 0x16,		/* 1: mov %edx, (%esi) */
	0x01, 0xde,		/*    add %ebx, %esi */
	0x49,			/*    dec %ecx */
	0x75, 0xf9,		/*    jnz 1b */
	0xf4,			/*    hlt */
};

static bool fails(struct reason *why, const char *what)
{
	struct reason limit;

	snprintf(why->text, sizeof(why->text), "%s: %s", what, limit_or_error(errno, &limit));
	return false;
}

static char *map_code(void)
{
	char *code = mmap(NULL, CODE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (code == MAP_FAILED)
		return NULL;
	memcpy(code, look_code, sizeof(look_code));
	memcpy(code + STORE, store_code, sizeof(store_code));
	return code;
}

static bool give_memory(struct vcpu *v, unsigned int slot, uint32_t at, char *memory, size_t bytes)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot, .guest_phys_addr = at, .memory_size = bytes,
		.userspace_addr = (uintptr_t)memory,
	};

	return !ioctl(v->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

/* One segment that is all of the memory, and no page tables of its own. */
static bool make_flat(struct vcpu *v)
{
	struct kvm_segment code = {
		.limit = UINT32_MAX, .selector = 8, .type = 11, .present = 1,
		.db = 1, .s = 1, .g = 1,
	};
	struct kvm_segment data = code;
	struct kvm_sregs registers;

	data.selector = 16;
	data.type = 3;
	if (ioctl(v->fd, KVM_GET_SREGS, &registers))
		return false;
	registers.cr0 |= PROTECTED_MODE;
	registers.cs = code;
	registers.ds = registers.es = registers.ss = data;
	return !ioctl(v->fd, KVM_SET_SREGS, &registers);
}

bool vcpu_make(struct vcpu *v, uint32_t at, char *memory, size_t bytes, struct reason *why)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	char *code = map_code();
	int size;

	if (kvm < 0)
		return fails(why, "/dev/kvm");
	v->at = at;
	v->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (v->vm < 0)
		return fails(why, "none could be made");
	ioctl(v->vm, KVM_SET_TSS_ADDR, TASK_STATE);
	if (!code || !give_memory(v, 0, CODE, code, CODE_BYTES) ||
	    !give_memory(v, 1, at, memory, bytes))
		return fails(why, "it gets no memory");
	v->fd = ioctl(v->vm, KVM_CREATE_VCPU, 0);
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (v->fd < 0 || size < 0)
		return fails(why, "it gets no CPU");
	v->run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED || !make_flat(v))
		return fails(why, "its CPU cannot be set up");
	return true;
}

static bool run_to_halt(struct vcpu *v, struct kvm_regs *registers, struct reason *why)
{
	if (ioctl(v->fd, KVM_SET_REGS, registers))
		return fails(why, "its registers cannot be set");
	while (ioctl(v->fd, KVM_RUN, 0))
		if (errno != EINTR && errno != EAGAIN)
			return fails(why, "it does not run");
	if (v->run->exit_reason != KVM_EXIT_HLT) {
		snprintf(why->text, sizeof(why->text), "it ended for reason %u of KVM",
			 v->run->exit_reason);
		return false;
	}
	return !ioctl(v->fd, KVM_GET_REGS, registers) ||
	       fails(why, "its registers cannot be read");
}

bool vcpu_look(struct vcpu *v, uint32_t first, uint32_t stride, uint32_t n, uint32_t *met,
	       struct reason *why)
{
	struct kvm_regs registers = {
		.rip = CODE, .rflags = FLAGS, .rsi = v->at + first, .rbx = stride, .rcx = n,
	};

	if (!run_to_halt(v, &registers, why))
		return false;
	*met = registers.rax;
	return true;
}

bool vcpu_store(struct vcpu *v, uint32_t first, uint32_t stride, uint32_t n, uint32_t value,
		struct reason *why)
{
	struct kvm_regs registers = {
		.rip = CODE + STORE, .rflags = FLAGS, .rsi = v->at + first, .rbx = stride,
		.rcx = n, .rdx = value,
	};

	return run_to_halt(v, &registers, why);
}

static bool read_at(int fd, void *to, size_t bytes, off_t offset)
{
	return pread(fd, to, bytes, offset) == (ssize_t)bytes;
}

/* A machine's statistic; 0 if it has none of that name. */
static uint64_t statistic(int fd, const struct kvm_stats_header *header, const char *name)
{
	const size_t bytes = sizeof(struct kvm_stats_desc) + header->name_size;
	char room[sizeof(struct kvm_stats_desc) + NAME_BYTES];
	struct kvm_stats_desc *description = (void *)room;
	uint64_t value = 0;

	for (unsigned int i = 0; bytes <= sizeof(room) && i < header->num_desc; i++)
		if (read_at(fd, room, bytes, header->desc_offset + i * bytes) &&
		    !strncmp(description->name, name, header->name_size))
			read_at(fd, &value, sizeof(value),
				header->data_offset + description->offset);
	return value;
}

bool vcpu_has_mapped(const struct vcpu *v)
{
	int fd = ioctl(v->vm, KVM_GET_STATS_FD, NULL);
	struct kvm_stats_header header;
	bool mapped;

	mapped = fd >= 0 && read_at(fd, &header, sizeof(header), 0) &&
		 (statistic(fd, &header, "pages_4k") || statistic(fd, &header, "pages_2m"));
	if (fd >= 0)
		close(fd);
	return mapped;
}

#else

#include <stdio.h>

/* None of what they are given is looked at. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static bool unknown(struct reason *why)
{
	snprintf(why->text, sizeof(why->text), "the test has no program for this architecture's");
	return false;
}

bool vcpu_make(struct vcpu *v, uint32_t at, char *memory, size_t bytes, struct reason *why)
{
	return unknown(why);
}

bool vcpu_look(struct vcpu *v, uint32_t first, uint32_t stride, uint32_t n, uint32_t *met,
	       struct reason *why)
{
	return unknown(why);
}

bool vcpu_store(struct vcpu *v, uint32_t first, uint32_t stride, uint32_t n, uint32_t value,
		struct reason *why)
{
	return unknown(why);
}

bool vcpu_has_mapped(const struct vcpu *v)
{
	return false;
}

#endif
