/* SPDX-License-Identifier: Apache-2.0
 *
 * bankkeys: the bank-keys statement of docs/FORMAT.md section 7, made once, when the log key is,
 * and given out unchanged ever after.
 */
#ifndef BANKD_KEEPER_BANKKEYS_H
#define BANKD_KEEPER_BANKKEYS_H

#include "base/buf.h"
#include "base/err.h"
#include "order/jws.h"
#include "order/key.h"
#include <stdint.h>

#define BANKKEYS_NONCE_LEN 16
#define BANKKEYS_DAYS 10957 /* 30 years */

/* Appends the statement: ROOT names LOG as the bank's log key. SIGN signs with ROOT's private
 * half; NONCE is random. */
MUST_CHECK enum err bankkeys_make(const char *bank, const struct key *root, const struct key *log,
                                  int64_t now_us, const uint8_t nonce[static BANKKEYS_NONCE_LEN],
                                  jws_sign_fn sign, void *sign_ctx, struct buf *out);

/* A stored statement is ROOT's, of this bank and names LOG: SIGNATURE_INVALID, KEY_MISMATCH,
 * BANK_MISMATCH and the refusals of its form. */
MUST_CHECK enum err bankkeys_check(const struct buf *statement, const char *bank,
                                   const struct key *root, const struct key *log);

#endif
