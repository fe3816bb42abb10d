/* SPDX-License-Identifier: Apache-2.0
 * Preloaded: once the file $LATE_CLOCK exists, the machine has slept for a day. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define DAY_S 86400

int clock_gettime(clockid_t id, struct timespec *now)
{
    const char *path = getenv("LATE_CLOCK");

    if (syscall(SYS_clock_gettime, id, now) != 0)
        return -1;
    if (id == CLOCK_BOOTTIME && path && access(path, F_OK) == 0)
        now->tv_sec += DAY_S;
    return 0;
}
