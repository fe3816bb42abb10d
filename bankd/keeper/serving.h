/* SPDX-License-Identifier: Apache-2.0
 *
 * serving: the keeper's life from its token to its last answer.
 */
#ifndef BANKD_KEEPER_SERVING_H
#define BANKD_KEEPER_SERVING_H

#include "bankd/keeper/settings.h"
#include "base/err.h"

/* Opens state and token, listens, writes one line `READY {...}` to standard output and answers
 * until SIGTERM or SIGINT (ERR_OK) or until the module is unusable (TOKEN_MODULE). PIN_FD as in
 * struct hsm_options. Once a process: it sets signal handlers. */
MUST_CHECK enum err serving_run(const struct settings *settings, int pin_fd);

#endif
