/* SPDX-License-Identifier: Apache-2.0
 *
 * keys: the bank's keys as the bank states them, checked under the pin.
 */
#ifndef BANKD_CTL_KEYS_H
#define BANKD_CTL_KEYS_H

#include "bankd/ctl/ctl.h"
#include "order/key.h"
#include "order/statement.h"
#include "verifier/verifier.h"

struct keys {
    struct statement_bank_keys stated;
    char pin[KEY_THUMBPRINT_LEN + 1]; /* of the root key that signed the statement */
    struct key *log;
    struct js *answer; /* as the bank sent it */
    struct js *rolled; /* its rollovers, as it sent them */
    struct verify_rollovers *chain;
};

/* Asks the bank and verifies the statement under --bank-key, or under the root key to which the
 * bank's rollovers lead from there; without it under the key that the statement itself names, which
 * proves nothing but that the statement is whole. */
MUST_CHECK enum err keys_fetch(struct ctl *ctl, struct keys *out);
void keys_free(struct keys *k); /* NULL-safe for what it holds */

#endif
