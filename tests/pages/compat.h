/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the pages name and neither the system's header, nor the generated
 * uffdio_move.h, nor compat.h may have.
 */
#ifndef PAGES_COMPAT_H
#define PAGES_COMPAT_H

#include "../conformance/test/compat.h"

#ifndef UFFDIO_CONTINUE_MODE_WP
#define UFFDIO_CONTINUE_MODE_WP ((__u64)1 << 1)
#endif
#ifndef UFFDIO_POISON_MODE_DONTWAKE
#define UFFDIO_POISON_MODE_DONTWAKE ((__u64)1 << 0)
#endif
#ifndef _UFFDIO_POISON
#define _UFFDIO_POISON 0x08
#endif
#ifndef UFFD_PAGEFAULT_FLAG_RWP
#define UFFD_PAGEFAULT_FLAG_RWP (1 << 3)
#endif
#ifndef UFFDIO_RWPROTECT_MODE_DONTWAKE
#define UFFDIO_RWPROTECT_MODE_DONTWAKE ((__u64)1 << 1)
#endif
#ifndef _UFFDIO_RWPROTECT
#define _UFFDIO_RWPROTECT 0x09
#endif

#endif
