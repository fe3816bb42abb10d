/* SPDX-License-Identifier: Apache-2.0
 *
 * landlock: what the kernel has to keep a helper from terminals with (token/helper/fence.h).
 */
#ifndef TOKEN_LANDLOCK_H
#define TOKEN_LANDLOCK_H

#include <linux/landlock.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Below 1: nothing. */
static inline long landlock_version(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

#endif
