// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "machine/privilege.h"

#include "machine/settings.h"

#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define USER_NAMESPACE_OF_INIT	0xEFFFFFFDU	/* inode; fixed since Linux 3.8 */

bool has_capability(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	return !syscall(SYS_capget, &header, data) &&
	       data[capability / 32].effective >> capability % 32 & 1;
}

/* A kernel without user namespaces shows neither of the files. */
static bool in_user_namespace(void)
{
	unsigned int inside, outside, length;
	struct stat st;
	char map[64];

	if (!stat("/proc/self/ns/user", &st) && st.st_ino != USER_NAMESPACE_OF_INIT)
		return true;
	return !setting_read("/proc/self/uid_map", map, sizeof(map)) &&
	       (sscanf(map, "%u %u %u", &inside, &outside, &length) != 3 || inside || outside ||
		length != UINT32_MAX);
}

const char *privilege_lacking(void)
{
	if (geteuid() && !has_capability(CAP_DAC_OVERRIDE))
		return "not permitted to this user";
	if (in_user_namespace())
		return "it takes root outside of this user namespace";
	if (!has_capability(CAP_SYS_ADMIN))
		return "it takes CAP_SYS_ADMIN, which this process lacks";
	return NULL;
}
