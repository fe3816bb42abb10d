/* SPDX-License-Identifier: Apache-2.0
 *
 * papers: the two public documents that --init makes and the keeper hands out unchanged: the root
 * certificate (root.der) and the bank-keys statement (bank-keys.jws), in the state directory.
 */
#ifndef BANKD_KEEPER_PAPERS_H
#define BANKD_KEEPER_PAPERS_H

#include "bankd/keeper/hsm.h"
#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

struct papers {
    struct buf root_der;
    struct buf bank_keys;
};

/* Makes both and writes them into DIR, over those that an interrupted --init left. */
MUST_CHECK enum err papers_make(const char *dir, const char *bank, struct hsm_key *root,
                                struct hsm_key *log, int64_t now_us);

/* Reads both and checks that they are of this bank and these keys; KEEPER_STATE otherwise, and
 * BANK_MISMATCH when only the bank's name is another. The caller frees, also after a failure. */
MUST_CHECK enum err papers_load(const char *dir, const char *bank, const struct hsm_key *root,
                                const struct hsm_key *log, struct papers *out);
void papers_free(struct papers *p);

#endif
