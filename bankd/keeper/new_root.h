/* SPDX-License-Identifier: Apache-2.0
 *
 * new_root: another root key for the bank (docs/FORMAT.md section 7.1): by a person at the keeper
 * who has the token's PIN, `bankd-keeper --rollover`, or by operators whom the keeper knows
 * (acts.h). bankd alone cannot have it.
 */
#ifndef BANKD_KEEPER_NEW_ROOT_H
#define BANKD_KEEPER_NEW_ROOT_H

#include "bankd/keeper/hsm.h"
#include "bankd/keeper/papers.h"
#include "bankd/keeper/settings.h"
#include "base/err.h"
#include "order/key.h"
#include <stdint.h>

#define NEW_ROOT_DAYS 90 /* of overlap, unless it is said */

struct new_root_options {
    int pin_fd; /* see struct hsm_options */
    int64_t overlap_days;
};

struct new_root_result {
    char pin[KEY_THUMBPRINT_LEN + 1];     /* of the new root key */
    char old_pin[KEY_THUMBPRINT_LEN + 1]; /* of the one that it replaces */
    int64_t until_us;                     /* the overlap's end */
};

/* Where; PAPERS are those of the root key that holds, and are to be opened anew afterwards. */
struct new_root_place {
    const char *bank, *state_dir;
    struct hsm *hsm;
    const struct papers *papers;
};
/* Makes the next root key on the token, or takes the one that an interrupted run made; makes its
 * papers and, last of all, puts it in force by one file: whenever it is interrupted, the old root
 * key holds or the new one. TOO_LARGE: VERIFY_ROLLOVERS_MAX are made. */
MUST_CHECK enum err new_root_make(const struct new_root_place *at, int64_t overlap_days,
                                  struct new_root_result *out);
/* The same while no keeper runs. */
MUST_CHECK enum err new_root_run(const struct settings *settings,
                                 const struct new_root_options *options,
                                 struct new_root_result *out);

#endif
