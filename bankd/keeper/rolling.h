/* SPDX-License-Identifier: Apache-2.0
 *
 * rolling: `bankd-keeper --rollover`: another root key for the bank (docs/FORMAT.md section 7.1),
 * by a person at the keeper who has the token's PIN. bankd cannot ask for it.
 */
#ifndef BANKD_KEEPER_ROLLING_H
#define BANKD_KEEPER_ROLLING_H

#include "bankd/keeper/settings.h"
#include "base/err.h"
#include "order/key.h"
#include <stdint.h>

#define ROLLING_DAYS 90 /* of overlap, unless it is said */

struct rolling_options {
    int pin_fd; /* see struct hsm_options */
    int64_t overlap_days;
};

struct rolling_result {
    char pin[KEY_THUMBPRINT_LEN + 1];     /* of the new root key */
    char old_pin[KEY_THUMBPRINT_LEN + 1]; /* of the one that it replaces */
    int64_t until_us;                     /* the overlap's end */
};

/* While no keeper runs. Makes the next root key on the token, or takes the one that an interrupted
 * run made; makes its papers and, last of all, puts it in force by one file: whenever it is
 * interrupted, the old root key holds or the new one. TOO_LARGE: VERIFY_ROLLOVERS_MAX are made. */
MUST_CHECK enum err rolling_run(const struct settings *settings,
                                const struct rolling_options *options, struct rolling_result *out);

#endif
