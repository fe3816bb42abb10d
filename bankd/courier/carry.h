/* SPDX-License-Identifier: Apache-2.0
 *
 * carry: fetches what is due from the bank, hands it over, many at a time, and says what became of
 * it with the next fetch. What the bank did not hear is carried again, under the same name.
 */
#ifndef BANKD_COURIER_CARRY_H
#define BANKD_COURIER_CARRY_H

#include "bankd/courier/seal.h"
#include "bankd/courier/settings.h"
#include "base/secret.h"
#include <signal.h>
#include <stdbool.h>

struct carry {
    const struct settings *settings;
    struct seal *seal;             /* NULL: no webhooks */
    const struct secret *password; /* of the settings' smtp_user */
    int jitter;                    /* of what is tried again; -1: random */
    bool once;                     /* until nothing is due */
    volatile sig_atomic_t *stop;
};
MUST_CHECK enum err carry_run(const struct carry *c);

#endif
