/* SPDX-License-Identifier: Apache-2.0
 *
 * pkcs10: certification requests (RFC 2986) of the one form of docs/FORMAT.md section 8.6: a name,
 * a key, and the key's own signature, which proves that whoever asks has it.
 */
#ifndef ORDER_PKCS10_H
#define ORDER_PKCS10_H

#include "base/buf.h"
#include "base/err.h"
#include "order/jws.h"
#include "order/key.h"
#include <stddef.h>
#include <stdint.h>

#define PKCS10_MAX 2048u /* bytes of DER */

/* The key of a request for NAME: REQUEST_INVALID, what key_from_spki says, REQUEST_SUBJECT,
 * POSSESSION_UNPROVEN, in this order. */
MUST_CHECK enum err pkcs10_read(const uint8_t *der, size_t len, const char *name, struct key **out);

/* Appends the request for NAME of KEY, whose private half SIGN uses. */
MUST_CHECK enum err pkcs10_make(const struct key *key, const char *name, jws_sign_fn sign,
                                void *ctx, struct buf *out);

#endif
