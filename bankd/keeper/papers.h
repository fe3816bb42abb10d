/* SPDX-License-Identifier: Apache-2.0
 *
 * papers: the public documents that the keeper makes and hands out unchanged, in the state
 * directory: the root certificate (root.der) and the bank-keys statement (bank-keys.jws) of --init,
 * those of each later root key (root-2.der, bank-keys-2.jws and so on), and rollovers.json, all
 * rollovers of the root key. Their number says which root key holds: writing that file, at once or
 * not at all, is the rollover.
 */
#ifndef BANKD_KEEPER_PAPERS_H
#define BANKD_KEEPER_PAPERS_H

#include "bankd/keeper/hsm.h"
#include "base/buf.h"
#include "base/err.h"
#include "verifier/verifier.h"
#include <stddef.h>
#include <stdint.h>

struct papers {
    struct hsm_key *root, *log; /* the keys that they are about; they are HSM's */
    struct buf root_der;
    struct buf bank_keys;
    struct buf rollovers;           /* a canonical JSON array of them */
    struct verify_rollovers *chain; /* the same, read */
};

/* Makes certificate and statement of the root key that ROLLOVERS of them put in force, and writes
 * them into DIR, over those that an interrupted run left. */
MUST_CHECK enum err papers_make(const char *dir, size_t rollovers, const char *bank,
                                struct hsm_key *root, struct hsm_key *log, int64_t now_us);

/* Finds the keys in HSM, reads the papers and checks that they are of this bank and these keys;
 * KEEPER_STATE otherwise, and BANK_MISMATCH when only the bank's name is another. The caller frees,
 * also after a failure. */
MUST_CHECK enum err papers_open(const char *dir, const char *bank, struct hsm *hsm,
                                struct papers *out);
void papers_free(struct papers *p);

/* Puts the next root key in force. ROLLOVERS is all of them, the new one included. */
MUST_CHECK enum err papers_roll(const char *dir, const struct buf *rollovers);

#endif
