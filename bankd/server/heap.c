/* SPDX-License-Identifier: Apache-2.0 */
#include "bankd/server/heap.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#define TUNABLES "GLIBC_TUNABLES"

/* Each thread's heap begins with 16 MiB of addresses: what grows in smaller pieces than a huge page
 * never gets one. */
static const char wanted[] = "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=16777216";

void heap_prefer_huge_pages(char **argv)
{
    char self[PATH_MAX];

    /* The C library takes them away from a program with more rights than its caller: that one would
     * start itself for ever. */
    if (getauxval(AT_SECURE) || getenv(TUNABLES))
        return;
    ssize_t len = readlink("/proc/self/exe", self, sizeof self);
    if (len <= 0 || (size_t)len == sizeof self || setenv(TUNABLES, wanted, 0) != 0)
        return;
    self[len] = 0;
    (void)execv(self, argv); /* by its path: the process is called by it */
}
