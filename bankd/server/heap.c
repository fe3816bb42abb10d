/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/heap.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#define TUNABLES "GLIBC_TUNABLES"

/* Each thread's heap begins with 16 MiB of addresses: what grows in smaller pieces than a huge page
 * never gets one. Saying that fixes the size from which a block is mapped for itself, at 128 KiB
 * unless it is said, too: a long answer would be mapped and cleared anew each time. */
static const char wanted[] = "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=16777216:"
                             "glibc.malloc.mmap_threshold=4194304";

void heap_prefer_huge_pages(char **argv)
{
    char self[PATH_MAX];

    /* The C library takes them away from a program with more rights than its caller: that one would
     * start itself for ever. Without a base it is the loader that was started, by hand. */
    if (getauxval(AT_SECURE) || getauxval(AT_BASE) == 0 || getenv(TUNABLES))
        return;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self);
    if (len <= 0 || (size_t)len == sizeof self || setenv(TUNABLES, wanted, 0) != 0)
        return;
    self[len] = 0;
    (void)execv(self, argv); /* by its path: the process is called by it */
}
