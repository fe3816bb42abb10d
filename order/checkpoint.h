/* SPDX-License-Identifier: Apache-2.0
 *
 * checkpoint: a C2SP tlog-checkpoint as a signed note with one ECDSA signature (type 0x02: DER over
 * the note text, key id = first four bytes of SHA-256 of the DER SPKI). Origin = the bank's name.
 */
#ifndef ORDER_CHECKPOINT_H
#define ORDER_CHECKPOINT_H

#include "base/buf.h"
#include "base/err.h"
#include "order/jws.h"
#include "order/key.h"
#include "order/merkle.h"
#include <stddef.h>
#include <stdint.h>

#define CHECKPOINT_MAX 1024u /* bytes */

struct checkpoint {
    uint64_t size;
    struct merkle_hash root;
};

/* The text that is signed: "BANK\nSIZE\nROOT-base64\n". */
MUST_CHECK enum err checkpoint_text(const char *bank, const struct checkpoint *c, struct buf *out);

/* The whole note: text, empty line, signature line. */
MUST_CHECK enum err checkpoint_make(const char *bank, const struct checkpoint *c,
                                    const struct key *key, jws_sign_fn sign, void *ctx,
                                    struct buf *out);

/* Exactly one signature line by KEY under the name BANK, nothing else: CHECKPOINT_INVALID,
 * BANK_MISMATCH when the origin is another. */
MUST_CHECK enum err checkpoint_verify(const char *note, size_t len, const char *bank,
                                      const struct key *key, struct checkpoint *out);

#endif
