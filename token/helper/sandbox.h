/* SPDX-License-Identifier: Apache-2.0
 *
 * sandbox: what a vendor's module cannot do in the helper, whatever is wrong with it: the system
 * calls of token/helper/sandbox.def, and others with what sandbox_given.def and sandbox_ioctl.def
 * say, end the process, and so do all of another architecture. A list of what is allowed would
 * break modules that connect anew to their service, as OpenSC does. What is no matter of calls, but
 * of files, token/helper/fence.h keeps out.
 */
#ifndef TOKEN_HELPER_SANDBOX_H
#define TOKEN_HELPER_SANDBOX_H

#include "base/err.h"

/* For this process, all its threads to come and whatever it starts, for ever. Before any module. */
MUST_CHECK enum err sandbox_enter(void);

#endif
