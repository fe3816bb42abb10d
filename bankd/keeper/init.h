/* SPDX-License-Identifier: Apache-2.0
 *
 * init: `bankd-keeper --init`: the bank's keys, papers and first state, once.
 */
#ifndef BANKD_KEEPER_INIT_H
#define BANKD_KEEPER_INIT_H

#include "bankd/keeper/settings.h"
#include "base/err.h"
#include "order/key.h"
#include <stdbool.h>

struct init_options {
    int pin_fd;          /* see struct hsm_options */
    bool unused_log_key; /* the operator vouches that the log key on the token has signed nothing */
};

struct init_result {
    char pin[KEY_THUMBPRINT_LEN + 1];     /* the root key's thumbprint */
    char log_key[KEY_THUMBPRINT_LEN + 1]; /* the log key's thumbprint */
};

/* On an initialised token: takes or makes the root key, makes the log key, makes the papers and,
 * last of all, the state file. KEEPER_STATE when there is a state file, or a log key that the
 * operator does not vouch for: a second state for a used log key would let the bank show two
 * histories. An --init that was interrupted may be repeated. */
MUST_CHECK enum err init_run(const struct settings *settings, const struct init_options *options,
                             struct init_result *out);

#endif
