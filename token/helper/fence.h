/* SPDX-License-Identifier: Apache-2.0
 *
 * fence: no terminal and no keyboard by any name: whoever has one open reads there what is typed
 * for another token, and without a terminal of his own no job control keeps him from it. Landlock
 * knows no exceptions, so that all else is allowed by its place: each directory at the root, and
 * in /dev each but those. What is put right into /dev later on stays closed to this helper; what
 * readers are, in /dev/bus, does not. To other processes' memory it is closed, too.
 */
#ifndef TOKEN_HELPER_FENCE_H
#define TOKEN_HELPER_FENCE_H

#include "base/err.h"

/* For this process and all its threads to come, for ever; no_new_privs is set already. ERR_OK, too,
 * where the kernel has no Landlock. */
MUST_CHECK enum err fence_enter(void);

#endif
