/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COUNTERSIGN_TESTS_CARD_EC_H
#define COUNTERSIGN_TESTS_CARD_EC_H

/*
 * What a card's chip computes on P-256, P-384 and P-521. Knows nothing of PINs: who may use a key
 * is decided above.
 */

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EC_POINT_MAX 133  /* uncompressed, P-521 */
#define EC_RESULT_MAX 144 /* a DER signature on P-521 has at most 139 bytes */

struct ec_result {
    uint8_t bytes[EC_RESULT_MAX];
    size_t len;
};

/* Of the curve's field, and of its order: 32, 48 or 66 bytes. */
size_t ec_len(const EVP_PKEY *key);

/* ECDSA of a digest no longer than the order. DER, or R and S of ec_len bytes each. */
bool ec_sign_der(EVP_PKEY *key, const uint8_t *digest, size_t len, struct ec_result *out);
bool ec_sign_raw(EVP_PKEY *key, const uint8_t *digest, size_t len, struct ec_result *out);

/* The x coordinate of ECDH with an uncompressed point; refuses one that is not on the curve. */
bool ec_derive(EVP_PKEY *key, const uint8_t *point, size_t len, struct ec_result *out);

#endif
